/*
 * value.h - what a key holds, and how two of it become one.
 *
 * Model:   a value that merges is a state: words. Its type performs clients' operations on the
 *          state of the replica that accepts them, and joins two states into one. The join is
 *          commutative, associative and idempotent, so replicas that have been given the same
 *          writes, in whatever order and however often, hold the same words (strong eventual
 *          consistency; Shapiro et al., "Conflict-free Replicated Data Types", SSS 2011).
 * Forms:   a replica tells others of a write in one of three forms. STATE: all that it holds;
 *          DELTA: a small state that holds what the write changed, joined like any state (Almeida,
 *          Shoker, Baquero, "Delta state replicated data types", JPDC 2018); OPERATION: what was
 *          done, which the others do again, once each and in the order of the sender.
 * Head:    every state, delta and operation begins with the newest version (stamp, write) that it
 *          includes; value.c keeps the heads, a type sees only the body behind it. No words at all
 *          are the state before any write.
 * Words:   equal states must be equal words: a body is kept in one canonical order. Output buffers
 *          may hold words already (a head): a type appends, its body begins where it found the end.
 * Actors:  whoever gives dots: a machine, and how often it has lost its memory, so that no dot is
 *          given twice (Riak's actor epochs). ACTOR_BITS wide: a machine that loses its memory more
 *          than 255 times goes on with its last life, and may then give a dot that was lost again.
 * Plain registers (type `register`) do not come here: version and size are all that they are.
 * Adding one: a file with a `const struct value_ops value_NAME_ops` and a line in registry.def.
 * Cost:    O(size of the states); buffers are the caller's and grow to the largest state.
 */
#ifndef MODELS_VALUES_VALUE_H
#define MODELS_VALUES_VALUE_H

#include "models/values/words.h"
#include "sim/param.h"
#include "sim/sim_time.h"

enum value_action {              /* what a client's write does; the words of the operation mix */
                    VALUE_WRITE, /* `write`: whatever the type says in `write_means` */
                    VALUE_SET,   /* the value (element: which field or item) becomes new content */
                    VALUE_INCREMENT,
                    VALUE_DECREMENT,
                    VALUE_ADD, /* an element to a set, a message to a list, an item to a cart */
                    VALUE_REMOVE,
                    VALUE_DELETE,   /* the whole key */
                    VALUE_TRANSFER, /* no client's: rights to the actor `element`; see `wants` */
                    VALUE_ACTION_COUNT
};

enum value_form { VALUE_STATE, VALUE_DELTA, VALUE_OPERATION, VALUE_FORM_COUNT };

enum value_result {
    VALUE_DONE,
    VALUE_REFUSED /* nothing changed: a condition does not hold, the stock is empty */
};

/* How writes that meet are judged by the observer; of the type, not of the scenario. */
enum value_meeting {
    VALUE_ONE_WINS,  /* one of two stays, the other is silently gone (per element: `by_element`) */
    VALUE_ALL_COUNT, /* both have their effect: counters, sets */
    VALUE_KEPT       /* both are kept side by side until somebody resolves them */
};

enum { VALUE_ACTOR_BITS = 20, VALUE_DOT_BITS = 64 - VALUE_ACTOR_BITS, VALUE_MEMBER_BITS = 12 };

/* How many low bits of a stamp only tell machines apart (STAMP_MEMBER_BITS of models/stamps). */
enum { VALUE_TIE_BITS = 6 };

/* A version as in models/replication/message.h, which this layer does not include. */
struct value_version {
    int64_t stamp;
    uint64_t write;
};

static inline bool value_version_less(struct value_version a, struct value_version b)
{
    return a.stamp != b.stamp ? a.stamp < b.stamp : a.write < b.write;
}

struct value_type { /* of a dataset */
    const struct value_ops *ops;
    const void *params;
};

struct value_write {          /* a client's operation, at the replica that accepts it */
    enum value_action action; /* never VALUE_WRITE: `write_means` is put in its place */
    uint32_t element;         /* field, item or element: below `elements` of the type */
    int64_t amount;           /* of increments, decrements, quantities: at least 1 */
    uint32_t bytes;           /* of the content that the client sends */
    uint32_t actor;
    uint32_t members; /* that store the dataset */
    struct value_version version;
    sim_ns clock_ns;      /* the replica's own clock */
    struct words context; /* what the client had read before (`context` below); no words: nothing */
    bool context_given;   /* false: a blind write */
};

struct value_view {    /* what a reader gets */
    int64_t number;    /* a counter's value; how many elements a set, cart or list has; else 0 */
    uint32_t siblings; /* values side by side: 1, more when nobody has resolved them; 0: none */
    uint32_t elements; /* that are there: 0 = nothing, or deleted */
};

struct value_size {    /* bytes, stored or on the wire */
    uint32_t payload;  /* what clients have written */
    uint32_t metadata; /* what the type needs besides: dots, contexts, tombstones, stamps */
};

struct value_ops {
    struct param_kind kind;
    uint32_t actions; /* bit per enum value_action, without VALUE_WRITE */
    uint32_t forms;   /* bit per enum value_form: STATE always */
    enum value_action write_means;
    enum value_meeting meeting;
    bool by_element;  /* only writes of the same element meet */
    bool needs_state; /* `perform` must see what the replica holds: its coordinator must store it */
    bool is_number;   /* view.number is a sum of increments and decrements */
    uint32_t (*elements)(const void *params);          /* how many there can be; NULL: 1 */
    int64_t (*minimum)(const void *params, bool *has); /* of a number, if any; NULL: none */
    /*
     * Does `write` on body `before`: the body after it to `after`, and to `shipped` its delta or
     * operation when `form` is one of these. VALUE_REFUSED: both are ignored.
     */
    enum value_result (*perform)(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped);
    /*
     * The join of two bodies, states or deltas. `displaced`, unless NULL, gets four words for every
     * write that is in one of them and must give way to another: its version, the winner's version.
     * Not for what a later write had read and replaced knowingly (a context).
     */
    void (*join)(const void *params, struct words a, struct words b, struct words_buffer *out,
                 struct words_buffer *displaced);
    /* Does another one's operation here; not idempotent. NULL: forms without OPERATION. */
    void (*again)(const void *params, struct words before, struct words operation,
                  struct words_buffer *after);
    void (*view)(const void *params, struct words body, struct value_view *view);
    struct value_size (*size)(const void *params, struct words body, enum value_form form);
    /* The writes of which something is in the body, in any order; the observer is told of them. */
    void (*writes)(const void *params, struct words body, enum value_form form,
                   struct words_buffer *versions); /* two words each */
    /* What a reader must bring back so that its write replaces what it has read. NULL: nothing. */
    void (*context)(const void *params, struct words body, struct words_buffer *out);
    /* Whether a reader's write replaces all that is side by side; NULL: it does, with a context. */
    bool (*resolves)(const void *params);
    /* Forgets what the grace period no longer protects; false: nothing. NULL: there is none. */
    bool (*sweep)(const void *params, struct words body, sim_ns clock_ns,
                  struct words_buffer *after);
    sim_ns (*sweep_every)(const void *params); /* 0: never */
    /*
     * Rights to take from a number are running low at this replica (a bounded counter): true, whom
     * to ask for how many. The strategy asks after a write here was done or refused: a message with
     * the amount and the asker's actor to member *from, which does a write VALUE_TRANSFER (element:
     * the asker's actor, version {0, 0}) on its own state and, unless refused, ships what came of
     * it to all like any write. Requests and their effects may be lost: nothing goes wrong but that
     * the rights stay where they are. No second request of a key while one is under way. NULL:
     * never.
     */
    bool (*wants)(const void *params, struct words body, uint32_t actor, uint32_t members,
                  uint32_t *from, int64_t *amount);
};

extern const struct param_registry value_registry;

/* ---- states with their heads (value.c): what storage and strategies use ---- */

enum { VALUE_HEAD_WORDS = 2 };

static inline struct value_version value_head(struct words state)
{
    return state.count < VALUE_HEAD_WORDS
               ? (struct value_version){0, 0}
               : (struct value_version){(int64_t)state.at[0], state.at[1]};
}

static inline struct words value_body(struct words state)
{
    return state.count < VALUE_HEAD_WORDS
               ? (struct words){NULL, 0}
               : (struct words){state.at + VALUE_HEAD_WORDS, state.count - VALUE_HEAD_WORDS};
}

/* NULL: the value is a plain register. */
const struct value_ops *value_ops_of(const struct param_choice *choice);

enum value_result value_perform(const struct value_type *type, struct words before,
                                const struct value_write *write, enum value_form form,
                                struct words_buffer *after, struct words_buffer *shipped);
/* `from` in the given form on top of `state`; false: it changes nothing. */
bool value_take(const struct value_type *type, struct words state, struct words from,
                enum value_form form, struct words_buffer *after, struct words_buffer *displaced);
/* Forgets what is past its grace; false: nothing. Of a state without anything left no words stay.
 */
bool value_sweep(const struct value_type *type, struct words state, sim_ns clock_ns,
                 struct words_buffer *after);
void value_view_of(const struct value_type *type, struct words state, struct value_view *view);
struct value_size value_size_of(const struct value_type *type, struct words state,
                                enum value_form form);
uint64_t value_digest(struct words state); /* equal states, equal digests; of no words 0 */

/* An operation as it travels in a request: 8 bits action, 24 element, 32 amount. */
static inline uint64_t value_request_pack(enum value_action action, uint32_t element,
                                          uint32_t amount)
{
    return (uint64_t)action << 56 | (uint64_t)(element & 0xffffffu) << 32 | amount;
}

static inline enum value_action value_request_action(uint64_t packed)
{
    return (enum value_action)(packed >> 56);
}

static inline uint32_t value_request_element(uint64_t packed)
{
    return (uint32_t)(packed >> 32) & 0xffffffu;
}

static inline uint32_t value_request_amount(uint64_t packed) /* nothing said: 1 */
{
    return (uint32_t)packed == 0 ? 1 : (uint32_t)packed;
}

/* By how much it changes a number: 0 for what neither adds nor takes. */
static inline int64_t value_signed(enum value_action action, int64_t amount)
{
    const bool adds = action == VALUE_INCREMENT || action == VALUE_ADD;
    const bool takes = action == VALUE_DECREMENT || action == VALUE_REMOVE;
    return adds ? amount : takes ? -amount : 0;
}

static inline uint32_t value_actor(uint32_t member, uint32_t lives)
{
    const uint32_t most = (UINT32_C(1) << (VALUE_ACTOR_BITS - VALUE_MEMBER_BITS)) - 1;
    return (lives < most ? lives : most) << VALUE_MEMBER_BITS | member;
}

extern const char *const value_action_names[VALUE_ACTION_COUNT + 1];

#endif
