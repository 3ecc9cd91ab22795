/*
 * router.h - the table of functions that a routing policy is, and all that it may do.
 *
 * Model:   a session that needs a connection asks its policy for a region; the policy answers at
 *          once or later, after messages to name servers, say. The answer holds for a time, in
 *          which new connections of the session go to the same region without asking again.
 *          Connections that exist do not move. Everything else (handshakes, time-outs, requests
 *          that wait) is front.h's.
 * Parts:   a policy may add agents of its own (resolvers, name servers: `build`), send messages
 *          from a client group's place and get what comes back (`router_send`, `on_message`), go by
 *          health checks of the gateways (`router_listen`), and set timers.
 * Messages: from a group they come from ENDPOINT_CLIENT | group. Every message to a group that is
 *          neither a reply to a request nor about a connection (CONTROL_ACCEPT, CONTROL_RESET) goes
 *          to `on_message`. A policy tells its messages apart by `request`, `version` and `a`,
 *          which whoever answers must echo; usually version.write = the session.
 * Adding:  a file with `const struct router_ops router_NAME_ops` and a line in registry.def.
 * Order:   `build` while the world is built, after the gateways; `start` at time 0 after the
 *          agents and before the clients.
 * Cost:    nothing allocates after `start`, but in `state` of the policy's own making.
 */
#ifndef MODELS_ROUTING_ROUTER_H
#define MODELS_ROUTING_ROUTER_H

#include "models/agents/agent.h"
#include "models/health/health.h"
#include "models/scenario.h"
#include "models/scenario_routing.h"
#include "sim/arena.h"
#include "sim/param.h"

struct router;

struct router_ops {
    struct param_kind kind;
    size_t state_bytes;   /* of the policy, once; zeroed */
    size_t session_bytes; /* for each session; zeroed */
    /* References that rows can not check: NULL or what is wrong with *key. */
    const char *(*check)(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena);
    void (*build)(struct router *self); /* optional: adds agents, listeners; prepares its state */
    void (*start)(struct router *self); /* optional */
    /*
     * The session needs a region: router_answer() now or later, exactly once; it waits without a
     * limit until then. Its former answer has expired or there was none.
     */
    void (*resolve)(struct router *self, uint32_t session);
    /* With connections.sticky: may the session go on with `region`, without a new answer? */
    bool (*allows)(struct router *self, uint32_t session, uint32_t region); /* optional */
    /* Optional: where what the session sends to `region`'s address arrives now (anycast). */
    uint32_t (*arrives)(struct router *self, uint32_t session, uint32_t region);
    /* Optional: which region's gateway serves the session's requests that reach `entry`. */
    uint32_t (*home)(struct router *self, uint32_t session, uint32_t entry);
    /* Optional: the gateway at `entry` asked that of `home` and had no answer in time. */
    void (*on_home_failed)(struct router *self, uint32_t entry, uint32_t home);
    /* Optional: the session could not connect to `region`, or its connection there was dead. */
    void (*on_failed)(struct router *self, uint32_t session, uint32_t region);
    void (*on_message)(struct router *self, uint32_t group, const struct message *message);
    void (*on_timer)(struct router *self, uint64_t token);
};

extern const struct param_registry router_registry;

/* For checks, before there is a world. */
bool router_has_gateway(const struct scenario *scenario, uint32_t region);

void *router_state(struct router *self);
void *router_session(struct router *self, uint32_t session);
const void *router_params(const struct router *self);
const struct scenario *router_scenario(const struct router *self);
const struct scenario_routing *router_config(const struct router *self);
struct world *router_world(struct router *self); /* for agent_add() and the like only */
struct arena *router_arena(struct router *self); /* lives as long as the world */
sim_ns router_now(const struct router *self);

/* Groups, their sessions (first, count), places and names: record_group. */
uint32_t router_group_count(const struct router *self);
const struct record_group *router_group(const struct router *self, uint32_t group);
uint32_t router_group_of(const struct router *self, uint32_t session);

/* Regions with a gateway, in scenario order; `end` of a region without one is RECORD_NONE. */
uint32_t router_region_count(const struct router *self);
const uint32_t *router_regions(const struct router *self);
uint32_t router_gateway_end(const struct router *self, uint32_t region);
/* The same regions by expected delay from the group, then by number. */
const uint32_t *router_nearest(const struct router *self, uint32_t group);

/* A region, or a client group's own place beyond the regions. */
uint32_t router_place_count(const struct router *self);
const struct record_place *router_place(const struct router *self, uint32_t place);

/* Expected one-way delay between two ends or places of theirs. */
sim_ns router_delay(const struct router *self, uint32_t from_end, uint32_t to_end);
double router_random(struct router *self, uint32_t group); /* (0, 1), the group's own stream */
/* A draw of it, not below 0. */
sim_ns router_sample_ns(struct router *self, uint32_t group, const struct distribution *law);

/* Sends from the group's place; `from` and `to` are set here. */
void router_send(struct router *self, uint32_t group, uint32_t to_end, struct message message);
struct timer router_timer(struct router *self, sim_ns delay_ns, uint64_t token);

/* `region` RECORD_NONE: there is no answer; the session tries again after its back-off. */
void router_answer(struct router *self, uint32_t session, uint32_t region, sim_ns valid_ns);
/* The session's next request asks for a region anew; what is under way ends where it is. */
void router_release(struct router *self, uint32_t session);
/* Where the session is connected to; RECORD_NONE: nowhere. */
uint32_t router_connected(const struct router *self, uint32_t session);

/*
 * Health of the gateways. In `build` an agent of the policy is made a listener; its on_message
 * gives every CONTROL_HEALTH_REPORT to health_view_report() with a view that it created in its
 * start with health_view_create(router_health(self), router_arena(self)). Target i of the plan is
 * the gateway of router_regions(self)[i]. Without listeners there are no checkers.
 */
void router_listen(struct router *self, uint32_t agent_end);
/* In `build`: the agent gets what failovers announce to gateways (CONTROL_ANNOUNCE). */
void router_announce_to(struct router *self, uint32_t agent_end);
uint32_t router_region_of_node(const struct router *self, uint32_t node);
const struct health_plan *router_health(const struct router *self);

/* For the world: who is to get announcements. */
uint32_t router_announced(const struct router *self, const uint32_t **ends);

#endif
