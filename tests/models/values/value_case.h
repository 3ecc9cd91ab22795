/*
 * value_case.h - a type of values with its parameters, for tests: defaults and "key=value" pairs.
 *
 * The rows of the type's table are read as a scenario's would be, so far as numbers, words, sizes
 * and durations go; rows of other types keep zero.
 */
#ifndef TESTS_MODELS_VALUES_VALUE_CASE_H
#define TESTS_MODELS_VALUES_VALUE_CASE_H

#include "models/values/value.h"
#include "sim/arena.h"
#include "sim/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct value_case {
    const char *name;    /* of the type */
    const char *variant; /* "cap=2,blind=replace"; "" are the defaults */
    struct value_type type;
};

static inline double value_case_number(const char *text)
{
    static const struct {
        const char *unit;
        double factor;
    } units[] = {{"", 1},          {"B", 1},      {"KB", 1e3}, {"KiB", 1024}, {"MB", 1e6},
                 {"MiB", 1048576}, {"%", .01},    {"ns", 1},   {"us", 1e3},   {"ms", 1e6},
                 {"s", 1e9},       {"min", 6e10}, {"m", 6e10}, {"h", 3.6e12}, {"d", 8.64e13}};
    if (strcmp(text, "none") == 0) {
        return -1.0;
    }
    char *end = NULL;
    const double number = strtod(text, &end);
    CHECK(end != text);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].unit, end) == 0) {
            return number * units[i].factor;
        }
    }
    printf("no such unit: %s\n", text);
    CHECK(false);
    return 0.0;
}

static inline void value_case_set(const struct param_spec *row, void *params, const char *text)
{
    unsigned char *at = (unsigned char *)params + row->offset;
    if (row->type == PARAM_BOOL) {
        *(bool *)at = strcmp(text, "true") == 0;
    } else if (row->type == PARAM_INT || row->type == PARAM_BYTES || row->type == PARAM_DURATION) {
        *(int64_t *)(void *)at = (int64_t)value_case_number(text);
    } else if (row->type == PARAM_REAL || row->type == PARAM_RATIO) {
        *(double *)(void *)at = value_case_number(text);
    } else if (row->type == PARAM_ENUM) {
        uint32_t index = 0;
        while (strcmp(row->names[index], text) != 0) {
            index++;
            CHECK(row->names[index] != NULL);
        }
        *(uint32_t *)(void *)at = index;
    }
}

static inline const struct param_spec *value_case_row(const struct param_kind *kind,
                                                      const char *key, size_t length)
{
    for (const struct param_spec *row = kind->params; row->type != PARAM_END; row++) {
        if (strlen(row->key) == length && strncmp(row->key, key, length) == 0) {
            return row;
        }
    }
    printf("%s has no %.*s\n", kind->name, (int)length, key);
    CHECK(false);
    return NULL;
}

static inline struct value_case value_case_of(const char *name, const char *variant,
                                              struct arena *arena)
{
    const struct param_kind *kind = param_registry_find(&value_registry, name);
    CHECK(kind != NULL);
    void *params = arena_alloc(arena, 1, kind->params_bytes > 0 ? kind->params_bytes : 1);
    for (const struct param_spec *row = kind->params; row != NULL && row->type != PARAM_END;
         row++) {
        if (row->default_text != NULL) {
            value_case_set(row, params, row->default_text);
        }
    }
    for (const char *pair = variant; *pair != '\0';) {
        const size_t key = strcspn(pair, "="), length = strcspn(pair, ",");
        CHECK(key < length);
        const struct param_spec *row = value_case_row(kind, pair, key);
        value_case_set(row, params, arena_text(arena, pair + key + 1, length - key - 1));
        if (row->given_offset != 0) {
            *(bool *)((unsigned char *)params + row->given_offset) = true;
        }
        pair += length + (pair[length] == ',');
    }
    const char *wrong_key = NULL;
    const char *wrong = kind->finish != NULL ? kind->finish(params, arena, &wrong_key) : NULL;
    if (wrong != NULL) {
        printf("%s (%s): %s\n", name, variant, wrong);
        CHECK(false);
    }
    return (struct value_case){
        name, variant, {(const struct value_ops *)(const void *)kind, params}};
}

static inline uint32_t value_case_elements(const struct value_case *value)
{
    return value->type.ops->elements == NULL ? 1 : value->type.ops->elements(value->type.params);
}

/* What a write of this type can be, transfers of rights among replicas included. */
static inline bool value_case_does(const struct value_case *value, enum value_action action)
{
    const struct value_ops *ops = value->type.ops;
    return (ops->actions >> action & 1) != 0 || (action == VALUE_TRANSFER && ops->wants != NULL);
}

static inline void value_case_copy(struct words_buffer *to, struct words from)
{
    words_clear(to);
    words_put_all(to, from);
}

#endif
