#include "plots/conflict_summary.h"

#include <string.h>

const char *const conflict_loss_names[LOSS_CAUSES] = {"concurrent", "clock", "failover"};
/* Of M. Okabe and K. Ito, "Color Universal Design", 2008; the last of P. Tol's muted scheme. */
const char *const conflict_loss_colours[LOSS_CAUSES] = {"#E69F00", "#D55E00", "#882255"};

static uint64_t count_of(const struct metric_set *set, const char *name, const char *key,
                         const char *value)
{
    const struct metric_label label = {key, value};
    const struct metric *metric = metric_find(set, name, &label, key == NULL ? 0 : 1);
    return metric == NULL ? 0 : metric->count;
}

static bool number_of(const struct metric_set *set, const char *name, double *number)
{
    const struct metric *metric = metric_find(set, name, NULL, 0);
    if (metric == NULL || !metric_defined(metric)) {
        return false;
    }
    *number = metric_number(metric);
    return true;
}

/*
 * The replica that accepts a write has it at once and is one of its samples: they are left out by
 * their number, which is that of the writes.
 */
static double delay_ms_of(const struct metric_set *set)
{
    double sum_ms = 0.0, samples = 0.0;
    for (size_t i = 0; i < set->metric_count; i++) {
        const struct metric *metric = &set->metrics[i];
        if (strcmp(metric->definition->name, "apply_delay_ms") == 0 && metric_defined(metric) &&
            metric_label_value(metric, "replica") != NULL) {
            const double count = (double)metric->histogram->count;
            sum_ms += count * metric_number(metric);
            samples += count;
        }
    }
    const struct metric *writes = metric_find(set, "conflict_ratio", NULL, 0);
    const double others = samples - (double)writes->total;
    return others > 0.0 ? sum_ms / others : 0.0;
}

struct conflict_summary conflict_summary_of(const struct metric_set *set)
{
    struct conflict_summary summary = {.any = false};
    double ratio = 0.0;
    const uint64_t writes = count_of(set, "operations_ok", "operation", "write");
    const double measured_s = metric_set_measured_s(set);
    summary.any = number_of(set, "conflict_ratio", &ratio) && writes > 0 && measured_s > 0.0;
    if (!summary.any) {
        return summary;
    }
    summary.conflicts = 100.0 * ratio;
    for (int cause = 0; cause < LOSS_CAUSES; cause++) {
        summary.lost[cause] =
            100.0 * (double)count_of(set, "lost_updates", "cause", conflict_loss_names[cause]) /
            (double)writes;
    }
    summary.delay_ms = delay_ms_of(set);
    summary.writes_per_s = (double)writes / measured_s;
    summary.clock_known = number_of(set, "clock_error_ms", &summary.clock_error_ms);
    return summary;
}
