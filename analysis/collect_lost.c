/*
 * collect_lost.c - acknowledged writes that a failure took, and what became of them.
 *
 * Model: judged are two kinds of moments. When nodes went down: which acknowledged versions are
 *        newer than all that live replicas hold? When a node begins to lead: which committed
 *        or acknowledged ones are newer than what it holds? Each such write is followed until a
 *        live replica (then: the leader) holds it again, a node reports that it has discarded it,
 *        or the run ends. Divergent writes are followed for the discarding only.
 * Bounds: one walk over the keys at each such moment; memory for the writes that are followed at
 *        the same time, LOST_WRITES_MAX of them: what is lost beyond counts as gone.
 */
#include "analysis/collect_failure.h"

#include <string.h>

void lost_init(struct collect_state *state)
{
    const struct record_layout *layout = state->layout;
    struct failure_state *failure = state->failure;
    const uint32_t datasets = layout->dataset_count;

    failure->rpo_of_fault =
        arena_alloc(&state->arena, layout->fault_count + 1u, sizeof(*failure->rpo_of_fault));
    failure->rpo_of_dataset =
        arena_alloc(&state->arena, datasets, sizeof(*failure->rpo_of_dataset));
    failure->acked_discarded = arena_alloc(&state->arena, datasets, sizeof(uint64_t));
    failure->divergent = arena_alloc(&state->arena, datasets, sizeof(uint64_t));
}

/* ---- counting ---- */

/* A write that is acknowledged and missing: now, or at its late acknowledgement. */
static void rpo_add(struct failure_state *failure, const struct lost_write *write)
{
    struct rpo *rpos[] = {&failure->rpo_of_fault[write->fault],
                          &failure->rpo_of_dataset[write->dataset]};
    const sim_ns age_ns = write->ack_ns < write->fail_ns ? write->fail_ns - write->ack_ns : 0;

    for (size_t i = 0; i < 2; i++) {
        rpos[i]->writes += write->weight;
        rpos[i]->age_ns = age_ns > rpos[i]->age_ns ? age_ns : rpos[i]->age_ns;
    }
}

static void lost_ends(struct failure_state *failure, struct lost_write *write, bool discarded)
{
    const bool counts = write->ack_ns >= 0 && (write->flags & LOST_DIVERGENT) == 0;
    struct rpo *of_fault = &failure->rpo_of_fault[write->fault];
    struct rpo *of_dataset = &failure->rpo_of_dataset[write->dataset];

    if (counts && discarded) {
        of_fault->discarded += write->weight;
        of_dataset->discarded += write->weight;
    } else if (counts) {
        of_fault->recovered += write->weight;
        of_dataset->recovered += write->weight;
    }
    if (discarded) {
        failure->acked_discarded[write->dataset] += write->weight;
        write->flags |= LOST_SETTLED; /* It stays, so that no later failure takes it again. */
    } else {
        lost_close(&failure->lost, write);
    }
}

/* The write is back, and with it what it overwrote. */
static void lost_recovered(struct failure_state *failure, struct lost_write *write)
{
    struct lost_set *set = &failure->lost;

    for (;;) {
        const struct lost_write found = *write;

        if ((found.flags & LOST_SETTLED) == 0) {
            lost_ends(failure, write, false);
        }
        if (found.older == 0) {
            return;
        }
        write = &lost_writes(set)[found.older - 1];
        /* It may have been back before, with all older ones, and its place be another write's. */
        if ((write->flags & LOST_OPEN) == 0 || write->event != found.event ||
            write->key != found.key || write->dataset != found.dataset) {
            return;
        }
    }
}

/* ---- what is missing ---- */

struct lost_scan {
    struct failure failure;
    uint32_t dataset, event;
    uint8_t flags; /* LOST_AT_LEADER: what is committed and not acknowledged yet counts too */
};

/* Follows a missing version; returns index + 1 of it, 0: none. */
static uint32_t scan_entry(struct collect_state *state, const struct lost_scan *scan, uint32_t key,
                           const struct commit_entry *entry, uint32_t older)
{
    struct lost_set *set = &state->failure->lost;
    struct lost_write *known = lost_find(set, entry->version.write);
    const bool acked = entry->ack_count > 0;

    if (known != NULL && scan->flags != 0 && (known->flags & LOST_AT_LEADER) == 0) {
        /* The crash took it first; the new leader misses it too, with what came after it. */
        known->flags |= scan->flags;
        known->event = scan->event;
        known->older = older;
        return (uint32_t)(known - lost_writes(set)) + 1;
    }
    if (known != NULL) {
        return older;
    }
    if (!acked && scan->flags == 0) {
        return older;
    }

    const struct lost_write write = {.version = entry->version,
                                     .fail_ns = scan->failure.fail_ns,
                                     .ack_ns = acked ? entry->ack_ns : -1,
                                     .key = key,
                                     .fault = scan->failure.fault,
                                     .event = scan->event,
                                     .older = older,
                                     .weight = acked ? entry->ack_count : 1,
                                     .dataset = (uint16_t)scan->dataset,
                                     .flags = scan->flags};
    const uint32_t index = lost_add(set, &write);

    set->untracked += index == 0 ? write.weight : 0;
    if (acked) {
        rpo_add(state->failure, &write);
    }
    return index != 0 ? index : older;
}

static void scan_key(struct collect_state *state, const struct lost_scan *scan, uint32_t index,
                     struct version newest)
{
    const struct key_state *key = &state->datasets[scan->dataset].keys[index];
    const struct commit_entry *entries = key_entries(state, key);
    uint32_t older = 0;
    bool acked = false;

    for (uint32_t i = key_newer(state, key, newest); i < key->count; i++) {
        acked = acked || entries[i].ack_count > 0;
        older = scan_entry(state, scan, index, &entries[i], older);
    }
    if (!acked && version_less(newest, key->acked)) {
        /* The list has forgotten it, and then a crash took it back; the newest is known. */
        const struct commit_entry entry = {
            .version = key->acked, .ack_ns = key->acked_ns, .ack_count = 1};

        scan_entry(state, scan, index, &entry, older);
    }
}

static struct version newest_live(const struct collect_state *state,
                                  const struct dataset_state *dataset, uint32_t key)
{
    struct version newest = version_initial();

    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        const struct version version = held_version(state, dataset, key, i);

        if (!state->node_down[dataset->replicas[i].node] && version_less(newest, version)) {
            newest = version;
        }
    }
    return newest;
}

/* The failure that is going on: the fault that began last, or just this moment. */
static struct failure failure_now(const struct collect_state *state, sim_ns now_ns)
{
    const bool faulted = state->crash_fault < state->layout->fault_count;

    return (struct failure){state->crash_fault, faulted ? state->failure->fault_begin_ns : now_ns};
}

void lost_crashed(struct collect_state *state, sim_ns crash_ns)
{
    struct failure_state *failure = state->failure;
    struct lost_scan scan = {.failure = failure_now(state, crash_ns),
                             .event = ++failure->lost.events};

    failure->rpo_of_fault[scan.failure.fault].judged = true;
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        scan.dataset = d;
        for (uint32_t key = 0; key < state->datasets[d].key_count; key++) {
            if (state->datasets[d].keys[key].acked.write != 0) {
                scan_key(state, &scan, key, newest_live(state, &state->datasets[d], key));
            }
        }
    }
}

static struct version held_by(const struct collect_state *state,
                              const struct dataset_state *dataset, uint32_t node, uint32_t key)
{
    const uint32_t replica = dataset->replica_of_node[node];

    return replica == RECORD_NONE ? version_initial() : held_version(state, dataset, key, replica);
}

/* Ends the following of what the node holds. */
static void lost_brought(struct collect_state *state, uint32_t node, bool leads, uint32_t dataset)
{
    struct lost_set *set = &state->failure->lost;

    for (size_t i = 0; i < set->count && set->open > 0; i++) {
        struct lost_write *write = &lost_writes(set)[i];
        const bool wanted = leads ? write->dataset == dataset
                                  : (write->flags & (LOST_AT_LEADER | LOST_DIVERGENT)) == 0;

        if ((write->flags & LOST_OPEN) == 0 || (write->flags & LOST_SETTLED) != 0 || !wanted) {
            continue;
        }

        const struct version held =
            held_by(state, &state->datasets[write->dataset], node, write->key);

        if (held.write == write->version.write && held.stamp == write->version.stamp) {
            lost_recovered(state->failure, write);
        }
    }
}

void lost_leader(struct collect_state *state, uint32_t dataset_index, uint32_t node, bool first)
{
    struct failure_state *failure = state->failure;
    const struct dataset_state *dataset = &state->datasets[dataset_index];

    if (first) {
        return;
    }
    lost_brought(state, node, true, dataset_index);

    const struct lost_scan scan = {.failure = failure_now(state, state->now_ns),
                                   .dataset = dataset_index,
                                   .event = ++failure->lost.events,
                                   .flags = LOST_AT_LEADER};

    failure->rpo_of_fault[scan.failure.fault].judged = true;
    for (uint32_t key = 0; key < dataset->key_count; key++) {
        if (dataset->keys[key].count > 0) {
            scan_key(state, &scan, key, held_by(state, dataset, node, key));
        }
    }
}

/* ---- what becomes of it ---- */

void lost_divergent(struct collect_state *state, const struct record *record, uint32_t overlap)
{
    struct lost_set *set = &state->failure->lost;
    struct lost_write *known = lost_find(set, record->write);
    const struct failure failure = failure_now(state, record->at_ns);

    if (known == NULL) {
        const struct lost_write write = {.version = version_of(record),
                                         .fail_ns = failure.fail_ns,
                                         .ack_ns = -1,
                                         .commit_ns = record->at_ns,
                                         .key = record->key,
                                         .fault = failure.fault,
                                         .weight = 1,
                                         .overlap = overlap,
                                         .dataset = record->dataset,
                                         .flags = LOST_DIVERGENT};

        set->untracked += lost_add(set, &write) == 0 ? 1u : 0u;
    }
}

void lost_node_up(struct collect_state *state, uint32_t node)
{
    if (state->failure->lost.open > 0) {
        lost_brought(state, node, false, 0);
    }
}

void lost_discarded(struct collect_state *state, const struct record *record)
{
    struct failure_state *failure = state->failure;
    struct lost_write *write = lost_find(&failure->lost, record->write);

    if (write == NULL || (write->flags & LOST_SETTLED) != 0) {
        return;
    }
    if (write->ack_ns >= 0) {
        lost_ends(failure, write, true);
    } else {
        write->flags |= LOST_DISCARDED;
    }
}

void lost_applied(struct collect_state *state, const struct record *record)
{
    struct lost_write *write = lost_find(&state->failure->lost, record->write);

    if (write == NULL || (write->flags & LOST_SETTLED) != 0 ||
        (record->flags & RECORD_FLAG_REVERTED) != 0) {
        return;
    }

    const struct leadership *leadership = &state->failure->leaders[write->dataset];
    const bool anywhere = (write->flags & (LOST_AT_LEADER | LOST_DIVERGENT)) == 0;

    if (anywhere || (leadership->begun && leadership->leader == record->node)) {
        lost_recovered(state->failure, write);
    }
}

bool lost_to_leader(const struct collect_state *state, uint64_t write)
{
    const struct lost_write *known = lost_find(&state->failure->lost, write);

    return known != NULL && (known->flags & (LOST_AT_LEADER | LOST_DIVERGENT)) != 0;
}

void lost_completed(struct collect_state *state, uint64_t operation, bool ok)
{
    struct failure_state *failure = state->failure;
    struct lost_write *write = lost_find(&failure->lost, operation);

    if (write == NULL || write->ack_ns >= 0) {
        return;
    }
    if (!ok) {
        /* It will never be acknowledged. What newer ones of its key hang on must stay. */
        if ((write->flags & (LOST_DIVERGENT | LOST_AT_LEADER)) == LOST_DIVERGENT) {
            lost_close(&failure->lost, write);
        }
        return;
    }
    write->ack_ns = state->now_ns;
    if ((write->flags & LOST_DIVERGENT) != 0) {
        leaders_divergent(state, write);
    } else {
        rpo_add(failure, write);
    }
    if ((write->flags & LOST_DISCARDED) != 0) {
        lost_ends(failure, write, true);
    }
}

/* ---- the set ---- */

enum rpo_rule { WRITES, GONE, DISCARDED, RECOVERED };

static uint64_t rpo_value(const struct rpo *rpo, enum rpo_rule rule)
{
    switch (rule) {
    case WRITES:
        return rpo->writes;
    case GONE:
        CHECK(rpo->discarded + rpo->recovered <= rpo->writes);
        return rpo->writes - rpo->discarded - rpo->recovered;
    case DISCARDED:
        return rpo->discarded;
    case RECOVERED:
        return rpo->recovered;
    }
    return 0;
}

static struct label_list fault_label(const struct collect_state *state, uint32_t fault)
{
    struct label_list labels = {0};

    label_add(&labels, "fault", state->layout->faults[fault].id);
    return labels;
}

/* By fault: the age of the oldest write that is not back when the run ends. */
static sim_ns *lost_ages(struct collect_state *state)
{
    const struct lost_set *set = &state->failure->lost;
    sim_ns *ages_ns = arena_alloc(&state->arena, state->layout->fault_count + 1u, sizeof(*ages_ns));

    for (size_t i = 0; i < set->count; i++) {
        const struct lost_write *write = &lost_writes(set)[i];
        const sim_ns age_ns = write->fail_ns - write->ack_ns;

        if ((write->flags & (LOST_OPEN | LOST_DIVERGENT)) == LOST_OPEN && write->ack_ns >= 0 &&
            age_ns > ages_ns[write->fault]) {
            ages_ns[write->fault] = age_ns;
        }
    }
    return ages_ns;
}

static void build_ages(struct collect_state *state, struct set_builder *builder)
{
    const sim_ns *lost_ns = lost_ages(state);

    for (int lost = 0; lost < 2; lost++) {
        for (uint32_t fault = 0; fault < state->layout->fault_count; fault++) {
            const struct rpo *rpo = &state->failure->rpo_of_fault[fault];
            const struct label_list labels = fault_label(state, fault);
            struct metric *metric =
                builder_metric(builder, lost == 0 ? "rpo_ms" : "rpo_lost_ms", &labels);

            metric->count = rpo->judged ? 1 : 0;
            metric->value = (double)(lost == 0 ? rpo->age_ns : lost_ns[fault]);
        }
    }
}

void build_rpo(struct collect_state *state, struct set_builder *builder)
{
    static const char *const names[] = {[WRITES] = "rpo_writes",
                                        [GONE] = "rpo_writes_gone",
                                        [DISCARDED] = "rpo_writes_discarded",
                                        [RECOVERED] = "rpo_writes_recovered"};
    const struct failure_state *failure = state->failure;
    const uint32_t datasets = state->layout->dataset_count;
    uint64_t *counts = arena_alloc(&state->arena, datasets, sizeof(*counts));

    for (int rule = WRITES; rule <= RECOVERED; rule++) {
        for (uint32_t d = 0; d < datasets; d++) {
            counts[d] = rpo_value(&failure->rpo_of_dataset[d], (enum rpo_rule)rule);
        }
        build_counts(state, builder, names[rule], counts);
        for (uint32_t fault = 0; fault < state->layout->fault_count; fault++) {
            const struct label_list labels = fault_label(state, fault);

            builder_metric(builder, names[rule], &labels)->count =
                rpo_value(&failure->rpo_of_fault[fault], (enum rpo_rule)rule);
        }
    }
    build_ages(state, builder);
    build_counts(state, builder, "acked_discarded", failure->acked_discarded);

    const struct label_list none = {0};

    builder_metric(builder, "lost_writes_untracked", &none)->count = failure->lost.untracked;
}
