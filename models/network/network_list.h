/*
 * network_list.h - lists of flights, through their `next`; 0 is no flight. Private to this folder.
 */
#ifndef MODELS_NETWORK_NETWORK_LIST_H
#define MODELS_NETWORK_NETWORK_LIST_H

#include "models/network/network.h"

static inline void list_append(struct network *network, uint32_t *head, uint32_t *tail,
                               uint32_t slot)
{
    network_flight(network, slot)->next = 0;
    if (*head == 0) {
        *head = slot;
    } else {
        network_flight(network, *tail)->next = slot;
    }
    *tail = slot;
}

/* The flight waits again, before all others. */
static inline void list_put_back(struct network *network, uint32_t *head, uint32_t *tail,
                                 uint32_t slot)
{
    network_flight(network, slot)->next = *head;
    *head = slot;
    if (*tail == 0) {
        *tail = slot;
    }
}

static inline uint32_t list_take(struct network *network, uint32_t *head, uint32_t *tail)
{
    const uint32_t slot = *head;
    *head = network_flight(network, slot)->next;
    if (*head == 0) {
        *tail = 0;
    }
    return slot;
}

#endif
