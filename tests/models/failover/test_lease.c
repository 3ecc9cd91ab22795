/* Failover by a lease, as Patroni does it, on a network without jitter. */
#include "tests/models/failover/misfortune.h"

#include "models/failover/automatic.h"

extern const struct failover_ops failover_automatic_ops;

struct setup {
    struct plan_case base;
    struct automatic params;
    uint32_t members[4];
    struct plan_law promotion;
};

/* Members at 3, 4, 5; with unit 0.25 all loops run at 2.5 s, 12.5 s, ... */
static void defaults(struct setup *setup)
{
    *setup = (struct setup){.base = plan_defaults(), .members = {3, 4, 5}};
    setup->params = (struct automatic){.by = AUTOMATIC_BY_LEASE,
                                       .lease = {.members = {setup->members, 3},
                                                 .ttl = 30 * S,
                                                 .loop_wait = 10 * S,
                                                 .retry_timeout = 10 * S,
                                                 .back_off = 1 * S}};
}

static struct world *build(struct setup *setup, uint64_t seed)
{
    plan_build(&setup->base, seed, &failover_automatic_ops, &setup->params);
    return setup->base.world;
}

enum act { ZERO_OFF, ZERO_ON, SERVICE_OFF, SERVICE_ON, ZERO_CUT, GATEWAY_CUT, GATEWAY_HEALED };

static void act(struct world *world, uint32_t what)
{
    switch (what) {
    case ZERO_OFF:
    case ZERO_ON:
        fake_place_power(world, 0, what == ZERO_OFF ? 1 : -1);
        break;
    case SERVICE_OFF:
    case SERVICE_ON:
        fake_place_power(world, 3, what == SERVICE_OFF ? 1 : -1);
        fake_place_power(world, 4, what == SERVICE_OFF ? 1 : -1);
        break;
    case GATEWAY_CUT:
    case GATEWAY_HEALED:
        fake_cut(world, 2, GATEWAY_PLACE, what == GATEWAY_CUT ? 1 : -1);
        break;
    default:
        cut_off(world, 0, 1);
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
    setup.params.promotion = plan_constant(&setup.promotion, 500 * MS);
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    positions(world, 105, 90, 100);
    fake_act = act;
    fake_at(world, 25 * S, ZERO_OFF);
    fake_start(world);
    fake_run(world, 200 * S);
    /*
     * Renewed last at 22.5 s, 30, 40 and 50 ms away: free at 52.53, 52.54 and 52.55 s. Node 1 hears
     * of the second after another 50 ms, node 2 after 60. Both ask around for 2 s, since node 0 is
     * dead; node 1 learns that node 2 is ahead. Node 2 has the second of three grants after 2 x 60
     * ms, starts up for 0.5 s, and the gateway is 60 ms away.
     */
    plan_expect(world, RECORD_STEP_DETECTED, 0, 52590 * MS, RECORD_NONE, 0);
    plan_expect(world, RECORD_STEP_DETECTED, 1, 52600 * MS, RECORD_NONE, 0);
    plan_expect(world, RECORD_STEP_DECIDED, 0, 54720 * MS, 2, 2);
    plan_expect(world, RECORD_STEP_PROMOTED, 0, 55220 * MS, 2, 2);
    plan_expect(world, RECORD_STEP_ACCEPTING, 0, 55220 * MS, 2, 2);
    plan_expect(world, RECORD_STEP_ANNOUNCED, 0, 55220 * MS, 2, 2);
    plan_expect(world, RECORD_STEP_DONE, 0, 55220 * MS, 2, 2);
    assert_int_equal(plan_told.at_ns, 55280 * MS);
    assert_int_equal(plan_told.node, 2);
    assert_int_equal(plan_count(world, RECORD_STEP_DETECTED), 2);
    assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), 1);
    fake_release(world);
}

/* As above; node 2 says so at 55.22 s, and every 10 s until the gateway has heard it. */
static void announced_until_it_is_heard(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    setup.params.promotion = plan_constant(&setup.promotion, 500 * MS);
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    positions(world, 105, 90, 100);
    fake_act = act;
    fake_at(world, 25 * S, ZERO_OFF);
    fake_at(world, 55 * S, GATEWAY_CUT);
    fake_at(world, 70 * S, GATEWAY_HEALED);
    fake_start(world);
    fake_run(world, 200 * S);
    plan_expect(world, RECORD_STEP_ANNOUNCED, 0, 55220 * MS, 2, 2);
    assert_int_equal(plan_count(world, RECORD_STEP_ANNOUNCED), 1);
    assert_int_equal(plan_told.at_ns, 75280 * MS);
    assert_int_equal(plan_told.count, 1);
    fake_release(world);
}

/* Most of the service is gone: the leader stops although it is well, and nobody else leads. */
static void loss_of_the_service_demotes_a_healthy_leader(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    positions(world, 105, 90, 100);
    fake_act = act;
    fake_at(world, 25 * S, SERVICE_OFF);
    fake_at(world, 100 * S, SERVICE_ON);
    fake_start(world);
    fake_run(world, 99 * S);
    /* The loop of 32.5 s fails for retry_timeout. */
    const struct record *stopped = fake_row(world, RECORD_LEADER, 0, 0);
    assert_non_null(stopped);
    assert_int_equal(stopped->at_ns, 42500 * MS);
    assert_int_equal(stopped->node, 0);
    assert_int_equal(leading_now(world), 0);
    assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), 0);
    fake_run(world, 200 * S); /* and with the service it is back, as the most advanced */
    plan_expect(world, RECORD_STEP_ACCEPTING, 0, fake_step(world, RECORD_STEP_DECIDED, 0)->at_ns, 0,
                2);
    assert_true(fake_step(world, RECORD_STEP_DECIDED, 0)->at_ns < 101 * S);
    fake_release(world);
}

/* A leader cut off from all stops before another can begin: 20 s at the latest, against 20 to 30.
 */
static void a_cut_off_leader_stops_first(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct setup setup;
        defaults(&setup);
        struct world *world = build(&setup, seed);
        fake_act = act;
        fake_at(world, 100 * S, ZERO_CUT);
        fake_start(world);
        fake_run(world, 200 * S);
        const struct record *stopped = fake_row(world, RECORD_LEADER, 0, 0);
        const struct record *began = fake_row(world, RECORD_LEADER, 1, 0);
        assert_non_null(began);
        assert_true(stopped->at_ns >= 110 * S - 100 * MS && stopped->at_ns <= 120 * S);
        assert_true(began->at_ns > stopped->at_ns);
        fake_release(world);
    }
}

/*
 * Patroni's numbers for the loss of a host: promoted after 21 to 34 s, 27.5 s on average. Here:
 * what is left of the lease is uniform in 20 to 30 s; asking a dead host 2 s; some 0.1 s of round
 * trips; start-up 0.4 s: mean 27.5. n = 300 seeds; the mean of uniforms over 10 s has a standard
 * error of 0.167 s: 4 of them.
 */
static void promotes_as_fast_as_patroni(void **state)
{
    (void)state;
    double sum_s = 0, least_s = 1e9, most_s = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct setup setup;
        defaults(&setup);
        setup.params.promotion = plan_constant(&setup.promotion, 400 * MS);
        struct world *world = build(&setup, seed);
        fake_act = act;
        fake_at(world, 100 * S, ZERO_OFF);
        fake_start(world);
        fake_run(world, 200 * S);
        const struct record *began = fake_step(world, RECORD_STEP_ACCEPTING, 0);
        assert_non_null(began);
        const double s = (double)(began->at_ns - 100 * S) * 1e-9;
        sum_s += s;
        least_s = s < least_s ? s : least_s;
        most_s = s > most_s ? s : most_s;
        fake_release(world);
    }
    print_message("%.2f to %.2f s, mean %.2f s\n", least_s, most_s, sum_s / 300);
    assert_true(least_s >= 21 && most_s <= 34);
    assert_true(sum_s / 300 > 27.5 - 0.67 && sum_s / 300 < 27.5 + 0.67);
}

/* A machine that is back before its lease ends goes on with it, in a new epoch. */
static void a_restarted_leader_goes_on(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    setup.params.promotion = plan_constant(&setup.promotion, 500 * MS);
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    fake_act = act;
    fake_at(world, 25 * S, ZERO_OFF);
    fake_at(world, 35 * S, ZERO_ON);
    fake_start(world);
    fake_run(world, 200 * S);
    /* Looks and asks: two round trips of 80 ms for the second member. */
    plan_expect(world, RECORD_STEP_DECIDED, 0, 35160 * MS, 0, 2);
    plan_expect(world, RECORD_STEP_ACCEPTING, 0, 35160 * MS, 0, 2);
    assert_int_equal(plan_count(world, RECORD_STEP_DETECTED), 0);
    assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), 1);
    fake_release(world);
}

static void lag_guard_refuses(void **state)
{
    (void)state;
    struct setup setup;
    defaults(&setup);
    setup.base.config.lag_guard.entries = 50;
    struct world *world = build(&setup, 1);
    world->unit = 0.25;
    positions(world, 1000, 900, 949);
    fake_act = act;
    fake_at(world, 25 * S, ZERO_OFF);
    fake_start(world);
    fake_run(world, 100 * S);
    assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), 0);
    assert_true(plan_count(world, RECORD_STEP_REFUSED) >= 8);
    assert_true(plan_count(world, RECORD_STEP_REFUSED) <= 12); /* two keepers, every 10 s */
    world->leaders[2].status.position = 960;
    fake_run(world, 130 * S);
    assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), 1);
    fake_release(world);
}

/*
 * Two candidates that do not see each other, four members of which each is nearer to two: each gets
 * two, which is no majority. Random waits end it, for every seed of 1 to 100.
 */
static void split_votes_resolve(void **state)
{
    (void)state;
    uint32_t splits = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct setup setup;
        defaults(&setup);
        memcpy(setup.members, (uint32_t[]){3, 3, 5, 5}, sizeof setup.members);
        setup.params.lease.members.count = 4;
        struct world *world = build(&setup, seed);
        for (uint32_t node = 1; node <= 2; node++) {
            const uint32_t near = node == 1 ? 3 : 5, far = node == 1 ? 5 : 3;
            world->delay_ns[node][near] = world->delay_ns[near][node] = 5 * MS;
            world->delay_ns[node][far] = world->delay_ns[far][node] = 300 * MS;
        }
        /* Renewals arrive at the same time everywhere. */
        world->delay_ns[0][5] = world->delay_ns[0][3];
        fake_act = act;
        fake_at(world, 100 * S, ZERO_OFF);
        fake_start(world);
        fake_run(world, 100 * S);
        fake_cut(world, 1, 2, 1);
        fake_run(world, 300 * S);
        if (plan_count(world, RECORD_STEP_DECIDED) != 1) {
            fail_msg("%u decisions, seed %llu", plan_count(world, RECORD_STEP_DECIDED),
                     (unsigned long long)seed);
        }
        const struct record *decided = fake_step(world, RECORD_STEP_DECIDED, 0);
        assert_true(decided->at_ns < 160 * S);
        splits += decided->b > 2;
        sim_ns overlap_ns;
        assert_int_equal(plan_leaders(world, &overlap_ns), 1);
        fake_release(world);
    }
    print_message("%u of 100 votes were split\n", splits);
    assert_true(splits > 20);
}

/* Never two, whatever happens; and one when all is over. Seeds 1 to 400. */
static void the_lease_holds_over_random_timelines(void **state)
{
    (void)state;
    uint32_t failovers = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct setup setup;
        defaults(&setup);
        struct world *world = build(&setup, seed);
        world->leaders[1].replay_ns = 3 * S;
        random_timeline(world, seed);
        fake_start(world);
        fake_run(world, 900 * S);
        sim_ns overlap_ns;
        const uint32_t leaders = plan_leaders(world, &overlap_ns);
        plan_epochs_are_unique(world, seed);
        if (leaders != 1 || leading_now(world) != 1) {
            fail_msg("%u leaders, %u at the end, seed %llu", leaders, leading_now(world),
                     (unsigned long long)seed);
        }
        failovers += plan_count(world, RECORD_STEP_DONE);
        fake_release(world);
    }
    print_message("%u failovers\n", failovers);
    assert_true(failovers > 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_to_the_nanosecond),
        cmocka_unit_test(announced_until_it_is_heard),
        cmocka_unit_test(loss_of_the_service_demotes_a_healthy_leader),
        cmocka_unit_test(a_cut_off_leader_stops_first),
        cmocka_unit_test(promotes_as_fast_as_patroni),
        cmocka_unit_test(a_restarted_leader_goes_on),
        cmocka_unit_test(lag_guard_refuses),
        cmocka_unit_test(split_votes_resolve),
        cmocka_unit_test(the_lease_holds_over_random_timelines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
