/*
 * failure_fixture.h - what a fixture lacks of failures: windows of every fault, recoveries from the
 * first one, every step of a failover, and where users are routed.
 */
#ifndef TESTS_PLOTS_FAILURE_FIXTURE_H
#define TESTS_PLOTS_FAILURE_FIXTURE_H

#include "tests/analysis/report_fixture.h"

/* One window a fault, in order of their begin. */
static inline void failure_fixture_windows(struct fixture *fixture)
{
    const struct record_layout *layout = &fixture->layout;
    struct metric_fault_window *windows =
        arena_alloc(&fixture->arena, layout->fault_count + 1, sizeof *windows);
    for (uint32_t i = 0; i < layout->fault_count; i++) {
        uint32_t at = i;
        while (at > 0 && windows[at - 1].begin_ns > layout->faults[i].begin_ns) {
            windows[at] = windows[at - 1];
            at--;
        }
        windows[at] = (struct metric_fault_window){i, 1, layout->faults[i].begin_ns,
                                                   layout->faults[i].end_ns};
    }
    fixture->set.failures.windows = windows;
    fixture->set.failures.window_count = layout->fault_count;
}

/*
 * Place i's reads recover after 7 i seconds, each part 1 s more or less, its writes 7 s later; the
 * writes of the last place do not. Place 0's reads were not interrupted.
 */
static inline void failure_fixture_recoveries(struct fixture *fixture)
{
    static const char *const operations[2] = {"read", "write"};
    const uint32_t places = fixture->layout.place_count;
    const struct metric_fault_window *window = &fixture->set.failures.windows[0];
    struct metric_recovery *recoveries =
        arena_alloc(&fixture->arena, 2 * (size_t)places, sizeof *recoveries);
    for (uint32_t i = 0; i < 2 * places; i++) {
        struct metric_recovery *recovery = &recoveries[i];
        *recovery = (struct metric_recovery){.fault = window->fault,
                                             .occurrence = 1,
                                             .region = fixture->layout.places[i / 2].name,
                                             .operation = operations[i % 2],
                                             .recovered = i + 1 < 2 * places};
        for (int k = 0; k < METRIC_RECOVERY_TIMES; k++) {
            recovery->times_ns[k] =
                window->begin_ns + (sim_ns)(i / 2 + i % 2) * (sim_ns)k * SIM_NS_PER_S;
        }
    }
    fixture->set.failures.recoveries = recoveries;
    fixture->set.failures.recovery_count = 2 * (size_t)places;
}

static inline void failure_fixture_steps(struct fixture *fixture)
{
    enum { STEPS = RECORD_STEP_COUNT + 2 };
    struct metric_failover_step *steps = arena_alloc(&fixture->arena, STEPS, sizeof *steps);
    for (unsigned i = 0; i < STEPS; i++) {
        steps[i] = (struct metric_failover_step){
            .at_ns = fixture->set.failures.windows[0].begin_ns + (sim_ns)i * SIM_NS_PER_S,
            .node = i % 2 == 0 ? UINT32_MAX : i % fixture->layout.node_count,
            .place = 0,
            .step = (uint8_t)(i < RECORD_STEP_COUNT ? i : METRIC_STEP_LEADS + i % 2)};
    }
    fixture->set.failures.steps = steps;
    fixture->set.failures.step_count = STEPS;
}

/* From bucket 20 on one of four sessions of each place goes to the next place. */
static inline void failure_fixture_routes(struct fixture *fixture)
{
    const uint32_t places = fixture->layout.place_count;
    for (uint32_t i = 0; i < 2 * places; i++) {
        const struct metric_label labels[2] = {
            {"region", fixture->layout.places[i / 2].name},
            {"to", fixture->layout.places[(i / 2 + i % 2) % places].name}};
        double *sessions = fixture_series(fixture, "routed_sessions", "sessions", labels, 2);
        for (unsigned k = 0; k < FIXTURE_BUCKETS; k++) {
            sessions[k] = i % 2 == 0 ? (k < 20 ? 4.0 : 3.0) : (k < 20 ? 0.0 : 1.0);
        }
    }
}

static inline void failure_fixture_fill(struct fixture *fixture)
{
    failure_fixture_windows(fixture);
    failure_fixture_recoveries(fixture);
    failure_fixture_steps(fixture);
    failure_fixture_routes(fixture);
}

#endif
