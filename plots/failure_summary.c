#include "plots/failure_summary.h"

#include "plots/failover_parts.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static_assert((int)FAILURE_PARTS == (int)FAILOVER_PARTS, "the parts of a time to recovery");

/* Whether the row has these labels and no others; `value` NULL: any. */
static bool is_row(const struct metric *metric, const char *name, const char *key,
                   const char *value)
{
    return strcmp(metric->definition->name, name) == 0 && metric->label_count == 1 &&
           strcmp(metric->labels[0].key, key) == 0 &&
           (value == NULL || strcmp(metric->labels[0].value, value) == 0);
}

static double number_of(const struct metric_set *set, const char *name, const struct metric *like)
{
    const struct metric *metric = metric_find(set, name, like->labels, like->label_count);
    return metric != NULL ? metric_number(metric) : 0.0;
}

/* Takes the recovery when it is longer than the longest so far. */
static void consider_recovery(const struct metric_set *set, const struct metric *rto,
                              struct failure_recovery *longest)
{
    const uint64_t missed = (uint64_t)number_of(set, "rto_not_recovered", rto);
    if (missed == 0 && !metric_defined(rto)) {
        return;
    }
    const bool worse = missed != longest->not_recovered ? missed > longest->not_recovered
                                                        : metric_number(rto) > longest->rto_ms;
    if (longest->any && !worse) {
        return;
    }
    longest->any = true;
    longest->not_recovered = missed;
    longest->rto_ms = metric_number(rto);
    for (int part = 0; part < FAILURE_PARTS; part++) {
        longest->parts_ms[part] = number_of(set, failover_parts[part].metric, rto);
    }
}

static void consider_nines(const struct metric_set *set, const struct metric *ratio,
                           struct failure_summary *summary)
{
    const char *phase = metric_label_value(ratio, "phase");
    if (ratio->label_count != 2 || metric_label_value(ratio, "fault") == NULL || phase == NULL ||
        strcmp(phase, "during") != 0 || !metric_defined(ratio)) {
        return;
    }
    const struct metric *nines =
        metric_find(set, "availability_nines", ratio->labels, ratio->label_count);
    if (nines != NULL && metric_defined(nines)) {
        summary->nines = summary->nines_known ? fmin(summary->nines, metric_number(nines))
                                              : metric_number(nines);
        summary->nines_known = true;
    } else if (ratio->count == ratio->total) {
        summary->all_ok = true;
    }
}

struct failure_summary failure_summary_of(const struct metric_set *set)
{
    struct failure_summary summary;
    memset(&summary, 0, sizeof summary);
    for (size_t i = 0; i < set->metric_count; i++) {
        const struct metric *metric = &set->metrics[i];
        const char *name = metric->definition->name;
        if (strcmp(name, "rto_ms") == 0 && metric->label_count == 3) {
            const char *operation = metric_label_value(metric, "operation");
            consider_recovery(
                set, metric,
                &summary.operations[operation != NULL && strcmp(operation, "write") == 0]);
        } else if (is_row(metric, "rpo_writes_gone", "fault", NULL)) {
            summary.gone += metric->count;
        } else if (strcmp(name, "acked_discarded") == 0 && metric->label_count == 0) {
            summary.discarded += metric->count;
        } else if (is_row(metric, "rpo_lost_ms", "fault", NULL) && metric_defined(metric)) {
            summary.lost_known = true;
            summary.lost_ms = fmax(summary.lost_ms, metric_number(metric));
        } else if (is_row(metric, "split_brain_ms", "dataset", NULL) && metric_defined(metric)) {
            summary.split_known = true;
            summary.split_brain_ms += metric_number(metric);
        } else if (strcmp(name, "availability_ratio") == 0) {
            consider_nines(set, metric, &summary);
        }
    }
    summary.all_ok = summary.all_ok && !summary.nines_known;
    return summary;
}
