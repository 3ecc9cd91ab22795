/*
 * scenario_failover.h - who leads after a failure, as a scenario says it: what all policies share.
 *
 * Units:   durations in ns, lag in log entries.
 * The rows are common to every policy of models/failover; some have no use for some of them (a
 * lease needs no fencing, it is one), which each row says.
 */
#ifndef MODELS_SCENARIO_FAILOVER_H
#define MODELS_SCENARIO_FAILOVER_H

#include "sim/param.h"
#include "sim/sim_time.h"

enum scenario_fencing {
    SCENARIO_FENCING_NONE,
    SCENARIO_FENCING_BEST_EFFORT,
    SCENARIO_FENCING_REQUIRED
};

enum scenario_choose { SCENARIO_CHOOSE_MOST_ADVANCED, SCENARIO_CHOOSE_IN_ORDER };

struct scenario_lag_guard {
    int64_t entries; /* -1: none */
    sim_ns time;     /* -1: none */
};

struct scenario_fail_back {
    sim_ns after; /* -1: never */
    sim_ns timeout;
};

struct scenario_failover {
    struct param_list candidates; /* regions, the preferred first; empty: all that store the data */
    uint32_t choose;              /* enum scenario_choose */
    struct scenario_lag_guard lag_guard;
    uint32_t fencing; /* enum scenario_fencing */
    sim_ns fence_after;
    sim_ns ask_timeout; /* of a message to a machine and its answer */
    sim_ns retry;       /* after a failover that was refused or failed */
    struct scenario_fail_back fail_back;
    sim_ns endpoint_ttl; /* -1: drivers learn by referral */
};

extern const struct param_spec scenario_failover_table[];

struct scenario;
/* Does a dataset whose strategy has a leader store a copy in this region? */
bool scenario_stores_led(const struct scenario *scenario, uint32_t region);

#endif
