#include "plots/failover_rows.h"

#include <math.h>
#include <string.h>

static double seconds(sim_ns ns)
{
    return (double)ns / (double)SIM_NS_PER_S;
}

double failover_bar_end_s(const struct figure_input *input, const struct metric_recovery *bar)
{
    return seconds(bar->recovered ? bar->times_ns[METRIC_RECOVERY_DONE] : input->set->end_ns);
}

static bool has_length(const struct metric_recovery *recovery)
{
    return !recovery->recovered ||
           recovery->times_ns[METRIC_RECOVERY_DONE] > recovery->times_ns[METRIC_RECOVERY_FAIL];
}

static void collect_row(const struct figure_input *input, const char *operation, const char *region,
                        struct failover_row *row)
{
    const struct metric_events *events = &input->set->failures;
    double end_s = -1.0;
    for (size_t i = 0; i < events->recovery_count; i++) {
        const struct metric_recovery *recovery = &events->recoveries[i];
        if (strcmp(recovery->operation, operation) != 0 || strcmp(recovery->region, region) != 0) {
            continue;
        }
        row->any = true;
        if (has_length(recovery) && row->bar_count < FAILOVER_BARS_MAX &&
            seconds(recovery->times_ns[METRIC_RECOVERY_FAIL]) >= end_s) {
            row->bars[row->bar_count++] = recovery;
            end_s = failover_bar_end_s(input, recovery);
        }
    }
}

static bool interrupted(const struct failover_region *region)
{
    return region->rows[0].bar_count + region->rows[1].bar_count > 0;
}

/* Keeps FAILOVER_REGIONS_MAX of them, in their order. */
static void choose_regions(struct failover_rows *rows, size_t count)
{
    size_t bad = 0, kept = 0;
    for (size_t i = 0; i < count; i++) {
        bad += interrupted(&rows->regions[i]);
    }
    size_t bad_left = bad < FAILOVER_REGIONS_MAX ? bad : FAILOVER_REGIONS_MAX;
    size_t good_left = FAILOVER_REGIONS_MAX - bad_left;
    for (size_t i = 0; i < count; i++) {
        size_t *left = interrupted(&rows->regions[i]) ? &bad_left : &good_left;
        if (*left > 0) {
            --*left;
            rows->regions[kept++] = rows->regions[i];
        }
    }
    rows->region_count = kept;
    rows->left_out = count - kept;
}

static void choose_times(const struct figure_input *input, struct failover_rows *rows)
{
    const struct metric_events *events = &input->set->failures;
    const double bucket_s = seconds(input->set->bucket_ns), end_s = seconds(input->set->end_ns);
    double first_s = end_s, last_s = 0.0;
    for (size_t i = 0; i < events->recovery_count; i++) {
        const struct metric_recovery *recovery = &events->recoveries[i];
        first_s = fmin(first_s, seconds(recovery->times_ns[METRIC_RECOVERY_FAIL]));
        last_s = fmax(last_s, failover_bar_end_s(input, recovery));
    }
    const double margin_s = fmax(0.25 * (last_s - first_s), 10.0 * bucket_s);
    rows->first_fault_s = first_s;
    rows->from_s = fmax(first_s - 0.4 * margin_s, 0.0);
    rows->to_s = fmin(last_s + margin_s, seconds(input->set->duration_ns));
    if (!(rows->to_s > rows->from_s)) { /* a run that ended with the fault */
        rows->from_s = 0.0;
        rows->to_s = seconds(input->set->duration_ns);
    }
}

bool failover_rows_collect(const struct figure_input *input, struct arena *arena,
                           struct failover_rows *rows)
{
    const struct record_layout *layout = input->layout;
    size_t count = 0;
    memset(rows, 0, sizeof *rows);
    if (input->set->failures.recovery_count == 0) {
        return false;
    }
    rows->regions = arena_alloc(arena, layout->place_count + 1, sizeof *rows->regions);
    for (uint32_t i = 0; i < layout->place_count; i++) {
        struct failover_region *region = &rows->regions[count];
        memset(region, 0, sizeof *region);
        region->name = layout->places[i].name;
        collect_row(input, "read", region->name, &region->rows[0]);
        collect_row(input, "write", region->name, &region->rows[1]);
        count += region->rows[0].any || region->rows[1].any;
    }
    choose_regions(rows, count);
    choose_times(input, rows);
    return rows->region_count > 0;
}
