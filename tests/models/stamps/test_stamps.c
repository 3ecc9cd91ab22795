/*
 * Stamping schemes against the rules that they are made from.
 *
 * Hybrid: every history of five events on three machines; in each event one machine's clock moves
 * on by 0, 1 or 3 us and it writes, or sees the latest stamp of one of the others: 27^5 histories.
 * Each event is compared with (l, c) as the paper's figure 5 computes it, and what its section 4
 * proves is asserted: causality, l is not below the clock, within the largest skew of it, and a
 * small c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/stamps/hybrid.h"
#include "models/stamps/stamp.h"
#include "sim/sim_time.h"

#include <string.h>

extern const struct stamp_ops stamp_wall_ops, stamp_lamport_ops, stamp_hybrid_ops;

/* As their tables lay them out. */
struct wall {
    uint32_t granularity;
    bool increasing;
};
struct hybrid {
    sim_ns max_offset;
};

/* A clock that says so, without a promise. */
static const struct stamp_clock *clock_at(sim_ns now_ns)
{
    static struct stamp_clock clock;
    clock = (struct stamp_clock){now_ns, -SIM_NS_MAX, SIM_NS_MAX};
    return &clock;
}

static int64_t wall_at(struct wall params, struct stamp_state *state, sim_ns clock_ns)
{
    return stamp_wall_ops.next(&params, state, clock_at(clock_ns));
}

static void test_wall(void **state)
{
    (void)state;
    struct stamp_state stamps = {0};
    const struct wall us = {1, true}, plain_us = {1, false}, ms = {2, true}, s = {3, false};
    assert_int_equal(wall_at(us, &stamps, 5999), 5);
    assert_int_equal(wall_at(us, &stamps, 5999), 6); /* the same microsecond: the next one */
    assert_int_equal(wall_at(us, &stamps, 3000), 7); /* a clock that was set back */
    assert_int_equal(wall_at(us, &stamps, 90000), 90);
    stamps = (struct stamp_state){0};
    assert_int_equal(wall_at(plain_us, &stamps, 5999), 5);
    assert_int_equal(wall_at(plain_us, &stamps, 5999), 5);
    assert_int_equal(wall_at(ms, &stamps, 7999999), 7);
    assert_int_equal(wall_at(s, &stamps, 7 * SIM_NS_PER_S + 999999999), 7);
    assert_null(stamp_wall_ops.seen); /* it hears nothing of others */
}

static void test_ties_go_by_machine(void **state)
{
    (void)state;
    assert_true(stamp_join(5, 1) > stamp_join(5, 0));
    assert_true(stamp_join(6, 0) > stamp_join(5, STAMP_MEMBERS_MAX - 1));
    assert_int_equal(stamp_time(stamp_join(5, STAMP_MEMBERS_MAX - 1)), 5);
    assert_int_equal(stamp_time(stamp_join(-5, 63)), -5);
}

static void test_lamport(void **state)
{
    (void)state;
    struct stamp_state stamps = {0};
    assert_int_equal(stamp_lamport_ops.next(NULL, &stamps, clock_at(100)), 1);
    assert_int_equal(stamp_lamport_ops.next(NULL, &stamps, clock_at(50)), 2);
    assert_true(stamp_lamport_ops.seen(NULL, &stamps, 9, clock_at(0)));
    assert_int_equal(stamp_lamport_ops.next(NULL, &stamps, clock_at(0)), 10);
    assert_true(stamp_lamport_ops.seen(NULL, &stamps, 4, clock_at(0)));
    assert_int_equal(stamp_lamport_ops.next(NULL, &stamps, clock_at(0)), 11);
}

static void test_cap(void **state)
{
    (void)state;
    const struct hybrid params = {500 * SIM_NS_PER_MS};
    struct stamp_state stamps = {0};
    const sim_ns now_ns = 10 * SIM_NS_PER_S;
    const int64_t just = hybrid_physical(now_ns + params.max_offset);
    const int64_t beyond = hybrid_physical(now_ns + params.max_offset + SIM_NS_PER_US);
    assert_false(stamp_hybrid_ops.seen(&params, &stamps, beyond, clock_at(now_ns)));
    assert_int_equal(stamp_hybrid_ops.next(&params, &stamps, clock_at(now_ns)),
                     hybrid_physical(now_ns));
    assert_true(stamp_hybrid_ops.seen(&params, &stamps, just, clock_at(now_ns)));
    assert_int_equal(stamp_hybrid_ops.next(&params, &stamps, clock_at(now_ns)), just + 2);
}

/* ---- the paper's clock, pair by pair ---- */

enum { MACHINES = 3, EVENTS = 5, STEPS = 3, KINDS = 3, CHOICES = MACHINES * STEPS * KINDS };

struct pair {
    int64_t l, c; /* l in us */
};

struct machine {
    struct stamp_state stamps;
    struct pair pair;
    int64_t physical; /* us */
    uint32_t past;    /* bit e: event e happened before its latest one, or is it */
};

struct event {
    int64_t time;
    uint32_t past;
};

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static struct pair paper_send(struct pair old, int64_t physical)
{
    const int64_t l = most(old.l, physical);
    return (struct pair){l, l == old.l ? old.c + 1 : 0};
}

static struct pair paper_receive(struct pair old, struct pair from, int64_t physical)
{
    const int64_t l = most(most(old.l, from.l), physical);
    int64_t c = 0;
    if (l == old.l && l == from.l) {
        c = most(old.c, from.c) + 1;
    } else if (l == old.l) {
        c = old.c + 1;
    } else if (l == from.l) {
        c = from.c + 1;
    }
    return (struct pair){l, c};
}

/* Kind 0: a write; 1, 2: it sees the latest stamp of the next machine, or of the one after. */
static void step(struct machine *machines, const struct hybrid *params, uint32_t choice,
                 struct event *events, uint32_t number)
{
    static const int64_t moves[STEPS] = {0, 1, 3};
    const uint32_t at = choice % MACHINES, kind = choice / MACHINES / STEPS;
    struct machine *machine = &machines[at];
    machine->physical += moves[choice / MACHINES % STEPS];
    const sim_ns clock_ns = machine->physical * SIM_NS_PER_US;
    if (kind == 0) {
        machine->pair = paper_send(machine->pair, machine->physical);
        stamp_hybrid_ops.next(params, &machine->stamps, clock_at(clock_ns));
    } else {
        const struct machine *from = &machines[(at + kind) % MACHINES];
        machine->pair = paper_receive(machine->pair, from->pair, machine->physical);
        assert_true(
            stamp_hybrid_ops.seen(params, &machine->stamps, from->stamps.last, clock_at(clock_ns)));
        machine->past |= from->past;
    }
    machine->past |= 1u << number;
    events[number] = (struct event){machine->stamps.last, machine->past};
}

static void judge(const struct machine *machines, const struct event *events, uint32_t number)
{
    int64_t ahead = 0;
    for (int m = 0; m < MACHINES; m++) {
        const struct machine *machine = &machines[m];
        const int64_t l = hybrid_l_ns(machine->stamps.last) / SIM_NS_PER_US;
        assert_int_equal(l, machine->pair.l);
        assert_int_equal(hybrid_c(machine->stamps.last), machine->pair.c);
        assert_true(machine->past == 0 || l >= machine->physical);
        assert_true(machine->pair.c <= (int64_t)number + 1);
        ahead = most(ahead, machine->physical);
    }
    for (int m = 0; m < MACHINES; m++) { /* l is some machine's clock: within the largest skew */
        assert_true(machines[m].pair.l <= ahead);
    }
    for (uint32_t e = 0; e < number; e++) { /* happened before: a smaller stamp */
        if ((events[number].past >> e & 1u) != 0) {
            assert_true(events[e].time < events[number].time);
        }
    }
}

static uint64_t explore(const struct machine *machines, const struct hybrid *params,
                        struct event *events, uint32_t number)
{
    uint64_t histories = 0;
    for (uint32_t choice = 0; number < EVENTS && choice < CHOICES; choice++) {
        struct machine after[MACHINES];
        memcpy(after, machines, sizeof after);
        step(after, params, choice, events, number);
        judge(after, events, number);
        histories += 1 + explore(after, params, events, number + 1);
    }
    return histories;
}

static void test_hybrid_is_the_papers(void **state)
{
    (void)state;
    const struct hybrid params = {-1};
    /* Clocks that differ by up to 3 us at the start. */
    struct machine machines[MACHINES] = {{.physical = 1}, {.physical = 4}, {.physical = 2}};
    struct event events[EVENTS];
    uint64_t all = 0, power = 1;
    for (int e = 0; e < EVENTS; e++) {
        power *= CHOICES;
        all += power;
    }
    assert_int_equal(explore(machines, &params, events, 0), all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wall),
        cmocka_unit_test(test_ties_go_by_machine),
        cmocka_unit_test(test_lamport),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_hybrid_is_the_papers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
