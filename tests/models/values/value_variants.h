/*
 * value_variants.h - what is tested of every type: its defaults, and the variants listed here.
 *
 * A type that is not listed is tested with its defaults: a new line of the registry comes by
 * itself.
 */
#ifndef TESTS_MODELS_VALUES_VALUE_VARIANTS_H
#define TESTS_MODELS_VALUES_VALUE_VARIANTS_H

#include "tests/models/values/value_case.h"

static const struct {
    const char *name, *variant;
} value_variants[] = {
    {"mv_register", "context=version_vector"},
    {"mv_register", "blind=replace"},
    {"mv_register", "cap=1"},
    {"mv_register", "cap=2,blind=replace,context=version_vector"},
    {"mv_register", "cap=2,when_full=refuse"},
};

enum { VALUE_VARIANTS = sizeof value_variants / sizeof value_variants[0] };

/* Each type but `register`, which has no words, with its defaults, then the list. */
static inline uint32_t value_variants_count(void)
{
    return (uint32_t)value_registry.count - 1 + VALUE_VARIANTS;
}

static inline struct value_case value_variants_at(uint32_t index, struct arena *arena)
{
    const uint32_t types = (uint32_t)value_registry.count - 1;
    return index < types ? value_case_of(value_registry.kinds[index + 1]->name, "", arena)
                         : value_case_of(value_variants[index - types].name,
                                         value_variants[index - types].variant, arena);
}

#endif
