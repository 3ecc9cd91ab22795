/*
 * nearest.c - every user connects to the nearest region, known beforehand: the baseline.
 *
 * Model:   nearest by expected delay. With `fail_over` a session that can not connect tries the
 *          next nearest, and comes back to the nearest with its first connection after
 *          `retry_after`.
 */
#include "models/routing/ranked.h"

#include <stddef.h>

struct nearest {
    bool fail_over;
    sim_ns retry_after;
};

static void resolve(struct router *self, uint32_t session)
{
    router_answer(self, session, ranked_region(self, session, router_session(self, session)), 0);
}

static void on_failed(struct router *self, uint32_t session, uint32_t region)
{
    const struct nearest *params = router_params(self);
    (void)region;
    if (params->fail_over) {
        ranked_failed(self, router_session(self, session), params->retry_after);
    }
}

static const struct param_spec params[] = {
    {.key = "fail_over",
     .type = PARAM_BOOL,
     .offset = offsetof(struct nearest, fail_over),
     .default_text = "false",
     .help = "a session that can not connect tries the next nearest region"},
    {.key = "retry_after",
     .type = PARAM_DURATION,
     .offset = offsetof(struct nearest, retry_after),
     .min = 0,
     .max = (double)SIM_NS_PER_H,
     .default_text = "60s",
     .help = "fail_over: from a failure to the next try of the nearest"},
    {0}};

const struct router_ops router_nearest_ops = {
    .kind = {.name = "nearest",
             .summary = "the region with the shortest expected delay, known to the user beforehand",
             .source = "assumption: a table of delays that costs nothing to ask, as a baseline; "
                       "retry_after: the advised time to live of Route 53 records (2023)",
             .params_bytes = sizeof(struct nearest),
             .params = params},
    .session_bytes = sizeof(struct ranked),
    .resolve = resolve,
    .on_failed = on_failed};
