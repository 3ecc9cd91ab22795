/* gateway_internal.h - private to gateways: what gateway.c and gateway_ask.c share. */
#ifndef MODELS_ROUTING_GATEWAY_INTERNAL_H
#define MODELS_ROUTING_GATEWAY_INTERNAL_H

#include "models/routing/cache.h"
#include "models/routing/gateway.h"
#include "sim/pool.h"

/*
 * A request to the database or to another gateway is numbered by its slot, a serial number and
 * which ask of it this is; with the operation's number no late answer is taken for another's.
 */
enum {
    GATEWAY_SLOT_BITS = 21,
    GATEWAY_SERIAL_BITS = 8,
    GATEWAY_ASKS_MAX = 8 /* the rest of 32 bits */
};

enum gateway_timer { GATEWAY_SERVED, GATEWAY_DUE, GATEWAY_TIMERS };

struct pending {
    struct message request;  /* as it came; CONTROL_PROBE: a deep health check */
    sim_ns asked_ns;         /* last */
    uint32_t earlier, later; /* by asked_ns */
    uint32_t target;         /* end asked last */
    uint16_t dataset;
    uint8_t serial, asks;
    uint8_t answered; /* bit an ask */
    uint8_t refused;
    uint8_t passed; /* asks of another gateway, before it was given up */
    bool away;      /* asked of another gateway */
};

struct gateway {
    struct gateway_plan *plan;
    struct gateway_site site;
    uint32_t start; /* number of its start, which connections are told */
    uint8_t serial;
    sim_ns *worker_free_ns;
    struct pool jobs;     /* struct message: in the queue or served */
    struct pool pending;  /* struct pending */
    uint32_t first, last; /* of those pending, by asked_ns */
    bool armed;
    struct cache *caches; /* by dataset; NULL: none */
    uint64_t *epochs;     /* by dataset: the newest leader's that it has heard of */
};

/* gateway_ask.c: a served request or probe; an answer; the time-outs. */
void gateway_serve_request(struct agent *self, const struct message *request);
void gateway_serve_probe(struct agent *self, const struct message *probe);
void gateway_hear_reply(struct agent *self, const struct message *reply);
void gateway_time_out(struct agent *self);
/* A leader's epoch was heard of. */
void gateway_hear_epoch(struct agent *self, uint32_t dataset, uint64_t epoch);
/* Answers a request that came from a client or another gateway. */
void gateway_reply(struct agent *self, const struct message *request, const struct message *answer);

static inline struct gateway *gateway_of(struct agent *self)
{
    return *(struct gateway **)agent_state(self);
}

#endif
