#include "plots/comparison.h"

#include <string.h>

void comparison_init(struct comparison *comparison, const char *title)
{
    memset(comparison, 0, sizeof *comparison);
    arena_init(&comparison->arena);
    comparison->layout.name = arena_text(&comparison->arena, title, strlen(title));
    comparison->layout.summary = "";
    comparison->variants =
        arena_alloc(&comparison->arena, COMPARISON_VARIANTS_MAX, sizeof *comparison->variants);
}

void comparison_release(struct comparison *comparison)
{
    arena_release(&comparison->arena);
}

/* The row over everything but the operation, copied; NULL when it is empty. */
static const struct histogram *copy_latency(struct arena *arena, const struct metric_set *set,
                                            const char *operation)
{
    const struct metric_label label = {"operation", operation};
    const struct metric *found = metric_find(set, "latency_ms", &label, 1);
    if (found == NULL || found->histogram == NULL || found->histogram->count == 0) {
        return NULL;
    }
    struct histogram *copy = histogram_new(arena);
    histogram_merge(copy, found->histogram);
    return copy;
}

static void *copy_array(struct arena *arena, const void *items, size_t count, size_t bytes)
{
    void *copy = NULL;
    if (items != NULL) {
        copy = arena_alloc(arena, count, bytes);
        memcpy(copy, items, count * bytes);
    }
    return copy;
}

/* The curve of that name without labels, copied; NULL when it has no points. */
static const struct metric_curve *copy_curve(struct arena *arena, const struct metric_set *set,
                                             const char *name)
{
    for (size_t i = 0; i < set->curve_count; i++) {
        const struct metric_curve *curve = &set->curves[i];
        const size_t count = curve->point_count;
        if (strcmp(curve->name, name) != 0 || curve->label_count != 0 || count < 2) {
            continue;
        }
        struct metric_curve *copy = arena_alloc(arena, 1, sizeof *copy);
        copy->x = copy_array(arena, curve->x, count, sizeof *curve->x);
        copy->x_end = copy_array(arena, curve->x_end, count, sizeof *curve->x_end);
        copy->y = copy_array(arena, curve->y, count, sizeof *curve->y);
        copy->samples = copy_array(arena, curve->samples, count, sizeof *curve->samples);
        copy->hits = copy_array(arena, curve->hits, count, sizeof *curve->hits);
        copy->point_count = count;
        return copy;
    }
    return NULL;
}

void comparison_add(struct comparison *comparison, const char *variant,
                    const struct metric_set *set, size_t replications)
{
    struct arena *arena = &comparison->arena;
    if (comparison->count == COMPARISON_VARIANTS_MAX) {
        return;
    }
    if (comparison->count == 0) {
        comparison->total.seed = set->seed;
        comparison->total.duration_ns = set->duration_ns;
        comparison->replications = replications;
    }
    struct figure_variant *added = &comparison->variants[comparison->count++];
    added->name = arena_text(arena, variant, strlen(variant));
    added->latency[0] = copy_latency(arena, set, "read");
    added->latency[1] = copy_latency(arena, set, "write");
    added->failures = failure_summary_of(set);
    added->conflicts = conflict_summary_of(set);
    added->visibility = copy_curve(arena, set, "probe_t_visibility");
    if (added->visibility == NULL) {
        added->visibility = copy_curve(arena, set, "t_visibility");
    }
}

bool comparison_draw(const struct comparison *comparison, const char *directory,
                     const struct plot_options *options, struct plot_report *report)
{
    const struct figure_input input = {.layout = &comparison->layout,
                                       .set = &comparison->total,
                                       .replications = comparison->replications,
                                       .variants = comparison->variants,
                                       .variant_count = comparison->count};
    return plots_draw_figures(figure_registry_variants, &input, directory, options, report);
}
