/* Health checkers and verdicts, on a network without jitter. */
#include "tests/models/health/fake_agents.h"

#include "models/health/health.h"

#define MS SIM_NS_PER_MS
#define S  SIM_NS_PER_S

struct setup {
    struct world *world;
    struct scenario_health config;
    struct health_target target;
    uint32_t listener;
    struct health_plan plan;
    struct health_view *view;
};

static void target_message(struct agent *self, const struct message *message)
{
    health_answer(self, message, 17 + message->request, 3);
}

static const struct agent_ops target_ops = {.name = "target", .on_message = target_message};

static struct setup *listening; /* the fake's agents have no other way to reach it */

static void listener_message(struct agent *self, const struct message *message)
{
    health_view_report(listening->view, self, message);
}

static const struct agent_ops listener_ops = {.name = "listener", .on_message = listener_message};

/* Target at place 0, listener at place 1, checkers in `from`. */
static void build(struct setup *setup, uint64_t seed, const uint32_t *from, uint32_t count)
{
    struct world *world = setup->world = fake_world(seed);
    for (uint32_t a = 0; a < FAKE_PLACES; a++) {
        for (uint32_t b = 0; b < FAKE_PLACES; b++) {
            world->delay_ns[a][b] = a == b ? 1 * MS : (sim_ns)(10 * (a + b)) * MS;
        }
    }
    const struct agent_spec target = {.ops = &target_ops, .place = 0, .node = RECORD_NONE};
    const struct agent_spec listener = {.ops = &listener_ops, .place = 1, .node = RECORD_NONE};
    setup->target = (struct health_target){
        .end = ENDPOINT_AGENT | agent_add(world, &target), .place = 0, .node = 5};
    setup->listener = ENDPOINT_AGENT | agent_add(world, &listener);
    uint32_t *regions = arena_alloc(&world->arena, count, sizeof *regions);
    memcpy(regions, from, count * sizeof *regions);
    setup->config.from = (struct param_list){regions, count};
    setup->plan = (struct health_plan){.config = &setup->config,
                                       .targets = &setup->target,
                                       .target_count = 1,
                                       .listeners = &setup->listener,
                                       .listener_count = 1};
    health_add(world, &setup->plan, FAKE_PLACES, &world->arena);
    setup->view = health_view_create(&setup->plan, &world->arena);
    listening = setup;
}

static struct setup route53(sim_ns interval_ns)
{
    return (struct setup){.config = {.checkers = 1,
                                     .interval = interval_ns,
                                     .timeout = 4 * S,
                                     .threshold = 3,
                                     .recover_threshold = 3,
                                     .agree = 0.18}};
}

static void power(struct world *world, uint32_t what)
{
    fake_place_power(world, 0, what == 0 ? 1 : -1);
}

static void opinion_changes_to_the_nanosecond(void **state)
{
    (void)state;
    struct setup setup = route53(10 * S);
    const uint32_t from[] = {2};
    build(&setup, 1, from, 1);
    struct world *world = setup.world;
    world->unit = 0.25; /* phase 2.5 s: probes at 2.5, 12.5, 22.5, 32.5, ... */
    fake_act = power;
    fake_at(world, 15 * S, 0);
    fake_at(world, 60 * S, 1);
    fake_start(world);
    fake_run(world, 200 * S);
    /* Probes of 22.5, 32.5, 42.5 fail; the last one's time-out is at 46.5 s. The report takes 30 ms
     * from place 2 to place 1. Back: probes of 62.5, 72.5, 82.5 return after 40 ms. */
    const struct record *worse = fake_row(world, RECORD_HEALTH, 0, 0);
    const struct record *agreed = fake_row(world, RECORD_HEALTH, 0, 1);
    const struct record *better = fake_row(world, RECORD_HEALTH, 1, 0);
    const struct record *again = fake_row(world, RECORD_HEALTH, 1, 1);
    assert_non_null(again);
    assert_int_equal(worse->at_ns, 46500 * MS);
    assert_int_equal(worse->flags, 0);
    assert_int_equal(worse->from_place, 2);
    assert_int_equal(worse->to_place, 0);
    assert_int_equal(worse->node, 5);
    assert_int_equal(agreed->at_ns, 46530 * MS);
    assert_int_equal(agreed->flags, RECORD_FLAG_AGREED);
    assert_int_equal(agreed->from_place, 1);
    assert_int_equal(better->at_ns, 82540 * MS);
    assert_int_equal(again->at_ns, 82570 * MS);
    assert_int_equal(world->row_count, 4);
    /* The last probe that was answered is that of 192.5 s, the 20th. */
    assert_int_equal(health_view_said(setup.view, 0), 17 + 20);
    assert_int_equal(health_view_said_flag(setup.view, 0), 3);
    assert_int_equal(health_view_answered_ns(setup.view, 0), 192540 * MS);
    fake_release(world);
}

static void shorter_failures_change_nothing(void **state)
{
    (void)state;
    struct setup setup = route53(10 * S);
    const uint32_t from[] = {2};
    build(&setup, 1, from, 1);
    setup.world->unit = 0.25;
    fake_act = power;
    fake_at(setup.world, 15 * S, 0);
    fake_at(setup.world, 42 * S, 1); /* the probes of 22.5 and 32.5 failed only */
    fake_start(setup.world);
    fake_run(setup.world, 200 * S);
    assert_int_equal(setup.world->row_count, 0);
    fake_release(setup.world);
}

static void cut_atlantic(struct world *world, uint32_t what)
{
    (void)what;
    for (uint32_t place = 4; place < 7; place++) {
        fake_cut(world, 0, place, 1);
    }
}

/* Checkers at 4, 5, 6 lose the target, those at 2 and 3 do not: who is right is a matter of
 * `agree`. */
static void partition_makes_checkers_disagree(void **state)
{
    (void)state;
    const uint32_t from[] = {2, 3, 4, 5, 6};
    const double agree[] = {0.18, 0.5};
    for (int i = 0; i < 2; i++) {
        struct setup setup = route53(10 * S);
        setup.config.agree = agree[i];
        build(&setup, 7, from, 5);
        fake_act = cut_atlantic;
        fake_at(setup.world, 50 * S, 0);
        fake_start(setup.world);
        fake_run(setup.world, 200 * S);
        uint32_t opinions = 0, verdicts = 0;
        for (uint32_t r = 0; r < setup.world->row_count; r++) {
            const struct record *row = &setup.world->rows[r];
            assert_int_equal(row->a, 0);
            opinions += row->flags == 0;
            verdicts += row->flags == RECORD_FLAG_AGREED;
            assert_true(row->flags != 0 || row->from_place >= 4);
        }
        assert_int_equal(opinions, 3);
        assert_int_equal(verdicts, i); /* 2 of 5 are healthy: more than 18 %, not more than half */
        fake_release(setup.world);
    }
}

static void cut_listener(struct world *world, uint32_t what)
{
    (void)what;
    for (uint32_t place = 0; place < FAKE_PLACES; place++) {
        fake_cut(world, 1, place, 1);
    }
}

static void old_opinions_do_not_count(void **state)
{
    (void)state;
    struct setup setup = route53(10 * S);
    const uint32_t from[] = {2};
    build(&setup, 1, from, 1);
    struct world *world = setup.world;
    world->unit = 0.25;
    fake_act = power;
    fake_at(world, 1 * S, 0); /* unhealthy at 26.5 s: probes of 2.5, 12.5, 22.5 */
    fake_start(world);
    fake_run(world, 30 * S);
    struct agent *listener = &world->agents[1];
    assert_false(health_view_healthy(setup.view, listener, 0));
    cut_listener(world, 0); /* last report: of the probe of 22.5 s, at 26.53 s */
    fake_run(world, 26530 * MS + 34 * S);
    assert_false(health_view_healthy(setup.view, listener, 0)); /* exactly 3 intervals + time-out */
    fake_run(world, 26530 * MS + 34 * S + 1);
    assert_true(health_view_healthy(setup.view, listener, 0)); /* nobody counts: fail open */
    fake_release(world);
}

static sim_ns detection(uint64_t seed, sim_ns interval_ns)
{
    struct setup setup = route53(interval_ns);
    const uint32_t from[] = {2, 3, 4, 5};
    setup.config.checkers = 4; /* 16 in all */
    build(&setup, seed, from, 4);
    fake_act = power;
    fake_at(setup.world, 100 * S, 0);
    fake_start(setup.world);
    fake_run(setup.world, 300 * S);
    sim_ns at_ns = 0;
    for (uint32_t r = 0; r < setup.world->row_count; r++) {
        if (setup.world->rows[r].flags == RECORD_FLAG_AGREED) {
            assert_int_equal(at_ns, 0);
            at_ns = setup.world->rows[r].at_ns;
        }
    }
    assert_true(at_ns > 0);
    fake_release(setup.world);
    return at_ns - 100 * S;
}

/*
 * Of 16 checkers the 14th that gives up makes the share of healthy ones 2/16 <= 18 %. Its third
 * failing probe goes out 2 I + the 14th smallest of 16 phases after the fault: mean 2 I + 14/17 I,
 * standard deviation I sqrt(14 * 3 / (17^2 * 18)) = 0.0899 I; then 4 s of time-out and the report's
 * way of 30 to 60 ms. Mean of n = 400 seeds: within 4.4 standard errors (confidence above 99.998
 * %).
 */
static void detects_as_route53_does(void **state)
{
    (void)state;
    const sim_ns intervals_ns[] = {30 * S, 10 * S};
    const double published_s[] = {89, 32}; /* systems' arithmetic: about 89 s and 32 s */
    for (int i = 0; i < 2; i++) {
        double sum_s = 0;
        for (uint64_t seed = 1; seed <= 400; seed++) {
            const double s = (double)detection(seed, intervals_ns[i]) * 1e-9;
            const double interval_s = (double)intervals_ns[i] * 1e-9;
            assert_true(s > 2 * interval_s + 4 && s < 3 * interval_s + 4.06);
            sum_s += s;
        }
        const double mean_s = sum_s / 400, interval_s = (double)intervals_ns[i] * 1e-9;
        const double expected_s = interval_s * (2 + 14.0 / 17) + 4.045;
        const double error_s = 0.0899 * interval_s / 20;
        print_message("interval %.0f s: mean %.2f s, expected %.2f s\n", interval_s, mean_s,
                      expected_s);
        assert_true(mean_s > expected_s - 4.4 * error_s - 0.02);
        assert_true(mean_s < expected_s + 4.4 * error_s + 0.02);
        assert_true(mean_s > published_s[i] - 1 && mean_s < published_s[i] + 1);
    }
}

/*
 * One checker: the fault is seen I * threshold - phase + time-out later, uniform in one interval.
 * Kolmogorov-Smirnov, n = 500 seeds 1..500: D < 1.95 / sqrt(n) holds with confidence 99.9 %.
 */
static void detection_is_uniform_in_the_interval(void **state)
{
    (void)state;
    enum { RUNS = 500, BINS = 5000 };
    static uint32_t below[BINS + 1];
    memset(below, 0, sizeof below);
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct setup setup = route53(10 * S);
        const uint32_t from[] = {2};
        build(&setup, seed, from, 1);
        fake_act = power;
        fake_at(setup.world, 100 * S, 0);
        fake_start(setup.world);
        fake_run(setup.world, 150 * S);
        const struct record *row = fake_row(setup.world, RECORD_HEALTH, 0, 0);
        assert_non_null(row);
        const sim_ns after_ns = row->at_ns - 100 * S - 24 * S; /* two intervals and the time-out */
        /* A probe that was on its way when the fault came fails as well: it left at most the
         * one-way delay of 20 ms before. */
        assert_true(after_ns >= -20 * MS && after_ns < 10 * S - 20 * MS);
        const double u = (double)(after_ns + 20 * MS) / (10.0 * (double)S);
        for (uint32_t bin = (uint32_t)(u * BINS) + 1; bin <= BINS; bin++) {
            below[bin]++;
        }
        fake_release(setup.world);
    }
    double greatest = 0;
    for (uint32_t bin = 0; bin <= BINS; bin++) {
        const double d = (double)below[bin] / RUNS - (double)bin / BINS;
        greatest = d > greatest ? d : greatest;
        greatest = -d > greatest ? -d : greatest;
    }
    print_message("D = %.4f, bound %.4f\n", greatest, 1.95 / 22.3607 + 1.0 / BINS);
    assert_true(greatest < 1.95 / 22.3607 + 1.0 / BINS);
}

static void a_restarted_checker_begins_anew(void **state)
{
    (void)state;
    struct setup setup = route53(10 * S);
    const uint32_t from[] = {2};
    build(&setup, 1, from, 1);
    struct world *world = setup.world;
    world->unit = 0.25;
    fake_start(world);
    fake_place_power(world, 0, 1);
    fake_run(world, 20 * S); /* two failures */
    fake_place_power(world, 2, 1);
    fake_place_power(world, 2, -1);
    fake_run(world, 36 * S); /* probe of 22.5 s failed: the first since */
    assert_int_equal(world->row_count, 0);
    fake_run(world, 60 * S); /* the third: probe of 42.5 s, 46.5 s */
    assert_int_equal(fake_row(world, RECORD_HEALTH, 0, 0)->at_ns, 46500 * MS);
    fake_release(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opinion_changes_to_the_nanosecond),
        cmocka_unit_test(shorter_failures_change_nothing),
        cmocka_unit_test(partition_makes_checkers_disagree),
        cmocka_unit_test(old_opinions_do_not_count),
        cmocka_unit_test(detects_as_route53_does),
        cmocka_unit_test(detection_is_uniform_in_the_interval),
        cmocka_unit_test(a_restarted_checker_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
