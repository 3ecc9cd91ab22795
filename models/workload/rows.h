/*
 * rows.h - private to the clients: the rows INVOKED and COMPLETED.
 *
 * Model: one row of each kind is kept and filled again for every operation. What no operation
 *        changes (node and peer of INVOKED, say) is set once; everything else is set each time.
 * Why:   clearing a row of its size, most of which is then written over, costs more than to fill
 * it.
 */
#ifndef MODELS_WORKLOAD_ROWS_H
#define MODELS_WORKLOAD_ROWS_H

#include "models/workload/clients_state.h"

/* Before the first of them. */
static inline void rows_init(struct clients *clients)
{
    clients->invoked =
        (struct record){.kind = RECORD_INVOKED, .node = RECORD_NONE, .peer = RECORD_NONE};
    clients->completed =
        (struct record){.kind = RECORD_COMPLETED, .node = RECORD_NONE, .peer = RECORD_NONE};
}

/* What both have in common. */
static inline void row_fill(const struct clients *clients, const struct group *group,
                            const struct operation *operation, uint32_t slot, struct record *row)
{
    _Static_assert((int)OPERATION_PROBE == (int)RECORD_FLAG_PROBE, "one is the other's");
    const bool warmup = operation->begin_ns < clients->warmup_ns;
    row->at_ns = engine_now(clients->host.engine);
    row->type = operation->type;
    row->flags =
        (uint8_t)((warmup ? RECORD_FLAG_WARMUP : 0) | (operation->flags & OPERATION_PROBE));
    row->dataset = group->dataset;
    row->group = (uint16_t)group->index;
    row->key = operation->key;
    row->session = operation->session;
    row->slot = slot;
    row->from_place = group->place;
    row->operation = operation->number;
}

static inline void row_invoked(struct clients *clients, const struct group *group, uint32_t slot,
                               const struct operation *operation,
                               const struct operation_start *start)
{
    struct record *row = &clients->invoked;
    row_fill(clients, group, operation, slot, row);
    row->outcome = 0;
    row->peer = RECORD_NONE;
    row->a = operation->begin_ns;
    row->b = start->probed_after_ns;
    row->write = start->probed_write;
    row->bytes = start->bytes;
    if (group->value == NULL) {
        row->b = start->type == RECORD_WRITE ? (int64_t)start->request : row->b;
    } else if (start->request != 0) {
        const enum value_action action = value_request_action(start->request);
        row->outcome = (uint8_t)action;
        row->peer = value_request_element(start->request);
        row->b = value_signed(action, value_request_amount(start->request));
    }
    clients->host.sink->row(clients->host.sink->state, row);
}

/* A gateway says in `a` which machine has answered it: its number + 1, 0: none. */
static inline uint32_t answering_node(const struct message *reply)
{
    return (reply->from & ENDPOINT_AGENT) != 0 ? (uint32_t)reply->a - 1 : reply->from;
}

static inline uint8_t answer_flags(uint8_t flag)
{
    return (uint8_t)(((flag & MESSAGE_CACHED) != 0 ? RECORD_FLAG_CACHED : 0) |
                     ((flag & MESSAGE_REJECTED) != 0 ? RECORD_FLAG_REJECTED : 0) |
                     ((flag & MESSAGE_PROXIED) != 0 ? RECORD_FLAG_PROXIED : 0));
}

/* `reply` is NULL when no answer decided it. */
static inline void row_completed(struct clients *clients, const struct group *group, uint32_t slot,
                                 const struct operation *operation, enum record_outcome outcome,
                                 const struct message *reply)
{
    struct record *row = &clients->completed;
    const bool ok = reply != NULL && outcome == RECORD_OK;
    row_fill(clients, group, operation, slot, row);
    row->outcome = (uint8_t)outcome;
    row->a = operation->sent;
    row->node = reply != NULL ? answering_node(reply) : RECORD_NONE;
    row->stamp = ok ? reply->version.stamp : 0;
    row->write = ok ? reply->version.write : 0;
    if (reply != NULL && reply->flag != 0) {
        row->flags |= answer_flags(reply->flag);
    }
    clients->host.sink->row(clients->host.sink->state, row);
}

#endif
