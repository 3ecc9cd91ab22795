/*
 * asking.h - private to the clients: the requests that they send.
 *
 * Model: a request says what its operation is and which try it belongs to. Who begins an operation
 *        knows all of it without reading the operation again.
 */
#ifndef MODELS_WORKLOAD_ASKING_H
#define MODELS_WORKLOAD_ASKING_H

#include "models/workload/clients_state.h"

/* Only the read of a read-modify-write brings back what its write is to replace. */
static inline bool wants_context(const struct group *group, uint8_t flags)
{
    return group->brings_contexts && (flags & OPERATION_THEN_WRITE) != 0;
}

static inline uint32_t copy_of(const struct clients *clients, uint32_t block)
{
    return block != 0 ? clients->host.block_copy(clients->host.world, block) : 0;
}

/* What a write carries besides its content. */
static inline uint32_t context_bytes(const struct clients *clients, uint32_t block)
{
    const bool counted = block != 0 && clients->host.block_bytes != NULL;
    return counted ? clients->host.block_bytes(clients->host.world, block) : 0;
}

struct asking { /* what a request says of its operation */
    uint64_t operation, a;
    uint32_t key, bytes, session;
    uint32_t context;
    uint8_t type, tries, flag;
};

static inline uint32_t route(const struct clients *clients, const struct group *group,
                             const struct asking *asking)
{
    const sim_ns written_ns = clients->sessions[asking->session].acknowledged_ns;
    const struct route_request request = {
        .type = asking->type,
        .tries = asking->tries,
        .since_write_ns =
            written_ns < 0 ? SIM_NS_MAX : engine_now(clients->host.engine) - written_ns};
    return clients->host.route(clients->host.world, group->index, &request);
}

/*
 * Sends one more request. Nothing of the operation is touched afterwards. The message is made when
 * all is known that goes into it: what is set field by field need not be cleared before.
 */
__attribute__((always_inline)) static inline void
ask(struct clients *clients, const struct group *group, uint32_t slot, struct asking asking)
{
    const uint32_t to = route(clients, group, &asking);
    const uint32_t more_bytes = context_bytes(clients, asking.context);
    const uint32_t block = copy_of(clients, asking.context);
    const struct message request = {.kind = MESSAGE_REQUEST,
                                    .dataset = group->dataset,
                                    .from = ENDPOINT_CLIENT | group->index,
                                    .to = to,
                                    .key = asking.key,
                                    .bytes = asking.bytes + more_bytes,
                                    .request = slot | (uint32_t)asking.tries << IN_FLIGHT_SLOT_BITS,
                                    .version = {.stamp = 0, .write = asking.session},
                                    .operation = asking.operation,
                                    .a = asking.a,
                                    .block = block,
                                    .type = asking.type,
                                    .outcome = 0,
                                    .tries = asking.tries,
                                    .flag = asking.flag};
    clients->host.ask(clients->host.world, &request);
}

static inline uint64_t content_of(const struct group *group, uint8_t flags, uint64_t request)
{
    return (flags & OPERATION_SCAN) != 0 ? group->scan_keys : request;
}

#endif
