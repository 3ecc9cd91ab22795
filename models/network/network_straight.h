/*
 * network_straight.h - nearly every message: over a link on which it meets nothing.
 *
 * Model:  what network_post() and network_arrives() come to when the link is open for all, without
 *         loss and limits, when no connection on it waits for a retry, and when its delay is one
 *         draw from a published law. Everything else is handed to them, and is in no hurry.
 * Use:    senders that know which kinds of ends they join save asking; the results are the same.
 * Counts: what goes straight is counted by its link, and told to the sink at the end of the run.
 * Cost:   one link, its next delay, a counter and an event.
 */
#ifndef MODELS_NETWORK_NETWORK_STRAIGHT_H
#define MODELS_NETWORK_NETWORK_STRAIGHT_H

#include "models/network/network.h"
#include "models/network/network_rows.h"

static inline sim_ns network_published_ns(struct network_link *link)
{
    if (__builtin_expect(link->ahead_left == 0, 0)) {
        network_link_draw(link);
    }
    return link->ahead_ns[NETWORK_AHEAD - link->ahead_left--];
}

/* On this link; `power` is that of the sending machine, `connection` NULL but for streams. */
__attribute__((always_inline)) static inline void
network_post_on(struct network *network, uint32_t slot, struct flight *flight, uint32_t index,
                uint16_t power, struct network_connection *connection)
{
    struct network_link *link = network_link_at(network, index);
    if (__builtin_expect((link->cuts | link->retrying | link->crooked) != 0, 0)) {
        network_post(network, slot, flight);
        return;
    }
    const sim_ns now_ns = engine_now(network->engine);
    flight->sent_ns = now_ns;
    flight->link = index;
    flight->epoch = link->losses;
    flight->power = power;
    flight->retries = 0;
    flight->lost = 0;
    const struct record_sink *sink = network->sink;
    if (__builtin_expect(sink->traffic == NULL, 0)) {
        record_message(network, flight, RECORD_SENT, 0);
    } else if (now_ns >= sink->traffic_from_ns) {
        link->untold_messages++;
        link->untold_bytes += flight->message.bytes;
    }
    sim_ns at_ns = now_ns + network_published_ns(link);
    at_ns = at_ns < SIM_NS_MAX ? at_ns : SIM_NS_MAX;
    if (connection != NULL) {
        at_ns = at_ns > connection->last_arrival_ns ? at_ns : connection->last_arrival_ns;
        connection->last_arrival_ns = at_ns;
    }
    engine_at(network->engine, at_ns,
              (struct event){.kind = network->deliver_kind,
                             .target = flight->message.to,
                             .a = slot,
                             .b = flight->message.operation});
}

/*
 * From a client group to a machine: sends a copy. Where it goes is read from the original: the copy
 * may be made of larger pieces than the original was, and reading those at once would wait.
 */
__attribute__((always_inline)) static inline void
network_send_request(struct network *network, const struct message *request)
{
    const uint32_t group = request->from & ~ENDPOINT_CLIENT;
    const uint32_t from = network->group_places[group], to = network->node_places[request->to];
    const bool last_mile = network->last_miles[group] != NULL;
    uint32_t slot = 0;
    struct flight *flight = network_take(network, &slot);
    message_copy(&flight->message, request);
    if (__builtin_expect(last_mile, 0)) {
        network_post(network, slot, flight);
        return;
    }
    network_post_on(network, slot, flight, from * network->place_count + to, 0, NULL);
}

/* From a machine to a client group or an agent: sends a copy. */
__attribute__((always_inline)) static inline void network_send_reply(struct network *network,
                                                                     const struct message *reply)
{
    const uint32_t group = reply->to & ~ENDPOINT_CLIENT;
    uint32_t slot = 0;
    struct flight *flight = network_take(network, &slot);
    message_copy(&flight->message, reply);
    if (__builtin_expect((reply->to & ENDPOINT_CLIENT) == 0 || network->last_miles[group] != NULL,
                         0)) {
        network_post(network, slot, flight);
        return;
    }
    const uint32_t from = network->node_places[reply->from], to = network->group_places[group];
    network_post_on(network, slot, flight, from * network->place_count + to,
                    network->node_powers[reply->from], NULL);
}

/* From a machine to another one. Only streams have connections, from their first message on. */
__attribute__((always_inline)) static inline void
network_post_between(struct network *network, uint32_t slot, struct flight *flight)
{
    const uint32_t from = flight->message.from;
    struct network_connection *row = network->connections[from];
    if (__builtin_expect(row == NULL, 0)) {
        network_post(network, slot, flight);
        return;
    }
    struct network_connection *connection = &row[flight->message.to];
    network_post_on(network, slot, flight, connection->link, network->node_powers[from],
                    connection);
}

/*
 * The handler of deliver_kind: event->a is the flight's slot. Returns the flight when it arrives
 * now: the caller handles it and then calls network_done(slot), which checks the slot. NULL when it
 * was lost or delayed further.
 */
static inline struct flight *network_arrive(struct network *network, const struct event *event)
{
    struct flight *flight = pool_item(&network->flights, (uint32_t)event->a);
    const struct network_link *link = network_link_at(network, flight->link);
    if (__builtin_expect((link->cuts | link->retrying | link->losses) != 0, 0) &&
        !network_arrives(network, event, flight)) {
        return NULL;
    }
    record_message(network, flight, RECORD_DELIVERED, 0);
    return flight;
}

#endif
