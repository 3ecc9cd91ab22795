#include "sim/distribution.h"

#include "sim/arena.h"
#include "sim/check.h"
#include "sim/distribution_params.h"
#include "sim/portable_math.h"

#include <string.h>

#define DISTRIBUTION(name) extern const struct distribution_ops distribution_##name##_ops;
#include "sim/distribution/registry.def"
#undef DISTRIBUTION

#define DISTRIBUTION(name) &distribution_##name##_ops.kind,
static const struct param_kind *const kinds[] = {
#include "sim/distribution/registry.def"
};
#undef DISTRIBUTION

const struct param_registry distribution_registry = {
    .name = "distributions",
    .key = "distribution",
    .summary = "laws of chance, for any duration, size or number that may vary",
    .count = sizeof kinds / sizeof kinds[0],
    .kinds = kinds,
};

double distribution_mean(const struct distribution *distribution)
{
    return distribution->ops->mean(distribution->params);
}

double distribution_quantile(const struct distribution *distribution, double u)
{
    CHECK(u > 0.0);
    CHECK(u < 1.0);
    const struct distribution_ops *ops = distribution->ops;
    return ops->quantile != NULL ? ops->quantile(distribution->params, u) : PORTABLE_NAN;
}

bool distribution_inverts(const struct distribution *distribution)
{
    const double median = distribution_quantile(distribution, 0.5);
    return median == median;
}

const struct distribution *distribution_constant(struct arena *arena, double value)
{
    const struct distribution_constant params = {.value = value};
    return distribution_make(arena, "constant", &params);
}

const struct distribution *distribution_make(struct arena *arena, const char *kind,
                                             const void *params)
{
    const struct param_kind *found = param_registry_find(&distribution_registry, kind);
    CHECK(found != NULL);
    void *copy = arena_alloc(arena, 1, found->params_bytes);
    memcpy(copy, params, found->params_bytes);
    const char *key = NULL;
    const char *wrong = found->finish != NULL ? found->finish(copy, arena, &key) : NULL;
    CHECK(wrong == NULL);
    struct distribution *distribution = arena_alloc(arena, 1, sizeof *distribution);
    /* The kind is the first member of its ops. */
    distribution->ops = (const struct distribution_ops *)(const void *)found;
    distribution->params = copy;
    return distribution;
}
