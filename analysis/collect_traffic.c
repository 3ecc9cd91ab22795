/*
 * collect_traffic.c - the metric set's rows about messages between places and about modes.
 */
#include "analysis/collect_state.h"

struct traffic_rule {
    const char *name;
    size_t offset; /* of the counter in struct record_traffic */
};

static const struct traffic_rule traffic_rules[] = {
    {"messages", offsetof(struct record_traffic, messages)},
    {"messages_retransmitted", offsetof(struct record_traffic, retransmitted)},
    {"messages_dropped", offsetof(struct record_traffic, dropped)},
    {"message_bytes", offsetof(struct record_traffic, bytes)},
};

static uint64_t traffic_value(const struct record_traffic *traffic, const struct traffic_rule *rule)
{
    return *(const uint64_t *)(const void *)((const char *)traffic + rule->offset);
}

/* Which pairs of places have rows: those that the network knows; all when it knows none. */
static bool *pairs_that_talk(const struct collect_state *state)
{
    const struct record_layout *layout = state->layout;
    const size_t places = layout->place_count;
    bool *talks = memory_alloc(places * places + 1, sizeof(*talks));

    for (size_t from = 0; from < places; from++) {
        talks[from * places + from] = true;
    }
    for (uint32_t i = 0; i < layout->pair_count; i++) {
        CHECK(layout->pairs[i].from < places);
        CHECK(layout->pairs[i].to < places);
        talks[layout->pairs[i].from * places + layout->pairs[i].to] = true;
    }
    for (size_t i = 0; layout->pair_count == 0 && i < places * places; i++) {
        talks[i] = true;
    }
    return talks;
}

static void build_traffic_rule(const struct collect_state *state, struct set_builder *builder,
                               const struct traffic_rule *rule, const bool *talks)
{
    const uint32_t places = state->layout->place_count;
    const struct label_list none = {0};
    uint64_t total = 0;

    for (size_t i = 0; i < (size_t)places * places; i++) {
        total += traffic_value(&state->traffic[i], rule);
    }
    builder_metric(builder, rule->name, &none)->count = total;
    for (uint32_t from = 0; from < places; from++) {
        for (uint32_t to = 0; to < places; to++) {
            struct label_list labels = {0};

            if (!talks[(size_t)from * places + to]) {
                continue;
            }
            label_add(&labels, "from", state->layout->places[from].name);
            label_add(&labels, "to", state->layout->places[to].name);
            builder_metric(builder, rule->name, &labels)->count =
                traffic_value(&state->traffic[(size_t)from * places + to], rule);
        }
    }
}

static void build_modes(const struct collect_state *state, struct set_builder *builder)
{
    const struct record_layout *layout = state->layout;

    for (uint32_t d = 0; d < layout->dataset_count; d++) {
        const struct dataset_state *dataset = &state->datasets[d];
        uint64_t total = 0;

        for (uint32_t mode = 0; mode < dataset->mode_count; mode++) {
            total += dataset->mode_ns[mode];
        }
        for (uint32_t mode = 0; mode < dataset->mode_count; mode++) {
            struct label_list labels = {0};

            label_add(&labels, "dataset", layout->datasets[d].name);
            label_add(&labels, "mode", layout->datasets[d].modes[mode]);

            struct metric *metric = builder_metric(builder, "mode_time_ratio", &labels);

            metric->count = dataset->mode_ns[mode];
            metric->total = total;
            if (total == 0 && state->now_ns > layout->warmup_ns) {
                metric->total = (uint64_t)(state->now_ns - layout->warmup_ns);
                metric->count = mode == 0 ? metric->total : 0;
            }
        }
    }
    for (uint32_t d = 0; d < layout->dataset_count; d++) {
        struct label_list labels = {0};

        if (state->datasets[d].mode_count > 0) {
            label_add(&labels, "dataset", layout->datasets[d].name);
            builder_metric(builder, "mode_changes", &labels)->count =
                state->datasets[d].mode_changes;
        }
    }
}

void build_traffic(struct collect_state *state, struct set_builder *builder)
{
    const uint32_t places = state->layout->place_count;
    const struct label_list none = {0};
    bool *talks = pairs_that_talk(state);
    uint64_t wide = 0;

    for (size_t rule = 0; rule < sizeof(traffic_rules) / sizeof(traffic_rules[0]); rule++) {
        build_traffic_rule(state, builder, &traffic_rules[rule], talks);
    }
    memory_release(talks);
    for (size_t i = 0; i < (size_t)places * places; i++) {
        wide += i / places == i % places ? 0 : state->traffic[i].bytes;
    }
    builder_metric(builder, "wide_area_bytes", &none)->count = wide;
    build_modes(state, builder);
}
