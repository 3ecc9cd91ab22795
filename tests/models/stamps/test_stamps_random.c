/*
 * Stamping schemes over random histories, against what defines them.
 *
 * Model:     MACHINES machines with wrong clocks write, or see a random earlier stamp of another
 *            one. The reference knows no counters: it knows each event's past (a set) and computes
 *            from it. Lamport: the length of the longest chain of writes that ends in the event.
 *            Hybrid: l is the largest clock reading in the past, c how many events of that l come
 *            before it in a chain (Kulkarni et al., OPODIS 2014, section 4). A stamp that the cap
 *            refuses is not in the past.
 * Interval:  a machine's clock is wrong by no more than it promises; an answer waits as long as the
 *            scheme says. Whatever begins after an answer then has a later stamp (Corbett et al.,
 *            OSDI 2012, section 4.1.2, external consistency).
 * Seed:      fixed; HISTORIES independent histories of EVENTS events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/stamps/hybrid.h"
#include "models/stamps/stamp.h"
#include "sim/random.h"

#include <string.h>

extern const struct stamp_ops stamp_lamport_ops, stamp_hybrid_ops, stamp_interval_ops;

enum { SEED = 20261120, HISTORIES = 150, EVENTS = 250, MACHINES = 5, WORDS = EVENTS / 64 + 1 };

/* Clocks are wrong by up to so much either way. */
#define SKEW_NS (50 * SIM_NS_PER_US)

static sim_ns below(struct random_stream *stream, sim_ns limit)
{
    return (sim_ns)random_below(stream, (uint64_t)limit);
}

/* ---- Lamport and hybrid ---- */

struct event {
    uint64_t past[WORDS]; /* bit e: event e happened before it */
    int64_t time;         /* what the scheme gave, or holds after it has seen */
    int64_t physical;     /* us */
    bool write;
};

struct machine {
    struct stamp_state stamps;
    sim_ns offset_ns, clock_ns;
    int last; /* its latest event; -1: none */
};

struct history {
    struct random_stream stream;
    sim_ns now_ns;
    struct machine machines[MACHINES];
    struct event events[EVENTS];
};

static void includes(struct event *event, const struct event *events, int other)
{
    for (int w = 0; other >= 0 && w < WORDS; w++) {
        event->past[w] |= events[other].past[w];
    }
    if (other >= 0) {
        event->past[other / 64] |= UINT64_C(1) << other % 64;
    }
}

static bool before(const struct history *history, int e, int f)
{
    return (history->events[f].past[e / 64] >> e % 64 & 1) != 0;
}

/* Its clock drifts and is corrected, but never runs back. */
static struct stamp_clock machine_clock(struct history *history, struct machine *machine)
{
    if (below(&history->stream, 10) == 0) {
        machine->offset_ns = below(&history->stream, 2 * SKEW_NS + 1) - SKEW_NS;
    }
    const sim_ns local_ns = history->now_ns + machine->offset_ns;
    machine->clock_ns = local_ns > machine->clock_ns ? local_ns : machine->clock_ns;
    return (struct stamp_clock){machine->clock_ns, -SIM_NS_MAX, SIM_NS_MAX};
}

/* False: what it saw was refused, and nothing happened. */
static bool event_make(struct history *history, const struct stamp_ops *ops, const void *params,
                       int e)
{
    struct machine *machine = &history->machines[below(&history->stream, MACHINES)];
    const struct stamp_clock clock = machine_clock(history, machine);
    struct event event = {.physical = hybrid_physical(clock.now_ns) >> HYBRID_COUNT_BITS,
                          .write = e == 0 || below(&history->stream, 2) == 0};
    includes(&event, history->events, machine->last);
    if (event.write) {
        ops->next(params, &machine->stamps, &clock);
    } else {
        const int from = (int)below(&history->stream, e);
        const struct stamp_state old = machine->stamps;
        if (!ops->seen(params, &machine->stamps, history->events[from].time, &clock)) {
            assert_true(hybrid_l_ns(history->events[from].time) > clock.now_ns);
            assert_memory_equal(&old, &machine->stamps, sizeof old);
            return false;
        }
        includes(&event, history->events, from);
    }
    event.time = machine->stamps.last;
    history->events[e] = event;
    machine->last = e;
    return true;
}

static void history_make(struct history *history, const struct stamp_ops *ops, const void *params,
                         uint32_t number)
{
    memset(history, 0, sizeof *history);
    random_stream_init(&history->stream, SEED, 1, number);
    history->now_ns = SIM_NS_PER_S;
    for (int m = 0; m < MACHINES; m++) {
        history->machines[m].last = -1;
    }
    for (int made = 0; made < EVENTS; made += event_make(history, ops, params, made) ? 1 : 0) {
        history->now_ns += below(&history->stream, 8 * SIM_NS_PER_US);
    }
}

static void test_lamport(void **state)
{
    (void)state;
    static struct history history;
    for (uint32_t h = 0; h < HISTORIES; h++) {
        int64_t chain[EVENTS];
        history_make(&history, &stamp_lamport_ops, NULL, h);
        for (int f = 0; f < EVENTS; f++) {
            chain[f] = 0;
            for (int e = 0; e < f; e++) {
                chain[f] = before(&history, e, f) && chain[e] > chain[f] ? chain[e] : chain[f];
            }
            chain[f] += history.events[f].write ? 1 : 0;
            if (history.events[f].time != chain[f]) {
                fail_msg("history %u, event %d: %lld, longest chain %lld", h, f,
                         (long long)history.events[f].time, (long long)chain[f]);
            }
        }
        for (int f = 0; f < EVENTS; f++) { /* the clock condition */
            for (int e = 0; e < f; e++) {
                assert_true(!history.events[f].write || !before(&history, e, f) ||
                            history.events[e].time < history.events[f].time);
            }
        }
    }
}

/* l and c from the past alone. */
static void judge_hybrid(const struct history *history, int f, int64_t *l, int64_t *c)
{
    l[f] = history->events[f].physical;
    for (int e = 0; e < f; e++) {
        l[f] = before(history, e, f) && l[e] > l[f] ? l[e] : l[f];
    }
    c[f] = 0;
    for (int e = 0; e < f; e++) {
        c[f] = before(history, e, f) && l[e] == l[f] && c[e] >= c[f] ? c[e] + 1 : c[f];
    }
    const int64_t time = history->events[f].time;
    if (hybrid_l_ns(time) / SIM_NS_PER_US != l[f] || hybrid_c(time) != c[f]) {
        fail_msg("event %d: (%lld, %lld), must be (%lld, %lld), seed %d", f,
                 (long long)(hybrid_l_ns(time) / SIM_NS_PER_US), (long long)hybrid_c(time),
                 (long long)l[f], (long long)c[f], SEED);
    }
}

static int64_t check_hybrid(const struct history *history, sim_ns cap_ns)
{
    int64_t l[EVENTS], c[EVENTS], most = 0;
    for (int f = 0; f < EVENTS; f++) {
        const int64_t physical = history->events[f].physical;
        judge_hybrid(history, f, l, c);
        assert_true(l[f] >= physical);
        /* Whoever's clock l is, it was wrong by SKEW_NS at most, and so is this one's. */
        assert_true(l[f] - physical <= 2 * SKEW_NS / SIM_NS_PER_US + 1);
        assert_true(cap_ns < 0 || l[f] - physical <= cap_ns / SIM_NS_PER_US + 1);
        for (int e = 0; e < f; e++) {
            assert_true(!before(history, e, f) ||
                        history->events[e].time < history->events[f].time);
        }
        most = c[f] > most ? c[f] : most;
    }
    return most;
}

static void test_hybrid(void **state)
{
    (void)state;
    static struct history history;
    static const sim_ns caps[] = {-1, 0, 20 * SIM_NS_PER_US, 2 * SKEW_NS + SIM_NS_PER_US};
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        int64_t most = 0;
        for (uint32_t h = 0; h < HISTORIES; h++) {
            history_make(&history, &stamp_hybrid_ops, &caps[i], h);
            const int64_t c = check_hybrid(&history, caps[i]);
            most = c > most ? c : most;
        }
        /* Of one l there are the events within the skew: 100 us, one each 4 us, 25 and some. */
        assert_in_range(most, 1, 60);
    }
}

/* More events of one l than the counter has room for: into l, still in order. */
static void test_hybrid_carries(void **state)
{
    (void)state;
    const sim_ns no_cap = -1;
    struct stamp_state stamps = {0};
    const struct stamp_clock clock = {7 * SIM_NS_PER_MS, -SIM_NS_MAX, SIM_NS_MAX};
    int64_t last = 0;
    for (int i = 0; i < 3 << HYBRID_COUNT_BITS; i++) {
        const int64_t time = stamp_hybrid_ops.next(&no_cap, &stamps, &clock);
        assert_true(time > last);
        last = time;
    }
    assert_int_equal(hybrid_l_ns(last), 7 * SIM_NS_PER_MS + 2 * SIM_NS_PER_US);
    assert_int_equal(hybrid_c(last), (1 << HYBRID_COUNT_BITS) - 1);
}

/* ---- intervals ---- */

static void test_interval_by_hand(void **state)
{
    (void)state;
    struct stamp_state stamps = {0};
    const struct param_choice scheme = {.kind = &stamp_interval_ops.kind};
    struct stamp_clock clock = {1000, 990, 1010};
    const int64_t first = stamp_next(&scheme, &stamps, &clock, 3);
    assert_int_equal(stamp_time(first), 1010);
    assert_int_equal(stamp_wait_ns(&scheme, first, &clock), 21);
    clock = (struct stamp_clock){1030, 1010, 1050}; /* the interval has grown meanwhile */
    assert_int_equal(stamp_wait_ns(&scheme, first, &clock), 1);
    clock = (struct stamp_clock){1031, 1011, 1051};
    assert_int_equal(stamp_wait_ns(&scheme, first, &clock), 0);
    clock = (struct stamp_clock){1031, 1030, 1032}; /* corrected */
    assert_true(stamp_seen(&scheme, &stamps, stamp_join(1500, 1), &clock));
    assert_int_equal(stamp_time(stamp_next(&scheme, &stamps, &clock, 3)), 1501);
    assert_true(stamp_wants_interval(&scheme));
    assert_non_null(stamp_check(&scheme, false));
    assert_null(stamp_check(&scheme, true));
    const struct param_choice lamport = {.kind = &stamp_lamport_ops.kind};
    assert_false(stamp_wants_interval(&lamport));
    assert_null(stamp_check(&lamport, false));
    assert_int_equal(stamp_wait_ns(&lamport, first, &clock), 0);
}

struct waiter { /* one machine with one write at a time */
    struct stamp_state stamps;
    sim_ns offset_ns, bound_ns; /* the offset is within */
    sim_ns begun_ns, ask_ns;
    int64_t stamp; /* 0: no write is under way */
};

struct outcome {
    uint64_t writes, behind; /* with a stamp below that of one answered before they began */
    sim_ns longest_ns;
};

static const struct param_choice intervals = {.kind = &stamp_interval_ops.kind};

static struct stamp_clock waiter_clock(struct random_stream *stream, struct waiter *waiter,
                                       sim_ns now_ns)
{
    if (below(stream, 4) == 0) { /* it is corrected, or its bound grows */
        waiter->bound_ns = below(stream, SKEW_NS);
        waiter->offset_ns = below(stream, 2 * waiter->bound_ns + 1) - waiter->bound_ns;
    }
    const sim_ns local_ns = now_ns + waiter->offset_ns;
    return (struct stamp_clock){local_ns, local_ns - waiter->bound_ns, local_ns + waiter->bound_ns};
}

/* Asks as long as it has to; `patient` false: answers at once. */
static struct outcome run_intervals(uint32_t number, bool patient)
{
    struct outcome outcome = {0};
    struct waiter waiters[MACHINES] = {0};
    struct random_stream stream;
    random_stream_init(&stream, SEED, 2, number);
    int64_t answered = 0;
    for (sim_ns now_ns = SIM_NS_PER_S; outcome.writes < 200; now_ns += below(&stream, 4000)) {
        const uint32_t member = (uint32_t)below(&stream, MACHINES);
        struct waiter *waiter = &waiters[member];
        const struct stamp_clock clock = waiter_clock(&stream, waiter, now_ns);
        if (waiter->stamp == 0) {
            waiter->stamp = stamp_next(&intervals, &waiter->stamps, &clock, member);
            waiter->begun_ns = waiter->ask_ns = now_ns;
            outcome.writes++;
            outcome.behind += waiter->stamp < answered ? 1 : 0;
        }
        if (now_ns < waiter->ask_ns) {
            continue;
        }
        const sim_ns wait_ns = stamp_wait_ns(&intervals, waiter->stamp, &clock);
        if (wait_ns == 0 || !patient) {
            assert_true(!patient || now_ns > stamp_time(waiter->stamp)); /* it is past */
            answered = waiter->stamp > answered ? waiter->stamp : answered;
            outcome.longest_ns = now_ns - waiter->begun_ns > outcome.longest_ns
                                     ? now_ns - waiter->begun_ns
                                     : outcome.longest_ns;
            waiter->stamp = 0;
        } else {
            waiter->ask_ns = now_ns + wait_ns;
        }
    }
    return outcome;
}

static void test_answers_are_in_real_time_order(void **state)
{
    (void)state;
    uint64_t hasty = 0;
    sim_ns longest_ns = 0;
    for (uint32_t h = 0; h < HISTORIES; h++) {
        const struct outcome patient = run_intervals(h, true);
        assert_int_equal(patient.behind, 0);
        longest_ns = patient.longest_ns > longest_ns ? patient.longest_ns : longest_ns;
        hasty += run_intervals(h, false).behind;
    }
    /* Twice the bound ahead, twice the bound behind, and some turns until a machine is asked. */
    assert_in_range(longest_ns, SKEW_NS, 4 * SKEW_NS + 400 * SIM_NS_PER_US);
    assert_true(hasty > 1000); /* without the wait stamps run against real time */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lamport),
        cmocka_unit_test(test_hybrid),
        cmocka_unit_test(test_hybrid_carries),
        cmocka_unit_test(test_interval_by_hand),
        cmocka_unit_test(test_answers_are_in_real_time_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
