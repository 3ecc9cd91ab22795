/*
 * network.h - how a message gets from one machine to another.
 *
 * Model:   places (regions and clients' own places) are joined by directed links. A link is a pipe:
 * a message enters when the pipe's sender is free (bytes / bandwidth), then travels the link's
 * floor plus a one-sided random delay; many are in flight at once. Two machines have one connection
 * per direction. A stream delivers in order; a lost packet is sent again after a round trip (fast
 *          retransmit), then after time-outs that double from retransmit_min to retransmit_max,
 *          and what follows waits behind it. While a link is cut nothing arrives; the stream keeps
 *          what it has (send_buffer) and tries again with the same back-off, so a healed link
 *          carries on at the next try, not at once. Datagrams are independent and lost for good.
 *          Client messages are many short connections: each is sent again on its own.
 * Assumes: acknowledgements of the transport cost nothing; a message is lost or arrives as a whole.
 * Source:  RFC 6298 (time-outs and doubling), RFC 5681 (fast retransmit); delays: models/geography.
 * Units:   ns, bytes, bits per second.
 * Cost:    one or two keyed draws a message; no allocation but at a new peak.
 */
#ifndef MODELS_NETWORK_NETWORK_H
#define MODELS_NETWORK_NETWORK_H

#include "models/faults/fault_target.h"
#include "models/network/network_law.h"
#include "models/replication/message.h"
#include "models/scenario.h"
#include "sim/arena.h"
#include "sim/engine.h"
#include "sim/fetch.h"
#include "sim/pool.h"
#include "sim/random_blocks.h"
#include "sim/record.h"

/* What becomes of what is sent over a cut pair. Of several at a time the greatest counts. */
enum network_cut {
    NETWORK_OPEN,
    NETWORK_JAMMED,     /* it waits in the network, and arrives when the jam ends */
    NETWORK_BLACK_HOLE, /* silence */
    NETWORK_RESET,      /* streams are answered with a connection reset; datagrams: silence */
    NETWORK_CUT_COUNT
};

struct network_holds { /* faults that cut a link, or a pair of ends on it, by enum network_cut */
    uint16_t counts[NETWORK_CUT_COUNT];
};

enum { NETWORK_AHEAD = RANDOM_BLOCKS };

struct network_link {
    /* With these four at 0 a message has nothing to meet: see network_straight.h. */
    uint32_t cuts;       /* 0: open for all; else network_cut.h knows for whom it is not */
    uint32_t retrying;   /* connections on it that wait for a retry */
    uint32_t losses;     /* how often its first place lost what its machines had under way */
    uint32_t crooked;    /* a delay is more than one draw from `law`: network_link_update() */
    bool published;      /* the delay is sampled from `law`, its floor included */
    bool unlimited;      /* no loss, no bandwidth and no fault to think of */
    bool kinds_differ;   /* messages of some kinds have delays of their own */
    uint32_t ahead_left; /* published delays that are drawn already: the last of ahead_ns */
    uint16_t from_place, to_place;
    uint32_t pair; /* from place x places + to place */
    /* Sent and not yet in the sink's table: see network_tell(). */
    uint64_t untold_messages, untold_bytes;
    double delay_factor; /* what link faults make of it now; more below */
    sim_ns extra_ns;
    sim_ns ahead_ns[NETWORK_AHEAD];
    struct random_stream delay_stream;
    struct network_law law; /* when published */
    sim_ns base_ns; /* without the random part: the floor for published jitter, else the median */
    sim_ns p50_ns;  /* expected one-way delay */
    double relative_ns;     /* relative: mean of an exponential extra delay */
    double loss, bandwidth; /* as configured; bandwidth 0: unlimited */
    struct random_stream loss_stream, kind_stream;
    sim_ns pipe_free_ns;
    struct network_holds holds;
    uint32_t held_head, held_tail; /* what a jam holds, in order of arrival */
    uint32_t releasing;            /* of what a jam held, on its last step now */
    sim_ns detour_ns;              /* longer, while its cable is cut */
    uint32_t cable_cuts;           /* faults that cut its cable */
    uint32_t reroutes;             /* of them, those that send its traffic around */
    bool stranded;                 /* there is no way around */
    double loss_now, bandwidth_now;
    uint32_t disorder, pair_changes; /* changes that network_disorder.h is for; of them, of pairs */
    struct random_stream disorder_stream;
    struct fault_link *changes; /* in the order in which they began */
    uint32_t change_count, change_capacity;
};

/* A message on its way. Index in the network's pool = `slot`. */
struct flight {
    struct message message;
    sim_ns sent_ns;
    uint32_t link;
    uint32_t epoch; /* the link's losses when it was sent */
    uint16_t power; /* how often the sending machine had lost power when it was sent */
    uint16_t retries;
    uint16_t lost; /* how often in a row packets of it were lost */
    uint32_t next; /* in the backlog of its connection */
};

struct network_connection { /* from one machine to another; only for streams between machines */
    sim_ns last_arrival_ns;
    sim_ns last_served_ns; /* the receiving machine handles one connection's messages in order */
    sim_ns rto_ns;
    uint32_t lost_head, lost_tail;       /* sent, but they met a cut link */
    uint32_t waiting_head, waiting_tail; /* not sent yet */
    int64_t backlog_bytes;
    uint32_t link;
    bool retrying;         /* a retry is scheduled */
    uint64_t retry_number; /* of the retry that counts: those before a power loss do not */
};

struct network {
    const struct scenario_network *config;
    struct engine *engine;
    const struct record_sink *sink;
    struct arena *arena;
    /* place x place, the diagonal between zones; then per place the link inside one zone */
    struct network_link *links;
    uint32_t place_count, node_count;
    const uint32_t *node_places, *node_zones;     /* per node */
    uint16_t *node_powers;                        /* how often a machine has lost power */
    const uint32_t *group_places;                 /* per client group */
    const uint32_t *agent_places;                 /* per agent */
    const struct distribution *const *last_miles; /* per client group; entries may be NULL */
    struct random_stream *last_mile_streams;      /* per client group */
    const struct distribution *const *const *kind_delays; /* per dataset, per message kind */
    struct network_connection *
        *connections; /* per sending node: a row of receiving nodes, or NULL */
    /* Per sending end (machines, then places for their clients): a row of receiving ends, or NULL.
     */
    struct network_holds **pair_holds;
    struct network_pair_change *pair_changes; /* in the order in which they began */
    uint32_t pair_change_count, pair_change_capacity;
    struct pool flights;
    void (*block_free)(void *context, uint16_t dataset, uint32_t block);
    uint32_t (*block_copy)(void *context, uint16_t dataset, uint32_t block);
    void *block_context;
    sim_ns give_up_ns;                                    /* of a client's message */
    uint16_t deliver_kind, retry_kind, client_retry_kind; /* event kinds of the world */
    /* For a client or agent (target) that its connection was reset: a = flight of the answer. */
    uint16_t reset_kind;
};

void network_retry(struct network *network, const struct event *event); /* retry_kind */
void network_client_retry(struct network *network,
                          const struct event *event); /* client_retry_kind */

static inline struct flight *network_flight(const struct network *network, uint32_t slot)
{
    return pool_at(&network->flights, slot);
}

/* For writing a message where it goes: fill all of the flight's message, then post it. */
static inline struct flight *network_take(struct network *network, uint32_t *slot)
{
    *slot = pool_take_used(&network->flights);
    CHECK(*slot != POOL_NONE);
    return pool_item(&network->flights, *slot);
}
void network_post(struct network *network, uint32_t slot, struct flight *flight);

/* Sends a copy of the message (from, to, kind, dataset, bytes set). Delivery is an event
 * deliver_kind. */
static inline void network_send(struct network *network, const struct message *message)
{
    uint32_t slot = 0;
    struct flight *flight = network_take(network, &slot);
    message_copy(&flight->message, message);
    network_post(network, slot, flight);
}

/* For looking ahead: fetches a flight into the cache; then its message, which may be gone already.
 */
static inline void network_fetch(const struct network *network, uint32_t slot)
{
    const unsigned char *item = network->flights.items + (size_t)slot * network->flights.item_bytes;
    fetch_write(item);
    fetch_write(item + 64);
}

static inline const struct message *network_peek(const struct network *network, uint32_t slot)
{
    return (const struct message *)(const void *)(network->flights.items +
                                                  (size_t)slot * network->flights.item_bytes);
}

/* Ends a flight whose message the receiver did not get. Its block is freed. */
void network_drop(struct network *network, uint32_t slot);

/* Ends a flight that arrived. Its block is freed; its message stays where it is until the next one
 * is sent. */
static inline void network_done(struct network *network, uint32_t slot)
{
    pool_give(&network->flights, slot);
    const struct message *message =
        &((const struct flight *)pool_item(&network->flights, slot))->message;
    if (__builtin_expect(message->block != 0, 0)) {
        network->block_free(network->block_context, message->dataset, message->block);
    }
}

/* All that the connection holds is gone; it is on that link. */
void network_connection_drop(struct network *network, struct network_link *link,
                             struct network_connection *connection);

/* A sending machine lost power: what its connections still held is gone. */
void network_forget(struct network *network, uint32_t node);

/* private: whether a flight arrives on a link on which something is to be met; else it is gone. */
bool network_arrives(struct network *network, const struct event *event, struct flight *flight);

/* The stream between two machines that this message travels; NULL for datagrams and clients. */
struct network_connection *network_connection(struct network *network,
                                              const struct message *message);

/* Names the link: `index` is that of network_link_between(). Before anything else. */
void network_link_name(struct network *network, uint32_t index);

/* The machines of a place lose what they have under way. */
void network_lose(struct network *network, uint32_t place);

/* Brings the sink's table of traffic up to date: when a run ends. */
void network_tell(struct network *network);

/* Gives the link the published law of one-way delays. */
void network_link_publish(struct network_link *link, const struct geography_jitter *jitter);

/* Draws the next published delays, when none is left. */
void network_link_draw(struct network_link *link);

/* The link that a message between two ends takes. */
uint32_t network_link_between(const struct network *network, uint32_t from, uint32_t to);
uint32_t network_place_of(const struct network *network, uint32_t end);

static inline struct network_link *network_link_at(const struct network *network, uint32_t link)
{
    return &network->links[link];
}

/* private: the delay of one message */
sim_ns network_travel_ns(struct network *network, struct network_link *link,
                         const struct message *message);

bool network_change_same(const struct fault_link *a, const struct fault_link *b);

/* Recomputes what link faults make of a link, after `changes` was changed. */
void network_link_update(struct network_link *link);

#endif
