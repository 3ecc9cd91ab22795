/*
 * dns.h - a name that points to a region: name servers, resolvers, and what users keep of answers.
 *
 * Model:   a session that needs a region asks its resolver; a resolver that has no valid answer
 *          asks a name server; what the name server answers is the policy's (struct dns_zone). All
 *          of it are messages, so that partitions, outages and faults of names act on it.
 *          - Name servers stand in regions and lose power with them. Each judges health by the
 *            reports that reach it: they can disagree.
 *          - Resolvers are the users' (outside): they stand at the users' place or in other
 *            regions. Each belongs to one group of users and keeps one answer, at most for its
 *            TTL; those who come meanwhile wait for the question under way. It asks the name server
 *            with the shortest delay first, and the next one after query_timeout or SERVFAIL; one
 *            that was silent is asked last for 15 minutes. When none answers the resolver says
 *            SERVFAIL, for a second. With serve_stale it answers with what it last knew.
 *          - The name server sees the place of the resolver; with `ecs` that of the user.
 *          - A share of the resolvers keeps answers longer than their TTL, each always by the same
 *            extra time; and so does a share of the users.
 *          - The first answer of a resolver, and of a user who keeps answers for longer, is as old
 *            as chance has it, as if the run began in the middle of things; not with cold_start.
 *          - Without an answer within lookup_timeout a user asks another of the group's resolvers.
 * Faults:  dns_failure: a name server is silent, or says SERVFAIL. dns_poisoning: a resolver whose
 *          fixed draw is below the share answers with the forged region, whose TTL is the name's,
 *          and keeps that over the end of the fault. A region without a gateway: no answer.
 * Assumes: one name; a resolver's users share one entry of its cache, also with ECS; a name server
 *          takes no time; where somebody is, is known without error.
 * Source:  RFC 1035; RFC 7871 (client subnet); RFC 8767 (stale answers); RFC 9520 section 3.2
 *          (failures are kept for 1 s at least).
 * Cost:    4 messages for a question that no cache answers, 2 for one that the resolver's does;
 *          memory for each session, and for each resolver some bytes a name server.
 */
#ifndef MODELS_ROUTING_DNS_H
#define MODELS_ROUTING_DNS_H

#include "models/routing/router.h"

struct dns_resolvers {    /* one item of `resolvers` */
    const char *clients;  /* group; NULL: those that no other item names */
    struct param_list at; /* regions; empty: the users' own place */
    double share;         /* weight among the items of the same group */
    int64_t count;        /* at each place */
    bool ecs;
};

struct dns_params {
    struct param_list servers;   /* regions; empty: all */
    struct param_list resolvers; /* struct dns_resolvers; empty: at the users' own place */
    double over_cache, client_over_cache;
    const struct distribution *over_cache_for, *client_over_cache_for;
    sim_ns lookup_timeout, query_timeout;
    int64_t lookup_tries;
    sim_ns serve_stale; /* after the TTL; -1: not */
    bool cold_start;
};

extern const struct param_spec dns_table[];

/* Of param_kind.finish and router_ops.check: fill defaults; references. *key without "dns.". */
void dns_finish(struct dns_params *params, struct arena *arena);
const char *dns_check(const struct dns_params *params, const struct scenario *scenario,
                      const char **key, struct arena *arena);

struct dns;

struct dns_server { /* state of a name server's agent */
    struct dns *dns;
    struct health_view *view; /* NULL: without checks */
    uint32_t index;
    uint32_t pointed; /* region that it was told; on disk */
    uint64_t epoch;   /* of that */
};

struct dns_zone { /* what the policy does at a name server */
    /* The region for somebody at that place, RECORD_NONE: none. */
    uint32_t (*answer)(struct agent *server, uint32_t place);
    /* Optional: CONTROL_ANNOUNCE, or CONTROL_ROUTE_TOLD (a = region, version.stamp = epoch,
     * dataset), also from other name servers, which tell each other what they know every minute. */
    void (*told)(struct agent *server, const struct message *message);
};

struct dns_setup {
    const struct dns_params *params;
    const struct dns_zone *zone;
    sim_ns ttl;
    bool checked; /* the name servers go by health checks */
};

struct dns_pool { /* resolvers of one item for one group */
    uint32_t first, count;
    double weight;
    bool ecs;
};

struct dns_group {
    struct dns_pool *pools;
    uint32_t pool_count;
};

struct dns_wait { /* a session's try that waits at a resolver */
    uint32_t next, lookup;
    bool waits;
};

struct dns { /* first member of the policy's state; private but for router and setup */
    struct router *router;
    struct dns_setup setup;
    uint32_t *servers; /* agent ends */
    uint32_t server_count;
    uint32_t *resolvers; /* agent ends */
    uint32_t resolver_count;
    struct dns_group *groups;
    struct dns_wait *waits; /* session x try */
};

struct dns_session { /* state of a session */
    sim_ns extra_ns; /* it keeps answers for so much longer */
    double left;     /* share of its first answer's time that is left; 0: it had one */
    uint32_t pool, resolver;
    uint32_t lookup; /* number of its last question */
    uint8_t tries;
    bool asking;
};

/* In the policy's build; and its start, resolve, on_message and on_timer. */
void dns_build(struct router *self, const struct dns_setup *setup);
void dns_start(struct router *self);
void dns_resolve(struct router *self, uint32_t session);
void dns_on_message(struct router *self, uint32_t group, const struct message *message);
void dns_on_timer(struct router *self, uint64_t token);

/* For zones: the verdict at this name server on the gateway of router_regions()[index]. */
bool dns_healthy(struct agent *server, uint32_t index);

#endif
