/*
 * collect_torn.h - transactions of several keys that a replica holds in part; only
 * analysis/collect*.c include it.
 *
 * Model:  a write of several keys at once (INVOKED says of how many) is torn at a replica when that
 *         one was given some of its keys and not yet the others, for as long as that lasted.
 *         Whoever reads both meanwhile sees half of it. The replica that accepts it is given all at
 *         one instant.
 * Bounds: followed until every replica has been given all of it, but only while fewer than some
 *         tens of thousands of other operations have begun since; then it is forgotten where it was
 *         not whole, and not counted there.
 * Cost:   a look-up for each row that a replica is given, in datasets with transactions only.
 */
#ifndef ANALYSIS_COLLECT_TORN_H
#define ANALYSIS_COLLECT_TORN_H

#include "analysis/collect_state.h"

struct torn_replica {
    uint64_t given; /* bit per key */
    sim_ns first_ns;
};

struct torn_transaction {
    uint64_t operation; /* 0: none */
    uint64_t all;       /* bits of its keys */
    uint32_t first_key;
    uint16_t dataset;
    bool measured;
};

struct torn_dataset {
    uint64_t whole, torn; /* pairs of a transaction and a replica that was given all of it */
    struct histogram lasted;
};

struct torn_state {
    struct torn_dataset *datasets;
    struct torn_transaction *transactions; /* by operation modulo `places` */
    struct torn_replica *replicas;         /* replicas_most for each place */
    uint32_t places, replicas_most;
};

void torn_init(struct collect_state *state); /* state->torn stays NULL without transactions */
void torn_release(struct collect_state *state);
void torn_row(struct collect_state *state, const struct record *record);
void build_torn(struct collect_state *state, struct set_builder *builder);

#define TORN_ROWS (1u << RECORD_INVOKED | 1u << RECORD_APPLIED | 1u << RECORD_SUPERSEDED)

#endif
