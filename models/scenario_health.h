/*
 * scenario_health.h - how health is checked, as a scenario says it: the same rows for routing and
 * for failover.
 *
 * Source: Amazon Route 53 developer guide (github.com/awsdocs/amazon-route53-docs, April 2023):
 *         request interval 30 s or 10 s, failure threshold, healthy when more than 18 % of the
 *         checkers say so.
 */
#ifndef MODELS_SCENARIO_HEALTH_H
#define MODELS_SCENARIO_HEALTH_H

#include "sim/param.h"
#include "sim/sim_time.h"

struct scenario_health {
    struct param_list from; /* regions that checkers stand in; empty: every region */
    int64_t checkers;       /* in each of them */
    sim_ns interval, timeout;
    int64_t threshold;         /* failures in a row that make a checker say unhealthy */
    int64_t recover_threshold; /* successes in a row that make it say healthy again */
    double agree;              /* healthy when more than this share of the checkers say so */
};

extern const struct param_spec scenario_health_table[];

/* What single rows can not check: NULL, or what is wrong with the row *key. */
const char *scenario_health_wrong(const struct scenario_health *health, const char **key);

#endif
