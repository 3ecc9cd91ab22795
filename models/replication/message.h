/*
 * message.h - what travels between machines, and between clients and machines.
 *
 * Units: bytes is what the message carries beyond network.overhead_bytes; it costs bandwidth and
 *        money.
 * Ends:  a node's index, ENDPOINT_CLIENT | client group, or ENDPOINT_AGENT | agent.
 * Requests of clients carry no version: version.write is the number of the session that asks.
 */
#ifndef MODELS_REPLICATION_MESSAGE_H
#define MODELS_REPLICATION_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

/* One version of one key. Ordered by (stamp, write); write 0 is the value before any write. */
struct version {
    int64_t stamp;  /* log position, or timestamp in ns: what the strategy orders by */
    uint64_t write; /* number of the client operation that wrote the value */
};

static inline bool version_newer(struct version a, struct version b)
{
    return a.stamp != b.stamp ? a.stamp > b.stamp : a.write > b.write;
}

static inline bool version_equal(struct version a, struct version b)
{
    return a.stamp == b.stamp && a.write == b.write;
}

#define ENDPOINT_CLIENT (UINT32_C(1) << 31)
#define ENDPOINT_AGENT  (UINT32_C(1) << 30) /* a process of the control or front plane: agents/ */

/* First kinds. MESSAGE_CONTROL and above: between agents, and between them and clients. */
enum { MESSAGE_REQUEST = 0, MESSAGE_REPLY = 1, MESSAGE_STRATEGY = 2, MESSAGE_CONTROL = 0x8000 };

/* `flag` of a MESSAGE_REPLY. */
enum message_reply_flag {
    MESSAGE_REFERRED = 1,  /* outcome fail: version.write = leader's node + 1 (0: not known),
                              version.stamp = its epoch */
    MESSAGE_CACHED = 2,    /* a region's cache answered */
    MESSAGE_RESET = 8,     /* the network says so: its connection was reset; `a` >> 32 = session */
    MESSAGE_LED = 16,      /* of a write that is ok, by a leader that can be moved: a = its epoch */
    MESSAGE_REJECTED = 64, /* of a write that failed: the value forbids it, nobody need try again */
    MESSAGE_SIBLINGS = 32, /* of a read: more than one value side by side was returned */
    MESSAGE_PROXIED = 4    /* the answer comes from another region than the one that was asked */
};

/* `flag` of a MESSAGE_REQUEST; a read: its answer brings, in `block`, the context of what it
 * returns. */
enum message_request_flag { MESSAGE_WANTS_CONTEXT = 1 };

/*
 * Writes of plain registers: `a` keys from `key` on, as one transaction, when it is above 1; bytes
 * of all. Writes of values that merge: `a` says what is done (value_request_pack), and `block` is
 * the context that the client had read, 0 for a blind write; a context of no words is one word 0,
 * and `bytes` has those of the context in it.
 */
struct message {   /* 64 bytes: one cache line */
    uint16_t kind; /* MESSAGE_REQUEST, MESSAGE_REPLY, or MESSAGE_STRATEGY + index in
                      strategy_ops.messages */
    uint16_t dataset;
    uint32_t from, to;
    uint32_t key;
    uint32_t bytes;
    uint32_t request; /* number chosen by the asking side, echoed by the answer */
    struct version version;
    uint64_t operation; /* client operation that caused it; 0 when none did */
    uint64_t a;         /* the strategy's own */
    uint32_t block;     /* further words (replica_block); 0 when none */
    uint8_t type;       /* enum record_operation_type, of a request or its reply */
    uint8_t outcome;    /* enum record_outcome, of a reply */
    uint8_t tries;      /* of a request: which try of the operation this is, 0 = first */
    uint8_t flag;       /* the strategy's own */
};

/*
 * Field by field, so that a message which is made and sent in one place is made where it goes. A
 * copy of the whole would read several fields at once that were just written one by one, and wait.
 */
static inline void message_copy(struct message *to, const struct message *from)
{
    to->kind = from->kind;
    to->dataset = from->dataset;
    to->from = from->from;
    to->to = from->to;
    to->key = from->key;
    to->bytes = from->bytes;
    to->request = from->request;
    to->version = from->version;
    to->operation = from->operation;
    to->a = from->a;
    to->block = from->block;
    to->type = from->type;
    to->outcome = from->outcome;
    to->tries = from->tries;
    to->flag = from->flag;
}

#endif
