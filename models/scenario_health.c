/* scenario_health.c - the rows of health checks; routing and failover have the same. */
#include "models/scenario_health.h"

#include <stddef.h>

#define ROW(field) offsetof(struct scenario_health, field)

/*
 * Defaults: Amazon Route 53 developer guide, April 2023. Of its two intervals (30 s and 10 s) the
 * fast one; connecting may take 4 s; 3 failures is the console's default; more than 18 % of the
 * checkers must say healthy.
 */
const struct param_spec scenario_health_table[] = {
    {.key = "from",
     .type = PARAM_REGIONS,
     .offset = ROW(from),
     .help = "regions that checkers stand in; default: every region"},
    {.key = "checkers",
     .type = PARAM_INT,
     .offset = ROW(checkers),
     .min = 1,
     .max = 1000,
     .default_text = "1",
     .help = "in each of these regions"},
    {.key = "interval",
     .type = PARAM_DURATION,
     .offset = ROW(interval),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "10s",
     .help = "between two probes of one checker (Route 53: 30s, or 10s)"},
    {.key = "timeout",
     .type = PARAM_DURATION,
     .offset = ROW(timeout),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "4s",
     .help = "a probe without an answer by then has failed; at most `interval`"},
    {.key = "threshold",
     .type = PARAM_INT,
     .offset = ROW(threshold),
     .min = 1,
     .max = 100,
     .default_text = "3",
     .help = "failures in a row that make a checker say unhealthy"},
    {.key = "recover_threshold",
     .type = PARAM_INT,
     .offset = ROW(recover_threshold),
     .min = 1,
     .max = 100,
     .default_text = "3",
     .help = "successes in a row that make it say healthy again"},
    {.key = "agree",
     .type = PARAM_RATIO,
     .offset = ROW(agree),
     .max = 0.999,
     .default_text = "0.18",
     .help = "healthy when more than this share of the checkers say so"},
    {0}};

const char *scenario_health_wrong(const struct scenario_health *health, const char **key)
{
    if (health->timeout > health->interval) {
        *key = "timeout";
        return "must be at most interval";
    }
    return NULL;
}
