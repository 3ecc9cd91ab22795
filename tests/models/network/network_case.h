/*
 * network_case.h - a world of two places with one machine each, a client group at the second, and
 * links that a test sets by hand. Included by one test file each.
 */
#ifndef TESTS_MODELS_NETWORK_NETWORK_CASE_H
#define TESTS_MODELS_NETWORK_NETWORK_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/network/network.h"
#include "models/network/network_cut.h"
#include "models/network/network_straight.h"
#include "models/purpose.h"
#include "sim/arena.h"

enum { DELIVER, RETRY, CLIENT_RETRY, SCRIPT, RESET, KINDS, ARRIVALS_MAX = 256, MS = 1000000 };

struct fixture {
    struct arena arena;
    struct engine engine;
    struct network network;
    struct scenario_network config;
    struct record_sink sink;
    uint32_t node_places[2], node_zones[2], group_places[1];
    const struct distribution *last_miles[1];
    struct random_stream last_mile_streams[1];
    const struct distribution *const *kind_delays[1];
    struct {
        sim_ns at_ns;
        uint64_t a;
    } arrivals[ARRIVALS_MAX];
    size_t arrival_count;
    uint64_t sent, dropped, retransmitted;
    void (*script)(struct fixture *fixture, uint64_t step);
};

static inline void on_row(void *state, const struct record *row)
{
    struct fixture *fixture = state;
    fixture->sent += row->kind == RECORD_SENT;
    fixture->dropped += row->kind == RECORD_DROPPED;
    fixture->retransmitted += (row->flags & RECORD_FLAG_RETRANSMITTED) != 0;
}

static inline void on_deliver(void *context, const struct event *event)
{
    struct fixture *fixture = context;
    if (!network_arrive(&fixture->network, event)) {
        return;
    }
    assert_true(fixture->arrival_count < ARRIVALS_MAX);
    fixture->arrivals[fixture->arrival_count].at_ns = engine_now(&fixture->engine);
    fixture->arrivals[fixture->arrival_count++].a =
        network_flight(&fixture->network, (uint32_t)event->a)->message.a;
    network_done(&fixture->network, (uint32_t)event->a);
}

static inline void on_retry(void *context, const struct event *event)
{
    network_retry(&((struct fixture *)context)->network, event);
}

static inline void on_client_retry(void *context, const struct event *event)
{
    network_client_retry(&((struct fixture *)context)->network, event);
}

static inline void on_script(void *context, const struct event *event)
{
    struct fixture *fixture = context;
    fixture->script(fixture, event->a);
}

/* Told to the client: noted as an arrival, `a` = 1000 + the outcome. */
static inline void on_reset(void *context, const struct event *event)
{
    struct fixture *fixture = context;
    const uint32_t slot = (uint32_t)event->a;
    const struct message *message = &network_flight(&fixture->network, slot)->message;
    assert_int_equal(event->target, ENDPOINT_CLIENT);
    assert_int_equal(message->kind, MESSAGE_REPLY);
    fixture->arrivals[fixture->arrival_count].at_ns = engine_now(&fixture->engine);
    fixture->arrivals[fixture->arrival_count++].a = 1000u + message->outcome;
    network_done(&fixture->network, slot);
}

static const engine_handler handlers[KINDS] = {on_deliver, on_retry, on_client_retry, on_script,
                                               on_reset};

static inline void set_link(struct fixture *fixture, uint32_t link, sim_ns delay_ns)
{
    struct network_link *l = network_link_at(&fixture->network, link);
    network_link_name(&fixture->network, link);
    l->base_ns = l->p50_ns = delay_ns;
    random_stream_init(&l->delay_stream, 7, PURPOSE_LINK_DELAY, link);
    random_stream_init(&l->loss_stream, 7, PURPOSE_LINK_LOSS, link);
    random_stream_init(&l->kind_stream, 7, PURPOSE_MESSAGE_DELAY, link);
    network_link_update(l);
}

static inline void no_block(void *context, uint16_t dataset, uint32_t block)
{
    (void)context;
    (void)dataset;
    (void)block;
}

/* Machine 0 in place 0, machine 1 in place 1, 40 ms apart; clients in place 1. */
static inline void begin(struct fixture *fixture)
{
    arena_init(&fixture->arena);
    engine_init(&fixture->engine, fixture, handlers, KINDS);
    fixture->config = (struct scenario_network){.transport = SCENARIO_TRANSPORT_STREAM,
                                                .retransmit_min = 200 * MS,
                                                .retransmit_max = INT64_C(120000) * MS,
                                                .send_buffer_bytes = 10000,
                                                .overhead_bytes = 100};
    fixture->sink = (struct record_sink){.state = fixture, .row = on_row, .mask = UINT32_MAX};
    fixture->node_places[1] = 1;
    fixture->group_places[0] = 1;
    struct network *network = &fixture->network;
    network->config = &fixture->config;
    network->engine = &fixture->engine;
    network->sink = &fixture->sink;
    network->arena = &fixture->arena;
    network->links = arena_alloc(&fixture->arena, 6, sizeof *network->links);
    network->place_count = 2;
    network->node_count = 2;
    network->node_places = fixture->node_places;
    network->node_zones = fixture->node_zones;
    network->group_places = fixture->group_places;
    network->last_miles = fixture->last_miles;
    network->last_mile_streams = fixture->last_mile_streams;
    network->kind_delays = fixture->kind_delays;
    network->node_powers = arena_alloc(&fixture->arena, network->node_count, sizeof(uint16_t));
    network->connections = arena_alloc(&fixture->arena, 2, sizeof *network->connections);
    pool_init(&network->flights, sizeof(struct flight), 100000);
    network->block_free = no_block;
    network->give_up_ns = INT64_C(10000) * MS;
    network->deliver_kind = DELIVER;
    network->retry_kind = RETRY;
    network->client_retry_kind = CLIENT_RETRY;
    network->reset_kind = RESET;
    set_link(fixture, 0, 0);
    set_link(fixture, 1, 40 * MS);
    set_link(fixture, 2, 40 * MS);
    set_link(fixture, 3, 0);
}

static inline void end(struct fixture *fixture)
{
    assert_int_equal(fixture->network.flights.count, 0);
    pool_release(&fixture->network.flights);
    engine_release(&fixture->engine);
    arena_release(&fixture->arena);
}

static inline void send(struct fixture *fixture, uint32_t from, uint32_t to, uint32_t bytes,
                        uint64_t a)
{
    const struct message message = {
        .kind = MESSAGE_STRATEGY, .from = from, .to = to, .bytes = bytes, .a = a};
    network_send(&fixture->network, &message);
}

static inline void at(struct fixture *fixture, sim_ns at_ns, uint64_t step)
{
    engine_at(&fixture->engine, at_ns, (struct event){.kind = SCRIPT, .a = step});
}

static inline void run(struct fixture *fixture)
{
    assert_int_equal(engine_run(&fixture->engine, SIM_NS_MAX, UINT64_MAX), ENGINE_DONE);
}

#endif
