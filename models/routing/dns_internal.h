/* dns_internal.h - private to the machinery of names: what dns.c and its agents share. */
#ifndef MODELS_ROUTING_DNS_INTERNAL_H
#define MODELS_ROUTING_DNS_INTERNAL_H

#include "models/routing/dns.h"

/*
 * CONTROL_NAME_QUERY: a user's carries request = number of the question, version.write = session,
 * tries; a resolver's request and key = the place that it asks for. CONTROL_NAME_ANSWER echoes
 * them; outcome, a = region, version.stamp = for how long in ns.
 *
 * Assumption: 12 bytes of header, a name of some 30 bytes, an address or two (RFC 1035).
 */
enum { DNS_QUERY_BYTES = 64, DNS_ANSWER_BYTES = 96 };

struct resolver_spec { /* of one resolver */
    struct dns *dns;
    uint32_t group;
    double poison_draw; /* 0..1, fixed */
    bool extends, ecs;
};

extern const struct agent_ops dns_server_ops;   /* config: struct dns */
extern const struct agent_ops dns_resolver_ops; /* config: struct resolver_spec */

#endif
