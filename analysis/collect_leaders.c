/*
 * collect_leaders.c - who leads each dataset, for how long nobody does, and when two do.
 *
 * Model: a node accepts writes from its LEADER row with a = 1 until that with a = 0. Its epoch is
 *        old while a node with a higher one accepts as well: what it then commits, and is
 *        acknowledged, is divergent. One overlap of leaders is a time in which two or more accept.
 */
#include "analysis/collect_failure.h"

static struct overlap *overlaps_of(const struct leadership *leadership)
{
    return leadership->overlaps;
}

void leaders_init(struct collect_state *state)
{
    const struct record_layout *layout = state->layout;
    struct failure_state *failure = state->failure;

    failure->leaders = arena_alloc(&state->arena, layout->dataset_count, sizeof(*failure->leaders));
    for (uint32_t d = 0; d < layout->dataset_count; d++) {
        failure->leaders[d].nodes =
            arena_alloc(&state->arena, layout->node_count, sizeof(struct leader_node));
        failure->leaders[d].away_ns = -1;
        histogram_init(&failure->leaders[d].fail_back, &state->arena);
    }
}

/* Blocked time counts from the warm-up on, overlaps from the beginning. */
static void leaders_spend(const struct collect_state *state, struct leadership *leadership,
                          sim_ns now_ns)
{
    const sim_ns warmup_ns = state->layout->warmup_ns;
    const sim_ns from_ns = leadership->since_ns > warmup_ns ? leadership->since_ns : warmup_ns;

    if (leadership->accepting == 0 && now_ns > from_ns) {
        leadership->blocked_ns += now_ns - from_ns;
    }
    if (leadership->accepting > 1) {
        leadership->overlap_ns += now_ns - leadership->since_ns;
    }
    leadership->since_ns = now_ns;
}

static void overlap_begin(struct failure_state *failure, struct leadership *leadership)
{
    failure->overlapping++;
    if (leadership->overlap_count == EVENTS_MAX) {
        return;
    }
    memory_grow(&leadership->overlaps, &leadership->overlap_capacity, leadership->overlap_count + 1,
                sizeof(struct overlap));
    overlaps_of(leadership)[leadership->overlap_count++] = (struct overlap){-1, -1};
}

/* The number of nodes that accept, and the highest epoch among them. */
static void leaders_count(const struct collect_state *state, struct leadership *leadership)
{
    struct failure_state *failure = state->failure;
    const bool several = leadership->accepting > 1;

    leadership->accepting = 0;
    for (uint32_t i = 0; i < state->layout->node_count; i++) {
        const struct leader_node *node = &leadership->nodes[i];

        if (node->accepting) {
            leadership->newest = leadership->accepting == 0 || node->epoch > leadership->newest
                                     ? node->epoch
                                     : leadership->newest;
            leadership->accepting++;
        }
    }
    if (!several && leadership->accepting > 1) {
        overlap_begin(failure, leadership);
    } else if (several && leadership->accepting <= 1) {
        failure->overlapping--;
    }
}

static void leader_begins(struct collect_state *state, const struct record *record)
{
    struct leadership *leadership = &state->failure->leaders[record->dataset];
    const uint32_t node = record->node;

    if (!leadership->begun) {
        leadership->configured = node;
    } else if (record->b < leadership->epoch) {
        return; /* It does not know yet that it is of the past: not the leader. */
    } else {
        leadership->failovers += node != leadership->leader ? 1u : 0u;
    }
    if (node == leadership->configured && leadership->away_ns >= 0) {
        histogram_record(&leadership->fail_back, record->at_ns - leadership->away_ns);
        leadership->away_ns = -1;
    } else if (node != leadership->configured && leadership->away_ns < 0) {
        leadership->away_ns = record->at_ns;
    }
    leadership->leader = node;
    leadership->epoch = record->b;
    lost_leader(state, record->dataset, node, !leadership->begun);
    leadership->begun = true;
}

void leaders_row(struct collect_state *state, const struct record *record)
{
    CHECK(record->dataset < state->layout->dataset_count);
    CHECK(record->node < state->layout->node_count);

    struct leadership *leadership = &state->failure->leaders[record->dataset];
    struct leader_node *node = &leadership->nodes[record->node];
    const bool begins = record->a != 0;

    if (begins == node->accepting && (!begins || record->b == node->epoch)) {
        return;
    }
    leaders_spend(state, leadership, record->at_ns);
    node->accepting = begins;
    node->epoch = record->b;
    leaders_count(state, leadership);
    failure_step(state, record, begins ? METRIC_STEP_LEADS : METRIC_STEP_STOPS);
    if (begins) {
        leader_begins(state, record);
    }
}

void leaders_step(struct collect_state *state, const struct record *record)
{
    CHECK(record->dataset < state->layout->dataset_count);
    CHECK(record->a >= 0);
    CHECK(record->a < RECORD_STEP_COUNT);
    state->failure->leaders[record->dataset].refused += record->a == RECORD_STEP_REFUSED ? 1u : 0u;
    failure_step(state, record, (uint8_t)record->a);
}

void leaders_committed(struct collect_state *state, const struct record *record)
{
    CHECK(record->dataset < state->layout->dataset_count);
    CHECK(record->node < state->layout->node_count);

    const struct leadership *leadership = &state->failure->leaders[record->dataset];
    const struct leader_node *node = &leadership->nodes[record->node];

    if (leadership->accepting > 1 && node->accepting && node->epoch < leadership->newest) {
        lost_divergent(state, record, (uint32_t)leadership->overlap_count - 1);
    }
}

void leaders_divergent(struct collect_state *state, const struct lost_write *write)
{
    struct overlap *overlap =
        &overlaps_of(&state->failure->leaders[write->dataset])[write->overlap];

    state->failure->divergent[write->dataset]++;
    if (overlap->first_ns < 0 || write->commit_ns < overlap->first_ns) {
        overlap->first_ns = write->commit_ns;
    }
    if (write->commit_ns > overlap->last_ns) {
        overlap->last_ns = write->commit_ns;
    }
}

void leaders_finish(struct collect_state *state, sim_ns end_ns)
{
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        leaders_spend(state, &state->failure->leaders[d], end_ns);
    }
}

/* ---- the set ---- */

static sim_ns split_ns(const struct leadership *leadership)
{
    sim_ns total_ns = 0;

    for (size_t i = 0; i < leadership->overlap_count; i++) {
        const struct overlap *overlap = &overlaps_of(leadership)[i];

        total_ns += overlap->first_ns < 0 ? 0 : overlap->last_ns - overlap->first_ns;
    }
    return total_ns;
}

enum leader_rule { SPLIT_BRAIN, OVERLAP, BLOCKED, FAILOVERS, REFUSED, FAIL_BACK };

static const char *const leader_names[] = {
    [SPLIT_BRAIN] = "split_brain_ms", [OVERLAP] = "leader_overlap_ms", [BLOCKED] = "blocked_ms",
    [FAILOVERS] = "failovers",        [REFUSED] = "failovers_refused", [FAIL_BACK] = "fail_back_ms",
};

static void leader_fill(struct metric *metric, enum leader_rule rule,
                        const struct leadership *leadership)
{
    if (rule == FAIL_BACK) {
        histogram_merge(metric->histogram, &leadership->fail_back);
        return;
    }
    if (rule == FAILOVERS || rule == REFUSED) {
        metric->count = rule == FAILOVERS ? leadership->failovers : leadership->refused;
        return;
    }

    const sim_ns span_ns = rule == SPLIT_BRAIN ? split_ns(leadership)
                           : rule == OVERLAP   ? leadership->overlap_ns
                                               : leadership->blocked_ns;

    metric->count = leadership->begun ? 1 : 0;
    metric->value = leadership->begun ? (double)span_ns : 0;
}

void build_leaders(struct collect_state *state, struct set_builder *builder)
{
    for (int rule = SPLIT_BRAIN; rule <= FAIL_BACK; rule++) {
        for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
            struct label_list labels = {0};

            if (state->layout->datasets[d].leader) {
                label_add(&labels, "dataset", state->layout->datasets[d].name);
                leader_fill(builder_metric(builder, leader_names[rule], &labels),
                            (enum leader_rule)rule, &state->failure->leaders[d]);
            }
        }
    }
    build_counts(state, builder, "divergent_writes", state->failure->divergent);
}
