/* scenario_check_values.c - what clients do to values: actions, elements, amounts, feeds. */
#include "models/replication/strategy.h"
#include "models/scenario_check.h"
#include "models/values/value.h"
#include "models/workload/actions.h"
#include "models/workload/mix.h"
#include "sim/arena.h"

#include <string.h>

static const struct scenario_dataset *dataset_of(const struct checking *checking,
                                                 const struct scenario_client *client)
{
    const struct scenario_dataset *datasets = checking->scenario->datasets.items;
    return client->dataset < checking->scenario->datasets.count ? &datasets[client->dataset] : NULL;
}

/* A bit for each action that the group's mix names. */
static uint32_t actions_of(const struct scenario_client *client)
{
    uint32_t wanted = 0;
    for (uint32_t action = VALUE_SET; action < MIX_ACTIONS_END; action++) {
        const bool named = mix_action_share(&client->mix, (enum value_action)action) > 0.0;
        wanted |= (uint32_t)named << action;
    }
    return wanted;
}

static void check_actions(struct checking *checking, const char *path,
                          const struct scenario_client *client)
{
    const struct scenario_dataset *dataset = dataset_of(checking, client);
    const uint32_t wanted = actions_of(client);
    for (uint32_t action = VALUE_SET; action < MIX_ACTIONS_END; action++) {
        if ((wanted >> action & 1u) != 0 &&
            !actions_allow(value_ops_of(&dataset->value), (enum value_action)action)) {
            complain(checking,
                     arena_printf(checking->arena, "%s.mix.%s", path, value_action_names[action]),
                     actions_refusal(checking->arena, dataset, (enum value_action)action, wanted));
        }
    }
}

static void check_amount(struct checking *checking, const char *path,
                         const struct scenario_client *client)
{
    if (client->amount == NULL) {
        return;
    }
    const double mean = distribution_mean(client->amount);
    if (mean < 1.0 || mean > SCENARIO_AMOUNT_MAX) {
        complain(
            checking, arena_printf(checking->arena, "%s.amount", path),
            arena_printf(checking->arena, "must be from 1 to %d on average", SCENARIO_AMOUNT_MAX));
    }
}

static bool holds(const struct checking *checking, const struct scenario_dataset *dataset,
                  const char *place)
{
    const struct scenario_region *regions = checking->scenario->regions.items;
    const struct scenario_replication *placement = dataset->replication.common;
    const uint32_t *replicas = placement->replicas.items;
    for (size_t i = 0; i < placement->replicas.count; i++) {
        if (strcmp(regions[replicas[i]].name, place) == 0) {
            return true;
        }
    }
    return false;
}

/* "a, b": the types that keep both of two writes that meet; NULL: there are none. */
static const char *keepers(struct arena *arena)
{
    const char *text = NULL;
    for (size_t i = 0; i < value_registry.count; i++) {
        const struct param_kind *kind = value_registry.kinds[i];
        const struct value_ops *ops = value_ops_of(&(struct param_choice){.kind = kind});
        if (ops != NULL && ops->meeting == VALUE_KEPT) {
            text = text == NULL ? kind->name : arena_printf(arena, "%s, %s", text, kind->name);
        }
    }
    return text;
}

static const char *feed_problem(struct checking *checking, const struct scenario_client *client)
{
    struct arena *arena = checking->arena;
    const struct scenario_dataset *dataset = dataset_of(checking, client);
    const struct value_ops *ops = value_ops_of(&dataset->value);
    if (ops == NULL || ops->meeting != VALUE_KEPT) {
        const char *types = keepers(arena);
        const char *reason = arena_printf(
            arena, "there is nothing to resolve: %s never keeps two values side by side",
            actions_value_name(arena, dataset));
        return types == NULL
                   ? reason
                   : arena_printf(arena, "%s; types of values that do: %s", reason, types);
    }
    if (ops->resolves != NULL && !ops->resolves(dataset->value.params)) {
        return arena_printf(arena,
                            "its people would see one value of %s and resolve nothing: set "
                            "datasets.%s.value.conflicts to \"resolved\"",
                            actions_value_name(arena, dataset), dataset->id);
    }
    if (!holds(checking, dataset, client->at.name)) {
        return arena_printf(arena,
                            "its people see conflicts in their own region, and \"%s\" holds no "
                            "replica of \"%s\"",
                            client->at.name, dataset->id);
    }
    return NULL;
}

static void check_feed(struct checking *checking, const char *path,
                       const struct scenario_client *client)
{
    if (client->feed.latency == NULL) {
        return;
    }
    const char *problem = feed_problem(checking, client);
    if (problem != NULL) {
        complain(checking, arena_printf(checking->arena, "%s.feed", path), problem);
    }
    if (client->ycsb != SCENARIO_YCSB_NONE || mix_sum(&client->mix) > 0.0) {
        complain(checking,
                 arena_printf(checking->arena, "%s.%s", path,
                              client->ycsb != SCENARIO_YCSB_NONE ? "ycsb" : "mix"),
                 "people at a \"feed\" read a conflict and write what is right, and nothing else");
    }
}

/* Whoever writes several keys at once needs a strategy that keeps them together where it can. */
static void check_transactions(struct checking *checking, const char *path,
                               const struct scenario_client *client)
{
    const struct scenario_dataset *dataset = dataset_of(checking, client);
    const struct strategy_ops *ops = (const struct strategy_ops *)dataset->replication.kind;
    const char *problem = NULL;
    if (client->mix.transaction_keys <= 1) {
        return;
    }
    if (ops != NULL && !ops->transactions) {
        problem = arena_printf(checking->arena, "%s writes one key at a time; use multi_primary",
                               ops->kind.name);
    } else if (value_ops_of(&dataset->value) != NULL) {
        problem = "transactions write whole values: use type register";
    } else if (client->mix.read_modify_write > 0.0 || client->ycsb == SCENARIO_YCSB_F) {
        problem = "a read_modify_write is of one key: leave it out, or the transactions";
    } else if (dataset->keys.count % client->mix.transaction_keys != 0) {
        problem = arena_printf(checking->arena,
                               "must divide the number of keys (%lld): transactions are of "
                               "neighbouring keys and do not overlap",
                               (long long)dataset->keys.count);
    }
    if (problem != NULL) {
        complain(checking, arena_printf(checking->arena, "%s.mix.transaction_keys", path), problem);
    }
}

void scenario_check_client_values(struct checking *checking, const char *path,
                                  const struct scenario_client *client)
{
    check_amount(checking, path, client);
    if (dataset_of(checking, client) != NULL) {
        check_actions(checking, path, client);
        check_feed(checking, path, client);
        check_transactions(checking, path, client);
    }
}

void scenario_check_values(struct checking *checking)
{
    const struct scenario_dataset *datasets = checking->scenario->datasets.items;
    for (size_t d = 0; d < checking->scenario->datasets.count; d++) {
        const struct scenario_dataset *dataset = &datasets[d];
        const uint32_t count = actions_elements(dataset);
        if (count > SCENARIO_KEYS_MAX) {
            complain(checking, arena_printf(checking->arena, "datasets.%s.value", dataset->id),
                     arena_printf(checking->arena, "has more than %d elements (got %lld)",
                                  SCENARIO_KEYS_MAX, (long long)count));
        }
    }
}
