#include "models/network/network_cut.h"

#include "models/agents/control.h"
#include "models/network/network_list.h"

#include "sim/check.h"

#define RESET_LEAST_NS SIM_NS_PER_US /* no answer takes no time: it could go on for ever */

enum { RELEASED = UINT16_MAX }; /* `lost` of a flight on its last step out of a jam */

static bool end_is_machine(uint32_t end)
{
    return (end & (ENDPOINT_CLIENT | ENDPOINT_AGENT)) == 0;
}

uint32_t network_pair_end(const struct network *network, uint32_t end)
{
    return end_is_machine(end) ? end : network->node_count + network_place_of(network, end);
}

static uint32_t end_place(const struct network *network, uint32_t end)
{
    return end < network->node_count ? network->node_places[end] : end - network->node_count;
}

enum network_cut network_cut_between(const struct network *network, const struct network_link *link,
                                     uint32_t from, uint32_t to)
{
    struct network_holds holds = link->holds;
    const struct network_holds *row =
        network->pair_holds != NULL ? network->pair_holds[network_pair_end(network, from)] : NULL;
    if (row != NULL) {
        const struct network_holds *pair = &row[network_pair_end(network, to)];
        for (int cut = NETWORK_JAMMED; cut < NETWORK_CUT_COUNT; cut++) {
            holds.counts[cut] = (uint16_t)(holds.counts[cut] + pair->counts[cut]);
        }
    }
    for (int cut = NETWORK_RESET; cut > NETWORK_OPEN; cut--) {
        if (holds.counts[cut] > 0) {
            return (enum network_cut)cut;
        }
    }
    return NETWORK_OPEN;
}

static enum network_cut cut_of(const struct network *network, const struct flight *flight)
{
    return network_cut_between(network, network_link_at(network, flight->link),
                               flight->message.from, flight->message.to);
}

/* When the client or agent hears of it: see network_cut.h. */
static sim_ns reset_after_ns(const struct network *network, const struct flight *flight,
                             bool arriving)
{
    const uint16_t kind = flight->message.kind;
    const bool request = kind == MESSAGE_REQUEST || kind == CONTROL_CONNECT;
    const struct network_link *link = network_link_at(network, flight->link);
    sim_ns after_ns = link->p50_ns;
    if (request && !arriving) {
        const uint32_t inside = network->place_count * network->place_count + link->from_place;
        after_ns = 2 * network_link_at(network, inside)->p50_ns;
    } else if (!request && arriving) {
        after_ns = 0;
    }
    return after_ns > RESET_LEAST_NS ? after_ns : RESET_LEAST_NS;
}

static void tell(struct network *network, const struct message *answer, sim_ns after_ns)
{
    const uint32_t slot = pool_take_used(&network->flights);
    CHECK(slot != POOL_NONE);
    message_copy(&network_flight(network, slot)->message, answer);
    engine_after(network->engine, after_ns,
                 (struct event){.kind = network->reset_kind, .target = answer->to, .a = slot});
}

/* The message is gone; a client or an agent that waits for its answer is told. */
static void reset(struct network *network, uint32_t slot, struct network_connection *connection,
                  bool arriving)
{
    const struct flight *flight = network_flight(network, slot);
    const struct message gone = flight->message;
    const bool request = gone.kind == MESSAGE_REQUEST;
    const bool sent = !request || arriving || flight->retries > 0 || flight->lost > 0;
    const sim_ns after_ns = reset_after_ns(network, flight, arriving);
    if (connection != NULL) {
        network_connection_drop(network, network_link_at(network, flight->link), connection);
    }
    network_drop(network, slot);
    if (gone.kind == CONTROL_CONNECT && !end_is_machine(gone.from)) {
        struct message refused = gone;
        refused.kind = CONTROL_RESET;
        refused.flag = 1; /* enum connection_reset: it was no request */
        refused.from = gone.to;
        refused.to = gone.from;
        tell(network, &refused, after_ns);
        return;
    }
    if ((!request && gone.kind != MESSAGE_REPLY) || end_is_machine(request ? gone.from : gone.to)) {
        return;
    }
    const struct message answer = {.kind = MESSAGE_REPLY,
                                   .dataset = gone.dataset,
                                   .from = request ? gone.to : gone.from,
                                   .to = request ? gone.from : gone.to,
                                   .key = gone.key,
                                   .request = gone.request,
                                   .operation = gone.operation,
                                   .a = request ? gone.version.write << 32 : gone.a,
                                   .type = gone.type,
                                   .outcome = sent && gone.type == RECORD_WRITE ? RECORD_INFO
                                                                                : RECORD_FAIL,
                                   .tries = gone.tries,
                                   .flag = MESSAGE_RESET};
    tell(network, &answer, after_ns);
}

static bool resets(const struct network *network, enum network_cut cut)
{
    return cut == NETWORK_RESET && network->config->transport == SCENARIO_TRANSPORT_STREAM;
}

enum network_way network_way_out(struct network *network, uint32_t slot,
                                 struct network_connection *connection)
{
    const enum network_cut cut = cut_of(network, network_flight(network, slot));
    if (resets(network, cut)) {
        reset(network, slot, connection, false);
        return NETWORK_TAKEN;
    }
    return cut == NETWORK_RESET || cut == NETWORK_BLACK_HOLE ? NETWORK_MEETS_CUT : NETWORK_GOES;
}

enum network_way network_way_in(struct network *network, const struct event *event,
                                struct network_connection *connection)
{
    const uint32_t slot = (uint32_t)event->a;
    struct flight *flight = network_flight(network, slot);
    struct network_link *link = network_link_at(network, flight->link);
    const bool released = flight->lost == RELEASED;
    if (released) {
        flight->lost = 0;
        link->releasing--;
        link->cuts--;
    }
    if (link->releasing > 0 && !released) {
        /* What the jam held comes before what arrives at the instant of its end. */
        engine_at(network->engine, engine_now(network->engine), *event);
        return NETWORK_TAKEN;
    }
    const enum network_cut cut = cut_of(network, flight);
    if (resets(network, cut)) {
        reset(network, slot, connection, true);
        return NETWORK_TAKEN;
    }
    if (cut == NETWORK_RESET || cut == NETWORK_BLACK_HOLE) {
        return NETWORK_MEETS_CUT;
    }
    if (connection != NULL && connection->lost_head != 0) {
        return NETWORK_GOES; /* to wait behind what was lost before */
    }
    if (cut == NETWORK_JAMMED) {
        list_append(network, &link->held_head, &link->held_tail, slot);
        return NETWORK_TAKEN;
    }
    return NETWORK_GOES;
}

/* A hold has ended: what no jam holds any more takes its last step. */
static void release(struct network *network, struct network_link *link)
{
    uint32_t slot = link->held_head;
    link->held_head = link->held_tail = 0;
    while (slot != 0) {
        struct flight *flight = network_flight(network, slot);
        const uint32_t next = flight->next;
        if (cut_of(network, flight) == NETWORK_JAMMED) {
            list_append(network, &link->held_head, &link->held_tail, slot);
        } else {
            flight->lost = RELEASED;
            link->releasing++;
            link->cuts++;
            engine_at(network->engine, engine_now(network->engine),
                      (struct event){.kind = network->deliver_kind,
                                     .target = flight->message.to,
                                     .a = slot,
                                     .b = flight->message.operation});
        }
        slot = next;
    }
}

static void count(struct network *network, struct network_link *link, struct network_holds *holds,
                  enum network_cut cut, int change)
{
    CHECK(cut > NETWORK_OPEN && cut < NETWORK_CUT_COUNT);
    CHECK(change == 1 || (change == -1 && holds->counts[cut] > 0));
    holds->counts[cut] = (uint16_t)(holds->counts[cut] + change);
    link->cuts += (uint32_t)change;
    if (change < 0) {
        release(network, link);
    }
}

void network_link_hold(struct network *network, uint32_t link, enum network_cut cut, int change)
{
    struct network_link *held = network_link_at(network, link);
    count(network, held, &held->holds, cut, change);
}

/* The link of two pair ends; zones matter for two machines of one place. */
struct network_link *network_pair_link(const struct network *network, uint32_t from, uint32_t to)
{
    if (from < network->node_count && to < network->node_count) {
        return network_link_at(network, network_link_between(network, from, to));
    }
    return network_link_at(network, end_place(network, from) * network->place_count +
                                        end_place(network, to));
}

void network_pair_hold(struct network *network, uint32_t from, uint32_t to, enum network_cut cut,
                       int change)
{
    const uint32_t ends = network->node_count + network->place_count;
    CHECK(from < ends && to < ends && from != to);
    if (network->pair_holds == NULL) {
        network->pair_holds = arena_alloc(network->arena, ends, sizeof *network->pair_holds);
    }
    struct network_holds **row = &network->pair_holds[from];
    if (*row == NULL) {
        *row = arena_alloc(network->arena, ends, sizeof **row);
    }
    count(network, network_pair_link(network, from, to), &(*row)[to], cut, change);
}
