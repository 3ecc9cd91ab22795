/* fake_value.h - a type of values for the clients, who only look at its table. */
#ifndef TESTS_MODELS_WORKLOAD_FAKE_VALUE_H
#define TESTS_MODELS_WORKLOAD_FAKE_VALUE_H

#include "models/values/value.h"
#include "sim/check.h"
#include "tests/models/workload/fake_host.h"

enum {
    FAKE_ALL = 1 << VALUE_SET | 1 << VALUE_INCREMENT | 1 << VALUE_DECREMENT | 1 << VALUE_ADD |
               1 << VALUE_REMOVE | 1 << VALUE_DELETE
};

/* The parameters are the number of elements. */
static inline uint32_t fake_value_elements(const void *params)
{
    return *(const uint32_t *)params;
}

static inline void fake_value_context(const void *params, struct words body,
                                      struct words_buffer *out)
{
    (void)params;
    (void)body;
    (void)out;
    CHECK(false); /* of replicas */
}

/* A plain `write` of it is an `add`. */
static const struct value_ops fake_value = {.kind = {.name = "fake", .summary = "of a test"},
                                            .actions = FAKE_ALL,
                                            .write_means = VALUE_ADD,
                                            .meeting = VALUE_KEPT,
                                            .elements = fake_value_elements,
                                            .context = fake_value_context};

/* The world's dataset holds values of this type with so many elements. */
static inline void fake_merges(struct world *world, uint32_t dataset, const struct value_ops *ops,
                               uint32_t elements)
{
    uint32_t *params = arena_alloc(&world->arena, 1, sizeof *params);
    *params = elements;
    world->dataset[dataset].value = (struct param_choice){.kind = &ops->kind, .params = params};
}

#endif
