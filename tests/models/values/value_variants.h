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
    {"mv_register", "cap=1,blind=replace"},
    {"mv_register", "cap=2,context=version_vector"},
    {"mv_register", "cap=2,when_full=refuse"},
    {"row", "fields=3"},
    {"row", "fields=3,written=2,tie=value"},
    {"row", "fields=2,tie=delete,grace=1h"},
    {"row", "fields=2,delete=always"},
    {"pn_counter", "minimum=0,initial=3"},
    {"bounded_counter", "initial=5"},
    {"bounded_counter", "initial=9,low=4"},
    {"priority", "rule=tier"},
    {"cart", "removal=by_count"},
    {"event_log", "keep=1"},
    {"event_log", "keep=3,kinds=2"},
    {"revision_tree", "revs_limit=1"},
    {"revision_tree", "revs_limit=2,conflicts=resolved"},
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
