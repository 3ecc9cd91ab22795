#define _POSIX_C_SOURCE 200809L

#include "sim/engine.h"

#include "sim/arena.h"
#include "tests/sim/expect_check.h"
#include "tests/sim/reference_engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * Random programs: the same program, driven by its own random numbers, runs on the engine and on
 * the reference; the order of events, the handles that could be cancelled and the fingerprint must
 * be the same.
 */
enum law {
    LAW_EXPONENTIAL, /* roughly: a random power of two times a uniform number */
    LAW_BIMODAL,     /* microseconds and seconds */
    LAW_CONSTANT,
    LAW_TIES,      /* few distinct times */
    LAW_NOW,       /* mostly at the present time */
    LAW_FAR,       /* now and then hours and years ahead */
    LAW_GEO,       /* disk, message, time-out, fault */
    LAW_SHRINKING, /* the scale of time changes a thousandfold during the run */
    LAW_COUNT
};

enum { HANDLES = 1024 };

struct program {
    uint64_t random;
    enum law law;
    uint32_t pending_target;
    double cancel_ratio;
    uint64_t steps, steps_max;
    bool real;
    struct engine engine;
    struct reference_engine reference;
    sim_ns now_ns;
    struct timer timers[HANDLES];
    uint64_t orders[HANDLES];
    uint64_t pending;
    uint64_t log; /* an independent hash of the order */
    uint64_t scheduled, cancelled;
    struct fingerprint fingerprint;
};

static uint64_t next_random(struct program *program)
{
    uint64_t z = program->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static sim_ns uniform(struct program *program, sim_ns below)
{
    return (sim_ns)(next_random(program) % (uint64_t)below);
}

static sim_ns geo_delay(struct program *program)
{
    const uint64_t kind = next_random(program) % 1000;
    if (kind < 500) {
        return 20 * SIM_NS_PER_US + uniform(program, 80 * SIM_NS_PER_US);
    }
    if (kind < 800) {
        return 100 * SIM_NS_PER_MS + uniform(program, 20 * SIM_NS_PER_MS);
    }
    if (kind < 999) {
        return 5 * SIM_NS_PER_S;
    }
    return 30 * SIM_NS_PER_MIN + uniform(program, SIM_NS_PER_H);
}

static sim_ns delay(struct program *program)
{
    const bool rare = next_random(program) % 8 == 0;
    switch (program->law) {
    case LAW_EXPONENTIAL:
        return uniform(program, INT64_C(1) << (10 + next_random(program) % 20));
    case LAW_BIMODAL:
        return rare ? uniform(program, 5 * SIM_NS_PER_S) : uniform(program, SIM_NS_PER_US);
    case LAW_CONSTANT:
        return SIM_NS_PER_MS;
    case LAW_TIES:
        return 10 * uniform(program, 4);
    case LAW_NOW:
        return rare ? uniform(program, SIM_NS_PER_MS) : 0;
    case LAW_FAR:
        return rare ? uniform(program, INT64_C(1) << 59) : uniform(program, SIM_NS_PER_MS);
    case LAW_GEO:
        return geo_delay(program);
    case LAW_SHRINKING:
        return uniform(program, program->steps % 4000 < 2000 ? SIM_NS_PER_S : SIM_NS_PER_US);
    case LAW_COUNT:
        break;
    }
    fail();
    return 0;
}

static void schedule(struct program *program)
{
    const struct event event = {
        .kind = (uint16_t)(next_random(program) % 3),
        .small = (uint16_t)next_random(program),
        .target = (uint32_t)next_random(program),
        .a = next_random(program),
        .b = program->scheduled++,
    };
    sim_ns delay_ns = delay(program);
    const uint64_t place = next_random(program) % HANDLES;
    if (delay_ns > INT64_MAX / 2 - program->now_ns) {
        delay_ns = 1;
    }
    if (program->real) {
        program->timers[place] = engine_after(&program->engine, delay_ns, event);
    } else {
        program->orders[place] =
            reference_at(&program->reference, program->now_ns + delay_ns, event);
    }
    program->pending++;
}

static void cancel(struct program *program)
{
    const uint64_t place = next_random(program) % HANDLES;
    const bool done = program->real ? engine_cancel(&program->engine, program->timers[place])
                                    : reference_cancel(&program->reference, program->orders[place]);
    program->pending -= done;
    program->cancelled += done;
    program->log = program->log * 31 + done;
}

static void handle(void *world, const struct event *event)
{
    struct program *program = world;
    if (program->real) {
        program->now_ns = engine_now(&program->engine);
    }
    program->pending--;
    program->steps++;
    program->log =
        (program->log ^ event->b ^ (uint64_t)program->now_ns << 20) * UINT64_C(0x2545f4914f6cdd1d);
    const uint64_t wish = program->steps < program->steps_max ? program->pending_target : 0;
    uint64_t births = program->pending < wish ? 1 + next_random(program) % 3 : 0;
    if (program->pending > 0 && program->pending >= wish && wish > 0) {
        births = next_random(program) % 2;
    }
    for (uint64_t i = 0; i < births; i++) {
        schedule(program);
    }
    if ((double)(next_random(program) >> 11) * 0x1p-53 < program->cancel_ratio) {
        cancel(program);
    }
    if (program->cancel_ratio > 0.5 &&
        program->steps % 256 == 0) { /* so many that they are swept */
        for (int i = 0; i < 2 * HANDLES; i++) {
            cancel(program);
        }
    }
}

static const engine_handler handlers[] = {handle, handle, handle};

static void run_real(struct program *program)
{
    engine_init(&program->engine, program, handlers, 3);
    for (uint32_t i = 0; i < program->pending_target; i++) {
        schedule(program);
    }
    /* In pieces, so that looking ahead of `until_ns` and going on are covered as well. */
    enum engine_stop stop = ENGINE_BUDGET;
    sim_ns step_ns = 1000;
    while (stop != ENGINE_DONE) {
        const uint64_t before = program->steps;
        stop = engine_run(&program->engine, engine_now(&program->engine) + step_ns, 500);
        step_ns = program->steps - before < 100 ? step_ns * 2 : step_ns;
        step_ns = step_ns > SIM_NS_MAX / 4 ? SIM_NS_MAX / 4 : step_ns;
        program->now_ns = engine_now(&program->engine);
        assert_int_equal(engine_pending(&program->engine), program->pending);
    }
    assert_int_equal(engine_events(&program->engine), program->steps);
}

static void run_reference(struct program *program)
{
    struct reference_event next;
    fingerprint_init(&program->fingerprint);
    memset(program->orders, 255, sizeof program->orders);
    for (uint32_t i = 0; i < program->pending_target; i++) {
        schedule(program);
    }
    while (reference_next(&program->reference, &next)) {
        program->now_ns = next.at_ns;
        const uint64_t head =
            (uint64_t)next.event.kind << 48 | (uint64_t)next.event.small << 32 | next.event.target;
        fingerprint_add(&program->fingerprint, (uint64_t)next.at_ns, head, next.event.a,
                        next.event.b);
        handle(program, &next.event);
    }
    free(program->reference.pending);
}

static void compare(enum law law, uint32_t pending, double cancel_ratio, uint64_t seed)
{
    static struct program real, reference;
    memset(&real, 0, sizeof real);
    real.random = seed * 1000003 + (uint64_t)law * 7919 + pending;
    real.law = law;
    real.pending_target = pending;
    real.cancel_ratio = cancel_ratio;
    real.steps_max = 3000 + 2 * (uint64_t)pending;
    reference = real;
    real.real = true;
    run_real(&real);
    run_reference(&reference);
    const uint64_t fingerprint = engine_fingerprint(&real.engine);
    const uint64_t expected = fingerprint_value(&reference.fingerprint);
    if (real.log != reference.log || fingerprint != expected || real.steps != reference.steps ||
        real.cancelled != reference.cancelled) {
        fail_msg("law %d, %u pending, cancel %.2f, seed %llu: log %016llx and %016llx, fingerprint "
                 "%016llx and %016llx, %llu and %llu events",
                 (int)law, pending, cancel_ratio, (unsigned long long)seed,
                 (unsigned long long)real.log, (unsigned long long)reference.log,
                 (unsigned long long)fingerprint, (unsigned long long)expected,
                 (unsigned long long)real.steps, (unsigned long long)reference.steps);
    }
    assert_true(real.steps >= pending / 2);
    engine_release(&real.engine);
}

static void test_random_programs(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 3, 40, 130, 400, 1500};
    static const double ratios[] = {0.0, 0.2, 0.9};
    for (int law = 0; law < LAW_COUNT; law++) {
        for (size_t size = 0; size < 6; size++) {
            for (size_t ratio = 0; ratio < 3; ratio++) {
                const uint64_t repeats = sizes[size] < 200 ? 6 : 1;
                for (uint64_t seed = 1; seed <= repeats; seed++) {
                    compare((enum law)law, sizes[size], ratios[ratio], seed);
                }
            }
        }
    }
}

/* ---- single promises ----------------------------------------------------------------------- */

enum { RECORD, AGAIN_NOW, STOP, KILL, NOBODY, KINDS };

struct world {
    struct engine engine;
    uint64_t log[64];
    sim_ns at_ns[64];
    size_t count;
    struct timer victim;
    bool killed;
};

static void record(void *world, const struct event *event)
{
    struct world *w = world;
    assert_true(w->count < 64);
    w->at_ns[w->count] = engine_now(&w->engine);
    w->log[w->count++] = event->a;
}

static void again_now(void *world, const struct event *event)
{
    struct world *w = world;
    record(world, event);
    engine_after(&w->engine, 0, (struct event){.kind = RECORD, .a = event->a + 100});
}

static void stop(void *world, const struct event *event)
{
    struct world *w = world;
    record(world, event);
    engine_stop(&w->engine);
}

static void kill_victim(void *world, const struct event *event)
{
    struct world *w = world;
    record(world, event);
    w->killed = engine_cancel(&w->engine, w->victim);
}

static const engine_handler world_handlers[KINDS] = {record, again_now, stop, kill_victim, NULL};

static struct world *world_new(void)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    engine_init(&world.engine, &world, world_handlers, KINDS);
    return &world;
}

static struct timer at(struct world *world, sim_ns at_ns, uint16_t kind, uint64_t mark)
{
    return engine_at(&world->engine, at_ns, (struct event){.kind = kind, .a = mark});
}

static void test_ties_leave_in_the_order_they_were_scheduled(void **state)
{
    (void)state;
    struct world *world = world_new();
    at(world, 7, RECORD, 1);
    at(world, 5, AGAIN_NOW, 2);
    at(world, 5, RECORD, 3);
    at(world, 7, RECORD, 4);
    at(world, 5, RECORD, 5);
    at(world, 0, RECORD, 6);
    assert_int_equal(engine_run(&world->engine, SIM_NS_MAX, UINT64_MAX), ENGINE_DONE);
    static const uint64_t expected[] = {6, 2, 3, 5, 102, 1, 4};
    static const sim_ns times[] = {0, 5, 5, 5, 5, 7, 7};
    assert_int_equal(world->count, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(world->log[i], expected[i]);
        assert_int_equal(world->at_ns[i], times[i]);
    }
    assert_int_equal(engine_now(&world->engine), 7);
    assert_int_equal(engine_events(&world->engine), 7);
    assert_int_equal(engine_kind_events(&world->engine, RECORD), 6);
    assert_int_equal(engine_kind_events(&world->engine, AGAIN_NOW), 1);
    assert_int_equal(engine_kind_events(&world->engine, STOP), 0);
    engine_release(&world->engine);
}

static void test_until_budget_and_stop(void **state)
{
    (void)state;
    struct world *world = world_new();
    for (uint64_t i = 1; i <= 6; i++) {
        at(world, (sim_ns)(10 * i), i == 5 ? STOP : RECORD, i);
    }
    struct engine *engine = &world->engine;
    assert_int_equal(engine_run(engine, 9, UINT64_MAX), ENGINE_UNTIL);
    assert_int_equal(engine_now(engine), 9);
    assert_int_equal(world->count, 0);
    assert_int_equal(engine_run(engine, 20, UINT64_MAX), ENGINE_UNTIL); /* 20 is included */
    assert_int_equal(engine_now(engine), 20);
    assert_int_equal(world->count, 2);
    assert_int_equal(engine_run(engine, 100, 1), ENGINE_BUDGET);
    assert_int_equal(engine_now(engine), 30);
    assert_int_equal(engine_run(engine, 100, 0), ENGINE_BUDGET);
    at(world, 30, RECORD, 7); /* at the present time is not the past */
    assert_int_equal(engine_run(engine, 100, UINT64_MAX), ENGINE_STOPPED);
    assert_int_equal(engine_now(engine), 50);
    assert_int_equal(engine_pending(engine), 1);
    assert_int_equal(engine_run(engine, 100, UINT64_MAX), ENGINE_DONE);
    assert_int_equal(engine_now(engine), 60);
    assert_int_equal(world->count, 7);
    assert_int_equal(engine_run(engine, 100, UINT64_MAX), ENGINE_DONE);
    engine_release(engine);
}

static void test_cancel(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct engine *engine = &world->engine;
    assert_false(engine_cancel(engine, (struct timer){0, 0}));
    const struct timer first = at(world, 10, RECORD, 1);
    const struct timer second = at(world, 10, RECORD, 2);
    at(world, 20, KILL, 3);
    world->victim = at(world, 20, RECORD, 4); /* cancelled at its own time, before it runs */
    assert_false(engine_cancel(engine, (struct timer){0, 0}));
    assert_true(engine_cancel(engine, second));
    assert_false(engine_cancel(engine, second));
    assert_int_equal(engine_pending(engine), 3);
    assert_int_equal(engine_run(engine, SIM_NS_MAX, UINT64_MAX), ENGINE_DONE);
    assert_true(world->killed);
    assert_int_equal(world->count, 2);
    assert_int_equal(world->log[0], 1);
    assert_int_equal(world->log[1], 3);
    assert_int_equal(engine_events(engine), 2);
    assert_false(engine_cancel(engine, first)); /* it fired */
    const struct timer reuse = at(world, 30, RECORD, 5);
    assert_false(engine_cancel(engine, first)); /* whoever has its slot now is not meant */
    assert_false(engine_cancel(engine, second));
    assert_true(engine_cancel(engine, reuse));
    /* What is left was cancelled: the run is done, it does not wait for their time. */
    assert_int_equal(engine_run(engine, 25, UINT64_MAX), ENGINE_DONE);
    engine_release(engine);
}

static uint64_t fingerprint_of(sim_ns at_ns, struct event event, bool cancelled)
{
    struct world *world = world_new();
    at(world, 1, RECORD, 1);
    engine_at(&world->engine, at_ns, event);
    const struct timer timer = at(world, 3, RECORD, 9);
    if (cancelled) {
        engine_cancel(&world->engine, timer);
    }
    engine_run(&world->engine, SIM_NS_MAX, UINT64_MAX);
    const uint64_t value = engine_fingerprint(&world->engine);
    engine_release(&world->engine);
    return value;
}

static void test_the_fingerprint_covers_all_of_an_event(void **state)
{
    (void)state;
    const struct event base = {.kind = RECORD, .small = 5, .target = 6, .a = 7, .b = 8};
    struct event other[5] = {base, base, base, base, base};
    other[0].kind = AGAIN_NOW;
    other[1].small++;
    other[2].target++;
    other[3].a++;
    other[4].b++;
    const uint64_t value = fingerprint_of(2, base, false);
    assert_true(fingerprint_of(2, base, false) == value);
    assert_true(fingerprint_of(1, base, false) != value);
    assert_true(fingerprint_of(2, base, true) != value);
    for (size_t i = 0; i < 5; i++) {
        assert_true(fingerprint_of(2, other[i], false) != value);
    }
    struct engine engine;
    engine_init(&engine, NULL, world_handlers, KINDS);
    const uint64_t empty = engine_fingerprint(&engine);
    engine_mix(&engine, 0);
    assert_true(engine_fingerprint(&engine) != empty);
    engine_release(&engine);
}

static void schedule_in_the_past(void)
{
    struct world *world = world_new();
    at(world, 10, RECORD, 1);
    engine_run(&world->engine, SIM_NS_MAX, UINT64_MAX);
    at(world, 9, RECORD, 2);
}

static void schedule_a_negative_delay(void)
{
    struct world *world = world_new();
    engine_after(&world->engine, -1, (struct event){.kind = RECORD});
}

static void schedule_beyond_time(void)
{
    struct world *world = world_new();
    at(world, 10, RECORD, 1);
    engine_run(&world->engine, SIM_NS_MAX, UINT64_MAX);
    engine_after(&world->engine, INT64_MAX - 9, (struct event){.kind = RECORD});
}

static void run_backwards(void)
{
    struct world *world = world_new();
    at(world, 10, RECORD, 1);
    engine_run(&world->engine, SIM_NS_MAX, UINT64_MAX);
    engine_run(&world->engine, 9, UINT64_MAX);
}

static void handle_an_unknown_kind(void)
{
    struct world *world = world_new();
    at(world, 10, KINDS, 1);
    engine_run(&world->engine, SIM_NS_MAX, UINT64_MAX);
}

static void handle_without_a_handler(void)
{
    struct world *world = world_new();
    at(world, 10, NOBODY, 1);
    engine_run(&world->engine, SIM_NS_MAX, UINT64_MAX);
}

static void test_misuse_is_caught(void **state)
{
    (void)state;
    assert_true(fails_check(schedule_in_the_past, "at_ns >= engine->now_ns"));
    assert_true(fails_check(schedule_a_negative_delay, "delay_ns >= 0"));
    assert_true(fails_check(schedule_beyond_time, "INT64_MAX - engine->now_ns"));
    assert_true(fails_check(run_backwards, "until_ns >= engine->now_ns"));
    assert_true(fails_check(handle_an_unknown_kind, "handler_count"));
    assert_true(fails_check(handle_without_a_handler, "handler != NULL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_programs),
        cmocka_unit_test(test_ties_leave_in_the_order_they_were_scheduled),
        cmocka_unit_test(test_until_budget_and_stop),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_the_fingerprint_covers_all_of_an_event),
        cmocka_unit_test(test_misuse_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
