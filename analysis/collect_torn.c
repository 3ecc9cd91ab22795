/*
 * collect_torn.c - transactions of several keys that a replica holds in part.
 */
#include "analysis/collect_torn.h"

enum { PLACES_MOST = 1 << 16, REPLICAS_IN_ALL = 1 << 20, ANY_DATASET = -1 };

static void begins(struct torn_state *torn, const struct record *record, sim_ns warmup_ns)
{
    const size_t place = record->operation % torn->places;

    CHECK(record->b <= 64);
    torn->transactions[place] = (struct torn_transaction){.operation = record->operation,
                                                          .all = UINT64_MAX >> (64 - record->b),
                                                          .first_key = record->key,
                                                          .dataset = record->dataset,
                                                          .measured = record->at_ns >= warmup_ns};
    for (size_t i = 0; i < torn->replicas_most; i++) {
        torn->replicas[place * torn->replicas_most + i] = (struct torn_replica){0};
    }
}

static void given(struct collect_state *state, const struct record *record)
{
    struct torn_state *torn = state->torn;
    const size_t place = record->write % torn->places;
    const struct torn_transaction *transaction = &torn->transactions[place];
    const uint32_t replica = state->datasets[record->dataset].replica_of_node[record->node];

    if (record->write == 0 || transaction->operation != record->write ||
        transaction->dataset != record->dataset || replica == RECORD_NONE ||
        (record->flags & RECORD_FLAG_REVERTED) != 0) {
        return;
    }

    struct torn_replica *here = &torn->replicas[place * torn->replicas_most + replica];
    struct torn_dataset *dataset = &torn->datasets[record->dataset];
    const uint64_t before = here->given;

    CHECK(record->key >= transaction->first_key && record->key - transaction->first_key < 64);
    here->given |= UINT64_C(1) << (record->key - transaction->first_key);
    here->first_ns = before == 0 ? record->at_ns : here->first_ns;
    if (before != transaction->all && here->given == transaction->all && transaction->measured) {
        dataset->whole++;
        if (record->at_ns > here->first_ns) {
            dataset->torn++;
            histogram_record(&dataset->lasted, record->at_ns - here->first_ns);
        }
    }
}

void torn_row(struct collect_state *state, const struct record *record)
{
    if (record->kind != RECORD_INVOKED) {
        given(state, record);
    } else if (record->type == RECORD_WRITE && record->b > 1 &&
               !state->layout->datasets[record->dataset].merges) {
        begins(state->torn, record, state->layout->warmup_ns);
    }
}

void torn_init(struct collect_state *state)
{
    const struct record_layout *layout = state->layout;
    uint32_t most = 0;

    for (uint32_t d = 0; d < layout->dataset_count; d++) {
        if (layout->datasets[d].transactions && layout->datasets[d].replica_count > most) {
            most = layout->datasets[d].replica_count;
        }
    }
    if (most == 0) {
        return;
    }

    struct torn_state *torn = arena_alloc(&state->arena, 1, sizeof(*torn));

    state->torn = torn;
    state->extra |= TORN_ROWS;
    torn->places = PLACES_MOST;
    while (torn->places * most > REPLICAS_IN_ALL) {
        torn->places /= 2;
    }
    torn->replicas_most = most;
    torn->transactions = memory_alloc(torn->places, sizeof(*torn->transactions));
    torn->replicas = memory_alloc((size_t)torn->places * most, sizeof(*torn->replicas));
    torn->datasets = arena_alloc(&state->arena, layout->dataset_count, sizeof(*torn->datasets));
    for (uint32_t d = 0; d < layout->dataset_count; d++) {
        histogram_init(&torn->datasets[d].lasted, &state->arena);
    }
}

void torn_release(struct collect_state *state)
{
    if (state->torn != NULL) {
        memory_release(state->torn->transactions);
        memory_release(state->torn->replicas);
    }
}

static void build(const struct collect_state *state, struct set_builder *builder, int64_t index,
                  bool times)
{
    struct label_list labels = {0};

    if (index != ANY_DATASET) {
        label_add(&labels, "dataset", state->layout->datasets[index].name);
    }

    struct metric *metric = builder_metric(builder, times ? "torn_ms" : "torn_ratio", &labels);

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        const struct torn_dataset *dataset = &state->torn->datasets[d];

        if (index != ANY_DATASET && index != d) {
            continue;
        }
        if (times) {
            histogram_merge(metric->histogram, &dataset->lasted);
        } else {
            metric->count += dataset->torn;
            metric->total += dataset->whole;
        }
    }
}

void build_torn(struct collect_state *state, struct set_builder *builder)
{
    for (int times = 0; state->torn != NULL && times < 2; times++) {
        for (int64_t d = ANY_DATASET; d < state->layout->dataset_count; d++) {
            build(state, builder, d, times != 0);
        }
    }
}
