/*
 * collect_recovery_rows.c - the metric set's rows about the time to recovery and its parts.
 */
#include "analysis/collect_failure.h"

enum { RULE_NOT_RECOVERED, RULE_WHOLE, RULE_FIRST, RULE_99, RULE_PART };

static const struct {
    const char *name;
    int rule; /* RULE_PART + the time that ends the part */
} recovery_rules[] = {
    {"rto_ms", RULE_WHOLE},
    {"rto_not_recovered", RULE_NOT_RECOVERED},
    {"rto_detect_ms", RULE_PART + METRIC_RECOVERY_DETECTED},
    {"rto_decide_ms", RULE_PART + METRIC_RECOVERY_DECIDED},
    {"rto_promote_ms", RULE_PART + METRIC_RECOVERY_PROMOTED},
    {"rto_replay_ms", RULE_PART + METRIC_RECOVERY_ACCEPTING},
    {"rto_route_ms", RULE_PART + METRIC_RECOVERY_ROUTED},
    {"rto_reconnect_ms", RULE_PART + METRIC_RECOVERY_CONNECTED},
    {"rto_warm_ms", RULE_PART + METRIC_RECOVERY_DONE},
    {"first_success_ms", RULE_FIRST},
    {"rto_99_ms", RULE_99},
};

static void metric_add(struct metric *metric, int rule, const struct metric_recovery *recovery)
{
    const sim_ns fail_ns = recovery->times_ns[METRIC_RECOVERY_FAIL];

    if (rule == RULE_NOT_RECOVERED) {
        metric->count += recovery->recovered ? 0 : 1;
    } else if (rule == RULE_FIRST && recovery->first_success_ns >= 0) {
        const sim_ns at_ns = recovery->first_success_ns;

        histogram_record(metric->histogram, at_ns > fail_ns ? at_ns - fail_ns : 0);
    } else if (rule == RULE_99 && recovery->recovered_99_ns >= 0) {
        histogram_record(metric->histogram, recovery->recovered_99_ns - fail_ns);
    } else if (rule == RULE_WHOLE && recovery->recovered) {
        histogram_record(metric->histogram, recovery->times_ns[METRIC_RECOVERY_DONE] - fail_ns);
    } else if (rule >= RULE_PART && recovery->recovered) {
        const int part = rule - RULE_PART;

        histogram_record(metric->histogram,
                         recovery->times_ns[part] - recovery->times_ns[part - 1]);
    }
}

/* The recoveries from each fault, so that a row walks only over its own. */
struct recovery_index {
    uint32_t *first; /* by fault, and the end */
    uint32_t *order; /* of set->failures.recoveries */
};

static struct recovery_index index_make(const struct collect_state *state,
                                        const struct metric_events *events)
{
    const uint32_t faults = state->layout->fault_count;
    struct recovery_index index = {memory_alloc(faults + 2u, sizeof(uint32_t)),
                                   memory_alloc(events->recovery_count + 1, sizeof(uint32_t))};

    for (size_t i = 0; i < events->recovery_count; i++) {
        index.first[events->recoveries[i].fault + 2]++;
    }
    for (uint32_t i = 2; i < faults + 2u; i++) {
        index.first[i] += index.first[i - 1];
    }
    for (uint32_t i = 0; i < events->recovery_count; i++) {
        index.order[index.first[events->recoveries[i].fault + 1]++] = i;
    }
    return index;
}

struct row_maker {
    const struct collect_state *state;
    struct set_builder *builder;
    struct recovery_index index;
    size_t rule;
    uint32_t fault;
};

/* A row of the fault for this region and operation; NULL: for all of them. */
static void build_row(const struct row_maker *maker, const char *region, const char *operation)
{
    const struct metric_recovery *recoveries = maker->builder->set->failures.recoveries;
    struct label_list labels = {0};

    label_add(&labels, "fault", maker->state->layout->faults[maker->fault].id);
    if (region != NULL) {
        label_add(&labels, "region", region);
    }
    if (operation != NULL) {
        label_add(&labels, "operation", operation);
    }

    struct metric *metric =
        builder_metric(maker->builder, recovery_rules[maker->rule].name, &labels);

    for (uint32_t i = maker->index.first[maker->fault]; i < maker->index.first[maker->fault + 1];
         i++) {
        const struct metric_recovery *recovery = &recoveries[maker->index.order[i]];

        if ((region == NULL || recovery->region == region) &&
            (operation == NULL || recovery->operation == operation)) {
            metric_add(metric, recovery_rules[maker->rule].rule, recovery);
        }
    }
}

static void build_fault(const struct row_maker *maker)
{
    for (int type = -1; type < RECORD_OPERATION_TYPE_COUNT; type++) {
        build_row(maker, NULL, type < 0 ? NULL : collect_types[type]);
    }
    for (uint32_t place = 0; place < maker->state->client_place_count; place++) {
        for (uint32_t type = 0; type < RECORD_OPERATION_TYPE_COUNT; type++) {
            build_row(maker, client_place_name(maker->state, place), collect_types[type]);
        }
    }
}

void build_recovery_rows(const struct collect_state *state, struct set_builder *builder)
{
    struct row_maker maker = {
        .state = state, .builder = builder, .index = index_make(state, &builder->set->failures)};

    for (; maker.rule < sizeof(recovery_rules) / sizeof(recovery_rules[0]); maker.rule++) {
        for (maker.fault = 0; maker.fault < state->layout->fault_count; maker.fault++) {
            build_fault(&maker);
        }
    }
    memory_release(maker.index.first);
    memory_release(maker.index.order);
}
