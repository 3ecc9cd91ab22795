/* front_parked.c - requests that wait for a connection, and the blocks that they carry. */
#include "models/routing/front_internal.h"

uint32_t front_block_copy(const struct front *front, uint16_t dataset, uint32_t block)
{
    const struct network *network = front->host.network;
    return block == 0 ? 0 : network->block_copy(network->block_context, dataset, block);
}

void front_block_free(const struct front *front, uint16_t dataset, uint32_t block)
{
    const struct network *network = front->host.network;
    if (block != 0) {
        network->block_free(network->block_context, dataset, block);
    }
}

void front_park(struct front *front, uint32_t session, const struct message *request)
{
    struct session *self = &front->sessions[session];
    const uint32_t slot = pool_take(&front->parked);
    if (slot == POOL_NONE) {
        front_block_free(front, request->dataset, request->block);
        return;
    }
    struct parked *parked = pool_at(&front->parked, slot);
    parked->request = *request;
    parked->asked_ns = engine_now(front->host.engine);
    if (self->parked_first == POOL_NONE) {
        self->parked_first = slot;
    } else {
        ((struct parked *)pool_at(&front->parked, self->parked_last))->next = slot;
    }
    self->parked_last = slot;
}

bool front_unpark(struct front *front, struct session *self, struct parked *parked)
{
    const uint32_t slot = self->parked_first;
    if (slot == POOL_NONE) {
        return false;
    }
    *parked = *(const struct parked *)pool_at(&front->parked, slot);
    self->parked_first = parked->next;
    pool_give(&front->parked, slot);
    return true;
}

void front_prune(struct front *front, struct session *self)
{
    const struct scenario_client *clients = front->host.scenario->clients.items;
    const sim_ns deadline_ns = clients[self->group].deadline;
    struct parked parked;
    while (self->parked_first != POOL_NONE &&
           ((const struct parked *)pool_at(&front->parked, self->parked_first))->asked_ns +
                   deadline_ns <=
               engine_now(front->host.engine)) {
        front_unpark(front, self, &parked);
        front_block_free(front, parked.request.dataset, parked.request.block);
    }
}
