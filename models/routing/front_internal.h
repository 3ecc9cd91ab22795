/* front_internal.h - private to the front: what front.c, front_parked.c and router.c share. */
#ifndef MODELS_ROUTING_FRONT_INTERNAL_H
#define MODELS_ROUTING_FRONT_INTERNAL_H

#include "models/routing/front.h"
#include "sim/pool.h"

enum front_event {
    FRONT_TIMED_OUT, /* target: session; a: attempt */
    FRONT_RETRY,     /* the same */
    FRONT_KEEP_ALIVE,
    FRONT_ROUTER /* a: token of the policy */
};

enum session_state {
    SESSION_APART,     /* no connection, and none is wanted */
    SESSION_RESOLVING, /* waits for the policy's answer */
    SESSION_CONNECTING,
    SESSION_CONNECTED,
    SESSION_BACKING_OFF
};

enum { FRONT_NO_REGION = UINT16_MAX };

struct session {
    sim_ns expires_ns; /* of the policy's answer */
    sim_ns silence_ns; /* first sending since anything was heard; -1: none */
    sim_ns used_ns, ends_ns;
    sim_ns began_ns;   /* the last attempt */
    sim_ns written_ns; /* its last acknowledged write; -1: none */
    struct timer timer;
    uint32_t attempt;
    uint32_t parked_first, parked_last;
    uint32_t group;
    uint16_t region; /* the policy's answer */
    uint16_t entry;  /* whose gateway it is connected to */
    uint16_t routed; /* where its requests went last */
    uint16_t start;  /* of the gateway that it is connected to */
    uint8_t state;   /* enum session_state */
    uint8_t round;
    uint8_t failures; /* attempts in a row */
};

struct parked {
    struct message request;
    sim_ns asked_ns;
    uint32_t next;
};

struct router {
    struct front *front;
    const struct router_ops *ops;
    const void *params;
    void *state;
    unsigned char *sessions; /* `stride` bytes each */
    size_t stride;
    const uint32_t *nearest; /* group x gateway: regions */
    struct health_plan plan;
    uint32_t *listeners;
    uint32_t *announced; /* ends of agents */
    uint32_t announced_count;
};

struct front {
    struct front_host host;
    const struct scenario_connections *config;
    struct router router;
    struct session *sessions;
    struct pool parked;
    struct random_stream *chance; /* by group */
};

/* front_parked.c: requests wait with their blocks. */
void front_park(struct front *front, uint32_t session, const struct message *request);
/* False: none waits. Its block is the caller's now. */
bool front_unpark(struct front *front, struct session *self, struct parked *parked);
/* Drops what waits for longer than its deadline: nobody waits for its answer. */
void front_prune(struct front *front, struct session *self);

void router_init(struct front *front);
/* An end of a session's connection that router_release() asks for. */
void front_part(struct front *front, uint32_t session);
void front_resolved(struct front *front, uint32_t session, uint32_t region, sim_ns valid_ns);

#endif
