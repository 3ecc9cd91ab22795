/*
 * home.c - every user has a home region, whose gateway serves all of the user's requests.
 *
 * Model:   the home of a client group is configured, else the region nearest to it; `away` of the
 *          sessions of each group are travellers whose home is another region with a gateway, each
 *          as likely (drawn once). With `proxy` a session connects to the region that is nearest to
 *          it, and the gateway there passes the requests on to the gateway of the home region;
 *          without, it connects to its home. With `fail_over` a session that can not connect to
 *          the nearest enters at the next nearest; requests are still served at its home. With
 *          `bypass` a gateway that had no answer from a home within db_timeout serves that home's
 *          users itself for `retry_after`.
 */
#include "models/routing/ranked.h"
#include "sim/arena.h"

#include <stddef.h>
#include <string.h>

struct home_of {
    const char *clients;
    uint32_t region;
};

struct home {
    struct param_list homes; /* struct home_of */
    double away;
    bool proxy, fail_over, bypass;
    sim_ns retry_after;
};

struct state {
    sim_ns *lost_until_ns; /* entry x home, regions of the world */
    uint32_t regions;
};

struct home_session {
    struct ranked ranked;
    uint32_t home;
};

static uint32_t group_home(const struct router *self, uint32_t group)
{
    const struct home *params = router_params(self);
    const struct home_of *homes = params->homes.items;
    for (size_t i = 0; i < params->homes.count; i++) {
        if (strcmp(homes[i].clients, router_group(self, group)->name) == 0) {
            return homes[i].region;
        }
    }
    return router_nearest(self, group)[0];
}

/* Another region than the group's, each as likely. */
static uint32_t elsewhere(struct router *self, uint32_t group, uint32_t home)
{
    const uint32_t others = router_region_count(self) - 1;
    uint32_t pick = (uint32_t)(router_random(self, group) * others);
    const uint32_t *regions = router_regions(self);
    for (uint32_t i = 0; i < router_region_count(self); i++) {
        if (regions[i] != home && pick-- == 0) {
            return regions[i];
        }
    }
    return home;
}

static void start(struct router *self)
{
    const struct home *params = router_params(self);
    for (uint32_t g = 0; g < router_group_count(self); g++) {
        const struct record_group *group = router_group(self, g);
        const uint32_t home = group_home(self, g);
        for (uint32_t s = 0; s < group->session_count; s++) {
            struct home_session *session = router_session(self, group->session_first + s);
            const bool travels = params->away > 0.0 && router_random(self, g) < params->away;
            session->home = travels ? elsewhere(self, g, home) : home;
        }
    }
}

static void resolve(struct router *self, uint32_t session)
{
    const struct home *params = router_params(self);
    const struct home_session *state = router_session(self, session);
    router_answer(self, session,
                  params->proxy ? ranked_region(self, session, &state->ranked) : state->home, 0);
}

static void on_failed(struct router *self, uint32_t session, uint32_t region)
{
    const struct home *params = router_params(self);
    struct home_session *state = router_session(self, session);
    (void)region;
    if (params->fail_over) {
        ranked_failed(self, &state->ranked, params->retry_after);
    }
}

static uint32_t home_region(struct router *self, uint32_t session, uint32_t entry)
{
    const struct home_session *session_state = router_session(self, session);
    const struct state *state = router_state(self);
    const uint32_t home = session_state->home;
    return router_now(self) < state->lost_until_ns[entry * state->regions + home] ? entry : home;
}

static void on_home_failed(struct router *self, uint32_t entry, uint32_t home)
{
    const struct home *params = router_params(self);
    struct state *state = router_state(self);
    if (params->bypass) {
        state->lost_until_ns[entry * state->regions + home] =
            router_now(self) + params->retry_after;
    }
}

static void build(struct router *self)
{
    struct state *state = router_state(self);
    state->regions = (uint32_t)router_scenario(self)->regions.count;
    state->lost_until_ns =
        arena_alloc(router_arena(self), (size_t)state->regions * state->regions, sizeof(sim_ns));
}

static const char *check(const void *opaque, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct home *params = opaque;
    const struct home_of *homes = params->homes.items;
    const struct scenario_client *clients = scenario->clients.items;
    *key = "homes";
    for (size_t i = 0; i < params->homes.count; i++) {
        bool known = false;
        for (size_t c = 0; c < scenario->clients.count; c++) {
            known = known || strcmp(clients[c].name, homes[i].clients) == 0;
        }
        if (!known) {
            return arena_printf(arena, "no client group is called \"%s\"", homes[i].clients);
        }
        if (!router_has_gateway(scenario, homes[i].region)) {
            return arena_printf(
                arena, "\"%s\" has no gateway",
                ((const struct scenario_region *)scenario->regions.items)[homes[i].region].name);
        }
    }
    *key = "fail_over";
    return params->fail_over && !params->proxy
               ? "needs \"proxy\": without it only the home region serves a user"
               : NULL;
}

static const struct param_spec home_of_table[] = {{.key = "clients",
                                                   .type = PARAM_ID,
                                                   .offset = offsetof(struct home_of, clients),
                                                   .required = true,
                                                   .help = "name of a client group"},
                                                  {.key = "region",
                                                   .type = PARAM_REGION,
                                                   .offset = offsetof(struct home_of, region),
                                                   .required = true,
                                                   .help = "its users' home"},
                                                  {0}};

static const struct param_spec params[] = {
    {.key = "homes",
     .type = PARAM_LIST,
     .offset = offsetof(struct home, homes),
     .table = home_of_table,
     .item_bytes = sizeof(struct home_of),
     .help = "home regions of client groups; default: the nearest region"},
    {.key = "away",
     .type = PARAM_RATIO,
     .offset = offsetof(struct home, away),
     .max = 1,
     .default_text = "0",
     .help = "share of each group's sessions whose home is another region"},
    {.key = "proxy",
     .type = PARAM_BOOL,
     .offset = offsetof(struct home, proxy),
     .default_text = "true",
     .help = "users connect to the nearest gateway, which passes requests on to the home region"},
    {.key = "fail_over",
     .type = PARAM_BOOL,
     .offset = offsetof(struct home, fail_over),
     .default_text = "false",
     .help = "proxy: a session that can not connect enters at the next nearest region"},
    {.key = "bypass",
     .type = PARAM_BOOL,
     .offset = offsetof(struct home, bypass),
     .default_text = "false",
     .help = "proxy: a gateway serves users itself when their home's gateway does not answer"},
    {.key = "retry_after",
     .type = PARAM_DURATION,
     .offset = offsetof(struct home, retry_after),
     .min = 0,
     .max = (double)SIM_NS_PER_H,
     .default_text = "60s",
     .help = "fail_over, bypass: from a failure to the next try of the nearest, of the home"},
    {0}};

const struct router_ops router_home_ops = {
    .kind = {.name = "home",
             .summary = "each user has a home region; the nearest gateway passes requests on to it",
             .source = "assumption: the directory of homes is known to every gateway; "
                       "retry_after: the advised time to live of Route 53 records (2023)",
             .params_bytes = sizeof(struct home),
             .params = params},
    .state_bytes = sizeof(struct state),
    .session_bytes = sizeof(struct home_session),
    .check = check,
    .build = build,
    .start = start,
    .resolve = resolve,
    .home = home_region,
    .on_home_failed = on_home_failed,
    .on_failed = on_failed};
