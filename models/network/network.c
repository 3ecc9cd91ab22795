#include "models/network/network.h"
#include "models/network/network_cut.h"
#include "models/network/network_disorder.h"
#include "models/network/network_list.h"
#include "models/network/network_rows.h"
#include "models/network/network_straight.h"

#include "sim/check.h"
#include "sim/portable_math.h"

#include <string.h>

/* Ethernet's 1500 bytes less 40 of IP and TCP headers: RFC 879, RFC 894. */
enum { SEGMENT_BYTES = 1460 };

/* Else a client group or an agent: their messages are short connections of their own. */
static bool end_is_machine(uint32_t end)
{
    return (end & (ENDPOINT_CLIENT | ENDPOINT_AGENT)) == 0;
}

uint32_t network_place_of(const struct network *network, uint32_t end)
{
    if (end_is_machine(end)) {
        return network->node_places[end];
    }
    return (end & ENDPOINT_CLIENT) != 0 ? network->group_places[end & ~ENDPOINT_CLIENT]
                                        : network->agent_places[end & ~ENDPOINT_AGENT];
}

uint32_t network_link_between(const struct network *network, uint32_t from, uint32_t to)
{
    const uint32_t from_place = network_place_of(network, from);
    const uint32_t to_place = network_place_of(network, to);
    if (from_place == to_place && end_is_machine(from) && end_is_machine(to) &&
        network->node_zones[from] == network->node_zones[to]) {
        return network->place_count * network->place_count + from_place;
    }
    return from_place * network->place_count + to_place;
}

/* The random one-way delay of one message, before faults. */
sim_ns network_travel_ns(struct network *network, struct network_link *link,
                         const struct message *message)
{
    const struct distribution *const *by_kind = network->kind_delays[message->dataset];
    const struct distribution *own =
        by_kind != NULL && message->kind < MESSAGE_CONTROL ? by_kind[message->kind] : NULL;
    sim_ns delay_ns;
    if (own != NULL) {
        delay_ns = link->p50_ns + distribution_sample_ns(own, &link->kind_stream);
    } else if (link->published) {
        delay_ns = network_published_ns(link);
    } else if (network->config->jitter.extra != NULL) {
        delay_ns = link->base_ns +
                   distribution_sample_ns(network->config->jitter.extra, &link->delay_stream);
    } else if (link->relative_ns > 0.0) {
        const double unit = random_unit(&link->delay_stream);
        delay_ns = link->base_ns + sim_ns_from_double(-portable_log(unit) * link->relative_ns);
    } else {
        delay_ns = link->base_ns;
    }
    if (link->delay_factor != 1.0) {
        delay_ns = sim_ns_from_double((double)delay_ns * link->delay_factor);
    }
    return delay_ns + link->extra_ns;
}

static inline sim_ns last_mile_ns(struct network *network, uint32_t end)
{
    const uint32_t group = end & ~ENDPOINT_CLIENT;
    if ((end & ENDPOINT_CLIENT) == 0 || network->last_miles[group] == NULL) {
        return 0;
    }
    return distribution_sample_ns(network->last_miles[group], &network->last_mile_streams[group]);
}

static sim_ns first_timeout_ns(const struct network *network, const struct network_link *link)
{
    const sim_ns rtt_ns = 2 * link->p50_ns;
    const sim_ns least_ns = network->config->retransmit_min;
    return rtt_ns > least_ns ? rtt_ns : least_ns;
}

/* Packets of a message on its link. */
static double packets_of(const struct network *network, const struct flight *flight)
{
    const uint64_t bytes = flight->message.bytes + (uint64_t)network->config->overhead_bytes;
    return bytes <= SEGMENT_BYTES ? 1.0 : (double)((bytes + SEGMENT_BYTES - 1) / SEGMENT_BYTES);
}

/* Probability that at least one of the packets is lost, each with `loss`. */
static double any_lost(double loss, double packets)
{
    return packets <= 1.0 ? loss : 1.0 - portable_pow(1.0 - loss, packets);
}

/* The share of its packets that is lost now. */
static double loss_of(const struct network *network, const struct network_link *link,
                      const struct flight *flight)
{
    return link->pair_changes == 0 ? link->loss_now : network_pair_loss(network, flight);
}

enum { TIMEOUTS_MAX = 15 }; /* Linux gives up then (tcp_retries2); here the last one gets through */

/*
 * Whether the flight's packets that are still missing are hit by loss now. Only what was lost is
 * sent again: of n packets, some are lost k times in a row with 1 - (1 - loss^k)^n.
 */
static bool loses(const struct network *network, struct network_link *link, struct flight *flight)
{
    const double loss = loss_of(network, link, flight), packets = packets_of(network, flight);
    if (loss <= 0.0 || flight->lost > TIMEOUTS_MAX) {
        return false;
    }
    double before = 1.0;
    for (uint32_t i = 0; i < flight->lost; i++) {
        before *= loss;
    }
    const double all = flight->lost > 0 ? any_lost(before, packets) : 1.0;
    const bool lost = random_unit(&link->loss_stream) * all < any_lost(before * loss, packets);
    flight->lost = (uint16_t)(flight->lost + lost);
    return lost;
}

/* The time-out that follows the last loss: it doubles with each one after the first. */
static sim_ns timeout_ns(const struct network *network, const struct network_link *link,
                         const struct flight *flight)
{
    const sim_ns most_ns = network->config->retransmit_max;
    sim_ns wait_ns = first_timeout_ns(network, link);
    for (uint32_t i = 2; i < flight->lost && wait_ns < most_ns; i++) {
        wait_ns *= 2;
    }
    return wait_ns < most_ns ? wait_ns : most_ns;
}

struct network_connection *network_connection(struct network *network,
                                              const struct message *message)
{
    if (!end_is_machine(message->from | message->to) ||
        network->config->transport != SCENARIO_TRANSPORT_STREAM) {
        return NULL;
    }
    struct network_connection **row = &network->connections[message->from];
    if (*row == NULL) {
        *row = arena_alloc(network->arena, network->node_count, sizeof **row);
        for (uint32_t to = 0; to < network->node_count; to++) {
            (*row)[to].link = network_link_between(network, message->from, to);
        }
    }
    return &(*row)[message->to];
}

/* Heavy tails and a pipe without bandwidth reach "never"; times must stay safe to add to. */
static sim_ns not_beyond(sim_ns at_ns)
{
    return at_ns < SIM_NS_MAX ? at_ns : SIM_NS_MAX;
}

/* When a message that leaves its link at `link_ns` is there. */
static inline sim_ns beyond_link(struct network *network, const struct message *message,
                                 sim_ns link_ns)
{
    return not_beyond(link_ns + last_mile_ns(network, message->from) +
                      last_mile_ns(network, message->to));
}

/* Not before what was sent earlier on the same connection. */
static inline void schedule_arrival(struct network *network, uint32_t slot,
                                    const struct message *message,
                                    struct network_connection *connection, sim_ns arrival_ns)
{
    sim_ns at_ns = arrival_ns;
    if (connection != NULL) {
        at_ns = at_ns > connection->last_arrival_ns ? at_ns : connection->last_arrival_ns;
        connection->last_arrival_ns = at_ns;
    }
    engine_at(network->engine, at_ns,
              (struct event){.kind = network->deliver_kind,
                             .target = message->to,
                             .a = slot,
                             .b = message->operation});
}

enum { ON_ITS_WAY = -1 };

/*
 * Puts the flight on its link now and schedules its arrival. On a stream the first loss is mended
 * by fast retransmit, one round trip later; when that is lost as well the message waits for a
 * time-out, whose delay from now is returned: the caller sends it again then, with the losses of
 * that moment. Else ON_ITS_WAY; a datagram that is lost is gone.
 */
static sim_ns transmit(struct network *network, uint32_t slot, struct flight *flight,
                       struct network_connection *connection)
{
    struct network_link *link = network_link_at(network, flight->link);
    const sim_ns now_ns = engine_now(network->engine);
    sim_ns start_ns = now_ns;
    if (link->bandwidth_now > 0.0) {
        const double bits =
            8.0 * (double)(flight->message.bytes + (uint64_t)network->config->overhead_bytes);
        start_ns = link->pipe_free_ns > now_ns ? link->pipe_free_ns : now_ns;
        start_ns = not_beyond(start_ns + sim_ns_from_double(bits * 1e9 / link->bandwidth_now));
        link->pipe_free_ns = start_ns;
    }
    const sim_ns link_ns =
        not_beyond(start_ns + network_travel_ns(network, link, &flight->message));
    sim_ns arrival_ns = beyond_link(network, &flight->message, link_ns);
    const bool again = flight->retries > 0 || flight->lost > 0;
    count_message(network, flight, RECORD_SENT, again ? RECORD_FLAG_RETRANSMITTED : 0);
    const double lost = loss_of(network, link, flight);
    if (lost > 0.0 && network->config->transport == SCENARIO_TRANSPORT_DATAGRAM) {
        const double loss = any_lost(lost, packets_of(network, flight));
        if (random_chance(&link->loss_stream, loss)) {
            network_drop(network, slot);
            return ON_ITS_WAY;
        }
    } else if (loses(network, link, flight)) {
        sim_ns mended_ns = 0;
        if (flight->lost == 1) {
            mended_ns = 2 * link->p50_ns;
            count_message(network, flight, RECORD_SENT, RECORD_FLAG_RETRANSMITTED);
        }
        if (flight->lost > 1 || loses(network, link, flight)) {
            return mended_ns + timeout_ns(network, link, flight);
        }
        arrival_ns += mended_ns;
    }
    if (link->disorder > 0) {
        arrival_ns = network_disorder(network, slot, start_ns, link_ns, arrival_ns);
        flight = network_flight(network, slot); /* copies may have moved the pool */
    }
    schedule_arrival(network, slot, &flight->message, connection, arrival_ns);
    return ON_ITS_WAY;
}

/* Nothing more goes out on the connection before the retry, `wait_ns` from now. */
static void schedule_retry(struct network *network, struct network_connection *connection,
                           const struct flight *flight, sim_ns wait_ns)
{
    if (connection->retrying) {
        return;
    }
    connection->retrying = true;
    network_link_at(network, connection->link)->retrying++;
    connection->retry_number++;
    connection->rto_ns = wait_ns;
    engine_after(network->engine, connection->rto_ns,
                 (struct event){.kind = network->retry_kind,
                                .target = flight->message.from,
                                .a = flight->message.to,
                                .b = connection->retry_number});
}

/* A client's message met a cut link: the same back-off, each message for itself, until it is given
 * up. */
static void client_wait(struct network *network, uint32_t slot, struct flight *flight)
{
    const struct network_link *link = network_link_at(network, flight->link);
    sim_ns wait_ns = first_timeout_ns(network, link);
    for (uint32_t i = 0; i < flight->retries && wait_ns < network->config->retransmit_max; i++) {
        wait_ns *= 2;
    }
    if (wait_ns > network->config->retransmit_max) {
        wait_ns = network->config->retransmit_max;
    }
    if (engine_now(network->engine) + wait_ns - flight->sent_ns > network->give_up_ns) {
        network_drop(network, slot);
        return;
    }
    flight->retries++;
    engine_after(network->engine, wait_ns,
                 (struct event){.kind = network->client_retry_kind, .a = slot});
}

/* transmit(), and waiting for the time-out when the losses of the moment ask for one. */
static void send_out(struct network *network, uint32_t slot, struct flight *flight,
                     struct network_connection *connection)
{
    const sim_ns wait_ns = transmit(network, slot, flight, connection);
    if (wait_ns == ON_ITS_WAY) {
        return;
    }
    if (connection == NULL) {
        engine_after(network->engine, wait_ns,
                     (struct event){.kind = network->client_retry_kind, .a = slot});
        return;
    }
    connection->backlog_bytes += flight->message.bytes + network->config->overhead_bytes;
    list_put_back(network, &connection->waiting_head, &connection->waiting_tail, slot);
    schedule_retry(network, connection, flight, wait_ns);
}

/* A message that meets a cut, losses or a full pipe, or a connection that waits already. */
static void post_otherwise(struct network *network, uint32_t slot, struct flight *flight,
                           struct network_connection *connection)
{
    const struct network_link *link = network_link_at(network, flight->link);
    const bool stream = network->config->transport == SCENARIO_TRANSPORT_STREAM;
    const enum network_way way =
        link->cuts == 0 ? NETWORK_GOES : network_way_out(network, slot, connection);
    if (way == NETWORK_TAKEN) {
        return;
    }
    const bool cut = way == NETWORK_MEETS_CUT;
    if (connection != NULL && (cut || connection->retrying)) {
        const int64_t bytes = flight->message.bytes + network->config->overhead_bytes;
        if (connection->backlog_bytes + bytes > network->config->send_buffer_bytes) {
            network_drop(network, slot);
            return;
        }
        connection->backlog_bytes += bytes;
        list_append(network, &connection->waiting_head, &connection->waiting_tail, slot);
        schedule_retry(network, connection, flight, first_timeout_ns(network, link));
    } else if (cut && stream) {
        client_wait(network, slot, flight);
    } else if (cut) {
        network_drop(network, slot);
    } else {
        send_out(network, slot, flight, connection);
    }
}

void network_post(struct network *network, uint32_t slot, struct flight *flight)
{
    const struct message *message = &flight->message;
    const uint32_t index = network_link_between(network, message->from, message->to);
    struct network_link *link = network_link_at(network, index);
    const sim_ns now_ns = engine_now(network->engine);
    flight->sent_ns = now_ns;
    flight->link = index;
    flight->epoch = link->losses;
    flight->power = end_is_machine(message->from) ? network->node_powers[message->from] : 0;
    flight->retries = 0;
    flight->lost = 0;
    struct network_connection *connection = network_connection(network, message);
    if (link->cuts == 0 && link->unlimited && (connection == NULL || !connection->retrying)) {
        /* What transmit() comes to then. */
        const sim_ns link_ns = not_beyond(now_ns + network_travel_ns(network, link, message));
        const sim_ns arrival_ns = beyond_link(network, message, link_ns);
        count_message(network, flight, RECORD_SENT, 0);
        schedule_arrival(network, slot, message, connection, arrival_ns);
    } else {
        post_otherwise(network, slot, flight, connection);
    }
}

/* Whether the sender still has the message, so that it can send it again. */
static bool sender_has(const struct network *network, const struct flight *flight)
{
    const uint32_t from = flight->message.from;
    return !end_is_machine(from) || flight->power == network->node_powers[from];
}

/* Its sender's place lost what it had under way. */
static bool overtaken(const struct network *network, const struct flight *flight)
{
    return flight->epoch != network_link_at(network, flight->link)->losses &&
           (flight->message.from & ENDPOINT_CLIENT) == 0;
}

/* The link may be cut, something may wait before the flight, or its place may have lost it. */
bool network_arrives(struct network *network, const struct event *event, struct flight *flight)
{
    const uint32_t slot = (uint32_t)event->a;
    struct network_connection *connection = network_connection(network, &flight->message);
    const struct network_link *link = network_link_at(network, flight->link);
    const enum network_way way =
        link->cuts == 0 ? NETWORK_GOES : network_way_in(network, event, connection);
    if (way == NETWORK_TAKEN) {
        return false;
    }
    const bool cut = way == NETWORK_MEETS_CUT;
    const bool again = cut || (connection != NULL && connection->lost_head != 0);
    if (overtaken(network, flight) || (again && !sender_has(network, flight))) {
        network_drop(network, slot);
    } else if (connection != NULL && again) {
        connection->backlog_bytes += flight->message.bytes + network->config->overhead_bytes;
        list_append(network, &connection->lost_head, &connection->lost_tail, slot);
        schedule_retry(network, connection, flight, first_timeout_ns(network, link));
    } else if (cut && network->config->transport == SCENARIO_TRANSPORT_STREAM) {
        client_wait(network, slot, flight);
    } else if (cut) {
        network_drop(network, slot);
    } else {
        return true;
    }
    return false;
}

void network_retry(struct network *network, const struct event *event)
{
    const uint32_t from = event->target, to = (uint32_t)event->a;
    struct network_connection *connection = &network->connections[from][to];
    if (!connection->retrying || event->b != connection->retry_number) {
        return; /* the sender lost power meanwhile */
    }
    struct network_link *link = network_link_at(network, connection->link);
    const enum network_cut cut =
        link->cuts == 0 ? NETWORK_OPEN : network_cut_between(network, link, from, to);
    if (cut == NETWORK_RESET) {
        network_connection_drop(network, link, connection);
        return;
    }
    if (cut == NETWORK_BLACK_HOLE) {
        connection->rto_ns = 2 * connection->rto_ns < network->config->retransmit_max
                                 ? 2 * connection->rto_ns
                                 : network->config->retransmit_max;
        engine_after(network->engine, connection->rto_ns, *event);
        return;
    }
    connection->retrying = false;
    link->retrying--;
    for (uint32_t slot = connection->lost_head; slot != 0;
         slot = network_flight(network, slot)->next) {
        network_flight(network, slot)->retries++;
    }
    if (connection->lost_head != 0) {
        /* What met the cut was sent before what waits. */
        network_flight(network, connection->lost_tail)->next = connection->waiting_head;
        connection->waiting_tail =
            connection->waiting_head != 0 ? connection->waiting_tail : connection->lost_tail;
        connection->waiting_head = connection->lost_head;
        connection->lost_head = connection->lost_tail = 0;
    }
    while (connection->waiting_head != 0 && !connection->retrying) {
        const uint32_t slot =
            list_take(network, &connection->waiting_head, &connection->waiting_tail);
        struct flight *flight = network_flight(network, slot);
        connection->backlog_bytes -= flight->message.bytes + network->config->overhead_bytes;
        send_out(network, slot, flight, connection);
    }
}

void network_client_retry(struct network *network, const struct event *event)
{
    const uint32_t slot = (uint32_t)event->a;
    struct flight *flight = network_flight(network, slot);
    if (!sender_has(network, flight)) {
        network_drop(network, slot);
        return;
    }
    const enum network_way way = network_link_at(network, flight->link)->cuts == 0
                                     ? NETWORK_GOES
                                     : network_way_out(network, slot, NULL);
    if (way == NETWORK_MEETS_CUT) {
        client_wait(network, slot, flight);
    } else if (way == NETWORK_GOES) {
        send_out(network, slot, flight, NULL);
    }
}

void network_drop(struct network *network, uint32_t slot)
{
    count_message(network, network_flight(network, slot), RECORD_DROPPED, 0);
    network_done(network, slot);
}
