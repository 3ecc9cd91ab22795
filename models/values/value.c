/* value.c - states with their heads; the registry of value types. */
#include "models/values/value.h"

#include "models/values/register.h"
#include "sim/arena.h"

#define VALUE(name) extern const struct value_ops value_##name##_ops;
#include "models/values/registry.def"
#undef VALUE

#define VALUE(name) &value_##name##_ops.kind,
static const struct param_kind *const kinds[] = {
    &value_register_kind,
#include "models/values/registry.def"
};
#undef VALUE

const char *const value_action_names[VALUE_ACTION_COUNT + 1] = {
    [VALUE_WRITE] = "write",         [VALUE_SET] = "set", [VALUE_INCREMENT] = "increment",
    [VALUE_DECREMENT] = "decrement", [VALUE_ADD] = "add", [VALUE_REMOVE] = "remove",
    [VALUE_DELETE] = "delete",
};

const struct value_ops *value_ops_of(const struct param_choice *choice)
{
    return choice->kind == NULL || choice->kind == &value_register_kind
               ? NULL
               : (const struct value_ops *)(const void *)choice->kind; /* its first member */
}

static const char *const form_names[VALUE_FORM_COUNT] = {"state", "delta", "operation"};

static const char *const meeting_texts[] = {
    [VALUE_ONE_WINS] = "one stays, the other is silently gone",
    [VALUE_ALL_COUNT] = "both have their effect",
    [VALUE_KEPT] = "both are kept side by side until somebody resolves them",
};

/* "a, b": the names of the bits that are set. */
static const char *listed(struct arena *arena, uint32_t bits, const char *const *names)
{
    const char *text = "";
    for (uint32_t i = 0; i < 32; i++) {
        if ((bits >> i & 1u) != 0 && names[i] != NULL) {
            text = arena_printf(arena, "%s%s%s", text, *text == '\0' ? "" : ", ", names[i]);
        }
    }
    return text;
}

static const char *facts(const struct param_kind *kind, struct arena *arena)
{
    const struct value_ops *ops = value_ops_of(&(struct param_choice){.kind = kind});
    if (ops == NULL) {
        return "operations: write\n";
    }
    return arena_printf(
        arena,
        "operations: %s; a write is: %s\nexchanged as: %s\n"
        "two writes%s that met: %s\n",
        listed(arena, ops->actions & ((1u << VALUE_TRANSFER) - 1), value_action_names),
        value_action_names[ops->write_means], listed(arena, ops->forms, form_names),
        ops->by_element ? " of one element" : "", meeting_texts[ops->meeting]);
}

const struct param_registry value_registry = {
    .name = "values",
    .key = "type",
    .summary = "what a key holds, and what becomes of two writes that meet",
    .count = sizeof kinds / sizeof kinds[0],
    .kinds = kinds,
    .facts = facts,
};

static void put_head(struct words_buffer *buffer, struct value_version version)
{
    words_put(buffer, (uint64_t)version.stamp);
    words_put(buffer, version.write);
}

static struct value_version later(struct value_version a, struct value_version b)
{
    return value_version_less(a, b) ? b : a;
}

enum value_result value_perform(const struct value_type *type, struct words before,
                                const struct value_write *write, enum value_form form,
                                struct words_buffer *after, struct words_buffer *shipped)
{
    struct value_write done = *write;
    done.action = write->action == VALUE_WRITE ? type->ops->write_means : write->action;
    words_clear(after);
    words_clear(shipped);
    put_head(after, later(value_head(before), write->version));
    if (form != VALUE_STATE) {
        put_head(shipped, write->version);
    }
    return type->ops->perform(type->params, value_body(before), &done, form, after, shipped);
}

bool value_take(const struct value_type *type, struct words state, struct words from,
                enum value_form form, struct words_buffer *after, struct words_buffer *displaced)
{
    words_clear(after);
    put_head(after, later(value_head(state), value_head(from)));
    if (form == VALUE_OPERATION) {
        CHECK(type->ops->again != NULL);
        type->ops->again(type->params, value_body(state), value_body(from), after);
    } else {
        type->ops->join(type->params, value_body(state), value_body(from), after, displaced);
    }
    return !words_equal(words_of(after), state);
}

bool value_sweep(const struct value_type *type, struct words state, sim_ns clock_ns,
                 struct words_buffer *after)
{
    if (state.count == 0 || type->ops->sweep == NULL) {
        return false;
    }
    words_clear(after);
    put_head(after, value_head(state));
    if (!type->ops->sweep(type->params, value_body(state), clock_ns, after)) {
        return false;
    }
    if (after->count == VALUE_HEAD_WORDS) {
        words_clear(after); /* as if nobody had ever written it */
    }
    return true;
}

void value_view_of(const struct value_type *type, struct words state, struct value_view *view)
{
    *view = (struct value_view){0};
    if (state.count > 0) {
        type->ops->view(type->params, value_body(state), view);
    }
}

struct value_size value_size_of(const struct value_type *type, struct words state,
                                enum value_form form)
{
    return state.count == 0 ? (struct value_size){0}
                            : type->ops->size(type->params, value_body(state), form);
}

uint64_t value_digest(struct words state)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < state.count; i++) {
        hash = (hash ^ state.at[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
        hash *= UINT64_C(0xbf58476d1ce4e5b9);
        hash ^= hash >> 32;
    }
    return hash;
}
