#include "analysis/metric_splits.h"

#include "sim/arena.h"

#include <string.h>

/*
 * Sets of labels, with blanks between: "a+b?" are the rows {a} and {a, b}, "-" is the one row
 * without labels.
 */
static const struct {
    const char *sets, *metrics;
} splits[] = {
    {"region?+operation? group+operation? dataset+operation? fault+phase+region?+operation?",
     "latency_ms availability_ratio"},
    {"region?+operation? group+operation? dataset+operation?",
     "operations_offered operations_ok operations_failed operations_unknown operations_in_flight"},
    {"region?+operation?",
     "availability_time_ratio tries_per_operation downtime_min unavailable_min"},
    {"region?+operation? fault+phase+region?+operation?", "availability_nines"},
    {"reader?+writer? dataset+reader? fault+phase+reader?", "fresh_ratio stale_ratio"},
    {"reader?+writer? dataset+reader?", "staleness_ms staleness_of_stale_ms staleness_versions"},
    {"reader?+writer?",
     "t_visibility_p50_ms t_visibility_p90_ms t_visibility_p99_ms t_visibility_p999_ms"},
    {"reader?", "probe_fresh_ratio cached_read_ratio cached_stale_ratio"},
    {"dataset?+reader?", "read_your_writes_violation_ratio monotonic_reads_violation_ratio"},
    {"dataset+replica", "replication_lag_ms replication_lag_versions replication_lag_mean_ms "
                        "replication_lag_mean_versions replication_lag_mean_bytes apply_delay_ms "
                        "lag_warning_ms lag_critical_ms"},
    {"dataset?", "acked_lost acked_lost_gone acked_lost_down clock_inversions convergence_ms "
                 "divergent_keys acked_discarded divergent_writes conflict_ratio divergence_ratio "
                 "clock_error_ms"},
    {"dataset?+cause?", "lost_updates"},
    {"dataset?",
     "torn_ratio torn_ms rejected_writes rejected_ratio key_convergence_ms confirmation_ms "
     "causal_inversions "
     "resurrected_deletes "
     "resurrections siblings_per_read siblings_max resolution_ms conflicts_open counter_error "
     "counter_error_mean read_undercount read_overcount invariant_violations oversold "
     "invariant_violations_seen metadata_bytes_per_value metadata_ratio"},
    {"fault+operation? fault+region+operation",
     "rto_ms rto_not_recovered rto_detect_ms rto_decide_ms rto_promote_ms rto_replay_ms "
     "rto_route_ms rto_reconnect_ms rto_warm_ms first_success_ms rto_99_ms"},
    {"dataset? fault", "rpo_writes rpo_writes_gone rpo_writes_discarded rpo_writes_recovered"},
    {"fault", "rpo_ms rpo_lost_ms"},
    {"dataset", "split_brain_ms leader_overlap_ms blocked_ms failovers failovers_refused "
                "fail_back_ms"},
    {"region?", "error_budget_999_ratio error_budget_9995_ratio error_budget_9999_ratio "
                "error_budget_99999_ratio route_changes connections connect_ms health_changes "
                "health_agreed_changes cache_hit_ratio proxied_ratio"},
    {"from+to", "routed_ratio"},
    {"- from+to", "messages messages_retransmitted messages_dropped message_bytes"},
    {"dataset+mode", "mode_time_ratio"},
    {"dataset", "mode_changes"},
    {"-", "staleness_approximate_reads probes_unjudged session_pairs_evicted wide_area_bytes "
          "lost_writes_untracked conflicts_approximate wide_area_bytes_per_write"},
};

/* The next of the words with `gap` between, from *at on; its length, 0 at the end. */
static size_t next_word(const char **at, char gap)
{
    const char gaps[] = {gap, ' ', '\0'};
    *at += **at == gap ? 1 : 0;
    return strcspn(*at, gaps);
}

static const char *sets_of(const struct metric_definition *definition)
{
    const size_t length = strlen(definition->name);
    for (size_t i = 0; i < sizeof splits / sizeof splits[0]; i++) {
        const char *at = splits[i].metrics;
        for (size_t word = next_word(&at, ' '); word > 0; word = next_word(&at, ' ')) {
            if (word == length && strncmp(at, definition->name, length) == 0) {
                return splits[i].sets;
            }
            at += word;
        }
    }
    return NULL;
}

bool metric_splits_known(const struct metric_definition *definition)
{
    return sets_of(definition) != NULL;
}

static bool has_key(const struct metric_label *labels, uint32_t count, const char *key,
                    size_t length)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strlen(labels[i].key) == length && strncmp(labels[i].key, key, length) == 0) {
            return true;
        }
    }
    return false;
}

/* All that must be there is, and nothing else. */
static bool set_fits(const char *set, const struct metric_label *labels, uint32_t count)
{
    uint32_t met = 0;
    for (size_t word = next_word(&set, '+'); word > 0; word = next_word(&set, '+')) {
        const bool nothing = *set == '-';
        const bool optional = set[word - 1] == '?';
        const bool given = has_key(labels, count, set, optional ? word - 1 : word);
        if (!given && !optional && !nothing) {
            return false;
        }
        met += given ? 1 : 0;
        set += word;
    }
    return met == count;
}

bool metric_splits_allow(const struct metric_definition *definition,
                         const struct metric_label *labels, uint32_t label_count)
{
    const char *set = sets_of(definition);
    while (set != NULL && *set != '\0') {
        if (set_fits(set, labels, label_count)) {
            return true;
        }
        set += strcspn(set, " ");
        set += strspn(set, " ");
    }
    return set == NULL;
}

const char *metric_splits_text(const struct metric_definition *definition, struct arena *arena)
{
    const char *text = "";
    const char *set = sets_of(definition);
    while (set != NULL && *set != '\0') {
        text = arena_printf(arena, "%s%s{", text, *text != '\0' ? ", " : "");
        const char *gap = "";
        for (size_t word = next_word(&set, '+'); word > 0; word = next_word(&set, '+')) {
            const bool optional = set[word - 1] == '?';
            if (*set != '-') {
                text = arena_printf(arena, optional ? "%s%s[%.*s]" : "%s%s%.*s", text, gap,
                                    (int)(optional ? word - 1 : word), set);
            }
            gap = ", ";
            set += word;
        }
        text = arena_printf(arena, "%s}", text);
        set += strspn(set, " ");
    }
    return text;
}
