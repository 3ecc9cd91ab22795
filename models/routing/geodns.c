/*
 * geodns.c - name servers answer with the region that is nearest to whoever asks them.
 *
 * Model:   nearest by great circle from the place of the resolver, or of the user when the resolver
 *          tells it (ECS), or in the order that `answers` gives for that place. Regions that the
 *          name server holds for unhealthy are left out; when all are, none is. Everything else is
 *          dns.h's: resolvers, caches, time-outs.
 */
#include "models/geography/distance.h"
#include "models/routing/dns.h"
#include "sim/arena.h"

#include <stddef.h>

struct answer {
    uint32_t at;               /* place */
    struct param_list regions; /* in order */
};

struct geodns {
    sim_ns ttl;
    bool health_checks;
    struct param_list answers; /* struct answer */
    struct dns_params dns;
};

struct state {
    struct dns dns;
    uint32_t *order; /* place x gateway: places in router_regions() */
};

static uint32_t index_of(const struct router *router, uint32_t region)
{
    uint32_t i = 0;
    while (router_regions(router)[i] != region) {
        i++;
    }
    return i;
}

static double distance_km(const struct router *router, uint32_t place, uint32_t index)
{
    const struct record_place *from = router_place(router, place);
    const struct record_place *to = router_place(router, router_regions(router)[index]);
    return geography_distance_km(from->latitude, from->longitude, to->latitude, to->longitude);
}

static void sort_by_distance(const struct router *router, uint32_t place, uint32_t *order)
{
    for (uint32_t i = 0; i < router_region_count(router); i++) {
        const double km = distance_km(router, place, i);
        uint32_t at = i;
        while (at > 0 && distance_km(router, place, order[at - 1]) > km) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
}

/* Moves the given regions to the front, in their order. */
static void sort_by_answer(const struct router *router, const struct answer *answer,
                           uint32_t *order)
{
    const uint32_t *regions = answer->regions.items;
    for (size_t i = answer->regions.count; i-- > 0;) {
        const uint32_t index = index_of(router, regions[i]);
        uint32_t at = 0;
        while (order[at] != index) {
            at++;
        }
        for (; at > 0; at--) {
            order[at] = order[at - 1];
        }
        order[0] = index;
    }
}

static uint32_t answer(struct agent *server, uint32_t place)
{
    const struct dns_server *self = agent_state(server);
    const struct router *router = self->dns->router;
    const struct state *state = router_state(self->dns->router);
    const uint32_t count = router_region_count(router);
    const uint32_t *order = &state->order[(size_t)place * count];
    for (uint32_t i = 0; i < count; i++) {
        if (dns_healthy(server, order[i])) {
            return router_regions(router)[order[i]];
        }
    }
    return router_regions(router)[order[0]];
}

static const struct dns_zone zone = {.answer = answer};

static void build(struct router *self)
{
    const struct geodns *params = router_params(self);
    struct state *state = router_state(self);
    const struct answer *answers = params->answers.items;
    const uint32_t count = router_region_count(self), places = router_place_count(self);
    state->order = arena_alloc(router_arena(self), (size_t)places * count, sizeof *state->order);
    for (uint32_t place = 0; place < places; place++) {
        uint32_t *order = &state->order[(size_t)place * count];
        sort_by_distance(self, place, order);
        for (size_t i = 0; i < params->answers.count; i++) {
            if (answers[i].at == place) {
                sort_by_answer(self, &answers[i], order);
            }
        }
    }
    dns_build(self, &(struct dns_setup){.params = &params->dns,
                                        .zone = &zone,
                                        .ttl = params->ttl,
                                        .checked = params->health_checks});
}

static const char *check(const void *opaque, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct geodns *params = opaque;
    const struct answer *answers = params->answers.items;
    const struct scenario_region *regions = scenario->regions.items;
    for (size_t i = 0; i < params->answers.count; i++) {
        const uint32_t *to = answers[i].regions.items;
        *key = arena_printf(arena, "answers[%zu].regions", i);
        if (answers[i].regions.count == 0) {
            return "must name a region";
        }
        for (size_t r = 0; r < answers[i].regions.count; r++) {
            if (!router_has_gateway(scenario, to[r])) {
                return arena_printf(arena, "\"%s\" has no gateway", regions[to[r]].name);
            }
        }
        for (size_t j = 0; j < i; j++) {
            if (answers[i].at == answers[j].at) {
                *key = arena_printf(arena, "answers[%zu].at", i);
                return arena_printf(arena, "is already that of answers[%zu]", j);
            }
        }
    }
    const char *row = NULL;
    const char *wrong = dns_check(&params->dns, scenario, &row, arena);
    *key = wrong != NULL ? arena_printf(arena, "dns.%s", row) : NULL;
    return wrong;
}

static const char *finish(void *params, struct arena *arena, const char **key)
{
    (void)key;
    dns_finish(&((struct geodns *)params)->dns, arena);
    return NULL;
}

static const struct param_spec answer_table[] = {
    {.key = "at",
     .type = PARAM_PLACE,
     .offset = offsetof(struct answer, at),
     .required = true,
     .help = "who asks from there: resolvers, or with ECS users"},
    {.key = "regions",
     .type = PARAM_REGIONS,
     .offset = offsetof(struct answer, regions),
     .required = true,
     .help = "gets the first of these that is healthy; then the others, by distance"},
    {0}};

static const struct param_spec params[] = {
    {.key = "ttl",
     .type = PARAM_DURATION,
     .offset = offsetof(struct geodns, ttl),
     .min = 0,
     .max = 7.0 * 24 * 3600e9,
     .default_text = "60s",
     .help = "of the answers (Route 53 advises 60 s or less with health checks)"},
    {.key = "health_checks",
     .type = PARAM_BOOL,
     .offset = offsetof(struct geodns, health_checks),
     .default_text = "true",
     .help = "unhealthy regions are left out: routing.health"},
    {.key = "answers",
     .type = PARAM_LIST,
     .offset = offsetof(struct geodns, answers),
     .table = answer_table,
     .item_bytes = sizeof(struct answer),
     .help = "places that do not get the nearest region"},
    {.key = "dns",
     .type = PARAM_OBJECT,
     .offset = offsetof(struct geodns, dns),
     .table = dns_table,
     .help = "name servers, resolvers, caches"},
    {0}};

const struct router_ops router_geodns_ops = {
    .kind = {.name = "geodns",
             .summary = "name servers answer with the healthy region nearest to whoever asks",
             .source = "Amazon Route 53 developer guide (April 2023), geoproximity and geolocation "
                       "routing, health checks: when all are unhealthy, all are treated as "
                       "healthy; RFC 7871",
             .params_bytes = sizeof(struct geodns),
             .params = params,
             .finish = finish},
    .state_bytes = sizeof(struct state),
    .session_bytes = sizeof(struct dns_session),
    .check = check,
    .build = build,
    .start = dns_start,
    .resolve = dns_resolve,
    .on_message = dns_on_message,
    .on_timer = dns_on_timer};
