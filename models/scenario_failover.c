/* scenario_failover.c - the rows that all failover policies share, and what they must fit. */
#include "models/scenario_failover.h"
#include "models/failover/policy.h"
#include "models/replication/strategy.h"
#include "models/scenario.h"
#include "models/scenario_check.h"
#include "sim/arena.h"

#include <stddef.h>

#define ROW(field) offsetof(struct scenario_failover, field)

static const char *const choose_names[] = {"most_advanced", "in_order", NULL};
static const char *const fencing_names[] = {"none", "best_effort", "required", NULL};

static const struct param_spec lag_guard_table[] = {
    {.key = "entries",
     .type = PARAM_INT,
     .offset = offsetof(struct scenario_lag_guard, entries),
     .max = 1e15,
     .default_text = "none",
     .help = "log entries that the new leader may lack of the old one's last known position"},
    {.key = "time",
     .type = PARAM_DURATION,
     .offset = offsetof(struct scenario_lag_guard, time),
     .max = 24.0 * (double)SIM_NS_PER_H,
     .default_text = "none",
     .help = "for how long it may have been without word of the old leader when that failed"},
    {0}};

static const struct param_spec fail_back_table[] = {
    {.key = "after",
     .type = PARAM_DURATION,
     .offset = offsetof(struct scenario_fail_back, after),
     .max = 366.0 * 24 * (double)SIM_NS_PER_H,
     .default_text = "none",
     .help =
         "the configured leader is well and caught up for this long: a planned move back to it"},
    {.key = "timeout",
     .type = PARAM_DURATION,
     .offset = offsetof(struct scenario_fail_back, timeout),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "30s",
     .help = "the move is given up, and the leader thawed, when it takes longer (assumption)"},
    {0}};

/*
 * Defaults: ask_timeout is that of Patroni's requests to other members (patroni/ha.py, 2 s), retry
 * its loop_wait. fence_after: SBD's msgwait, twice a watchdog time-out of 5 s.
 */
const struct param_spec scenario_failover_table[] = {
    {.key = "candidates",
     .type = PARAM_REGIONS,
     .offset = ROW(candidates),
     .help = "regions whose replicas may lead, the preferred first; default: all that store the "
             "data"},
    {.key = "choose",
     .type = PARAM_ENUM,
     .offset = ROW(choose),
     .names = choose_names,
     .default_text = "most_advanced",
     .help = "most_advanced: whose log is longest, then by order; in_order: the first candidate "
             "that answers"},
    {.key = "lag_guard",
     .type = PARAM_OBJECT,
     .offset = ROW(lag_guard),
     .table = lag_guard_table,
     .shorthand = "time",
     .help = "who lags more is not promoted; the failover is refused when nobody is left"},
    {.key = "fencing",
     .type = PARAM_ENUM,
     .offset = ROW(fencing),
     .names = fencing_names,
     .default_text = "none",
     .help = "the old leader before the new one is told: left alone, told to stop, or certainly "
             "stopped"},
    {.key = "fence_after",
     .type = PARAM_DURATION,
     .offset = ROW(fence_after),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "10s",
     .help = "fencing required: a machine that does not confirm has stopped by then, by its "
             "watchdog"},
    {.key = "ask_timeout",
     .type = PARAM_DURATION,
     .offset = ROW(ask_timeout),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "2s",
     .help = "wait for the answer of a machine or of another controller"},
    {.key = "retry",
     .type = PARAM_DURATION,
     .offset = ROW(retry),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "10s",
     .help = "after a failover that was refused or did not succeed, or an announcement that "
             "was not heard"},
    {.key = "fail_back",
     .type = PARAM_OBJECT,
     .offset = ROW(fail_back),
     .table = fail_back_table,
     .shorthand = "after",
     .help = "a planned move back to the configured leader"},
    {.key = "endpoint_ttl",
     .type = PARAM_DURATION,
     .offset = ROW(endpoint_ttl),
     .min = 1000000,
     .max = 24.0 * (double)SIM_NS_PER_H,
     .default_text = "none",
     .help = "drivers know the leader from a name only, whose answer they hold for this long "
             "(Aurora: 5s); none: machines and announcements tell them"},
    {0}};

static bool has_leader(const struct scenario_dataset *dataset)
{
    return ((const struct strategy_ops *)dataset->replication.kind)->leadership != NULL;
}

bool scenario_stores_led(const struct scenario *scenario, uint32_t region)
{
    const struct scenario_dataset *datasets = scenario->datasets.items;
    for (size_t d = 0; d < scenario->datasets.count; d++) {
        const struct scenario_replication *placement = datasets[d].replication.common;
        const uint32_t *replicas = placement->replicas.items;
        for (size_t i = 0; has_leader(&datasets[d]) && i < placement->replicas.count; i++) {
            if (replicas[i] == region) {
                return true;
            }
        }
    }
    return false;
}

static void check_candidates(struct checking *checking, const struct scenario_failover *common)
{
    const struct scenario_region *regions = checking->scenario->regions.items;
    const uint32_t *candidates = common->candidates.items;
    for (size_t i = 0; i < common->candidates.count; i++) {
        const char *path = arena_printf(checking->arena, "failover.candidates[%zu]", i);
        const char *name = regions[candidates[i]].name;
        if (!scenario_stores_led(checking->scenario, candidates[i])) {
            complain(
                checking, path,
                arena_printf(checking->arena, "\"%s\" stores no dataset that has a leader", name));
        }
        for (size_t j = 0; j < i; j++) {
            if (candidates[i] == candidates[j]) {
                complain(checking, path,
                         arena_printf(checking->arena, "\"%s\" is already in the list", name));
            }
        }
    }
}

void scenario_check_failover(struct checking *checking)
{
    const struct param_choice *choice = &checking->scenario->failover;
    const struct scenario_dataset *datasets = checking->scenario->datasets.items;
    if (choice->kind == NULL) {
        return;
    }
    size_t led = 0;
    for (size_t d = 0; d < checking->scenario->datasets.count; d++) {
        led += has_leader(&datasets[d]);
    }
    /* "none" moves nothing: it fits every strategy. */
    const struct failover_ops *ops = (const struct failover_ops *)choice->kind;
    if (led == 0 && ops->build != NULL) {
        complain(checking, "failover",
                 "needs a dataset whose strategy has a leader that can be moved, such as primary");
        return;
    }
    check_candidates(checking, choice->common);
    const char *key = NULL;
    const char *wrong = ops->check != NULL ? ops->check(choice->params, choice->common,
                                                        checking->scenario, &key, checking->arena)
                                           : NULL;
    if (wrong != NULL) {
        complain(checking,
                 key != NULL ? arena_printf(checking->arena, "failover.%s", key) : "failover",
                 wrong);
    }
}
