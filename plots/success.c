#include "plots/success.h"

#include "plots/timeline.h"

#include <math.h>

const double *success_series(const struct figure_input *input, struct arena *arena,
                             const char *name, const char *region, const char *operation)
{
    if (operation == NULL) {
        return timeline_of_region(input, arena, name, region);
    }
    const struct metric_label labels[2] = {{"region", region}, {"operation", operation}};
    const struct metric_series *series = timeline_find(input->set, name, labels, 2);
    if (series != NULL) {
        return series->values;
    }
    double *nothing = arena_alloc(arena, input->set->bucket_count + 1, sizeof *nothing);
    for (size_t i = 0; i < input->set->bucket_count; i++) {
        nothing[i] = (double)NAN;
    }
    return nothing;
}

static const double *ended_rate(const struct figure_input *input, struct arena *arena,
                                const char *region, const char *operation)
{
    static const char *const series[] = {"ok_per_s", "failed_per_s", "unknown_per_s"};
    const size_t count = input->set->bucket_count;
    const double *offered = success_series(input, arena, "offered_per_s", region, operation);
    double *ended = arena_alloc(arena, count + 1, sizeof *ended);
    for (size_t kind = 0; kind < sizeof series / sizeof series[0]; kind++) {
        const double *values = success_series(input, arena, series[kind], region, operation);
        for (size_t i = 0; i < count; i++) {
            ended[i] += isfinite(values[i]) ? values[i] : 0.0;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const bool decided =
            isfinite(offered[i]) && ended[i] >= (1.0 - SUCCESS_IN_FLIGHT_MAX) * offered[i];
        ended[i] = decided ? ended[i] : (double)NAN;
    }
    return ended;
}

struct success success_of(const struct figure_input *input, struct arena *arena, const char *region,
                          const char *operation)
{
    const size_t count = input->set->bucket_count;
    const double *ended = ended_rate(input, arena, region, operation);
    const double *all_ok = success_series(input, arena, "ok_per_s", region, operation);
    double *percent = arena_alloc(arena, count + 1, sizeof *percent);
    double *ok = arena_alloc(arena, count + 1, sizeof *ok);
    for (size_t i = 0; i < count; i++) {
        ok[i] = isfinite(ended[i]) ? all_ok[i] : (double)NAN;
        percent[i] =
            ended[i] > 0.0 ? 100.0 * (isfinite(ok[i]) ? ok[i] : 0.0) / ended[i] : (double)NAN;
    }
    return (struct success){ended, ok, percent};
}
