/* Failover by health checks, to the nanosecond on a network without jitter. */
#include "tests/models/failover/misfortune.h"

#include "models/failover/automatic.h"

extern const struct failover_ops failover_automatic_ops;

struct setup {
    struct plan_case base;
    struct automatic params;
    uint32_t orchestrators[3], from[3];
    struct plan_law promotion, announce;
};

/* One orchestrator and one checker at place 3; probes at 2.5 s, 12.5 s, ... with unit 0.25. */
static void defaults(struct setup *setup)
{
    *setup = (struct setup){.base = plan_defaults(), .orchestrators = {3}, .from = {3}};
    setup->params = (struct automatic){.by = AUTOMATIC_BY_HEALTH,
                                       .orchestrators = {setup->orchestrators, 1},
                                       .health = {.from = {setup->from, 1},
                                                  .checkers = 1,
                                                  .interval = 10 * S,
                                                  .timeout = 4 * S,
                                                  .threshold = 3,
                                                  .recover_threshold = 3,
                                                  .agree = 0.18}};
}

static struct world *build(struct setup *setup, uint64_t seed)
{
    plan_build(&setup->base, seed, &failover_automatic_ops, &setup->params);
    return setup->base.world;
}

enum act {
    ZERO_OFF,
    ZERO_ON,
    ZERO_CUT,
    ZERO_HEALED,
    TWO_OFF,
    THREE_OFF, /* the orchestrator */
    THREE_ON,
    GATEWAY_CUT, /* from the orchestrator */
    GATEWAY_HEALED,
    GATEWAY_MUTE, /* only what it says is lost */
    GATEWAY_SPEAKS,
    TWO_CATCHES_UP
};

static void act(struct world *world, uint32_t what)
{
    switch (what) {
    case ZERO_OFF:
        fake_place_power(world, 0, 1);
        break;
    case ZERO_ON:
        fake_place_power(world, 0, -1);
        break;
    case ZERO_CUT:
        cut_off(world, 0, 1);
        break;
    case ZERO_HEALED:
        cut_off(world, 0, -1);
        break;
    case TWO_OFF:
        fake_place_power(world, 2, 1);
        break;
    case THREE_OFF:
    case THREE_ON:
        fake_place_power(world, 3, what == THREE_OFF ? 1 : -1);
        break;
    case GATEWAY_CUT:
    case GATEWAY_HEALED:
        fake_cut(world, 3, GATEWAY_PLACE, what == GATEWAY_CUT ? 1 : -1);
        break;
    case GATEWAY_MUTE:
    case GATEWAY_SPEAKS:
        world->cut[GATEWAY_PLACE][3] += what == GATEWAY_MUTE ? 1 : -1;
        break;
    default:
        world->leaders[2].status.position = 1000;
        break;
    }
}

static void positions(struct world *world, uint64_t zero, uint64_t one, uint64_t two)
{
    world->leaders[0].status.position = zero;
    world->leaders[1].status.position = one;
    world->leaders[2].status.position = two;
}

static void every_step_to_the_nanosecond(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    setup.params.promotion = plan_constant(&setup.promotion, 3 * S);
    setup.params.announce = plan_constant(&setup.announce, 1 * S);
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    positions(world, 105, 90, 100);
    world->leaders[2].replay_ns = 700 * MS;
    fake_act = act;
    fake_at(world, 15 * S, ZERO_OFF);
    fake_start(world);
    fake_run(world, 300 * S);
    /*
     * Probes of 22.5, 32.5 and 42.5 s fail, the last at 46.5 s; its report is 1 ms on its way. The
     * survey waits 2 s for the dead one. Node 2 is ahead of node 1 and 50 ms away; it starts up for
     * 3 s and replays for 0.7 s; word of it comes after 50 ms and is told 1 s later, 70 ms away.
     */
    plan_expect(world, RECORD_STEP_DETECTED, 0, 46501 * MS, RECORD_NONE, 0);
    plan_expect(world, RECORD_STEP_DECIDED, 0, 48501 * MS, 2, 2);
    plan_expect(world, RECORD_STEP_PROMOTED, 0, 51551 * MS, 2, 2);
    plan_expect(world, RECORD_STEP_ACCEPTING, 0, 52251 * MS, 2, 2);
    plan_expect(world, RECORD_STEP_ANNOUNCED, 0, 53301 * MS, 2, 2);
    plan_expect(world, RECORD_STEP_DONE, 0, 53301 * MS, 2, 2);
    assert_int_equal(fake_step(world, RECORD_STEP_DETECTED, 0)->from_place, 3);
    assert_int_equal(fake_step(world, RECORD_STEP_PROMOTED, 0)->from_place, 2);
    assert_int_equal(plan_told.at_ns, 53371 * MS);
    assert_int_equal(plan_told.node, 2);
    assert_int_equal(plan_told.epoch, 2);
    assert_int_equal(plan_told.count, 1);
    for (enum record_step step = RECORD_STEP_DETECTED; step <= RECORD_STEP_DONE; step++) {
        assert_int_equal(plan_count(world, step), 1);
    }
    assert_int_equal(plan_count(world, RECORD_STEP_REFUSED), 0);
    fake_release(world);
}

/*
 * Node 0 is lost at 15 s: as above, without start-up, replay and delay node 2 leads at 48.551 s and
 * is announced at 48.601 s, 70 ms away; every 10 s again to a gateway that has not said that it
 * heard. An orchestrator that was off goes on at once. When node 2 is lost at 100 s, node 1 leads:
 * 126.501 s + 2 s + 80 ms, and epoch 2 is not announced any more.
 */
static void announced_until_it_is_heard(void **state)
{
    (void)state;
    static const struct {
        struct {
            sim_ns at_ns;
            uint32_t what;
        } acts[4];
        struct told told; /* the last time */
    } cases[] = {
        {{{0, 0}}, {48671 * MS, 2, 2, 1}},
        {{{40 * S, GATEWAY_CUT}, {75 * S, GATEWAY_HEALED}}, {78671 * MS, 2, 2, 1}},
        {{{40 * S, GATEWAY_MUTE}, {75 * S, GATEWAY_SPEAKS}}, {78671 * MS, 2, 2, 4}},
        {{{40 * S, GATEWAY_CUT}, {60 * S, THREE_OFF}, {75 * S, GATEWAY_HEALED}, {90 * S, THREE_ON}},
         {90070 * MS, 2, 2, 1}},
        {{{40 * S, GATEWAY_CUT}, {100 * S, TWO_OFF}, {200 * S, GATEWAY_HEALED}},
         {208651 * MS, 1, 3, 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct setup setup;
        defaults(&setup);
        struct world *world = build(&setup, 1);
        world->unit = 0.25;
        positions(world, 105, 90, 100);
        fake_act = act;
        fake_at(world, 15 * S, ZERO_OFF);
        for (int a = 0; a < 4 && cases[i].acts[a].at_ns > 0; a++) {
            fake_at(world, cases[i].acts[a].at_ns, cases[i].acts[a].what);
        }
        fake_start(world);
        fake_run(world, 300 * S);
        print_message("case %zu: told %u times, at last at %.3f s\n", i, plan_told.count,
                      (double)plan_told.at_ns * 1e-9);
        plan_expect(world, RECORD_STEP_ANNOUNCED, 0, 48601 * MS, 2, 2);
        assert_int_equal(plan_told.at_ns, cases[i].told.at_ns);
        assert_int_equal(plan_told.node, cases[i].told.node);
        assert_int_equal(plan_told.epoch, cases[i].told.epoch);
        assert_int_equal(plan_told.count, cases[i].told.count);
        assert_int_equal(plan_count(world, RECORD_STEP_ANNOUNCED), cases[i].told.epoch - 1);
        fake_release(world);
    }
}

/*
 * As before, with 5 s until it is announced: word of the new leader came at 48.601 s. The power of
 * the orchestrator goes before it has said so, which it does when it is back; or before it has
 * heard. Then probes of 72.5, 82.5 and 92.5 s fail, and the survey of 96.501 s, which waits 2 s for
 * node 0, finds the new leader.
 */
static void announced_after_its_power_was_lost(void **state)
{
    (void)state;
    static const struct {
        sim_ns off_ns, announced_ns;
    } cases[] = {
        {50 * S, 70 * S}, {48602 * MS, 70 * S}, {48590 * MS, 98501 * MS}, {80 * S, 53601 * MS}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct setup setup;
        defaults(&setup);
        setup.params.announce = plan_constant(&setup.announce, 5 * S);
        struct world *world = build(&setup, 1);
        world->unit = 0.25;
        positions(world, 105, 90, 100);
        fake_act = act;
        fake_at(world, 15 * S, ZERO_OFF);
        fake_at(world, cases[i].off_ns, THREE_OFF);
        fake_at(world, cases[i].off_ns < 70 * S ? 70 * S : 90 * S, THREE_ON);
        fake_start(world);
        fake_run(world, 300 * S);
        plan_expect(world, RECORD_STEP_ACCEPTING, 0, 48551 * MS, 2, 2);
        plan_expect(world, RECORD_STEP_ANNOUNCED, 0, cases[i].announced_ns, 2, 2);
        assert_int_equal(plan_told.at_ns, cases[i].announced_ns + 70 * MS);
        assert_int_equal(plan_told.node, 2);
        assert_int_equal(plan_told.epoch, 2);
        assert_int_equal(plan_count(world, RECORD_STEP_ANNOUNCED), 1);
        fake_release(world);
    }
}

/* Nobody is good enough: refused, and tried again every `retry` until somebody is. */
static void lag_guard_refuses_and_retries(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    setup.base.config.lag_guard.entries = 50;
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    positions(world, 1000, 900, 949);
    fake_act = act;
    fake_at(world, 15 * S, ZERO_OFF);
    fake_at(world, 65 * S, TWO_CATCHES_UP);
    fake_start(world);
    fake_run(world, 100 * S);
    plan_expect(world, RECORD_STEP_DETECTED, 0, 46501 * MS, RECORD_NONE, 0);
    plan_expect(world, RECORD_STEP_REFUSED, 0, 48501 * MS, RECORD_NONE, 2);
    plan_expect(world, RECORD_STEP_REFUSED, 1, 60501 * MS, RECORD_NONE, 3);
    plan_expect(world, RECORD_STEP_DECIDED, 0, 72501 * MS, 2, 4);
    assert_int_equal(plan_count(world, RECORD_STEP_DETECTED), 1);
    fake_release(world);
}

/* The guard as a time: how long the candidate had no word when the leader was last heard. */
static void lag_guard_in_time(void **state)
{
    (void)state;
    const sim_ns behind_at[] = {10 * S, 2 * S}; /* last word of the leader */
    for (int i = 0; i < 2; i++) {
        struct setup setup;
        defaults(&setup);
        setup.base.config.lag_guard.time = 5 * S;
        struct world *world = build(&setup, 1);
        world->unit = 0.25;
        positions(world, 1000, 900, 900);
        world->leaders[1].behind_at = world->leaders[2].behind_at = behind_at[i];
        fake_act = act;
        fake_at(world, 15 * S, ZERO_OFF);
        fake_start(world);
        fake_run(world, 55 * S);
        /* The leader was heard at 12.56 s: the lag was 2.56 s, or 10.56 s. */
        assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), i == 0);
        assert_int_equal(plan_count(world, RECORD_STEP_REFUSED), i == 1);
        fake_release(world);
    }
}

static void candidates_in_order(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    setup.base.config.choose = SCENARIO_CHOOSE_IN_ORDER;
    struct world *world = build(&setup, 1);
    setup.base.members[0].rank = UINT32_MAX;
    world->unit = 0.25;
    positions(world, 105, 90, 100);
    fake_act = act;
    fake_at(world, 15 * S, ZERO_OFF);
    fake_start(world);
    fake_run(world, 60 * S);
    plan_expect(world, RECORD_STEP_DECIDED, 0, 48501 * MS, 1, 2); /* although 2 is ahead */
    fake_release(world);
}

/* A machine that restarts before anybody notices does not lead; it is told to at once. */
static void a_restarted_leader_goes_on(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    setup.params.promotion = plan_constant(&setup.promotion, 30 * S);
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    positions(world, 105, 90, 100);
    fake_act = act;
    fake_at(world, 15 * S, ZERO_OFF);
    fake_at(world, 20 * S, ZERO_ON);
    fake_start(world);
    fake_run(world, 100 * S);
    /* Its word takes 30 ms; the slowest of three answers is back after 100 ms; 30 ms to tell it. */
    plan_expect(world, RECORD_STEP_DETECTED, 0, 20130 * MS, RECORD_NONE, 0);
    plan_expect(world, RECORD_STEP_DECIDED, 0, 20130 * MS, 0, 2);
    plan_expect(world, RECORD_STEP_ACCEPTING, 0, 20160 * MS, 0, 2);
    assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), 1);
    fake_release(world);
}

/* Cut off, the old leader goes on: two accept until it is told. */
static void without_fencing_two_lead(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    fake_act = act;
    fake_at(world, 15 * S, ZERO_CUT);
    fake_start(world);
    fake_run(world, 100 * S);
    sim_ns overlap_ns;
    assert_int_equal(plan_leaders(world, &overlap_ns), 2);
    /* Decided at 48.501 s, node 1 is 40 ms away; to the end. */
    assert_int_equal(overlap_ns, 100 * S - 48541 * MS);
    fake_release(world);
}

static void with_fencing_never(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    setup.base.config.fencing = SCENARIO_FENCING_REQUIRED;
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    fake_act = act;
    fake_at(world, 15 * S, ZERO_CUT);
    fake_start(world);
    fake_run(world, 100 * S);
    sim_ns overlap_ns;
    assert_int_equal(plan_leaders(world, &overlap_ns), 1);
    /* Asked three times in 10 s; the approval of the question of 13.333333332 s was the last. */
    const struct record *stopped = fake_row(world, RECORD_LEADER, 0, 0);
    assert_int_equal(stopped->node, 0);
    assert_int_equal(stopped->at_ns, 4 * 3333333333 + 10 * S);
    /* 10 s of waiting from the detection, then a survey that waits 2 s for node 0. */
    plan_expect(world, RECORD_STEP_DECIDED, 0, 58501 * MS, 1, 2);
    fake_release(world);
}

/*
 * The guard asks every 3.33 s for approval that is good for 10 s: what takes longer than the time
 * between two questions counts all the same. At 10 s the first approval ends: that of the question
 * of 3.33 s has come if the way there and back is less than 6.67 s.
 */
static void approval_may_take_longer_than_the_next_question(void **state)
{
    (void)state;
    static const struct {
        sim_ns one_way_ns, stops_ns;
    } cases[] = {{1500 * MS, -1}, {1800 * MS, -1}, {3300 * MS, -1}, {3350 * MS, 10 * S}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct setup setup;
        defaults(&setup);
        setup.base.config.fencing = SCENARIO_FENCING_REQUIRED;
        setup.params.health.timeout = 9 * S;
        struct world *world = build(&setup, 1);
        world->unit = 0.25;
        world->delay_ns[0][3] = world->delay_ns[3][0] = cases[i].one_way_ns;
        fake_start(world);
        fake_run(world, 30 * S);
        const struct record *stopped = fake_row(world, RECORD_LEADER, 0, 0);
        assert_int_equal(stopped != NULL ? stopped->at_ns : -1, cases[i].stops_ns);
        fake_release(world);
    }
}

/* A leader that can be reached is told and confirms; nobody waits for its watchdog. */
static void fencing_that_is_confirmed_is_quick(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    setup.base.config.fencing = SCENARIO_FENCING_REQUIRED;
    setup.from[0] = 5; /* the checker's place only loses the leader */
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    positions(world, 105, 90, 100);
    fake_start(world);
    fake_run(world, 15 * S);
    fake_cut(world, 0, 5, 1);
    fake_run(world, 100 * S);
    /* Report from place 5: 80 ms. All confirm within 100 ms, all answer within another 100 ms: the
     * old leader has most, follows by now, and is chosen again: it goes on. */
    plan_expect(world, RECORD_STEP_DETECTED, 0, 46580 * MS, RECORD_NONE, 0);
    assert_int_equal(fake_row(world, RECORD_LEADER, 0, 0)->at_ns, 46610 * MS);
    plan_expect(world, RECORD_STEP_DECIDED, 0, 46780 * MS, 0, 2);
    fake_release(world);
}

/*
 * Only node 0 may lead. It is lost from 5 to 55 s: probes of 12.5, 22.5 and 32.5 s fail, those of
 * 42.5 and 52.5 s as well, that of 62.5 s is answered, and the verdict is unhealthy until the third
 * answer, of 82.5 s. Attempts: at 36.501 s, each 2 s of survey (required: after 10 s of fencing),
 * then 10 s later, refused until it can be reached; the first that finds it is the last. A leader
 * that goes on (cut, fencing none) refuses one more attempt, before a checker has heard of it.
 */
static void one_failure_is_one_failover(void **state)
{
    (void)state;
    static const struct {
        uint32_t fencing, lost, found, refused;
        sim_ns decided_at;
        int64_t epoch;
    } cases[] = {
        {SCENARIO_FENCING_NONE, ZERO_OFF, ZERO_ON, 2, 60601 * MS, 4},
        {SCENARIO_FENCING_BEST_EFFORT, ZERO_OFF, ZERO_ON, 2, 60601 * MS, 4},
        {SCENARIO_FENCING_REQUIRED, ZERO_OFF, ZERO_ON, 1, 58701 * MS, 3},
        {SCENARIO_FENCING_NONE, ZERO_CUT, ZERO_HEALED, 3, 0, 1},
        {SCENARIO_FENCING_BEST_EFFORT, ZERO_CUT, ZERO_HEALED, 2, 60601 * MS, 4},
        {SCENARIO_FENCING_REQUIRED, ZERO_CUT, ZERO_HEALED, 1, 58701 * MS, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct setup setup;
        defaults(&setup);
        setup.base.config.fencing = cases[i].fencing;
        struct world *world = build(&setup, 1);
        setup.base.members[1].rank = setup.base.members[2].rank = UINT32_MAX;
        world->unit = 0.25;
        fake_act = act;
        fake_at(world, 5 * S, cases[i].lost);
        fake_at(world, 55 * S, cases[i].found);
        fake_start(world);
        fake_run(world, 300 * S);
        print_message("case %zu: %u refused, %u decided, epoch %llu\n", i,
                      plan_count(world, RECORD_STEP_REFUSED),
                      plan_count(world, RECORD_STEP_DECIDED),
                      (unsigned long long)world->leaders[0].status.epoch);
        plan_expect(world, RECORD_STEP_DETECTED, 0, 36501 * MS, RECORD_NONE, 0);
        assert_int_equal(plan_count(world, RECORD_STEP_REFUSED), cases[i].refused);
        assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), cases[i].epoch > 1);
        if (cases[i].epoch > 1) {
            plan_expect(world, RECORD_STEP_DECIDED, 0, cases[i].decided_at, 0, cases[i].epoch);
        }
        assert_int_equal(world->leaders[0].status.epoch, cases[i].epoch);
        assert_int_equal(world->leaders[0].status.role, LEADERSHIP_LEADER);
        /* The next one is another: probes of 302.5, 312.5 and 322.5 s fail. */
        act(world, ZERO_OFF);
        fake_run(world, 330 * S);
        plan_expect(world, RECORD_STEP_DETECTED, 1, 326501 * MS, RECORD_NONE, 0);
        assert_int_equal(plan_count(world, RECORD_STEP_DETECTED), 2);
        fake_release(world);
    }
}

/* A new failure, while the verdict on the one before still waits for successes: three failures. */
static void the_next_failure_is_found(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    setup.base.config.fencing = SCENARIO_FENCING_BEST_EFFORT;
    struct world *world = build(&setup, 1);
    setup.base.members[1].rank = setup.base.members[2].rank = UINT32_MAX;
    world->unit = 0.25;
    fake_act = act;
    fake_at(world, 5 * S, ZERO_OFF);
    fake_at(world, 55 * S, ZERO_ON);
    fake_at(world, 75 * S, ZERO_OFF);
    fake_start(world);
    fake_run(world, 120 * S);
    plan_expect(world, RECORD_STEP_ACCEPTING, 0, 60631 * MS, 0, 4);
    plan_expect(world, RECORD_STEP_DETECTED, 1, 106501 * MS, RECORD_NONE, 0);
    assert_int_equal(plan_count(world, RECORD_STEP_DETECTED), 2);
    fake_release(world);
}

/* Three orchestrators at 3, 4, 5, each with a checker; only the majority's opinion moves it. */
static void most_orchestrators_must_agree(void **state)
{
    (void)state;
    for (uint32_t losing = 1; losing <= 3; losing++) {
        struct setup setup;
        defaults(&setup);
        memcpy(setup.orchestrators, (uint32_t[]){3, 4, 5}, sizeof setup.orchestrators);
        setup.params.orchestrators.count = 3;
        memcpy(setup.from, (uint32_t[]){3, 4, 5}, sizeof setup.from);
        setup.params.health.from.count = 3;
        setup.params.health.agree = 0.5;
        struct world *world = build(&setup, 3);
        for (uint32_t place = 3; place < 3 + losing; place++) {
            fake_cut(world, 0, place, 1);
            for (uint32_t other = 3; other < 6; other++) {
                if (other >= 3 + losing) {
                    fake_cut(world, place, other, 1); /* two sides of a partition */
                }
            }
        }
        fake_start(world);
        fake_run(world, 300 * S);
        if (losing == 1) {
            assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), 0);
        } else {
            assert_true(plan_count(world, RECORD_STEP_DONE) >= 1);
        }
        plan_epochs_are_unique(world, 3);
        fake_release(world);
    }
}

/* Back to the configured leader, once it has been well for a minute. */
static void fails_back(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    setup.base.config.fail_back.after = 60 * S;
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    fake_act = act;
    fake_at(world, 15 * S, ZERO_OFF);
    fake_at(world, 100 * S, ZERO_ON);
    fake_start(world);
    fake_run(world, 300 * S);
    const struct record *back = fake_step(world, RECORD_STEP_FAIL_BACK, 0);
    assert_non_null(back);
    /* Looks every 2 s: seen well at most 2 s + a round trip after its return, twice. */
    assert_true(back->at_ns > 160 * S && back->at_ns < 165 * S);
    assert_int_equal(plan_count(world, RECORD_STEP_FAIL_BACK), 1);
    assert_int_equal(world->leaders[0].status.role, LEADERSHIP_LEADER);
    assert_int_equal(world->leaders[0].status.epoch, 3);
    assert_int_equal(world->leaders[1].status.role, LEADERSHIP_FOLLOWER);
    sim_ns overlap_ns;
    assert_int_equal(plan_leaders(world, &overlap_ns), 1);
    fake_release(world);
}

/*
 * Fencing required: never two leaders that accept, whatever happens, with one orchestrator and with
 * three; and when all is over somebody leads. Seeds 1 to 400 each. Without fencing the same
 * timelines have overlaps, so that the property can fail.
 */
static void fencing_holds_over_random_timelines(void **state)
{
    (void)state;
    uint32_t unfenced_overlaps = 0, failovers = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        for (uint32_t fenced = 0; fenced < 2; fenced++) {
            struct setup setup;
            defaults(&setup);
            memcpy(setup.orchestrators, (uint32_t[]){3, 4, 5}, sizeof setup.orchestrators);
            setup.params.orchestrators.count = seed % 2 == 0 ? 3 : 1;
            setup.params.health.from.count = 3;
            memcpy(setup.from, (uint32_t[]){3, 4, 5}, sizeof setup.from);
            setup.params.health.agree = 0.5;
            setup.base.config.fencing = fenced ? SCENARIO_FENCING_REQUIRED : SCENARIO_FENCING_NONE;
            setup.base.config.fail_back.after = seed % 3 == 0 ? 20 * S : -1;
            struct world *world = build(&setup, seed);
            world->leaders[1].replay_ns = 3 * S;
            random_timeline(world, seed);
            fake_start(world);
            fake_run(world, 900 * S);
            sim_ns overlap_ns;
            const uint32_t leaders = plan_leaders(world, &overlap_ns);
            plan_epochs_are_unique(world, seed);
            if (fenced && leaders > 1) {
                fail_msg("%u leaders, seed %llu", leaders, (unsigned long long)seed);
            }
            const uint32_t leading = leading_now(world);
            if (fenced && leading != 1) {
                fail_msg("%u leaders at the end, seed %llu", leading, (unsigned long long)seed);
            }
            unfenced_overlaps += !fenced && leaders > 1;
            failovers += fenced ? plan_count(world, RECORD_STEP_DONE) : 0;
            fake_release(world);
        }
    }
    print_message("%u failovers; without fencing %u of 400 runs had two leaders\n", failovers,
                  unfenced_overlaps);
    assert_true(unfenced_overlaps > 20);
    assert_true(failovers > 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_to_the_nanosecond),
        cmocka_unit_test(announced_until_it_is_heard),
        cmocka_unit_test(announced_after_its_power_was_lost),
        cmocka_unit_test(lag_guard_refuses_and_retries),
        cmocka_unit_test(lag_guard_in_time),
        cmocka_unit_test(candidates_in_order),
        cmocka_unit_test(a_restarted_leader_goes_on),
        cmocka_unit_test(without_fencing_two_lead),
        cmocka_unit_test(with_fencing_never),
        cmocka_unit_test(approval_may_take_longer_than_the_next_question),
        cmocka_unit_test(fencing_that_is_confirmed_is_quick),
        cmocka_unit_test(one_failure_is_one_failover),
        cmocka_unit_test(the_next_failure_is_found),
        cmocka_unit_test(most_orchestrators_must_agree),
        cmocka_unit_test(fails_back),
        cmocka_unit_test(fencing_holds_over_random_timelines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
