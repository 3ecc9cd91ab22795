#include "analysis/metric.h"

#include <string.h>

const struct metric_definition *metric_definition_find(const char *name)
{
    for (const struct metric_definition *row = metric_catalogue; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

double metric_set_measured_s(const struct metric_set *set)
{
    return (double)set->measured_ns / (double)SIM_NS_PER_S;
}

const char *metric_label_value(const struct metric *metric, const char *key)
{
    for (uint32_t i = 0; i < metric->label_count; i++) {
        if (strcmp(metric->labels[i].key, key) == 0) {
            return metric->labels[i].value;
        }
    }
    return NULL;
}

static bool metric_has_labels(const struct metric *metric, const struct metric_label *labels,
                              size_t label_count)
{
    if (metric->label_count != label_count) {
        return false;
    }
    for (size_t i = 0; i < label_count; i++) {
        const char *value = metric_label_value(metric, labels[i].key);

        if (value == NULL || strcmp(value, labels[i].value) != 0) {
            return false;
        }
    }
    return true;
}

const struct metric *metric_find(const struct metric_set *set, const char *name,
                                 const struct metric_label *labels, size_t label_count)
{
    const struct metric_definition *definition = metric_definition_find(name);

    for (size_t i = 0; definition != NULL && i < set->metric_count; i++) {
        if (set->metrics[i].definition == definition &&
            metric_has_labels(&set->metrics[i], labels, label_count)) {
            return &set->metrics[i];
        }
    }
    return NULL;
}

bool metric_defined(const struct metric *metric)
{
    switch (metric->definition->shape) {
    case METRIC_COUNT:
        return true;
    case METRIC_RATIO:
        return metric->total > 0;
    case METRIC_VALUE:
        return metric->count > 0;
    case METRIC_DISTRIBUTION:
        return metric->histogram->count > 0;
    }
    return false;
}

double metric_number(const struct metric *metric)
{
    if (!metric_defined(metric)) {
        return 0;
    }
    switch (metric->definition->shape) {
    case METRIC_COUNT:
        return (double)metric->count / metric->definition->scale;
    case METRIC_RATIO:
        return (double)metric->count / (double)metric->total;
    case METRIC_VALUE:
        return metric->value / metric->definition->scale;
    case METRIC_DISTRIBUTION:
        return histogram_mean(metric->histogram) / metric->definition->scale;
    }
    return 0;
}

double metric_quantile(const struct metric *metric, double p)
{
    CHECK(metric->definition->shape == METRIC_DISTRIBUTION);
    return (double)histogram_quantile(metric->histogram, p) / metric->definition->scale;
}

bool metric_curve_at(const struct metric_curve *curve, double x, double *y, uint64_t *samples)
{
    size_t point = 0;

    if (curve->point_count == 0) {
        return false;
    }
    while (point + 1 < curve->point_count && curve->x[point + 1] <= x) {
        point++;
    }
    *y = curve->y[point];
    *samples = curve->samples[point];
    return true;
}

/* FNV-1a over 64-bit words, each mixed by a multiplication (Fowler, Noll and Vo, 1991). */
static uint64_t hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++) {
        hash = hash_word(hash, (unsigned char)*text);
    }
    return hash_word(hash, 256);
}

static uint64_t hash_labels(uint64_t hash, const struct metric_label *labels, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        hash = hash_text(hash_text(hash, labels[i].key), labels[i].value);
    }
    return hash;
}

static uint64_t hash_histogram(uint64_t hash, const struct histogram *histogram)
{
    struct histogram_bucket bucket = {0};

    hash = hash_word(hash_word(hash, histogram->count), histogram->sum_low);
    hash = hash_word(hash_word(hash, (uint64_t)histogram->min), (uint64_t)histogram->max);
    while (histogram_next(histogram, &bucket)) {
        hash = hash_word(hash_word(hash, (uint64_t)bucket.low), bucket.count);
    }
    return hash;
}

uint64_t metric_set_digest(const struct metric_set *set)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < set->metric_count; i++) {
        const struct metric *metric = &set->metrics[i];

        hash = hash_text(hash, metric->definition->name);
        hash = hash_labels(hash, metric->labels, metric->label_count);
        hash = hash_word(hash_word(hash, metric->count), metric->total);
        if (metric->histogram != NULL) {
            hash = hash_histogram(hash, metric->histogram);
        }
    }
    for (size_t i = 0; i < set->curve_count; i++) {
        const struct metric_curve *curve = &set->curves[i];

        hash = hash_text(hash, curve->name);
        hash = hash_labels(hash, curve->labels, curve->label_count);
        for (size_t k = 0; k < curve->point_count; k++) {
            hash = hash_word(hash_word(hash, curve->samples[k]), curve->hits[k]);
        }
    }
    return hash_word(hash, set->events);
}

void metric_set_release(struct metric_set *set)
{
    arena_release(&set->arena);
    *set = (struct metric_set){0};
}
