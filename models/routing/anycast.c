/*
 * anycast.c - all regions have one address, and the Internet's routing decides who reaches which.
 *
 * Model:   the users of a group are spread over `networks`. A network's packets go to the nearest
 *          region (expected delay) whose route it has; a share `misrouted` of the networks prefers
 *          the next nearest to the nearest. Connections do not move, packets do: after a shift they
 *          reach a gateway that does not know the connection and resets it.
 *          In each region a router, which goes down with the region, tells its neighbour in the
 *          provider's network every third of `hold` that it is there, and whether the gateway is
 *          healthy by the reports that reach it; a neighbour that hears nothing for `hold`, or that
 *          it is not, withdraws the route. Each network hears of a withdrawal after a `convergence`
 *          of its own, of a new route after an `announcement`; until then its packets go where they
 *          went, to a dead region. A network without any route stays where it was. There is no time
 *          to live.
 * Assumes: routes follow the regions' health alone: a partition between places is not seen by BGP.
 *          Checkers probe the regions' own addresses. A misrouted network is one region off.
 * Cost:    nothing for each request but a look-up; a timer a network for each change of a route.
 */
#include "models/agents/control.h"
#include "models/routing/router.h"
#include "sim/arena.h"
#include "sim/check.h"
#include "sim/distribution_params.h"

#include <stddef.h>

struct anycast {
    double misrouted;
    int64_t networks;
    sim_ns hold;
    bool health_checks;
    const struct distribution *convergence, *announcement;
};

struct network_of_users {
    uint32_t group;
    uint32_t *order;  /* places in router_regions(), the preferred first */
    uint32_t *heard;  /* by the same places: number of the last change that it has heard of */
    bool *withdrawn;  /* the same */
    uint32_t current; /* place in router_regions() */
};

struct site { /* a region's router and its neighbour */
    struct router *router;
    uint32_t index;              /* place in router_regions() */
    uint32_t speaker, neighbour; /* ends */
    uint32_t changes;
    bool withdrawn; /* as the neighbour tells the Internet */
};

struct state {
    struct site *sites;
    struct network_of_users *networks; /* group by group, as many each */
    uint32_t network_count;
};

/* Routes. */

static void choose(const struct router *self, struct network_of_users *network)
{
    for (uint32_t i = 0; i < router_region_count(self); i++) {
        if (!network->withdrawn[network->order[i]]) {
            network->current = network->order[i];
            return;
        }
    }
}

enum { TOKEN_SITE_BITS = 12, TOKEN_NETWORK_BITS = 24, TOKEN_CHANGE_BITS = 27 };

static uint64_t token_of(uint32_t network, const struct site *site)
{
    CHECK(site->changes < UINT32_C(1) << TOKEN_CHANGE_BITS);
    return ((uint64_t)site->changes << TOKEN_NETWORK_BITS | network) << (TOKEN_SITE_BITS + 1) |
           (uint64_t)site->index << 1 | site->withdrawn;
}

/* A network hears of a change; one that was overtaken by a later one is nothing new. */
static void on_timer(struct router *self, uint64_t token)
{
    const struct state *state = router_state(self);
    const uint32_t site = (uint32_t)(token >> 1) & ((1u << TOKEN_SITE_BITS) - 1);
    const uint64_t rest = token >> (TOKEN_SITE_BITS + 1);
    const uint32_t change = (uint32_t)(rest >> TOKEN_NETWORK_BITS);
    struct network_of_users *network =
        &state->networks[rest & ((UINT64_C(1) << TOKEN_NETWORK_BITS) - 1)];
    if (change <= network->heard[site]) {
        return;
    }
    network->heard[site] = change;
    network->withdrawn[site] = (token & 1) != 0;
    choose(self, network);
}

static void publish(struct site *site, bool withdrawn)
{
    struct router *router = site->router;
    const struct anycast *params = router_params(router);
    const struct state *state = router_state(router);
    if (site->withdrawn == withdrawn) {
        return;
    }
    site->withdrawn = withdrawn;
    site->changes++;
    for (uint32_t n = 0; n < state->network_count; n++) {
        router_timer(router,
                     router_sample_ns(router, state->networks[n].group,
                                      withdrawn ? params->convergence : params->announcement),
                     token_of(n, site));
    }
}

/* The region's router. */

struct speaker {
    struct site *site;
    struct health_view *view; /* NULL: without checks */
};

static struct site *site_of(const struct agent *self)
{
    struct site *const *held = agent_config(self);
    return *held;
}

static void speak(struct agent *self)
{
    const struct speaker *speaker = agent_state(self);
    const bool healthy =
        speaker->view == NULL || health_view_healthy(speaker->view, self, speaker->site->index);
    /* Assumption: a KEEPALIVE has 19 bytes (RFC 4271 section 4.4), an UPDATE some more. */
    agent_send(self, speaker->site->neighbour,
               (struct message){.kind = CONTROL_ROUTE_TOLD, .bytes = 64, .flag = !healthy});
}

static sim_ns keep_alive_ns(const struct site *site)
{
    const struct anycast *params = router_params(site->router);
    return params->hold / 3; /* RFC 4271 section 4.4; RFC 5880: three missed packets */
}

static void speaker_start(struct agent *self)
{
    struct speaker *speaker = agent_state(self);
    speaker->site = site_of(self);
    struct router *router = speaker->site->router;
    const struct anycast *params = router_params(router);
    if (params->health_checks) {
        speaker->view = health_view_create(router_health(router), router_arena(router));
    }
    const double phase = agent_random(self);
    agent_timer(self, sim_ns_from_double((double)keep_alive_ns(speaker->site) * phase), 0);
}

static void speaker_on_timer(struct agent *self, uint64_t token)
{
    const struct speaker *speaker = agent_state(self);
    (void)token;
    speak(self);
    agent_timer(self, keep_alive_ns(speaker->site), 0);
}

static void speaker_on_message(struct agent *self, const struct message *message)
{
    struct speaker *speaker = agent_state(self);
    if (message->kind == CONTROL_HEALTH_REPORT && speaker->view != NULL &&
        health_view_report(speaker->view, self, message) == speaker->site->index) {
        speak(self);
    }
}

static void speaker_on_stop(struct agent *self)
{
    const struct speaker *speaker = agent_state(self);
    if (speaker->view != NULL) {
        health_view_forget(speaker->view);
    }
}

static void speaker_on_restart(struct agent *self)
{
    speaker_on_timer(self, 0);
}

static const struct agent_ops speaker_ops = {.name = "anycast router",
                                             .state_bytes = sizeof(struct speaker),
                                             .start = speaker_start,
                                             .on_message = speaker_on_message,
                                             .on_timer = speaker_on_timer,
                                             .on_stop = speaker_on_stop,
                                             .on_restart = speaker_on_restart};

/* The neighbour, in somebody else's network. */

struct neighbour {
    struct timer hold;
};

static void hold_again(struct agent *self)
{
    struct neighbour *neighbour = agent_state(self);
    const struct anycast *params = router_params(site_of(self)->router);
    agent_cancel(self, neighbour->hold);
    neighbour->hold = agent_timer(self, params->hold, 0);
}

static void neighbour_on_message(struct agent *self, const struct message *message)
{
    if (message->kind == CONTROL_ROUTE_TOLD) {
        hold_again(self);
        publish(site_of(self), message->flag != 0);
    }
}

static void neighbour_on_timer(struct agent *self, uint64_t token)
{
    (void)token;
    publish(site_of(self), true);
}

static const struct agent_ops neighbour_ops = {.name = "anycast neighbour",
                                               .state_bytes = sizeof(struct neighbour),
                                               .start = hold_again,
                                               .on_message = neighbour_on_message,
                                               .on_timer = neighbour_on_timer};

/* Building. */

static void add_site(struct router *self, uint32_t index)
{
    const struct anycast *params = router_params(self);
    const struct state *state = router_state(self);
    struct site *site = &state->sites[index];
    struct site **held = arena_alloc(router_arena(self), 1, sizeof(struct site *));
    *held = site;
    struct agent_spec spec = {.ops = &speaker_ops,
                              .config = held,
                              .place = router_regions(self)[index],
                              .node = RECORD_NONE};
    site->router = self;
    site->index = index;
    site->speaker = ENDPOINT_AGENT | agent_add(router_world(self), &spec);
    spec.ops = &neighbour_ops;
    spec.outside = true;
    site->neighbour = ENDPOINT_AGENT | agent_add(router_world(self), &spec);
    if (params->health_checks) {
        router_listen(self, site->speaker);
    }
}

static void add_network(struct router *self, uint32_t group, bool misrouted,
                        struct network_of_users *network)
{
    struct arena *arena = router_arena(self);
    const uint32_t count = router_region_count(self), *nearest = router_nearest(self, group);
    *network = (struct network_of_users){.group = group,
                                         .order = arena_alloc(arena, count, sizeof *network->order),
                                         .heard = arena_alloc(arena, count, sizeof *network->heard),
                                         .withdrawn =
                                             arena_alloc(arena, count, sizeof *network->withdrawn)};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = 0;
        while (router_regions(self)[index] != nearest[i]) {
            index++;
        }
        network->order[i] = index;
    }
    if (misrouted && count > 1) {
        const uint32_t first = network->order[0];
        network->order[0] = network->order[1];
        network->order[1] = first;
    }
    choose(self, network);
}

static void build(struct router *self)
{
    const struct anycast *params = router_params(self);
    struct state *state = router_state(self);
    const uint32_t each = (uint32_t)params->networks, groups = router_group_count(self);
    state->sites = arena_alloc(router_arena(self), router_region_count(self), sizeof *state->sites);
    for (uint32_t i = 0; i < router_region_count(self); i++) {
        add_site(self, i);
    }
    state->network_count = groups * each;
    state->networks =
        arena_alloc(router_arena(self), state->network_count, sizeof *state->networks);
    for (uint32_t g = 0; g < groups; g++) {
        /* As many of a group's networks as the share says, spread over all of them. */
        double spread = router_random(self, g);
        for (uint32_t i = 0; i < each; i++) {
            spread += params->misrouted;
            const bool misrouted = spread >= 1.0;
            spread -= misrouted ? 1.0 : 0.0;
            add_network(self, g, misrouted, &state->networks[g * each + i]);
        }
    }
}

/* Users. */

static uint32_t arrives(struct router *self, uint32_t session, uint32_t region)
{
    const struct anycast *params = router_params(self);
    const struct state *state = router_state(self);
    const uint32_t group = router_group_of(self, session), each = (uint32_t)params->networks;
    const uint32_t number = session - router_group(self, group)->session_first;
    (void)region;
    return router_regions(self)[state->networks[group * each + number % each].current];
}

static void resolve(struct router *self, uint32_t session)
{
    router_answer(self, session, arrives(self, session, 0), SIM_NS_MAX);
}

/*
 * Defaults. 80 % of the Internet's networks have converged after about 10 s, with a long tail (An
 * Empirical Characterization of Anycast Convergence Time, ANRW 2024, abstract); 99 % within 3 min,
 * the time that multiples of BGP's route advertisement interval explain (Feldmann et al., PAM
 * 2004); nobody later than 15 min (Labovitz et al., SIGCOMM 2000). A lognormal through the two
 * points: sigma = ln 18 / (2.3263 - 0.8416), median = 10 s / exp(0.8416 sigma).
 */
static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct anycast *self = params;
    (void)key;
    if (self->convergence == NULL) {
        const struct distribution *law =
            distribution_make(arena, "lognormal",
                              &(struct distribution_lognormal){.median = 1.943e9, .sigma = 1.947});
        self->convergence =
            distribution_make(arena, "truncated",
                              &(struct distribution_truncated){
                                  .of = law, .min = 0.0, .max = 15.0 * (double)SIM_NS_PER_MIN});
    }
    if (self->announcement == NULL) {
        self->announcement = distribution_make(
            arena, "uniform", &(struct distribution_uniform){.min = 0.0, .max = 30e9});
    }
    return NULL;
}

static const char *check(const void *opaque, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct anycast *params = opaque;
    const double all = (double)params->networks * (double)scenario->clients.count;
    *key = "networks";
    return all >= (double)(1 << 20)
               ? arena_printf(arena, "of all groups must be below %d together", 1 << 20)
               : NULL;
}

static const struct param_spec params[] = {
    {.key = "misrouted",
     .type = PARAM_RATIO,
     .offset = offsetof(struct anycast, misrouted),
     .max = 1,
     .default_text = "0.2",
     .help = "share of each group's networks that do not reach the nearest region (Calder et al., "
             "IMC 2015: about 20 %)"},
    {.key = "networks",
     .type = PARAM_INT,
     .offset = offsetof(struct anycast, networks),
     .min = 1,
     .max = 65536,
     .default_text = "64",
     .help = "of each group's users, with a route each; session n is in network n modulo this"},
    {.key = "hold",
     .type = PARAM_DURATION,
     .offset = offsetof(struct anycast, hold),
     .min = 3000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "90s",
     .help = "a neighbour that hears nothing from a router for so long withdraws its route (RFC "
             "4271 section 10; with BFD 0.9s: three times 300 ms)"},
    {.key = "health_checks",
     .type = PARAM_BOOL,
     .offset = offsetof(struct anycast, health_checks),
     .default_text = "true",
     .help = "a router withdraws its route while routing.health says that its region is unhealthy"},
    {.key = "convergence",
     .type = PARAM_DISTRIBUTION,
     .offset = offsetof(struct anycast, convergence),
     .unit = PARAM_UNIT_DURATION,
     .help = "from a withdrawal until a network has another route; default: 80 % within 10 s, 99 % "
             "within 3 min, at most 15 min"},
    {.key = "announcement",
     .type = PARAM_DISTRIBUTION,
     .offset = offsetof(struct anycast, announcement),
     .unit = PARAM_UNIT_DURATION,
     .help = "from a new route until a network uses it; default: uniform up to 30 s (RFC 4271 "
             "section 10: the route advertisement interval)"},
    {0}};

const struct router_ops router_anycast_ops = {
    .kind = {.name = "anycast",
             .summary =
                 "one address for all regions; the Internet's routing decides who goes where",
             .source = "RFC 4271; RFC 5880; An Empirical Characterization of Anycast Convergence "
                       "Time, ANRW 2024; Feldmann et al., PAM 2004; Labovitz et al., SIGCOMM 2000; "
                       "Calder et al., IMC 2015",
             .params_bytes = sizeof(struct anycast),
             .params = params,
             .finish = finish},
    .state_bytes = sizeof(struct state),
    .check = check,
    .build = build,
    .resolve = resolve,
    .arrives = arrives,
    .on_timer = on_timer};
