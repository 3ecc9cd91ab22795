/*
 * collect_reference.h - test help: an observer that keeps every fact and judges by brute force.
 *
 * It is written from the definitions alone (analysis/metric_catalogue.c) and shares no code with
 * the collector: each question walks over all commits, acknowledgements or reads of the run. Times
 * of rows must be unique.
 */
#ifndef TESTS_ANALYSIS_COLLECT_REFERENCE_H
#define TESTS_ANALYSIS_COLLECT_REFERENCE_H

#include "sim/check.h"
#include "sim/record.h"

#include <stdlib.h>

enum {
    REF_DATASETS = 2,
    REF_REPLICAS = 3,
    REF_KEYS = 23,
    REF_GROUPS = 4,
    REF_PLACES = 3,
    REF_BUCKETS = 64,
    REF_FACTS = 40000
};

struct ref_version {
    int64_t stamp;
    uint64_t write;
};

/* The value before any write has write 0 and is the least whatever its stamp. */
static inline bool ref_less(struct ref_version a, struct ref_version b)
{
    if (a.write == 0 || b.write == 0) {
        return a.write == 0 && b.write != 0;
    }
    return a.stamp != b.stamp ? a.stamp < b.stamp : a.write < b.write;
}

struct ref_fact { /* a commit, an acknowledgement, or a read that ended ok */
    sim_ns at_ns;
    uint32_t dataset, key, session, place;
    struct ref_version version;
    uint32_t lost;  /* acknowledgements: number of the crash that took it; 0: there, or back */
    bool gone;      /* commits: nobody has it since a replica went back */
    bool discarded; /* thrown away; of acknowledgements those that were lost then */
};

struct ref_sum { /* what a distribution must add up to */
    uint64_t count;
    double sum;
    int64_t max;
};

static inline void ref_add(struct ref_sum *sum, int64_t value)
{
    sum->count++;
    sum->sum += (double)value;
    sum->max = value > sum->max ? value : sum->max;
}

struct ref_reads {
    uint64_t reads, stale;
    struct ref_sum age, versions;
};

struct reference {
    const struct record_layout *layout;
    struct ref_fact commits[REF_FACTS], acks[REF_FACTS], reads[REF_FACTS];
    size_t commit_count, ack_count, read_count;
    struct record invoked[64]; /* by slot */
    struct ref_version held[REF_DATASETS][REF_REPLICAS][REF_KEYS];
    bool down[REF_REPLICAS];
    sim_ns now_ns;
    /* verdicts */
    struct ref_reads by_pair[REF_PLACES + 1][REF_PLACES]; /* writer (last: none), reader */
    struct ref_sum t_all, t_missed;
    uint64_t own_reads, own_bad, seen_reads, seen_bad;
    struct ref_sum latency[REF_GROUPS][2], windows[2][3][2]; /* fault, phase, type */
    uint64_t offered[2], outcomes[2][3];
    uint64_t bucket_ok[REF_BUCKETS][2], bucket_all[REF_BUCKETS][2];
    struct ref_sum delay[REF_DATASETS][REF_REPLICAS];
    struct ref_sum lag[REF_DATASETS][REF_REPLICAS], missing[REF_DATASETS][REF_REPLICAS];
    double lag_integral[REF_DATASETS][REF_REPLICAS], missing_integral[REF_DATASETS][REF_REPLICAS];
    sim_ns fault_begin_ns[2], fault_end_ns[2]; /* -1: not yet */
    sim_ns last_end_ns, converged_ns;
    uint64_t rpo_writes, rpo_recovered, rpo_discarded;
    sim_ns rpo_ns, last_begin_ns;
    uint32_t crashes;
};

static inline struct ref_version ref_version_of(const struct record *row)
{
    return (struct ref_version){row->stamp, row->write};
}

static inline struct ref_version ref_newest_held(const struct reference *ref, uint32_t d,
                                                 uint32_t key, bool only_up)
{
    struct ref_version newest = {0, 0};

    for (uint32_t x = 0; x < ref->layout->datasets[d].replica_count; x++) {
        if (!(only_up && ref->down[x]) && ref_less(newest, ref->held[d][x][key])) {
            newest = ref->held[d][x][key];
        }
    }
    return newest;
}

/* Lag of a replica: committed, not lost, and newer than what it holds. */
static inline sim_ns ref_oldest_missing(const struct reference *ref, uint32_t d, uint32_t x,
                                        uint64_t *missing)
{
    sim_ns oldest_ns = SIM_NS_MAX;

    *missing = 0;
    for (size_t i = 0; i < ref->commit_count; i++) {
        const struct ref_fact *commit = &ref->commits[i];

        if (commit->dataset == d && !commit->gone && !commit->discarded &&
            ref_less(ref->held[d][x][commit->key], commit->version)) {
            (*missing)++;
            oldest_ns = commit->at_ns < oldest_ns ? commit->at_ns : oldest_ns;
        }
    }
    return oldest_ns;
}

/* Time passes: lag is integrated, and sampled at the ends of buckets. */
static inline void ref_pass(struct reference *ref, sim_ns to_ns, bool last)
{
    const struct record_layout *layout = ref->layout;
    const sim_ns from_ns = ref->now_ns > layout->warmup_ns ? ref->now_ns : layout->warmup_ns;
    const sim_ns first = ref->now_ns / layout->bucket_ns + 1;

    for (uint32_t d = 0; d < layout->dataset_count; d++) {
        for (uint32_t x = 0; x < layout->datasets[d].replica_count; x++) {
            uint64_t missing;
            const sim_ns oldest_ns = ref_oldest_missing(ref, d, x, &missing);

            if (missing > 0 && to_ns > from_ns) {
                const double a = (double)(from_ns - oldest_ns), b = (double)(to_ns - oldest_ns);

                ref->lag_integral[d][x] += (b * b - a * a) / 2;
                ref->missing_integral[d][x] += (double)missing * (double)(to_ns - from_ns);
            }
            for (sim_ns k = first; k * layout->bucket_ns <= to_ns; k++) {
                const sim_ns at_ns = k * layout->bucket_ns;

                if (at_ns > layout->warmup_ns && (at_ns < layout->duration_ns || last)) {
                    ref_add(&ref->lag[d][x], missing > 0 ? at_ns - oldest_ns : 0);
                    ref_add(&ref->missing[d][x], (int64_t)missing);
                }
            }
        }
    }
    ref->now_ns = to_ns;
}

static inline void ref_converge(struct reference *ref)
{
    bool all = true;

    if (ref->last_end_ns < 0) {
        return;
    }
    for (uint32_t d = 0; d < ref->layout->dataset_count; d++) {
        for (uint32_t x = 0; x < ref->layout->datasets[d].replica_count; x++) {
            uint64_t missing;

            all =
                all && (ref->down[x] || ref_oldest_missing(ref, d, x, &missing) > ref->last_end_ns);
        }
    }
    if (!all) {
        ref->converged_ns = -1;
    } else if (ref->converged_ns < ref->last_end_ns) {
        ref->converged_ns = ref->now_ns;
    }
}

static inline uint64_t ref_lost(const struct reference *ref, bool only_up, sim_ns *earliest_ns)
{
    uint64_t lost = 0;

    *earliest_ns = SIM_NS_MAX;
    for (size_t i = 0; i < ref->ack_count; i++) {
        const struct ref_fact *ack = &ref->acks[i];

        if (ref_less(ref_newest_held(ref, ack->dataset, ack->key, only_up), ack->version)) {
            lost++;
            *earliest_ns = ack->at_ns < *earliest_ns ? ack->at_ns : *earliest_ns;
        }
    }
    return lost;
}

/* A replica went back to that version: what nobody holds, nor anything newer, is gone. */
static inline void ref_goes_back(struct reference *ref, uint32_t d, uint32_t x, uint32_t key,
                                 struct ref_version version)
{
    if (!ref_less(version, ref->held[d][x][key])) {
        return;
    }
    ref->held[d][x][key] = version;
    for (size_t i = 0; i < ref->commit_count; i++) {
        struct ref_fact *commit = &ref->commits[i];

        if (commit->dataset == d && commit->key == key &&
            ref_less(ref_newest_held(ref, d, key, false), commit->version)) {
            commit->gone = true;
        }
    }
}

static inline struct ref_fact *ref_commit_of(struct reference *ref, const struct record *row)
{
    for (size_t i = 0; i < ref->commit_count; i++) {
        if (ref->commits[i].dataset == row->dataset && ref->commits[i].key == row->key &&
            ref->commits[i].version.write == row->write) {
            return &ref->commits[i];
        }
    }
    return NULL;
}

static inline void ref_apply(struct reference *ref, const struct record *row)
{
    struct ref_version *held = &ref->held[row->dataset][row->node][row->key];
    const struct ref_version version = ref_version_of(row);
    struct ref_fact *known = ref_commit_of(ref, row);

    if (known != NULL) {
        known->gone = false;
    }
    for (size_t i = 0; (row->flags & RECORD_FLAG_REVERTED) == 0 && i < ref->commit_count; i++) {
        const struct ref_fact *commit = &ref->commits[i];

        if (commit->dataset == row->dataset && commit->key == row->key && !commit->gone &&
            !commit->discarded && commit->at_ns >= ref->layout->warmup_ns &&
            ref_less(*held, commit->version) && !ref_less(version, commit->version)) {
            ref_add(&ref->delay[row->dataset][row->node], row->at_ns - commit->at_ns);
        }
    }
    if ((row->flags & RECORD_FLAG_REVERTED) != 0) {
        ref_goes_back(ref, row->dataset, row->node, row->key, version);
    }
    *held = version;
}

static inline void ref_commit(struct reference *ref, const struct record *row)
{
    const struct ref_version version = ref_version_of(row);

    struct ref_fact *known = ref_commit_of(ref, row);

    if (known != NULL && !known->gone && !known->discarded) {
        return; /* decided again */
    }
    if (known == NULL) {
        CHECK(ref->commit_count < REF_FACTS);
        known = &ref->commits[ref->commit_count++];
    }
    *known = (struct ref_fact){
        .at_ns = row->at_ns, .dataset = row->dataset, .key = row->key, .version = version};
    for (uint32_t x = 0; x < ref->layout->datasets[row->dataset].replica_count; x++) {
        if (row->at_ns >= ref->layout->warmup_ns &&
            !ref_less(ref->held[row->dataset][x][row->key], version)) {
            ref_add(&ref->delay[row->dataset][x], 0);
        }
    }
}

static inline void ref_read(struct reference *ref, const struct record *invoked,
                            struct ref_version got)
{
    const uint32_t reader = ref->layout->groups[invoked->group].place;
    const struct ref_fact *latest = NULL;
    struct ref_version own = {0, 0}, seen = {0, 0};
    sim_ns earliest_ns = SIM_NS_MAX;
    uint64_t behind = 0;

    for (size_t i = 0; i < ref->ack_count; i++) {
        const struct ref_fact *ack = &ref->acks[i];

        if (ack->dataset != invoked->dataset || ack->key != invoked->key ||
            ack->at_ns > invoked->at_ns) {
            continue;
        }
        latest = latest == NULL || ref_less(latest->version, ack->version) ? ack : latest;
        if (ref_less(got, ack->version)) {
            behind++;
            earliest_ns = ack->at_ns < earliest_ns ? ack->at_ns : earliest_ns;
        }
        if (ack->session == invoked->session && ref_less(own, ack->version)) {
            own = ack->version;
        }
    }
    for (size_t i = 0; i < ref->read_count; i++) {
        const struct ref_fact *read = &ref->reads[i];

        if (read->dataset == invoked->dataset && read->key == invoked->key &&
            read->session == invoked->session && read->at_ns <= invoked->at_ns &&
            ref_less(seen, read->version)) {
            seen = read->version;
        }
    }

    struct ref_reads *pair = &ref->by_pair[latest == NULL ? REF_PLACES : latest->place][reader];

    pair->reads++;
    pair->stale += behind > 0 ? 1u : 0u;
    ref_add(&pair->age, behind > 0 ? invoked->at_ns - earliest_ns : 0);
    ref_add(&pair->versions, (int64_t)behind);
    if (latest != NULL) {
        ref_add(&ref->t_all, invoked->at_ns - latest->at_ns);
        if (behind > 0) {
            ref_add(&ref->t_missed, invoked->at_ns - latest->at_ns);
        }
    }
    ref->own_reads += own.write != 0 ? 1u : 0u;
    ref->own_bad += ref_less(got, own) ? 1u : 0u;
    ref->seen_reads += seen.write != 0 ? 1u : 0u;
    ref->seen_bad += ref_less(got, seen) ? 1u : 0u;
}

static inline uint32_t ref_phase(const struct reference *ref, uint32_t fault, sim_ns at_ns)
{
    if (ref->fault_begin_ns[fault] < 0 || at_ns < ref->fault_begin_ns[fault]) {
        return 0;
    }
    return ref->fault_end_ns[fault] < 0 || at_ns < ref->fault_end_ns[fault] ? 1 : 2;
}

static inline void ref_completed(struct reference *ref, const struct record *row)
{
    const struct record *invoked = &ref->invoked[row->slot];
    const bool ok = row->outcome == RECORD_OK;
    const sim_ns bucket = invoked->at_ns / ref->layout->bucket_ns;
    const struct ref_fact fact = {.at_ns = row->at_ns,
                                  .dataset = invoked->dataset,
                                  .key = invoked->key,
                                  .session = invoked->session,
                                  .place = ref->layout->groups[invoked->group].place,
                                  .version = ref_version_of(row)};

    CHECK(bucket < REF_BUCKETS);
    ref->bucket_all[bucket][invoked->type]++;
    ref->bucket_ok[bucket][invoked->type] += ok ? 1u : 0u;
    if ((invoked->flags & RECORD_FLAG_WARMUP) == 0) {
        ref->outcomes[invoked->type][row->outcome]++;
        if (ok) {
            ref_add(&ref->latency[invoked->group][invoked->type], row->at_ns - invoked->a);
            for (uint32_t fault = 0; fault < 2; fault++) {
                ref_add(&ref->windows[fault][ref_phase(ref, fault, invoked->at_ns)][invoked->type],
                        row->at_ns - invoked->a);
            }
            if (invoked->type == RECORD_READ) {
                ref_read(ref, invoked, fact.version);
            }
        }
    }
    if (ok && invoked->type == RECORD_READ) {
        ref->reads[ref->read_count++] = fact;
    } else if (ok) {
        ref->acks[ref->ack_count++] = fact;
    }
}

/* The crash took what is acknowledged and that no live replica holds, nor anything newer. */
static inline void ref_crash(struct reference *ref)
{
    ref->crashes++;
    for (size_t i = 0; i < ref->ack_count; i++) {
        struct ref_fact *ack = &ref->acks[i];

        if (ack->lost == 0 &&
            ref_less(ref_newest_held(ref, ack->dataset, ack->key, true), ack->version)) {
            const sim_ns age_ns = ref->last_begin_ns - ack->at_ns;

            ack->lost = ref->crashes;
            ref->rpo_writes++;
            ref->rpo_ns = age_ns > ref->rpo_ns ? age_ns : ref->rpo_ns;
        }
    }
}

/* A live replica holds it (again): it is back, with what the same crash took of older versions. */
static inline void ref_back(struct reference *ref, uint32_t d, uint32_t key,
                            struct ref_version version)
{
    uint32_t crash = 0;

    for (size_t i = 0; i < ref->ack_count; i++) {
        const struct ref_fact *ack = &ref->acks[i];

        if (ack->dataset == d && ack->key == key && ack->version.write == version.write &&
            !ack->discarded) {
            crash = ack->lost;
        }
    }
    for (size_t i = 0; crash != 0 && i < ref->ack_count; i++) {
        struct ref_fact *ack = &ref->acks[i];

        if (ack->dataset == d && ack->key == key && ack->lost == crash && !ack->discarded &&
            !ref_less(version, ack->version)) {
            ack->lost = 0;
            ref->rpo_recovered++;
        }
    }
}

static inline void ref_discarded(struct reference *ref, const struct record *row)
{
    struct ref_fact *commit = ref_commit_of(ref, row);

    if (commit != NULL) {
        commit->discarded = true;
    }
    for (size_t i = 0; i < ref->ack_count; i++) {
        struct ref_fact *ack = &ref->acks[i];

        if (ack->version.write == row->write && ack->lost != 0 && !ack->discarded) {
            ack->discarded = true;
            ref->rpo_discarded++;
        }
    }
}

static inline void ref_node_up(struct reference *ref, uint32_t node)
{
    ref->down[node] = false;
    for (uint32_t d = 0; d < REF_DATASETS; d++) {
        for (uint32_t key = 0; node < ref->layout->datasets[d].replica_count &&
                               key < ref->layout->datasets[d].key_count;
             key++) {
            ref_back(ref, d, key, ref->held[d][node][key]);
        }
    }
}

static inline void ref_row(struct reference *ref, const struct record *row)
{
    if (row->at_ns > ref->now_ns) {
        ref_pass(ref, row->at_ns, false);
    }
    switch (row->kind) {
    case RECORD_INVOKED:
        ref->invoked[row->slot] = *row;
        ref->offered[row->type] += (row->flags & RECORD_FLAG_WARMUP) == 0 ? 1u : 0u;
        break;
    case RECORD_COMPLETED:
        ref_completed(ref, row);
        break;
    case RECORD_COMMITTED:
        ref_commit(ref, row);
        break;
    case RECORD_APPLIED:
        ref_apply(ref, row);
        if ((row->flags & RECORD_FLAG_REVERTED) == 0) {
            ref_back(ref, row->dataset, row->key, ref_version_of(row));
        }
        break;
    case RECORD_FAULT_BEGIN:
        ref->last_begin_ns = row->at_ns;
        if (ref->fault_begin_ns[row->slot] < 0) {
            ref->fault_begin_ns[row->slot] = row->at_ns;
        }
        break;
    case RECORD_FAULT_END:
        ref->fault_end_ns[row->slot] = row->at_ns;
        ref->last_end_ns = row->at_ns;
        break;
    case RECORD_NODE_DOWN:
        ref->down[row->node] = true;
        for (uint32_t d = 0; (row->flags & RECORD_FLAG_DISK_LOST) != 0 && d < REF_DATASETS; d++) {
            for (uint32_t key = 0; key < REF_KEYS; key++) {
                ref_goes_back(ref, d, row->node, key, (struct ref_version){0, 0});
            }
        }
        break;
    case RECORD_NODE_UP:
        ref_node_up(ref, row->node);
        break;
    case RECORD_DISCARDED:
        ref_discarded(ref, row);
        break;
    default:
        break;
    }
    ref_converge(ref);
}

static inline struct reference *ref_new(const struct record_layout *layout)
{
    struct reference *ref = calloc(1, sizeof(*ref));

    CHECK(ref != NULL);
    ref->layout = layout;
    ref->last_end_ns = -1;
    ref->converged_ns = -1;
    for (uint32_t fault = 0; fault < 2; fault++) {
        ref->fault_begin_ns[fault] = -1;
        ref->fault_end_ns[fault] = -1;
    }
    return ref;
}

#endif
