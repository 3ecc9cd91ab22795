/*
 * conflict_fixture.h - what the figures about conflicts need, on top of the fixture of reports.
 *
 * Every tenth bucket a quarter of the keys differs, else none. Two writes: the first accepted at
 * 100 s on the first node, the second 40 ms later on the other; each arrives after 60 ms and the
 * first gives way.
 */
#ifndef TESTS_PLOTS_CONFLICT_FIXTURE_H
#define TESTS_PLOTS_CONFLICT_FIXTURE_H

#include "tests/analysis/report_fixture.h"

static inline void conflict_fixture_fill(struct fixture *fixture)
{
    const struct metric_label label = {"dataset", fixture->layout.datasets[0].name};
    const sim_ns ms = SIM_NS_PER_MS, at_ns = 100 * SIM_NS_PER_S;
    double *differing = fixture_series(fixture, "divergence_ratio", "ratio", &label, 1);
    for (unsigned i = 0; i < FIXTURE_BUCKETS; i++) {
        differing[i] = i % 10 == 0 ? 0.25 : 0.0;
    }
    fixture->set.meeting =
        (struct metric_meeting){.events = {{at_ns, 0, METRIC_MEETING_ACCEPTED, 0},
                                           {at_ns + 40 * ms, 1, METRIC_MEETING_ACCEPTED, 1},
                                           {at_ns + 60 * ms, 1, METRIC_MEETING_ARRIVED, 0},
                                           {at_ns + 60 * ms, 1, METRIC_MEETING_GONE, 0},
                                           {at_ns + 100 * ms, 0, METRIC_MEETING_ARRIVED, 1},
                                           {at_ns + 100 * ms, 0, METRIC_MEETING_GONE, 0}},
                                .event_count = 6,
                                .key = 17};
}

#endif
