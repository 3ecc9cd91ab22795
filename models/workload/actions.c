#include "models/workload/actions.h"

#include "models/workload/mix.h"
#include "sim/arena.h"
#include "sim/check.h"

#include <string.h>

static const char *const refusals[MIX_ACTIONS_END][2] = {
    [VALUE_SET] = {"", " can not be set"},
    [VALUE_INCREMENT] = {"", " can not be incremented"},
    [VALUE_DECREMENT] = {"", " can not be decremented"},
    [VALUE_ADD] = {"nothing can be added to ", ""},
    [VALUE_REMOVE] = {"nothing can be removed from ", ""},
    [VALUE_DELETE] = {"", " can not be deleted"},
};

bool actions_allow(const struct value_ops *ops, enum value_action action)
{
    CHECK(action <= VALUE_DELETE);
    if (action == VALUE_WRITE || (ops == NULL && action == VALUE_SET)) {
        return true;
    }
    return ops != NULL && (ops->actions >> action & 1u) != 0;
}

uint32_t actions_elements(const struct scenario_dataset *dataset)
{
    const struct value_ops *ops = value_ops_of(&dataset->value);
    const uint32_t count =
        ops == NULL || ops->elements == NULL ? 1 : ops->elements(dataset->value.params);
    return count > 1 ? count : 1;
}

/* "a", "a or b", "a, b or c": one more name at the end; `left` are still to come. */
static const char *append(struct arena *arena, const char *text, const char *name, uint32_t left)
{
    if (text == NULL) {
        return name;
    }
    return arena_printf(arena, "%s%s%s", text, left == 0 ? " or " : ", ", name);
}

static bool does_all(const struct param_kind *kind, uint32_t wanted)
{
    const struct value_ops *ops = value_ops_of(&(struct param_choice){.kind = kind});
    return ops != NULL && (ops->actions & wanted) == wanted;
}

const char *actions_types(struct arena *arena, uint32_t wanted)
{
    uint32_t left = 0;
    for (size_t i = 0; i < value_registry.count; i++) {
        left += does_all(value_registry.kinds[i], wanted);
    }
    const char *text = NULL;
    for (size_t i = 0; i < value_registry.count; i++) {
        if (does_all(value_registry.kinds[i], wanted)) {
            text = append(arena, text, value_registry.kinds[i]->name, --left);
        }
    }
    return text;
}

const char *actions_value_name(struct arena *arena, const struct scenario_dataset *dataset)
{
    const struct param_kind *kind = dataset->value.kind;
    const char *name = kind == NULL ? "register" : kind->name;
    return arena_printf(arena, "%s %s", strchr("aeio", name[0]) != NULL ? "an" : "a", name);
}

static const char *operations_of(struct arena *arena, const struct value_ops *ops)
{
    const char *text = value_action_names[VALUE_WRITE];
    for (uint32_t action = VALUE_SET; action < MIX_ACTIONS_END; action++) {
        if (actions_allow(ops, (enum value_action)action)) {
            text = arena_printf(arena, "%s, %s", text, value_action_names[action]);
        }
    }
    return text;
}

const char *actions_refusal(struct arena *arena, const struct scenario_dataset *dataset,
                            enum value_action action, uint32_t wanted)
{
    const char *types = actions_types(arena, wanted);
    if (types == NULL) {
        types = actions_types(arena, 1u << action);
    }
    const char *reason = arena_printf(arena, "%s%s%s; its operations are %s", refusals[action][0],
                                      actions_value_name(arena, dataset), refusals[action][1],
                                      operations_of(arena, value_ops_of(&dataset->value)));
    return types == NULL ? reason
                         : arena_printf(arena, "%s; datasets.%s.value.type could be %s", reason,
                                        dataset->id, types);
}
