/*
 * merge_case.h - a few replicas of one key in a test: they write, tell each other, and remember
 * which writes each of them has been given.
 *
 * A history keeps every accepted write with its past (the writes that its replica had), so that a
 * test can say from the definition of a type, without states and joins, what a replica with a
 * given set of writes has to show: the reference. merge_random() plays histories and compares.
 */
#ifndef TESTS_MODELS_VALUES_MERGE_CASE_H
#define TESTS_MODELS_VALUES_MERGE_CASE_H

#include "tests/models/values/value_case.h"

enum { MERGE_REPLICAS = 4, MERGE_WRITES = 64 }; /* a set of writes is a word */

struct merge_write {
    enum value_action action;
    uint32_t element, bytes, replica, lives;
    int64_t amount, time; /* the stamp is time and replica */
    sim_ns clock_ns;
    const uint64_t *context; /* NULL: blind */
    uint32_t context_count;
    /* Filled when it is done: */
    struct value_version version;
    uint64_t past;
};

struct merge_case {
    struct arena arena;
    struct value_case value;
    struct words_buffer states[MERGE_REPLICAS + 1]; /* the last one is for gathering */
    struct words_buffer deltas[MERGE_WRITES];
    struct words_buffer after, shipped, displaced; /* displaced: by the last join */
    struct merge_write writes[MERGE_WRITES];       /* write i has number i + 1 */
    uint64_t known[MERGE_REPLICAS + 1];
    uint32_t count;
    enum value_form form; /* of `deltas`; DELTA unless set */
    uint64_t seed;        /* of the random history that is played, for messages */
    /* The last join, for whoever checks what was displaced. */
    uint64_t left, right;
};

void merge_begin(struct merge_case *merge, const char *type, const char *variant);
void merge_end(struct merge_case *merge);
void merge_forget(struct merge_case *merge); /* begins anew with the same type */

/* False: refused. bytes 0 means 10, amount 0 means 1. */
bool merge_do(struct merge_case *merge, uint32_t replica, struct merge_write write);
void merge_send(struct merge_case *merge, uint32_t from, uint32_t to); /* all of its state */
/* What the write shipped; in the known set it is that write only. */
void merge_deliver(struct merge_case *merge, uint32_t write, uint32_t to);
bool merge_equal(const struct merge_case *merge, uint32_t a, uint32_t b);
struct value_view merge_view(const struct merge_case *merge, uint32_t replica);
struct value_size merge_size(const struct merge_case *merge, uint32_t replica);
struct value_size merge_delta_size(const struct merge_case *merge, uint32_t write);

struct merge_pair { /* indexes of writes */
    uint32_t loser, winner;
};

/* Whether exactly these were displaced by the last join. */
bool merge_displaced(const struct merge_case *merge, const struct merge_pair *pairs,
                     uint32_t count);

struct merge_plan { /* of a random history */
    uint64_t seed;
    uint32_t steps, replicas;
    const enum value_action *actions;
    uint32_t action_count, elements, amounts;
    uint32_t steps_per_tick; /* stamps tie within a tick */
    int64_t skew;            /* each write's clock is wrong by up to so many ticks */
    bool one_delta_is_all;   /* deltas of all writes, in any order, are the whole state */
};

/* Called for a replica that has changed; fails the test by itself. */
typedef void merge_check(const struct merge_case *merge, uint32_t replica);

void merge_random(struct merge_case *merge, const struct merge_plan *plan, merge_check *check);
/* Fails with both numbers, the type and the seed unless they are equal. */
void merge_expect(const struct merge_case *merge, const char *what, int64_t got, int64_t expected);
uint64_t merge_draw(uint64_t *state, uint64_t below);

#endif
