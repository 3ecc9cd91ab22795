/*
 * ranked.h - regions in the order of nearness, and which of them a session tries next.
 *
 * Model:   a session begins with the nearest; after a connection that failed it tries the next one,
 *          round and round; `retry_after` after the last failure it begins with the nearest again.
 */
#ifndef MODELS_ROUTING_RANKED_H
#define MODELS_ROUTING_RANKED_H

#include "models/routing/router.h"

struct ranked { /* of a session; zeroed */
    sim_ns until_ns;
    uint32_t rank;
};

static inline uint32_t ranked_region(const struct router *self, uint32_t session,
                                     const struct ranked *ranked)
{
    const uint32_t *nearest = router_nearest(self, router_group_of(self, session));
    return nearest[router_now(self) < ranked->until_ns ? ranked->rank : 0];
}

static inline void ranked_failed(const struct router *self, struct ranked *ranked,
                                 sim_ns retry_after_ns)
{
    const sim_ns now_ns = router_now(self);
    const uint32_t rank = now_ns < ranked->until_ns ? ranked->rank : 0;
    ranked->rank = rank + 1 < router_region_count(self) ? rank + 1 : 0;
    ranked->until_ns = retry_after_ns < SIM_NS_MAX - now_ns ? now_ns + retry_after_ns : SIM_NS_MAX;
}

#endif
