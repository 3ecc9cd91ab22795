/*
 * health_internal.h - what checkers and views share; private to models/health.
 */
#ifndef MODELS_HEALTH_HEALTH_INTERNAL_H
#define MODELS_HEALTH_HEALTH_INTERNAL_H

#include "models/health/health.h"

/* Assumption: a request line or a status line with a few short headers. */
enum { HEALTH_BYTES = 64 };

enum { HEALTH_NEVER = -1 };

/* `flag` of a CONTROL_HEALTH_REPORT. `key` = target, `request` = number of the probe that ended,
 * `a` and `type` = what the target said last, version.stamp = when; version.write = when the probe
 * ended. */
enum health_report_flag { HEALTH_SAYS_HEALTHY = 1, HEALTH_ANSWERED = 2 };

struct health_probe {
    sim_ns phase_ns;
    struct timer time_out;
    uint32_t number; /* of the last probe */
    int64_t failures, successes;
    uint64_t said;
    sim_ns answered_ns;
    uint8_t said_flag;
    bool waiting, unhealthy;
};

#endif
