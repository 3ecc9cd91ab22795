/*
 * mixture.c - one of several distributions, by weight.
 *
 * Model:  the first word of the draw picks the part. The second is the uniform of a part that has
 *         an inverse, or keys a stream of its own for a part that has not.
 * Source: definition; Chen and Asau 1974 for the choice (sim/guide_table.h).
 */
#include "sim/arena.h"
#include "sim/distribution_params.h"

static const struct param_spec part_rows[] = {
    {.key = "weight",
     .type = PARAM_REAL,
     .offset = offsetof(struct distribution_part, weight),
     .min = 0,
     .max = 1e9,
     .required = true,
     .help = "share, relative to the other weights; above 0"},
    {.key = "of",
     .type = PARAM_DISTRIBUTION,
     .offset = offsetof(struct distribution_part, of),
     .required = true,
     .help = "the distribution; same unit as this one"},
    {0}};

static const struct param_spec rows[] = {{.key = "parts",
                                          .type = PARAM_LIST,
                                          .offset = offsetof(struct distribution_mixture, parts),
                                          .required = true,
                                          .table = part_rows,
                                          .item_bytes = sizeof(struct distribution_part),
                                          .help = "the parts, each {weight, of}"},
                                         {0}};

static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct distribution_mixture *self = params;
    const size_t count = self->parts.count;
    const struct distribution_part *parts = self->parts.items;
    double total = 0.0;
    *key = "parts";
    for (size_t i = 0; i < count; i++) {
        if (!(parts[i].weight > 0.0)) {
            return "needs a weight > 0 in every part";
        }
        if (parts[i].of == NULL) {
            return "needs a distribution in every part";
        }
        total += parts[i].weight;
    }
    if (count == 0) {
        return "needs at least one part";
    }
    *key = NULL;
    self->items = arena_alloc(arena, count, sizeof self->items[0]);
    self->edges = arena_alloc(arena, count, sizeof self->edges[0]);
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        self->items[i] = parts[i];
        self->items[i].inverts = distribution_inverts(parts[i].of);
        sum += parts[i].weight;
        self->edges[i] = sum / total;
    }
    self->edges[count - 1] = 1.0;
    guide_table_init(&self->guide, arena, self->edges, count);
    return NULL;
}

static double sample(const void *params, struct random_stream *stream)
{
    const struct distribution_mixture *self = params;
    const struct random_block block = random_block_next(stream);
    const size_t i = guide_table_find(&self->guide, random_unit_from(block.word[0]));
    const struct distribution_part *part = &self->items[i];
    if (part->inverts) {
        return part->of->ops->quantile(part->of->params, random_unit_from(block.word[1]));
    }
    struct random_stream nested = random_stream_nested(stream, block.word[1]);
    return distribution_sample(part->of, &nested);
}

static double mean(const void *params)
{
    const struct distribution_mixture *self = params;
    double sum = 0.0, below = 0.0;
    for (size_t i = 0; i < self->parts.count; i++) {
        sum += (self->edges[i] - below) * distribution_mean(self->items[i].of);
        below = self->edges[i];
    }
    return sum;
}

const struct distribution_ops distribution_mixture_ops = {
    .kind = {.name = "mixture",
             .summary = "one of several distributions, by weight",
             .source = "definition",
             .params_bytes = sizeof(struct distribution_mixture),
             .params = rows,
             .finish = finish},
    .sample = sample,
    .mean = mean,
};
