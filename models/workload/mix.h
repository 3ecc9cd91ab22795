/*
 * mix.h - what an operation does: shares of reads, writes, inserts, scans, read-modify-writes, and
 * of the actions of values that merge.
 *
 * Model:   shares are relative to their sum; no share at all means only reads. YCSB's core
 * workloads are presets: A 50 % read 50 % update; B 95/5; C only reads; D 95 % read 5 % insert,
 *          latest; E 95 % scan 5 % insert; F 50 % read 50 % read-modify-write; all but D zipfian.
 * Writes:  what a write, an insert and the write of a read-modify-write do, the type of the value
 *          says, so that presets work on every type.
 * Differs from YCSB: scans have a fixed length (mix.scan_keys, 50: about the mean of YCSB's uniform
 *          1..100); updates write the whole value; the number of keys is fixed, so inserts go
 *          around; `latest` follows inserts when they begin, not when they are acknowledged; a
 *          read-modify-write is two operations, the write beginning when the read is answered.
 * Source:  Cooper et al., "Benchmarking cloud serving systems with YCSB", SoCC 2010, table 2, and
 *          the files of workloads a to f that come with YCSB 0.17.
 */
#ifndef MODELS_WORKLOAD_MIX_H
#define MODELS_WORKLOAD_MIX_H

#include "models/scenario.h"
#include "models/values/value.h"

/* Clients' actions are VALUE_WRITE .. here; what follows is done among machines. */
enum { MIX_ACTIONS_END = VALUE_DELETE + 1 };

enum mix_operation {
    MIX_READ,
    MIX_WRITE,
    MIX_INSERT,
    MIX_SCAN,
    MIX_READ_MODIFY_WRITE,
    MIX_ACTION_FIRST, /* + action - VALUE_SET: the write names what it does */
    MIX_OPERATION_COUNT = MIX_ACTION_FIRST + MIX_ACTIONS_END - VALUE_SET
};

struct mix {
    double until[MIX_OPERATION_COUNT]; /* cumulative; the last is 1 */
    bool simple;                       /* only reads and writes */
};

/* The mix that a client group asks for by `ycsb` or `mix`. */
void mix_init(struct mix *mix, const struct scenario_client *client);

/* Its key chooser: its own `popularity`, else that of its YCSB workload, else the dataset's. */
uint32_t mix_popularity(const struct scenario_client *client, const struct scenario_keys *keys);

/* The share of the group's own mix that names this action; not of VALUE_WRITE. */
double mix_action_share(const struct scenario_mix *mix, enum value_action action);
/* Of all shares of the group's own mix. */
double mix_sum(const struct scenario_mix *mix);

/* An enum mix_operation, or an action as said there. */
static inline uint32_t mix_pick(const struct mix *mix, double unit)
{
    if (mix->simple) { /* no branch to guess: chance decides */
        return (uint32_t)MIX_READ + (unit >= mix->until[MIX_READ]);
    }
    uint32_t operation = MIX_READ;
    while (operation < MIX_OPERATION_COUNT - 1 && unit >= mix->until[operation]) {
        operation++;
    }
    return operation;
}

/* What the writes of this operation do. */
static inline enum value_action mix_action(uint32_t operation)
{
    return operation < MIX_ACTION_FIRST
               ? VALUE_WRITE
               : (enum value_action)(operation - MIX_ACTION_FIRST + VALUE_SET);
}

#endif
