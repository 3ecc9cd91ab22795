#include "analysis/curve.h"

const struct curve_rule curve_rules[CURVE_RULES] = {
    {"t_visibility_p50_ms", 500},
    {"t_visibility_p90_ms", 900},
    {"t_visibility_p99_ms", 990},
    {"t_visibility_p999_ms", 999},
};

struct bin {
    int64_t low, high; /* both included */
    uint64_t samples, missed;
};

struct bins { /* the walk over the joined bins */
    const struct curve_counts *counts;
    size_t at;
    uint64_t samples_left, enough;
    int64_t widths; /* a bin must be at least its beginning / widths wide; 0: any width */
};

void curve_counts_set(struct curve_counts *counts, const struct histogram *all,
                      const struct histogram *missed)
{
    counts->all = all;
    counts->missed = missed;
    counts->count = 0;
    for (size_t i = 0; i < HISTOGRAM_BLOCKS; i++) {
        const uint64_t *block = all->blocks[i], *missed_block = missed->blocks[i];

        if (block == NULL) {
            continue;
        }
        memory_grow(&counts->items, &counts->capacity, counts->count + HISTOGRAM_BLOCK,
                    sizeof(struct curve_count));

        struct curve_count *items = counts->items;

        for (size_t k = 0; k < HISTOGRAM_BLOCK; k++) {
            /* Empty ones are written over by the next. */
            items[counts->count] = (struct curve_count){i * HISTOGRAM_BLOCK + k, block[k],
                                                        missed_block != NULL ? missed_block[k] : 0};
            counts->count += block[k] != 0 ? 1u : 0u;
        }
    }
}

void curve_counts_release(struct curve_counts *counts)
{
    memory_release(counts->items);
    *counts = (struct curve_counts){0};
}

static struct bins bins_begin(const struct curve_counts *counts, uint64_t enough, int64_t widths)
{
    return (struct bins){
        .counts = counts, .samples_left = counts->all->count, .enough = enough, .widths = widths};
}

static bool bins_next(struct bins *bins, struct bin *bin)
{
    const struct curve_count *items = bins->counts->items;
    const size_t begin = bins->at;

    *bin = (struct bin){0};
    if (begin == bins->counts->count) {
        return false;
    }
    bin->low = histogram_bucket_low(items[begin].index);
    while (bins->at < bins->counts->count) {
        const struct curve_count *item = &items[bins->at++];

        bin->samples += item->samples;
        bin->missed += item->missed;
        bins->samples_left -= item->samples;
        if (bin->samples >= bins->enough && bins->samples_left >= bins->enough) {
            bin->high = histogram_bucket_high(item->index);
            if (bins->widths == 0 || bin->high - bin->low + 1 >= bin->low / bins->widths) {
                return true;
            }
        }
    }
    bin->high = histogram_bucket_high(items[bins->at - 1].index);
    CHECK(bin->missed <= bin->samples);
    return true;
}

static size_t bins_count(const struct curve_counts *counts, uint64_t enough, int64_t widths)
{
    struct bins bins = bins_begin(counts, enough, widths);
    struct bin bin;
    size_t count = 0;

    while (bins_next(&bins, &bin)) {
        count++;
    }
    return count;
}

void curve_fill(struct metric_curve *curve, struct arena *arena, const struct curve_counts *counts,
                bool coarse)
{
    const uint64_t enough = coarse ? 10 * CURVE_BIN_SAMPLES : CURVE_BIN_SAMPLES;
    const int64_t widths = coarse ? 16 : 64;
    const size_t count = bins_count(counts, enough, widths);
    struct bins bins = bins_begin(counts, enough, widths);
    double *x = arena_alloc(arena, count + 1, sizeof(*x));
    double *x_end = arena_alloc(arena, count + 1, sizeof(*x_end));
    double *y = arena_alloc(arena, count + 1, sizeof(*y));
    uint64_t *samples = arena_alloc(arena, count + 1, sizeof(*samples));
    uint64_t *hits = arena_alloc(arena, count + 1, sizeof(*hits));
    struct bin bin;

    for (size_t i = 0; i < count; i++) {
        CHECK(bins_next(&bins, &bin));
        x[i] = (double)bin.low / 1e6;
        x_end[i] = ((double)bin.high + 1) / 1e6;
        samples[i] = bin.samples;
        hits[i] = bin.samples - bin.missed;
        y[i] = (double)hits[i] / (double)samples[i];
    }
    curve->x = x;
    curve->x_end = x_end;
    curve->y = y;
    curve->samples = samples;
    curve->hits = hits;
    curve->point_count = count;
    curve->all = counts->all;
    curve->missed = counts->missed;
}

uint64_t curve_visible(const struct curve_counts *counts, uint32_t per_thousand, int64_t *t_ns)
{
    CHECK(per_thousand < 1000);

    const uint64_t wanted = 10 * 1000 / (1000 - per_thousand);
    const uint64_t enough = wanted > CURVE_BIN_SAMPLES ? wanted : CURVE_BIN_SAMPLES;
    struct bins bins = bins_begin(counts, enough, 0);
    struct bin bin;
    bool visible = false, first = true;

    if (counts->all->count < enough) {
        return 0;
    }
    while (bins_next(&bins, &bin)) {
        const bool reached = (bin.samples - bin.missed) * 1000 >= bin.samples * per_thousand;

        if (reached && !visible) {
            /* Visible from the very first bin on: nothing says that it was not so before. */
            *t_ns = first ? 0 : bin.low;
        }
        visible = reached;
        first = false;
    }
    return visible ? counts->all->count : 0;
}

struct curve_visibility curve_visibility_of(const struct curve_counts *counts)
{
    struct curve_visibility visibility = {0};

    for (size_t rule = 0; rule < CURVE_RULES; rule++) {
        visibility.samples[rule] =
            curve_visible(counts, curve_rules[rule].per_thousand, &visibility.t_ns[rule]);
    }
    return visibility;
}
