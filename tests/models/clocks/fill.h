/*
 * fill.h - sets parameters of a plug-in by the keys of its table, as the loader does.
 */
#ifndef TESTS_MODELS_CLOCKS_FILL_H
#define TESTS_MODELS_CLOCKS_FILL_H

#include "sim/arena.h"
#include "sim/check.h"
#include "sim/distribution.h"
#include "sim/param.h"

#include <string.h>

static inline void *fill_field(const struct param_kind *kind, void *params, const char *key,
                               enum param_type type)
{
    for (const struct param_spec *row = kind->params; row->type != PARAM_END; row++) {
        if (strcmp(row->key, key) == 0) {
            CHECK(row->type == type);
            return (unsigned char *)params + row->offset;
        }
    }
    CHECK(false);
    return NULL;
}

static inline void fill_ns(const struct param_kind *kind, void *params, const char *key, int64_t ns)
{
    *(int64_t *)fill_field(kind, params, key, PARAM_DURATION) = ns;
}

static inline void fill_int(const struct param_kind *kind, void *params, const char *key,
                            int64_t value)
{
    *(int64_t *)fill_field(kind, params, key, PARAM_INT) = value;
}

static inline void fill_real(const struct param_kind *kind, void *params, const char *key,
                             double value)
{
    *(double *)fill_field(kind, params, key, PARAM_REAL) = value;
}

static inline void fill_constant(const struct param_kind *kind, void *params, const char *key,
                                 struct arena *arena, double value)
{
    *(const struct distribution **)fill_field(kind, params, key, PARAM_DISTRIBUTION) =
        distribution_constant(arena, value);
}

static inline void *fill_new(const struct param_kind *kind, struct arena *arena)
{
    return arena_alloc(arena, 1, kind->params_bytes > 0 ? kind->params_bytes : 1);
}

static inline const char *fill_finish(const struct param_kind *kind, void *params,
                                      struct arena *arena)
{
    const char *key = NULL;
    return kind->finish != NULL ? kind->finish(params, arena, &key) : NULL;
}

#endif
