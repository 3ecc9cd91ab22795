/* dns.c - names: who stands where, and the users' side of a lookup. */
#include "models/routing/dns.h"

#include "models/agents/control.h"
#include "models/routing/dns_internal.h"
#include "sim/check.h"
#include "sim/distribution_params.h"

#include <string.h>

enum { RESOLVERS_MAX = 1 << 20, TRIES_MAX = 16 };

static const struct param_spec resolvers_table[] = {
    {.key = "clients",
     .type = PARAM_ID,
     .offset = offsetof(struct dns_resolvers, clients),
     .help = "name of a client group; default: all that no other item names"},
    {.key = "at",
     .type = PARAM_REGIONS,
     .offset = offsetof(struct dns_resolvers, at),
     .help = "where they stand; default: at the users' own place"},
    {.key = "share",
     .type = PARAM_REAL,
     .offset = offsetof(struct dns_resolvers, share),
     .min = 0,
     .max = 1e6,
     .default_text = "1",
     .help = "of the group's users, divided by the sum of the group's items"},
    {.key = "count",
     .type = PARAM_INT,
     .offset = offsetof(struct dns_resolvers, count),
     .min = 1,
     .max = 65536,
     .default_text = "32",
     .help = "resolvers at each place, each with a cache of its own"},
    {.key = "ecs",
     .type = PARAM_BOOL,
     .offset = offsetof(struct dns_resolvers, ecs),
     .default_text = "false",
     .help = "they tell name servers the user's network (RFC 7871)"},
    {0}};

const struct param_spec dns_table[] = {
    {.key = "servers",
     .type = PARAM_REGIONS,
     .offset = offsetof(struct dns_params, servers),
     .help = "regions with a name server; default: all"},
    {.key = "resolvers",
     .type = PARAM_LIST,
     .offset = offsetof(struct dns_params, resolvers),
     .table = resolvers_table,
     .item_bytes = sizeof(struct dns_resolvers),
     .help = "of client groups; default: 32 at each group's own place"},
    {.key = "over_cache",
     .type = PARAM_RATIO,
     .offset = offsetof(struct dns_params, over_cache),
     .max = 1,
     .default_text = "0.0874",
     .help = "share of resolvers that keep answers longer (Bhowmick et al., PAM 2023: 8.74 %)"},
    {.key = "over_cache_for",
     .type = PARAM_DISTRIBUTION,
     .offset = offsetof(struct dns_params, over_cache_for),
     .unit = PARAM_UNIT_DURATION,
     .help = "by how much; one draw a resolver; default: pareto, minimum 30s, shape 0.555"},
    {.key = "client_over_cache",
     .type = PARAM_RATIO,
     .offset = offsetof(struct dns_params, client_over_cache),
     .max = 1,
     .default_text = "0.11",
     .help = "share of users who keep answers longer (with over_cache fitted to Flavel et al., "
             "LANMAN 2014: TTL 20 s, 10 % stale after 60 s, 2 % after 15 min)"},
    {.key = "client_over_cache_for",
     .type = PARAM_DISTRIBUTION,
     .offset = offsetof(struct dns_params, client_over_cache_for),
     .unit = PARAM_UNIT_DURATION,
     .help = "by how much; one draw a session; default: as over_cache_for"},
    {.key = "lookup_timeout",
     .type = PARAM_DURATION,
     .offset = offsetof(struct dns_params, lookup_timeout),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "5s",
     .help = "a user asks the next resolver after it (resolv.conf: 5 s)"},
    {.key = "lookup_tries",
     .type = PARAM_INT,
     .offset = offsetof(struct dns_params, lookup_tries),
     .min = 1,
     .max = TRIES_MAX,
     .default_text = "4",
     .help = "questions of a lookup (resolv.conf: 2 attempts at each of 2 resolvers)"},
    {.key = "query_timeout",
     .type = PARAM_DURATION,
     .offset = offsetof(struct dns_params, query_timeout),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "1s",
     .help = "a resolver asks the next name server after it (assumption: BIND's first interval of "
             "0.8 s and its growth)"},
    {.key = "serve_stale",
     .type = PARAM_DURATION,
     .offset = offsetof(struct dns_params, serve_stale),
     .min = 0,
     .max = 30.0 * 24 * 3600e9,
     .default_text = "none",
     .help = "resolvers use an answer for so long after its TTL when nobody answers (RFC 8767: 1 "
             "to 3 days); none: not"},
    {.key = "cold_start",
     .type = PARAM_BOOL,
     .offset = offsetof(struct dns_params, cold_start),
     .default_text = "false",
     .help = "the run begins with caches that are empty; false: they were filled at random times"},
    {0}};

/*
 * Of users of a name with a TTL of 20 s, 10 % of the requests still went to the old answer 60 s
 * after a change, and 2 % of the users did after 15 minutes (Flavel, Mani, Maltz, LANMAN 2014). A
 * cache that keeps answers for L at random phases is stale at time t with probability 1 - t / L; so
 * a tail of L with shape a < 1 gives a tail of staleness with the same shape, and the two points
 * make it about ln 5 / ln 15. The exact shape, and the share of users on top of the resolvers'
 * 8.74 %, are fitted by simulation to both points; 30 s, the least, is Java's default cache time.
 */
static const struct distribution *kept_longer(struct arena *arena)
{
    return distribution_make(
        arena, "pareto",
        &(struct distribution_pareto){.minimum = 30.0 * (double)SIM_NS_PER_S, .shape = 0.555});
}

void dns_finish(struct dns_params *params, struct arena *arena)
{
    if (params->over_cache_for == NULL) {
        params->over_cache_for = kept_longer(arena);
    }
    if (params->client_over_cache_for == NULL) {
        params->client_over_cache_for = kept_longer(arena);
    }
}

static const char *check_servers(const struct dns_params *params, const struct scenario *scenario,
                                 const char **key, struct arena *arena)
{
    const uint32_t *servers = params->servers.items;
    const struct scenario_region *regions = scenario->regions.items;
    for (size_t i = 0; i < params->servers.count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (servers[i] == servers[j]) {
                *key = arena_printf(arena, "servers[%zu]", i);
                return arena_printf(arena, "\"%s\" is already servers[%zu]",
                                    regions[servers[i]].name, j);
            }
        }
    }
    return NULL;
}

/* Does this item apply to that group? */
static bool applies(const struct dns_params *params, size_t item, const char *group)
{
    const struct dns_resolvers *items = params->resolvers.items;
    if (items[item].clients != NULL) {
        return strcmp(items[item].clients, group) == 0;
    }
    for (size_t i = 0; i < params->resolvers.count; i++) {
        if (items[i].clients != NULL && strcmp(items[i].clients, group) == 0) {
            return false;
        }
    }
    return true;
}

const char *dns_check(const struct dns_params *params, const struct scenario *scenario,
                      const char **key, struct arena *arena)
{
    const struct dns_resolvers *items = params->resolvers.items;
    const struct scenario_client *clients = scenario->clients.items;
    double all = 0.0;
    for (size_t i = 0; i < params->resolvers.count; i++) {
        bool known = items[i].clients == NULL;
        for (size_t c = 0; c < scenario->clients.count && !known; c++) {
            known = strcmp(clients[c].name, items[i].clients) == 0;
        }
        if (!known) {
            *key = arena_printf(arena, "resolvers[%zu].clients", i);
            return arena_printf(arena, "no client group is called \"%s\"", items[i].clients);
        }
    }
    *key = "resolvers";
    for (size_t c = 0; c < scenario->clients.count; c++) {
        double sum = params->resolvers.count == 0 ? 1.0 : 0.0;
        for (size_t i = 0; i < params->resolvers.count; i++) {
            if (applies(params, i, clients[c].name)) {
                sum += items[i].share;
                all += (double)items[i].count *
                       (double)(items[i].at.count > 0 ? items[i].at.count : 1);
            }
        }
        if (sum <= 0.0) {
            return arena_printf(arena, "no item has a share above 0 for \"%s\"", clients[c].name);
        }
    }
    if (all > RESOLVERS_MAX) {
        return arena_printf(arena, "of all groups must be at most %d together", (int)RESOLVERS_MAX);
    }
    return check_servers(params, scenario, key, arena);
}

/* Building. */

static void add_servers(struct dns *dns)
{
    struct router *router = dns->router;
    struct arena *arena = router_arena(router);
    const struct param_list *given = &dns->setup.params->servers;
    const uint32_t *regions = given->items;
    const uint32_t count = given->count > 0 ? (uint32_t)given->count
                                            : (uint32_t)router_scenario(router)->regions.count;
    struct dns **held = arena_alloc(arena, 1, sizeof(struct dns *));
    *held = dns;
    dns->server_count = count;
    dns->servers = arena_alloc(arena, count, sizeof *dns->servers);
    for (uint32_t i = 0; i < count; i++) {
        const struct agent_spec spec = {.ops = &dns_server_ops,
                                        .config = held,
                                        .place = given->count > 0 ? regions[i] : i,
                                        .node = RECORD_NONE};
        dns->servers[i] = ENDPOINT_AGENT | agent_add(router_world(router), &spec);
        if (dns->setup.checked) {
            router_listen(router, dns->servers[i]);
        }
        if (dns->setup.zone->told != NULL) {
            router_announce_to(router, dns->servers[i]);
        }
    }
}

/* A share in 0..1 of the n-th: spread evenly, so that few resolvers hold to a share, too (Weyl). */
static double spread(double offset, uint32_t n)
{
    const double value = offset + 0.61803398874989485 * (double)n;
    return value - (double)(uint64_t)value;
}

static void add_pool(struct dns *dns, uint32_t group, const struct dns_resolvers *item)
{
    struct router *router = dns->router;
    struct dns_group *of = &dns->groups[group];
    const uint32_t *at = item->at.items;
    const uint32_t places = item->at.count > 0 ? (uint32_t)item->at.count : 1;
    const uint32_t count = places * (uint32_t)item->count;
    const double poison = router_random(router, group), extends = router_random(router, group);
    of->pools[of->pool_count++] = (struct dns_pool){
        .first = dns->resolver_count, .count = count, .weight = item->share, .ecs = item->ecs};
    struct resolver_spec *specs = arena_alloc(router_arena(router), count, sizeof *specs);
    for (uint32_t i = 0; i < count; i++) {
        specs[i] =
            (struct resolver_spec){.dns = dns,
                                   .group = group,
                                   .poison_draw = spread(poison, i),
                                   .extends = spread(extends, i) < dns->setup.params->over_cache,
                                   .ecs = item->ecs};
        const struct agent_spec spec = {
            .ops = &dns_resolver_ops,
            .config = &specs[i],
            .place = item->at.count > 0 ? at[i % places] : router_group(router, group)->place,
            .node = RECORD_NONE,
            .outside = true};
        dns->resolvers[dns->resolver_count++] =
            ENDPOINT_AGENT | agent_add(router_world(router), &spec);
    }
}

static void add_resolvers(struct dns *dns, uint32_t group)
{
    static const struct dns_resolvers usual = {.share = 1.0, .count = 32};
    const struct dns_params *params = dns->setup.params;
    const struct dns_resolvers *items = params->resolvers.items;
    const char *name = router_group(dns->router, group)->name;
    dns->groups[group].pools = arena_alloc(router_arena(dns->router), params->resolvers.count + 1,
                                           sizeof *dns->groups[group].pools);
    for (size_t i = 0; i < params->resolvers.count; i++) {
        if (applies(params, i, name) && items[i].share > 0.0) {
            add_pool(dns, group, &items[i]);
        }
    }
    if (params->resolvers.count == 0) {
        add_pool(dns, group, &usual);
    }
}

void dns_build(struct router *self, const struct dns_setup *setup)
{
    struct dns *dns = router_state(self);
    struct arena *arena = router_arena(self);
    const uint32_t groups = router_group_count(self);
    size_t sessions = 0, resolvers = 32 * (size_t)groups;
    *dns = (struct dns){.router = self, .setup = *setup};
    for (uint32_t g = 0; g < groups; g++) {
        const struct record_group *group = router_group(self, g);
        sessions = group->session_first + (size_t)group->session_count;
    }
    const struct dns_resolvers *items = setup->params->resolvers.items;
    for (size_t i = 0; i < setup->params->resolvers.count; i++) {
        resolvers += groups * (size_t)items[i].count * (items[i].at.count + 1);
    }
    dns->waits =
        arena_alloc(arena, sessions * (size_t)setup->params->lookup_tries, sizeof *dns->waits);
    dns->resolvers = arena_alloc(arena, resolvers, sizeof *dns->resolvers);
    dns->groups = arena_alloc(arena, groups, sizeof *dns->groups);
    add_servers(dns);
    for (uint32_t g = 0; g < groups; g++) {
        add_resolvers(dns, g);
    }
}

/* Lookups. */

static void settle(struct router *self, uint32_t group, struct dns_session *session)
{
    struct dns *dns = router_state(self);
    const struct dns_group *of = &dns->groups[group];
    double sum = 0.0;
    for (uint32_t p = 0; p < of->pool_count; p++) {
        sum += of->pools[p].weight;
    }
    double left = router_random(self, group) * sum - of->pools[0].weight;
    while (left >= 0.0 && session->pool + 1 < of->pool_count) {
        session->pool++;
        left -= of->pools[session->pool].weight;
    }
    session->resolver = (uint32_t)(router_random(self, group) * of->pools[session->pool].count);
    const bool longer = router_random(self, group) < dns->setup.params->client_over_cache;
    const sim_ns extra_ns = router_sample_ns(self, group, dns->setup.params->client_over_cache_for);
    const double aged = router_random(self, group);
    session->extra_ns = longer ? extra_ns : 0;
    session->left = longer && !dns->setup.params->cold_start ? aged : 0.0;
}

void dns_start(struct router *self)
{
    for (uint32_t g = 0; g < router_group_count(self); g++) {
        const struct record_group *group = router_group(self, g);
        for (uint32_t s = 0; s < group->session_count; s++) {
            settle(self, g, router_session(self, group->session_first + s));
        }
    }
}

/* Each try of a session always goes to the same resolver: the next item's, or the next one. */
static uint32_t resolver_end(const struct dns *dns, uint32_t group,
                             const struct dns_session *session)
{
    const struct dns_group *of = &dns->groups[group];
    const struct dns_pool *pool = &of->pools[(session->pool + session->tries) % of->pool_count];
    const uint32_t step = session->tries / of->pool_count;
    return dns->resolvers[pool->first + (session->resolver + step) % pool->count];
}

enum { TOKEN_TRY_BITS = 8 };

static uint64_t token_of(uint32_t session, const struct dns_session *state)
{
    const uint32_t which = state->lookup << TOKEN_TRY_BITS | state->tries;
    return (uint64_t)session << 32 | which;
}

static void ask(struct router *self, uint32_t session)
{
    const struct dns *dns = router_state(self);
    const struct dns_session *state = router_session(self, session);
    const uint32_t group = router_group_of(self, session);
    router_send(self, group, resolver_end(dns, group, state),
                (struct message){.kind = CONTROL_NAME_QUERY,
                                 .bytes = DNS_QUERY_BYTES,
                                 .request = state->lookup,
                                 .version = {.write = session},
                                 .tries = state->tries});
    router_timer(self, dns->setup.params->lookup_timeout, token_of(session, state));
}

void dns_resolve(struct router *self, uint32_t session)
{
    struct dns_session *state = router_session(self, session);
    state->lookup++;
    state->tries = 0;
    state->asking = true;
    ask(self, session);
}

static void answered(struct router *self, uint32_t session, uint32_t region, sim_ns valid_ns)
{
    ((struct dns_session *)router_session(self, session))->asking = false;
    router_answer(self, session, region, valid_ns);
}

static void try_next(struct router *self, uint32_t session)
{
    const struct dns *dns = router_state(self);
    struct dns_session *state = router_session(self, session);
    state->tries++;
    if (state->tries < dns->setup.params->lookup_tries) {
        ask(self, session);
    } else {
        answered(self, session, RECORD_NONE, 0);
    }
}

/* For how long the user keeps an answer that the resolver keeps for left_ns. */
static sim_ns kept_ns(struct dns_session *session, sim_ns left_ns)
{
    const sim_ns all_ns =
        session->extra_ns < SIM_NS_MAX - left_ns ? left_ns + session->extra_ns : SIM_NS_MAX;
    const double share = session->left;
    session->left = 0.0;
    return share > 0.0 ? sim_ns_from_double((double)all_ns * share) : all_ns;
}

void dns_on_message(struct router *self, uint32_t group, const struct message *message)
{
    const uint32_t session = (uint32_t)message->version.write;
    if (message->kind != CONTROL_NAME_ANSWER) {
        return;
    }
    struct dns_session *state = router_session(self, session);
    CHECK(router_group_of(self, session) == group);
    if (!state->asking || message->request != state->lookup) {
        return;
    }
    if (message->outcome == RECORD_OK) {
        const uint32_t region = (uint32_t)message->a;
        const bool there = router_gateway_end(self, region) != RECORD_NONE;
        answered(self, session, there ? region : RECORD_NONE,
                 kept_ns(state, message->version.stamp));
    } else if (message->tries == state->tries) {
        try_next(self, session);
    }
}

void dns_on_timer(struct router *self, uint64_t token)
{
    const uint32_t session = (uint32_t)(token >> 32);
    const struct dns_session *state = router_session(self, session);
    if (state->asking && token == token_of(session, state)) {
        try_next(self, session);
    }
}
