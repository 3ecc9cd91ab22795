/* A person decides, to the nanosecond on a network without jitter. */
#include "tests/models/failover/misfortune.h"

#include "sim/arena.h"

extern const struct failover_ops failover_operator_ops;

/* The parameters are the file's own: they are filled through its rows, as the loader does. */
static void *row_of(void *params, const char *key)
{
    const struct param_spec *spec = failover_operator_ops.kind.params;
    while (spec->type != PARAM_END && strcmp(spec->key, key) != 0) {
        spec++;
    }
    assert_int_not_equal(spec->type, PARAM_END);
    return (char *)params + spec->offset;
}

struct setup {
    struct plan_case base;
    struct arena arena;
    void *params;
    uint32_t place;
    struct plan_law laws[8];
    uint32_t law_count;
};

static void set_law(struct setup *setup, const char *key, sim_ns ns)
{
    *(const struct distribution **)row_of(setup->params, key) =
        plan_constant(&setup->laws[setup->law_count++], ns);
}

/* The desk and one checker at place 3; probes at 2.5 s, 12.5 s, ... with unit 0.25. */
static void defaults(struct setup *setup)
{
    *setup = (struct setup){.base = plan_defaults(), .place = 3};
    arena_init(&setup->arena);
    setup->params = arena_alloc(&setup->arena, 1, failover_operator_ops.kind.params_bytes);
    *(struct param_list *)row_of(setup->params, "at") = (struct param_list){&setup->place, 1};
    *(struct scenario_health *)row_of(setup->params, "health") =
        (struct scenario_health){.from = {&setup->place, 1},
                                 .checkers = 1,
                                 .interval = 10 * S,
                                 .timeout = 4 * S,
                                 .threshold = 3,
                                 .recover_threshold = 3,
                                 .agree = 0.18};
    *(bool *)row_of(setup->params, "stop_if_recovered") = true;
}

static void set_laws(struct setup *setup)
{
    set_law(setup, "page", 20 * S);
    set_law(setup, "acknowledge", 60 * S);
    set_law(setup, "diagnose", 90 * S);
    set_law(setup, "decide", 120 * S);
    set_law(setup, "promotion", 45 * S);
    set_law(setup, "verify", 5 * S);
    set_law(setup, "dns", 600 * S);
    set_law(setup, "warm_up", 120 * S);
}

static struct world *build(struct setup *setup, uint64_t seed)
{
    const char *key = NULL;
    assert_null(failover_operator_ops.kind.finish(setup->params, &setup->arena, &key));
    plan_build(&setup->base, seed, &failover_operator_ops, setup->params);
    return setup->base.world;
}

static void release(struct setup *setup)
{
    fake_release(setup->base.world);
    arena_release(&setup->arena);
}

enum act { ZERO_OFF, ZERO_ON, ZERO_CUT, ZERO_HEALED };

static void act(struct world *world, uint32_t what)
{
    if (what <= ZERO_ON) {
        fake_place_power(world, 0, what == ZERO_OFF ? 1 : -1);
    } else {
        cut_off(world, 0, what == ZERO_CUT ? 1 : -1);
    }
}

static void every_phase_to_the_nanosecond(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    set_laws(&setup);
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    world->leaders[2].status.position = 100;
    world->leaders[2].replay_ns = 700 * MS;
    fake_act = act;
    fake_at(world, 15 * S, ZERO_OFF);
    fake_start(world);
    fake_run(world, 2000 * S);
    /*
     * The alert as in test_orchestrator: 46.501 s. 20 + 60 + 90 + 120 s of a person, 2 s of survey.
     * Node 2 is 50 ms away: 45 s and 0.7 s there, 50 ms back; 5 s, a look of 100 ms, 600 s, 120 s.
     */
    plan_expect(world, RECORD_STEP_DETECTED, 0, 46501 * MS, RECORD_NONE, 0);
    plan_expect(world, RECORD_STEP_DECIDED, 0, 338501 * MS, 2, 2);
    plan_expect(world, RECORD_STEP_PROMOTED, 0, 383551 * MS, 2, 2);
    plan_expect(world, RECORD_STEP_ACCEPTING, 0, 384251 * MS, 2, 2);
    plan_expect(world, RECORD_STEP_ANNOUNCED, 0, 989401 * MS, 2, 2);
    plan_expect(world, RECORD_STEP_DONE, 0, 1109401 * MS, 2, 2);
    assert_int_equal(plan_told.at_ns, 989471 * MS);
    for (enum record_step step = RECORD_STEP_DETECTED; step <= RECORD_STEP_DONE; step++) {
        assert_int_equal(plan_count(world, step), 1);
    }
    release(&setup);
}

/* The machine comes back and goes on; the person finds that at the end of a phase and stops. */
static void stops_when_the_leader_is_back(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    set_laws(&setup);
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    world->leaders[0].status.position = 10;
    fake_act = act;
    fake_at(world, 15 * S, ZERO_OFF);
    fake_at(world, 100 * S, ZERO_ON);
    fake_start(world);
    fake_run(world, 2000 * S);
    /* 30 ms of "I am back", 100 ms of survey, 30 ms of order; no start-up, no DNS. */
    plan_expect(world, RECORD_STEP_DECIDED, 0, 100130 * MS, 0, 2);
    plan_expect(world, RECORD_STEP_ACCEPTING, 0, 100160 * MS, 0, 2);
    plan_expect(world, RECORD_STEP_ANNOUNCED, 0, 100190 * MS, 0, 2);
    assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), 1);
    assert_int_equal(plan_count(world, RECORD_STEP_DETECTED), 1);
    assert_int_equal(world->leaders[0].status.role, LEADERSHIP_LEADER);
    release(&setup);
}

/*
 * The leader is back 1.5 s before the decision, and goes on in epoch 2: the person finds it well.
 * The verdict waits for three answers, until 362.56 s; nobody is paged about the same failure
 * again.
 */
static void one_failure_is_one_alert(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    set_laws(&setup);
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    world->leaders[0].status.position = 10;
    fake_act = act;
    fake_at(world, 15 * S, ZERO_OFF);
    fake_at(world, 335 * S, ZERO_ON);
    fake_start(world);
    fake_run(world, 2000 * S);
    plan_expect(world, RECORD_STEP_DETECTED, 0, 46501 * MS, RECORD_NONE, 0);
    plan_expect(world, RECORD_STEP_ACCEPTING, 0, 335160 * MS, 0, 2);
    assert_int_equal(plan_count(world, RECORD_STEP_DETECTED), 1);
    assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), 1);
    release(&setup);
}

/* A partition heals while the person thinks: with the option nothing happens, without it two lead.
 */
static void a_healed_partition(void **state)
{
    (void)state;
    for (int stop = 0; stop < 2; stop++) {
        struct setup setup;
        defaults(&setup);
        set_laws(&setup);
        *(bool *)row_of(setup.params, "stop_if_recovered") = stop != 0;
        struct world *world = build(&setup, 1);
        world->unit = 0.25;
        fake_act = act;
        fake_at(world, 15 * S, ZERO_CUT);
        fake_at(world, 300 * S, ZERO_HEALED);
        fake_start(world);
        fake_run(world, 2000 * S);
        sim_ns overlap_ns;
        assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), stop ? 0 : 1);
        assert_int_equal(plan_leaders(world, &overlap_ns), stop ? 1 : 2);
        release(&setup);
    }
}

/*
 * Defaults: 510 s is the least from the alert to the name, without the survey; 1036 s + the survey
 * and the probes' part on average; 10 to 30 min as a rule. Standard deviation of the sum of six
 * uniforms (1, 2, 4, 0.5, 10 min wide): 190 s; n = 200 seeds: 4 standard errors are 54 s.
 */
static void takes_as_long_as_people_do(void **state)
{
    (void)state;
    double sum_s = 0, least_s = 1e9, most_s = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct setup setup;
        defaults(&setup);
        struct world *world = build(&setup, seed);
        fake_act = act;
        fake_at(world, 100 * S, ZERO_OFF);
        fake_start(world);
        fake_run(world, 3000 * S);
        const struct record *detected = fake_step(world, RECORD_STEP_DETECTED, 0);
        const struct record *announced = fake_step(world, RECORD_STEP_ANNOUNCED, 0);
        const struct record *done = fake_step(world, RECORD_STEP_DONE, 0);
        assert_non_null(done);
        const double s = (double)(announced->at_ns - detected->at_ns) * 1e-9;
        sum_s += s;
        least_s = s < least_s ? s : least_s;
        most_s = s > most_s ? s : most_s;
        const double warm_s = (double)(done->at_ns - announced->at_ns) * 1e-9;
        assert_true(warm_s >= 60 && warm_s <= 180);
        const double alert_s = (double)(detected->at_ns - 100 * S) * 1e-9;
        assert_true(alert_s > 23.9 && alert_s < 34.1);
        release(&setup);
    }
    print_message("alert to name: %.0f to %.0f s, mean %.0f s\n", least_s, most_s, sum_s / 200);
    assert_true(least_s >= 510 && most_s <= 30 * 60);
    assert_true(sum_s / 200 > 1037 - 54 && sum_s / 200 < 1037 + 54);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_phase_to_the_nanosecond),
        cmocka_unit_test(stops_when_the_leader_is_back),
        cmocka_unit_test(one_failure_is_one_alert),
        cmocka_unit_test(a_healed_partition),
        cmocka_unit_test(takes_as_long_as_people_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
