/* scenario_faults.c - when faults happen, and what each kind says of its own parameters. */
#include "models/faults/fault.h"
#include "models/scenario_check.h"
#include "sim/arena.h"
#include "sim/nearest_word.h"

#include <string.h>

/* Random faults that come more often than this would never let the run get on. */
#define BETWEEN_LEAST_NS SIM_NS_PER_MS

static struct scenario_fault *fault_at(const struct checking *checking, size_t index)
{
    return ((const struct param_choice *)checking->scenario->faults.items)[index].common;
}

static const char *time_text(struct checking *checking, sim_ns ns)
{
    char text[SIM_TIME_TEXT_MAX];
    return arena_printf(checking->arena, "%s", sim_time_text(ns, text));
}

static void check_id(struct checking *checking, const char *path, size_t index)
{
    const struct scenario_fault *fault = fault_at(checking, index);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(fault->id, fault_at(checking, i)->id) == 0) {
            complain(checking, arena_printf(checking->arena, "%s.id", path),
                     arena_printf(checking->arena, "\"%s\" is already faults[%zu]", fault->id, i));
        }
    }
}

/* Fills in the fault that this one follows. */
static void check_follows(struct checking *checking, const char *path, struct scenario_fault *fault)
{
    struct nearest nearest = nearest_to(fault->follows);
    for (size_t i = 0; i < checking->scenario->faults.count; i++) {
        const struct scenario_fault *other = fault_at(checking, i);
        if (strcmp(other->id, fault->follows) == 0) {
            fault->leader = (uint32_t)i;
            break;
        }
        nearest_try(&nearest, other->id);
    }
    if (fault->leader == UINT32_MAX) {
        complain(checking, arena_printf(checking->arena, "%s.follows", path),
                 nearest.best != NULL
                     ? arena_printf(checking->arena, "is the id of no fault; did you mean \"%s\"?",
                                    nearest.best)
                     : "is the id of no fault");
    }
    if (fault->at >= 0 || fault->repeat.every > 0 || fault->random.between != NULL) {
        complain(checking, arena_printf(checking->arena, "%s.follows", path),
                 "says when it begins: give no \"at\", \"repeat\" or \"random.between\" with it");
    }
}

static void check_repeat(struct checking *checking, const char *path,
                         const struct scenario_fault *fault)
{
    const struct scenario_repeat *repeat = &fault->repeat;
    const sim_ns duration = checking->scenario->duration;
    const char *every = arena_printf(checking->arena, "%s.repeat.every", path);
    if (fault->random.between != NULL || fault->random.lasting != NULL) {
        complain(checking, arena_printf(checking->arena, "%s.repeat", path),
                 "and \"random\" do not go together");
    } else if (fault->lasts == 0) {
        complain(checking, every, "needs \"for\": it begins again only after its end");
    } else if (fault->lasts > repeat->every) {
        complain(checking, every,
                 arena_printf(checking->arena, "must be at least \"for\" (%s)",
                              time_text(checking, fault->lasts)));
    }
    if (repeat->times > 1 && fault->at >= 0 && fault->at < duration &&
        repeat->times - 1 > (duration - 1 - fault->at) / repeat->every) {
        complain(checking, arena_printf(checking->arena, "%s.repeat.times", path),
                 arena_printf(checking->arena,
                              "is more than the %lld that begin before the end of the run (%s)",
                              (long long)((duration - 1 - fault->at) / repeat->every + 1),
                              time_text(checking, duration)));
    }
}

static void check_random(struct checking *checking, const char *path,
                         const struct scenario_fault *fault)
{
    const struct scenario_random *random = &fault->random;
    if (random->lasting != NULL && fault->lasts > 0) {
        complain(checking, arena_printf(checking->arena, "%s.for", path),
                 "and \"random.lasting\" both say how long it lasts; give one of them");
    }
    if (random->between == NULL) {
        return;
    }
    const double between = distribution_mean(random->between);
    const double lasting =
        random->lasting != NULL ? distribution_mean(random->lasting) : (double)fault->lasts;
    if (between + lasting < (double)BETWEEN_LEAST_NS) {
        complain(checking, arena_printf(checking->arena, "%s.random.between", path),
                 arena_printf(checking->arena, "must be at least %s on average from begin to begin",
                              time_text(checking, BETWEEN_LEAST_NS)));
    }
}

static void check_when(struct checking *checking, const char *path, struct scenario_fault *fault)
{
    fault->leader = UINT32_MAX;
    if (fault->at >= checking->scenario->duration) {
        complain(checking, arena_printf(checking->arena, "%s.at", path),
                 arena_printf(checking->arena, "is not before the end of the run (%s)",
                              time_text(checking, checking->scenario->duration)));
    }
    if (fault->follows != NULL) {
        check_follows(checking, path, fault);
    } else {
        if (fault->at < 0 && fault->random.between == NULL) {
            complain(checking, path,
                     "needs \"at\", \"random.between\" or \"follows\": when it begins");
        }
        if (fault->after != NULL || fault->probability < 1.0) {
            complain(checking,
                     arena_printf(checking->arena, "%s.%s", path,
                                  fault->after != NULL ? "after" : "probability"),
                     "goes with \"follows\"");
        }
        if (fault->repeat.every > 0) {
            check_repeat(checking, path, fault);
        }
    }
    check_random(checking, path, fault);
}

/* Of a circle of followers none would ever begin: the first of them is told. */
static void check_circle(struct checking *checking, const char *path, size_t index)
{
    uint32_t at = fault_at(checking, index)->leader;
    bool first = true;
    for (size_t steps = 0; at != UINT32_MAX && at != index; steps++) {
        if (steps > checking->scenario->faults.count) {
            return; /* It leads to a circle that it is not part of. */
        }
        first = first && at > index;
        at = fault_at(checking, at)->leader;
    }
    if (at == index && first) {
        complain(checking, arena_printf(checking->arena, "%s.follows", path),
                 "leads back to this fault: none of them would ever begin");
    }
}

void scenario_check_faults(struct checking *checking)
{
    const struct param_choice *faults = checking->scenario->faults.items;
    const size_t count = checking->scenario->faults.count;
    for (size_t i = 0; i < count; i++) {
        const struct fault_ops *ops = (const struct fault_ops *)faults[i].kind;
        const char *path = arena_printf(checking->arena, "faults[%zu]", i);
        check_id(checking, path, i);
        check_when(checking, path, fault_at(checking, i));
        const char *key = NULL;
        const char *wrong = ops->check != NULL ? ops->check(faults[i].params, checking->scenario,
                                                            &key, checking->arena)
                                               : NULL;
        if (wrong != NULL) {
            complain(checking,
                     key != NULL ? arena_printf(checking->arena, "%s.%s", path, key) : path, wrong);
        }
    }
    for (size_t i = 0; i < count; i++) {
        check_circle(checking, arena_printf(checking->arena, "faults[%zu]", i), i);
    }
}
