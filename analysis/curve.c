#include "analysis/curve.h"

const struct curve_rule curve_rules[] = {
    {"t_visibility_p50_ms", 500},
    {"t_visibility_p90_ms", 900},
    {"t_visibility_p99_ms", 990},
    {"t_visibility_p999_ms", 999},
    {0},
};

struct bin {
    int64_t low, high; /* both included */
    uint64_t samples, missed;
};

struct bins { /* the walk over the joined bins */
    const struct histogram *missed;
    struct histogram_bucket bucket, missed_bucket;
    const struct histogram *all;
    bool missed_left;
    uint64_t samples_left, enough;
    int64_t widths; /* a bin must be at least its beginning / widths wide; 0: any width */
};

static struct bins bins_begin(const struct histogram *all, const struct histogram *missed,
                              uint64_t enough, int64_t widths)
{
    struct bins bins = {.missed = missed,
                        .all = all,
                        .samples_left = all->count,
                        .enough = enough,
                        .widths = widths};

    bins.missed_left = histogram_next(missed, &bins.missed_bucket);
    return bins;
}

static bool bins_next(struct bins *bins, struct bin *bin)
{
    *bin = (struct bin){.low = -1};
    while (histogram_next(bins->all, &bins->bucket)) {
        bin->low = bin->low < 0 ? bins->bucket.low : bin->low;
        bin->high = bins->bucket.high;
        bin->samples += bins->bucket.count;
        bins->samples_left -= bins->bucket.count;
        if (bins->missed_left && bins->missed_bucket.low == bins->bucket.low) {
            bin->missed += bins->missed_bucket.count;
            bins->missed_left = histogram_next(bins->missed, &bins->missed_bucket);
        }
        if (bin->samples >= bins->enough && bins->samples_left >= bins->enough &&
            (bins->widths == 0 || bin->high - bin->low + 1 >= bin->low / bins->widths)) {
            return true;
        }
    }
    CHECK(bin->missed <= bin->samples);
    return bin->low >= 0;
}

static size_t bins_count(const struct histogram *all, const struct histogram *missed,
                         uint64_t enough, int64_t widths)
{
    struct bins bins = bins_begin(all, missed, enough, widths);
    struct bin bin;
    size_t count = 0;

    while (bins_next(&bins, &bin)) {
        count++;
    }
    return count;
}

void curve_fill(struct metric_curve *curve, struct arena *arena, const struct histogram *all,
                const struct histogram *missed, bool coarse)
{
    const uint64_t enough = coarse ? 10 * CURVE_BIN_SAMPLES : CURVE_BIN_SAMPLES;
    const int64_t widths = coarse ? 16 : 64;
    const size_t count = bins_count(all, missed, enough, widths);
    struct bins bins = bins_begin(all, missed, enough, widths);
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
    curve->all = all;
    curve->missed = missed;
}

uint64_t curve_visible(const struct histogram *all, const struct histogram *missed,
                       uint32_t per_thousand, int64_t *t_ns)
{
    CHECK(per_thousand < 1000);

    const uint64_t wanted = 10 * 1000 / (1000 - per_thousand);
    const uint64_t enough = wanted > CURVE_BIN_SAMPLES ? wanted : CURVE_BIN_SAMPLES;
    struct bins bins = bins_begin(all, missed, enough, 0);
    struct bin bin;
    bool visible = false, first = true;

    if (all->count < enough) {
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
    return visible ? all->count : 0;
}
