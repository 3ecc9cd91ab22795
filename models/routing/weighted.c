/*
 * weighted.c - users are spread over regions by weights, wherever they are.
 *
 * Model:   each answer is a region drawn by its weight; it holds for `ttl`, as records of a name
 *          server do. A session that could not connect to a region draws among the others for
 *          `retry_after`, if there are others. With connections.sticky a session keeps its region
 *          while its weight is above 0 and it has not failed.
 */
#include "models/routing/router.h"
#include "sim/arena.h"
#include "sim/check.h"

#include <stddef.h>

struct weight {
    uint32_t region;
    double weight;
};

struct weighted {
    struct param_list weights; /* struct weight */
    sim_ns ttl, retry_after;
};

struct state {
    double *weights; /* by place in router_regions() */
};

struct weighted_session {
    sim_ns avoid_until_ns;
    uint32_t avoid; /* region */
};

static void build(struct router *self)
{
    const struct weighted *params = router_params(self);
    const struct weight *given = params->weights.items;
    const uint32_t count = router_region_count(self);
    struct state *state = router_state(self);
    state->weights = arena_alloc(router_arena(self), count, sizeof *state->weights);
    for (uint32_t i = 0; i < count; i++) {
        state->weights[i] = params->weights.count == 0 ? 1.0 : 0.0;
        for (size_t w = 0; w < params->weights.count; w++) {
            if (given[w].region == router_regions(self)[i]) {
                state->weights[i] = given[w].weight;
            }
        }
    }
}

static bool avoided(const struct router *self, const struct weighted_session *session,
                    uint32_t region)
{
    return session->avoid == region && router_now(self) < session->avoid_until_ns;
}

/* The region at which the sum of weights passes `share` of all; RECORD_NONE: all weigh nothing. */
static uint32_t pick(struct router *self, const struct weighted_session *session, double share,
                     bool all)
{
    const double *weights = ((const struct state *)router_state(self))->weights;
    const uint32_t *regions = router_regions(self);
    double sum = 0.0;
    for (uint32_t i = 0; i < router_region_count(self); i++) {
        sum += all || !avoided(self, session, regions[i]) ? weights[i] : 0.0;
    }
    double left = share * sum;
    uint32_t last = RECORD_NONE;
    for (uint32_t i = 0; i < router_region_count(self); i++) {
        if (weights[i] <= 0.0 || (!all && avoided(self, session, regions[i]))) {
            continue;
        }
        last = regions[i];
        left -= weights[i];
        if (left < 0.0) {
            break;
        }
    }
    return last;
}

static void resolve(struct router *self, uint32_t session)
{
    const struct weighted *params = router_params(self);
    const struct weighted_session *state = router_session(self, session);
    const double share = router_random(self, router_group_of(self, session));
    uint32_t region = pick(self, state, share, false);
    if (region == RECORD_NONE) {
        region = pick(self, state, share, true);
    }
    CHECK(region != RECORD_NONE);
    router_answer(self, session, region, params->ttl);
}

static bool allows(struct router *self, uint32_t session, uint32_t region)
{
    const double *weights = ((const struct state *)router_state(self))->weights;
    for (uint32_t i = 0; i < router_region_count(self); i++) {
        if (router_regions(self)[i] == region) {
            return weights[i] > 0.0 && !avoided(self, router_session(self, session), region);
        }
    }
    return false;
}

static void on_failed(struct router *self, uint32_t session, uint32_t region)
{
    const struct weighted *params = router_params(self);
    struct weighted_session *state = router_session(self, session);
    state->avoid = region;
    state->avoid_until_ns = router_now(self) + params->retry_after;
    router_release(self, session);
}

static const char *check(const void *opaque, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct weighted *params = opaque;
    const struct weight *weights = params->weights.items;
    const struct scenario_region *regions = scenario->regions.items;
    double sum = 0.0;
    for (size_t i = 0; i < params->weights.count; i++) {
        *key = arena_printf(arena, "weights[%zu].region", i);
        if (!router_has_gateway(scenario, weights[i].region)) {
            return arena_printf(arena, "\"%s\" has no gateway", regions[weights[i].region].name);
        }
        for (size_t j = 0; j < i; j++) {
            if (weights[i].region == weights[j].region) {
                return arena_printf(arena, "\"%s\" is already weights[%zu]",
                                    regions[weights[i].region].name, j);
            }
        }
        sum += weights[i].weight;
    }
    *key = "weights";
    return params->weights.count > 0 && sum <= 0.0 ? "must not all be 0" : NULL;
}

static const struct param_spec weight_table[] = {
    {.key = "region",
     .type = PARAM_REGION,
     .offset = offsetof(struct weight, region),
     .required = true,
     .help = "with a gateway"},
    {.key = "weight",
     .type = PARAM_REAL,
     .offset = offsetof(struct weight, weight),
     .min = 0,
     .max = 1e6,
     .default_text = "1",
     .help = "its share is this divided by the sum of all"},
    {0}};

static const struct param_spec params[] = {
    {.key = "weights",
     .type = PARAM_LIST,
     .offset = offsetof(struct weighted, weights),
     .table = weight_table,
     .item_bytes = sizeof(struct weight),
     .help = "of regions; those not named get nothing; default: all the same"},
    {.key = "ttl",
     .type = PARAM_DURATION,
     .offset = offsetof(struct weighted, ttl),
     .min = 0,
     .max = 24.0 * (double)SIM_NS_PER_H,
     .default_text = "60s",
     .help = "for which a session's new connections go to the same region"},
    {.key = "retry_after",
     .type = PARAM_DURATION,
     .offset = offsetof(struct weighted, retry_after),
     .min = 0,
     .max = (double)SIM_NS_PER_H,
     .default_text = "60s",
     .help = "a session keeps away from a region that it could not connect to"},
    {0}};

const struct router_ops router_weighted_ops = {
    .kind = {.name = "weighted",
             .summary = "users are spread over the regions by weights",
             .source = "Amazon Route 53 developer guide (April 2023), weighted routing; ttl: at "
                       "most 60 s is advised for records with health checks. assumption: the "
                       "answer itself takes no time",
             .params_bytes = sizeof(struct weighted),
             .params = params},
    .state_bytes = sizeof(struct state),
    .session_bytes = sizeof(struct weighted_session),
    .check = check,
    .build = build,
    .resolve = resolve,
    .allows = allows,
    .on_failed = on_failed};
