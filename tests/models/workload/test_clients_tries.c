#include "tests/models/workload/fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One operation at time 0; what happens to its requests is listed by the test. */
static struct answers by_list(struct world *world, const struct message *request)
{
    return ((const struct answers *)world->test)[request->tries];
}

static struct world *one_operation(const char *type, const struct answers *answers)
{
    struct world *world = fake_init(1);
    const char **cells = arena_alloc(&world->arena, 3, sizeof *cells);
    cells[0] = "0";
    cells[1] = type;
    cells[2] = "5";
    fake_trace(world, 0, cells, 1);
    world->script = by_list;
    world->test = answers;
    return world;
}

static void assert_requests(const struct world *world, size_t count, const sim_ns *at_ms)
{
    assert_int_equal(world->request_count, count);
    for (size_t i = 0; i < count; i++) {
        const struct fake_request *request = &world->requests[i];
        assert_int_equal(request->at_ns, at_ms[i] * MS);
        assert_int_equal(request->node, i % FAKE_NODES);
        assert_int_equal(request->message.tries, i);
        assert_int_equal(request->message.operation, 1);
        assert_int_equal(request->message.key, 5);
    }
}

/* Exactly one COMPLETED row. */
static void assert_completed(const struct world *world, sim_ns at_ms, enum record_outcome outcome,
                             int64_t tries, uint32_t node)
{
    assert_int_equal(fake_count(world, RECORD_COMPLETED), 1);
    const struct record *row = fake_nth(world, RECORD_COMPLETED, 0);
    assert_int_equal(row->at_ns, at_ms * MS);
    assert_int_equal(row->outcome, outcome);
    assert_int_equal(row->a, tries);
    assert_int_equal(row->node, node);
    assert_int_equal(row->write, outcome != RECORD_OK ? 0 : row->type == RECORD_WRITE ? 1 : 77);
}

static const struct answers lost = {{false, 0, RECORD_OK, 0}, {false, 0, RECORD_OK, 0}};
static const struct answers refused = {.first = {true, 10 * MS, RECORD_FAIL, 0}};
static const struct answers unsure = {.first = {true, 10 * MS, RECORD_INFO, 0}};

/* The value forbids the write: to ask again would not help, unless an earlier try is in doubt. */
static void test_forbidden_is_not_tried_again(void **state)
{
    (void)state;
    const struct answers forbidden = {.first = {true, 10 * MS, RECORD_FAIL, MESSAGE_REJECTED}};
    const struct answers once[5] = {forbidden, forbidden, forbidden, forbidden, forbidden};
    struct world *world = one_operation("write", once);
    world->group[0].retry =
        (struct scenario_retry){.tries = 5, .backoff = 20 * MS, .backoff_max = 50 * MS};
    fake_run(world);
    assert_requests(world, 1, (const sim_ns[]){0});
    assert_completed(world, 10, RECORD_FAIL, 1, 0);
    assert_int_equal(fake_nth(world, RECORD_COMPLETED, 0)->flags, RECORD_FLAG_REJECTED);
    fake_release(world);

    const struct answers doubt[5] = {unsure, forbidden, forbidden, forbidden, forbidden};
    world = one_operation("write", doubt);
    world->group[0].retry =
        (struct scenario_retry){.tries = 2, .backoff = 20 * MS, .backoff_max = 50 * MS};
    fake_run(world);
    assert_requests(world, 2, (const sim_ns[]){0, 30});
    assert_completed(world, 40, RECORD_INFO, 2, RECORD_NONE);
    fake_release(world);
}

/* Refused after 10 ms each; pauses 20, 40, 50 (the limit), 50 ms. */
static void test_backoff_doubles_up_to_its_limit(void **state)
{
    (void)state;
    const struct answers answers[5] = {refused, refused, refused, refused, refused};
    struct world *world = one_operation("write", answers);
    world->group[0].retry =
        (struct scenario_retry){.tries = 5, .backoff = 20 * MS, .backoff_max = 50 * MS};
    fake_run(world);
    assert_requests(world, 5, (const sim_ns[]){0, 30, 80, 140, 200});
    assert_completed(world, 210, RECORD_FAIL, 5, RECORD_NONE);
    fake_release(world);
}

static void test_backoff_jitter(void **state)
{
    (void)state;
    double least = 1e9, most = 0.0;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        const struct answers answers[2] = {refused, answer_ok(10 * MS)};
        struct world *world = one_operation("read", answers);
        world->seed = seed;
        world->group[0].retry = (struct scenario_retry){
            .tries = 2, .backoff = 100 * MS, .backoff_max = SIM_NS_PER_S, .jitter = 0.5};
        fake_run(world);
        const double pause_ms = (double)(world->requests[1].at_ns - 10 * MS) / 1e6;
        least = pause_ms < least ? pause_ms : least;
        most = pause_ms > most ? pause_ms : most;
        fake_release(world);
    }
    /* Uniform in 50..100 ms; each end missed by 0.2 ms with probability (1 - 0.004)^2000 = 0.03 %.
     */
    assert_true(least >= 50.0);
    assert_true(least < 50.2);
    assert_true(most <= 100.0);
    assert_true(most > 99.8);
}

/* Lost at 0; the try times out at 100; pause 20; the second is answered at 130. */
static void test_try_times_out(void **state)
{
    (void)state;
    const struct answers answers[2] = {lost, answer_ok(10 * MS)};
    struct world *world = one_operation("write", answers);
    world->group[0].retry = (struct scenario_retry){
        .tries = 2, .timeout = 100 * MS, .backoff = 20 * MS, .backoff_max = SIM_NS_PER_S};
    fake_run(world);
    assert_requests(world, 2, (const sim_ns[]){0, 120});
    assert_completed(world, 130, RECORD_OK, 2, 1);
    fake_release(world);
}

/* Without a time-out of its own a lost try lasts to the deadline: no retry helps. */
static void test_no_timeout_no_retry(void **state)
{
    (void)state;
    const struct answers answers[3] = {lost, lost, lost};
    struct world *world = one_operation("write", answers);
    world->group[0].retry = (struct scenario_retry){.tries = 3, .backoff_max = SIM_NS_PER_S};
    fake_run(world);
    assert_requests(world, 1, (const sim_ns[]){0});
    assert_completed(world, 1000, RECORD_INFO, 1, RECORD_NONE);
    fake_release(world);
}

/* The first answer comes while the second try is under way: it counts, the second's is ignored. */
static void test_late_answer_counts(void **state)
{
    (void)state;
    const struct answers answers[2] = {answer_ok(150 * MS), answer_ok(60 * MS)};
    struct world *world = one_operation("read", answers);
    world->group[0].retry = (struct scenario_retry){
        .tries = 2, .timeout = 100 * MS, .backoff = 20 * MS, .backoff_max = SIM_NS_PER_S};
    fake_run(world);
    assert_requests(world, 2, (const sim_ns[]){0, 120});
    assert_completed(world, 150, RECORD_OK, 2, 0);
    fake_release(world);
}

/* A late answer during the pause: the scheduled try is not made. */
static void test_answer_during_pause(void **state)
{
    (void)state;
    const struct answers answers[2] = {answer_ok(110 * MS), answer_ok(10 * MS)};
    struct world *world = one_operation("read", answers);
    world->group[0].retry = (struct scenario_retry){
        .tries = 2, .timeout = 100 * MS, .backoff = 20 * MS, .backoff_max = SIM_NS_PER_S};
    fake_run(world);
    assert_requests(world, 1, (const sim_ns[]){0});
    assert_completed(world, 110, RECORD_OK, 1, 0);
    fake_release(world);
}

/* The deadline comes during the pause: fail after refusals only, info when one try is unknown. */
static void test_deadline_during_pause(void **state)
{
    (void)state;
    const struct {
        struct answers first;
        enum record_outcome outcome;
    } cases[] = {{refused, RECORD_FAIL}, {unsure, RECORD_INFO}, {lost, RECORD_INFO}};
    for (size_t i = 0; i < 3; i++) {
        const struct answers answers[2] = {cases[i].first, answer_ok(10 * MS)};
        struct world *world = one_operation("write", answers);
        world->group[0].retry = (struct scenario_retry){.tries = 2,
                                                        .timeout = 100 * MS,
                                                        .backoff = 2 * SIM_NS_PER_S,
                                                        .backoff_max = 2 * SIM_NS_PER_S};
        fake_run(world);
        assert_requests(world, 1, (const sim_ns[]){0});
        assert_completed(world, 1000, cases[i].outcome, 1, RECORD_NONE);
        fake_release(world);
    }
}

/* A coordinator that first says "unknown" and then "done": done, if it comes in time. */
static void test_second_word_of_a_request(void **state)
{
    (void)state;
    const struct answers answers[2] = {
        {.first = {true, 20 * MS, RECORD_INFO, 0}, .second = {true, 35 * MS, RECORD_OK, 0}}, lost};
    struct world *world = one_operation("write", answers);
    world->group[0].retry =
        (struct scenario_retry){.tries = 2, .backoff = 100 * MS, .backoff_max = SIM_NS_PER_S};
    fake_run(world);
    assert_requests(world, 1, (const sim_ns[]){0});
    assert_completed(world, 35, RECORD_OK, 1, 0);
    fake_release(world);
    /* Two refusals of one request are one refusal: the second try is still open. */
    const struct answers twice[2] = {
        {.first = {true, 20 * MS, RECORD_FAIL, 0}, .second = {true, 140 * MS, RECORD_FAIL, 0}},
        answer_ok(50 * MS)};
    world = one_operation("write", twice);
    world->group[0].retry =
        (struct scenario_retry){.tries = 2, .backoff = 100 * MS, .backoff_max = SIM_NS_PER_S};
    fake_run(world);
    assert_requests(world, 2, (const sim_ns[]){0, 120});
    assert_completed(world, 170, RECORD_OK, 2, 1);
    fake_release(world);
    /* And the operation is not certain to have failed: the second try is lost, not refused. */
    const struct answers once[2] = {twice[0], lost};
    world = one_operation("write", once);
    world->group[0].retry =
        (struct scenario_retry){.tries = 2, .backoff = 100 * MS, .backoff_max = SIM_NS_PER_S};
    fake_run(world);
    assert_requests(world, 2, (const sim_ns[]){0, 120});
    assert_completed(world, 1000, RECORD_INFO, 2, RECORD_NONE);
    fake_release(world);
}

static void test_hedge(void **state)
{
    (void)state;
    const struct {
        const char *type;
        struct answers first, second;
        size_t requests;
        sim_ns end_ms;
        enum record_outcome outcome;
        uint32_t node;
    } cases[] = {
        /* The hedge at 30 ms overtakes. */
        {"read", answer_ok(100 * MS), answer_ok(20 * MS), 2, 50, RECORD_OK, 1},
        /* The first one is still faster. */
        {"read", answer_ok(45 * MS), answer_ok(20 * MS), 2, 45, RECORD_OK, 0},
        /* Answered before: no hedge. */
        {"read", answer_ok(29 * MS), answer_ok(20 * MS), 1, 29, RECORD_OK, 0},
        /* Writes are never hedged. */
        {"write", answer_ok(100 * MS), answer_ok(20 * MS), 1, 100, RECORD_OK, 0},
        /* The first is lost, the hedge refused: unknown, as the first may be on its way. */
        {"read", lost, refused, 2, 1000, RECORD_INFO, RECORD_NONE},
        /* Both refused. */
        {"read",
         {.first = {true, 90 * MS, RECORD_FAIL, 0}},
         refused,
         2,
         90,
         RECORD_FAIL,
         RECORD_NONE},
        /* Refused before the hedge, and no try left: nothing to hedge. */
        {"read", refused, answer_ok(20 * MS), 1, 10, RECORD_FAIL, RECORD_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct answers answers[2] = {cases[i].first, cases[i].second};
        struct world *world = one_operation(cases[i].type, answers);
        world->group[0].hedge_after = 30 * MS;
        fake_run(world);
        assert_requests(world, cases[i].requests, (const sim_ns[]){0, 30});
        assert_completed(world, cases[i].end_ms, cases[i].outcome, (int64_t)cases[i].requests,
                         cases[i].node);
        fake_release(world);
    }
}

/* First lost, hedge at 30 refused at 40: the try goes on to its time-out at 100, then the next. */
static void test_hedge_then_retry(void **state)
{
    (void)state;
    const struct answers answers[3] = {lost, refused, answer_ok(10 * MS)};
    struct world *world = one_operation("read", answers);
    world->group[0].hedge_after = 30 * MS;
    world->group[0].retry = (struct scenario_retry){
        .tries = 2, .timeout = 100 * MS, .backoff = 20 * MS, .backoff_max = SIM_NS_PER_S};
    fake_run(world);
    assert_requests(world, 3, (const sim_ns[]){0, 30, 120});
    assert_completed(world, 130, RECORD_OK, 3, 2);
    fake_release(world);
}

/* Refused at 10, pause to 40: no hedge at 30, as nothing is open. */
static void test_no_hedge_during_pause(void **state)
{
    (void)state;
    const struct answers answers[2] = {refused, answer_ok(10 * MS)};
    struct world *world = one_operation("read", answers);
    world->group[0].hedge_after = 30 * MS;
    world->group[0].retry =
        (struct scenario_retry){.tries = 2, .backoff = 30 * MS, .backoff_max = SIM_NS_PER_S};
    fake_run(world);
    assert_requests(world, 2, (const sim_ns[]){0, 40});
    assert_completed(world, 50, RECORD_OK, 2, 1);
    fake_release(world);
}

/* One group's deadlines share a timer: each operation still ends at its own. */
static void test_deadlines_of_many(void **state)
{
    (void)state;
    struct world *world = fake_init(1);
    static const char *const cells[] = {"0", "read", "1",     "0", "write", "2",    "0.5", "read",
                                        "3", "700",  "write", "4", "999",   "read", "5"};
    fake_trace(world, 0, cells, 5);
    static const struct answers nothing[1] = {{{false, 0, RECORD_OK, 0}, {false, 0, RECORD_OK, 0}}};
    world->script = by_list;
    world->test = nothing;
    fake_run(world);
    const sim_ns expected_us[] = {1000000, 1000000, 1000500, 1700000, 1999000};
    for (size_t i = 0; i < 5; i++) {
        const struct record *row = fake_nth(world, RECORD_COMPLETED, i);
        assert_int_equal(row->operation, i + 1);
        assert_int_equal(row->at_ns, expected_us[i] * SIM_NS_PER_US);
        assert_int_equal(row->outcome, RECORD_INFO);
    }
    fake_release(world);
}

/*
 * Every combination of fates of three tries (time-out 100 ms, pauses 10 and 20 ms, deadline 1 s),
 * against a second way to the answer: sends follow from each other, then the first ok wins, then
 * the last refusal or the deadline.
 */
enum fate { OK, FAIL, INFO, LOST, LATE_OK, LATE_FAIL, LATE_INFO, FATES };

static sim_ns fate_ms(enum fate fate)
{
    return fate < LOST ? 40 + 3 * (sim_ns)fate : 175 + 3 * (sim_ns)fate;
}

static enum record_outcome fate_outcome(enum fate fate)
{
    return fate == OK || fate == LATE_OK       ? RECORD_OK
           : fate == FAIL || fate == LATE_FAIL ? RECORD_FAIL
                                               : RECORD_INFO;
}

struct verdict {
    sim_ns at_ms;
    enum record_outcome outcome;
    int64_t tries;
};

static struct verdict expected_verdict(const enum fate *fates)
{
    const sim_ns never = INT64_MAX;
    sim_ns sent_ms = 0, first_ok_ms = never, last_ms = 0;
    bool all_answered = true, all_failed = true;
    int64_t tries = 0;
    for (int i = 0; i < 3; i++) {
        if (sent_ms >= first_ok_ms) {
            break;
        }
        tries++;
        const sim_ns answer_ms = sent_ms + fate_ms(fates[i]);
        if (fates[i] == LOST) {
            all_answered = false;
        } else if (fate_outcome(fates[i]) == RECORD_OK) {
            first_ok_ms = answer_ms < first_ok_ms ? answer_ms : first_ok_ms;
        } else {
            last_ms = answer_ms > last_ms ? answer_ms : last_ms;
        }
        all_failed = all_failed && fate_outcome(fates[i]) == RECORD_FAIL;
        const bool late = fates[i] >= LOST;
        sent_ms = (late ? sent_ms + 100 : answer_ms) + (10 << i);
    }
    if (first_ok_ms != never) {
        return (struct verdict){first_ok_ms, RECORD_OK, tries};
    }
    return (struct verdict){all_answered ? last_ms : 1000,
                            all_answered && all_failed ? RECORD_FAIL : RECORD_INFO, tries};
}

static void test_every_combination(void **state)
{
    (void)state;
    int outcomes[RECORD_OUTCOME_COUNT] = {0};
    for (int code = 0; code < FATES * FATES * FATES; code++) {
        const enum fate fates[3] = {(enum fate)(code % FATES), (enum fate)(code / FATES % FATES),
                                    (enum fate)(code / FATES / FATES)};
        struct answers answers[3];
        for (int i = 0; i < 3; i++) {
            answers[i] = (struct answers){
                .first = {fates[i] != LOST, fate_ms(fates[i]) * MS, fate_outcome(fates[i]), 0}};
        }
        const struct verdict expected = expected_verdict(fates);
        struct world *world = one_operation("write", answers);
        world->group[0].retry = (struct scenario_retry){
            .tries = 3, .timeout = 100 * MS, .backoff = 10 * MS, .backoff_max = SIM_NS_PER_S};
        fake_run(world);
        const struct record *row = fake_nth(world, RECORD_COMPLETED, 0);
        if (row->at_ns != expected.at_ms * MS || row->outcome != expected.outcome ||
            row->a != expected.tries || fake_count(world, RECORD_COMPLETED) != 1) {
            fail_msg("fates %d %d %d: at %lld ns outcome %d tries %lld, expected %lld ms %d %lld",
                     fates[0], fates[1], fates[2], (long long)row->at_ns, row->outcome,
                     (long long)row->a, (long long)expected.at_ms, expected.outcome,
                     (long long)expected.tries);
        }
        outcomes[row->outcome]++;
        fake_release(world);
    }
    for (int i = 0; i < RECORD_OUTCOME_COUNT; i++) {
        assert_true(outcomes[i] > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backoff_doubles_up_to_its_limit),
        cmocka_unit_test(test_forbidden_is_not_tried_again),
        cmocka_unit_test(test_backoff_jitter),
        cmocka_unit_test(test_try_times_out),
        cmocka_unit_test(test_no_timeout_no_retry),
        cmocka_unit_test(test_late_answer_counts),
        cmocka_unit_test(test_answer_during_pause),
        cmocka_unit_test(test_deadline_during_pause),
        cmocka_unit_test(test_second_word_of_a_request),
        cmocka_unit_test(test_hedge),
        cmocka_unit_test(test_hedge_then_retry),
        cmocka_unit_test(test_no_hedge_during_pause),
        cmocka_unit_test(test_deadlines_of_many),
        cmocka_unit_test(test_every_combination),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
