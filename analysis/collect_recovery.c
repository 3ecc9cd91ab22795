/*
 * collect_recovery.c - what happened when, and how long each client region took to recover from it.
 *
 * Model: the log of faults and of the steps of failovers, and at the end, for each occurrence of a
 *        fault and each client place and type, the time to recovery (collect_slots), cut into parts
 *        by the milestones that lie within it. A part ends at its milestone or, when that is
 *        earlier, where the part before it ended; so the parts are never negative and add up to the
 *        whole, to the nanosecond.
 */
#include "analysis/collect_failure.h"

#include <string.h>

/* ---- the log ---- */

void failure_init(struct collect_state *state)
{
    const uint32_t faults = state->layout->fault_count;
    struct failure_state *failure = arena_alloc(&state->arena, 1, sizeof(*failure));

    state->failure = failure;
    failure->window_open = arena_alloc(&state->arena, faults, sizeof(uint32_t));
    failure->window_depth = arena_alloc(&state->arena, faults, sizeof(uint32_t));
    failure->occurrences = arena_alloc(&state->arena, faults, sizeof(uint32_t));
    slots_init(state);
    leaders_init(state);
    lost_init(state);
    routes_init(state);
}

void failure_release(struct collect_state *state)
{
    struct failure_state *failure = state->failure;

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        memory_release(failure->leaders[d].overlaps);
    }
    memory_release(failure->windows);
    memory_release(failure->steps);
    memory_release(failure->lost.writes);
    memory_release(failure->lost.table);
}

static struct metric_fault_window *windows_of(const struct failure_state *failure)
{
    return failure->windows;
}

static void window_begin(struct failure_state *failure, uint32_t fault, sim_ns at_ns)
{
    failure->occurrences[fault]++;
    if (failure->window_count == WINDOWS_MAX) {
        return;
    }
    memory_grow(&failure->windows, &failure->window_capacity, failure->window_count + 1,
                sizeof(struct metric_fault_window));
    windows_of(failure)[failure->window_count++] =
        (struct metric_fault_window){.fault = fault,
                                     .occurrence = failure->occurrences[fault],
                                     .begin_ns = at_ns,
                                     .end_ns = SIM_NS_MAX};
    failure->window_open[fault] = (uint32_t)failure->window_count;
}

/* A fault that begins again before it ends goes on until its last end. */
void failure_fault(struct collect_state *state, const struct record *record)
{
    struct failure_state *failure = state->failure;
    const uint32_t fault = record->slot;
    uint32_t *depth = &failure->window_depth[fault], *open = &failure->window_open[fault];

    if (record->kind == RECORD_FAULT_BEGIN) {
        failure->fault_begin_ns = record->at_ns;
        if ((*depth)++ == 0) {
            window_begin(failure, fault, record->at_ns);
        }
    } else if (*depth > 0 && --*depth == 0 && *open > 0) {
        windows_of(failure)[*open - 1].end_ns = record->at_ns;
        *open = 0;
    }
}

static struct metric_failover_step *steps_of(const struct failure_state *failure)
{
    return failure->steps;
}

void failure_step(struct collect_state *state, const struct record *record, uint8_t step)
{
    struct failure_state *failure = state->failure;
    const bool leads = step == METRIC_STEP_LEADS || step == METRIC_STEP_STOPS;
    const uint32_t place = leads ? state->layout->nodes[record->node].place : record->from_place;

    if (failure->step_count == EVENTS_MAX) {
        return;
    }
    memory_grow(&failure->steps, &failure->step_capacity, failure->step_count + 1,
                sizeof(struct metric_failover_step));
    steps_of(failure)[failure->step_count++] =
        (struct metric_failover_step){.at_ns = record->at_ns,
                                      .epoch = record->b,
                                      .node = record->node,
                                      .place = place,
                                      .dataset = record->dataset,
                                      .step = step};
}

/* ---- milestones ---- */

/* Index of the first step at or after that time. */
static size_t steps_from(const struct failure_state *failure, sim_ns at_ns)
{
    size_t low = 0, high = failure->step_count;

    while (low < high) {
        const size_t middle = (low + high) / 2;

        if (steps_of(failure)[middle].at_ns < at_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The first such step of the dataset in from_ns..to_ns; -1 when there is none. */
static sim_ns step_find(const struct failure_state *failure, uint32_t dataset, uint8_t step,
                        sim_ns from_ns, sim_ns to_ns)
{
    const struct metric_failover_step *steps = failure->steps;

    for (size_t i = steps_from(failure, from_ns);
         i < failure->step_count && steps[i].at_ns <= to_ns; i++) {
        if (steps[i].dataset == dataset && steps[i].step == step) {
            return steps[i].at_ns;
        }
    }
    return -1;
}

/*
 * Each milestone is that of the last of the datasets that the place's clients use. A failover of
 * which a step lies before `to_ns` is still going on then: its next steps are cut there later.
 */
static void recovery_steps(const struct collect_state *state, uint32_t place, sim_ns *times_ns,
                           sim_ns to_ns)
{
    static const uint8_t steps[] = {
        [METRIC_RECOVERY_DETECTED] = RECORD_STEP_DETECTED,
        [METRIC_RECOVERY_DECIDED] = RECORD_STEP_DECIDED,
        [METRIC_RECOVERY_PROMOTED] = RECORD_STEP_PROMOTED,
        [METRIC_RECOVERY_ACCEPTING] = RECORD_STEP_ACCEPTING,
        [METRIC_RECOVERY_ROUTED] = RECORD_STEP_ANNOUNCED,
    };
    const struct record_layout *layout = state->layout;

    for (uint32_t g = 0; g < layout->group_count; g++) {
        sim_ns at_ns = times_ns[METRIC_RECOVERY_FAIL], last_ns = to_ns;

        if (state->client_place[layout->groups[g].place] != place) {
            continue;
        }
        for (int k = METRIC_RECOVERY_DETECTED; k <= METRIC_RECOVERY_ROUTED; k++) {
            const sim_ns found_ns =
                step_find(state->failure, layout->groups[g].dataset, steps[k], at_ns, last_ns);

            if (found_ns >= 0) {
                at_ns = found_ns;
                last_ns = to_ns + RECOVERY_HOLD_NS;
            }
            times_ns[k] = at_ns > times_ns[k] ? at_ns : times_ns[k];
        }
    }
}

/* When 95 % of what was counted between the two times had been counted; -1: nothing was. */
static sim_ns counted_at(const struct recovery_grid *grid, const uint32_t *counts, sim_ns from_ns,
                         sim_ns to_ns)
{
    const uint32_t from = slots_of(grid, from_ns);
    const uint32_t to = to_ns > from_ns ? slots_of(grid, to_ns - 1) + 1 : from;
    uint64_t total = 0, seen = 0;

    for (uint32_t i = from; i < to; i++) {
        total += counts[i];
    }
    for (uint32_t i = from; total > 0 && i < to; i++) {
        seen += counts[i];
        if (seen * 100 >= total * 95) {
            return ((sim_ns)i + 1) * grid->slot_ns;
        }
    }
    return -1;
}

static void recovery_routes(const struct collect_state *state, uint32_t place, sim_ns *times_ns,
                            sim_ns to_ns)
{
    const struct recovery_grid *grid = &state->failure->grid;
    const size_t first = (size_t)place * grid->slot_count;
    const sim_ns fail_ns = times_ns[METRIC_RECOVERY_FAIL];

    if (grid->rerouted == NULL) {
        return;
    }

    const sim_ns routed_ns = counted_at(grid, &grid->rerouted[first], fail_ns, to_ns);

    if (routed_ns >= 0) {
        times_ns[METRIC_RECOVERY_ROUTED] = routed_ns;
        times_ns[METRIC_RECOVERY_CONNECTED] =
            counted_at(grid, &grid->reconnected[first], fail_ns, to_ns);
    }
}

static void recovery_parts(const struct collect_state *state, uint32_t place,
                           struct metric_recovery *recovery, sim_ns to_ns)
{
    sim_ns *times_ns = recovery->times_ns;

    recovery->recovered = true;
    recovery_steps(state, place, times_ns, to_ns);
    recovery_routes(state, place, times_ns, to_ns);
    times_ns[METRIC_RECOVERY_DONE] = to_ns;
    for (int k = METRIC_RECOVERY_DETECTED; k < METRIC_RECOVERY_TIMES; k++) {
        times_ns[k] = times_ns[k] < times_ns[k - 1] ? times_ns[k - 1] : times_ns[k];
        times_ns[k] = times_ns[k] > to_ns ? to_ns : times_ns[k];
    }
}

/* ---- one client place and type ---- */

/* The first slot with something ok after the first slot with something not ok; -1: none. */
static sim_ns first_success(const struct collect_state *state, uint32_t place_type, sim_ns fail_ns)
{
    const struct recovery_grid *grid = &state->failure->grid;
    const struct recovery_slot *slots = &grid->slots[(size_t)place_type * grid->slot_count];
    bool failed = false;

    for (uint32_t i = slots_of(grid, fail_ns); i < grid->slot_count; i++) {
        if (failed && slots[i].ok > 0) {
            return (sim_ns)i * grid->slot_ns;
        }
        failed = failed || slots[i].ok < slots[i].ended;
    }
    return -1;
}

struct judging {
    struct slots_verdict most, nearly_all; /* at least 95 %, 99 % ok */
    struct metric_recovery *recoveries;    /* (window * client places + place) * 2 + type */
};

static void judge_class(const struct collect_state *state, struct judging *judging,
                        uint32_t place_type)
{
    const struct failure_state *failure = state->failure;
    const uint32_t classes = state->client_place_count * 2;

    slots_judge(state, place_type, 95, &judging->most);
    slots_judge(state, place_type, 99, &judging->nearly_all);
    for (size_t i = 0; i < failure->window_count; i++) {
        const struct metric_fault_window *window = &windows_of(failure)[i];
        struct metric_recovery *recovery = &judging->recoveries[i * classes + place_type];
        const sim_ns fail_ns = window->begin_ns;

        if (judging->most.used <= slots_of(&failure->grid, fail_ns)) {
            continue; /* nothing was offered */
        }

        const sim_ns to_ns = slots_recovered(&failure->grid, &judging->most, fail_ns);

        recovery->fault = window->fault;
        recovery->occurrence = window->occurrence;
        recovery->region = client_place_name(state, place_type / 2);
        recovery->operation = collect_types[place_type % 2];
        recovery->times_ns[METRIC_RECOVERY_FAIL] = fail_ns;
        recovery->recovered_99_ns = slots_recovered(&failure->grid, &judging->nearly_all, fail_ns);
        recovery->first_success_ns =
            to_ns == fail_ns ? fail_ns : first_success(state, place_type, fail_ns);
        if (to_ns >= 0) {
            recovery_parts(state, place_type / 2, recovery, to_ns);
        }
    }
}

static void verdict_make(struct slots_verdict *verdict, uint32_t slots)
{
    verdict->bad = memory_alloc(slots + 1u, sizeof(*verdict->bad));
    verdict->good = memory_alloc(slots + 1u, sizeof(*verdict->good));
    verdict->accepted = memory_alloc(slots + 1u, sizeof(*verdict->accepted));
}

static void verdict_release(struct slots_verdict *verdict)
{
    memory_release(verdict->bad);
    memory_release(verdict->good);
    memory_release(verdict->accepted);
}

/* Judges everything; the recoveries of classes without traffic have no region. */
static struct metric_recovery *judge(const struct collect_state *state, struct arena *arena)
{
    const struct failure_state *failure = state->failure;
    const uint32_t classes = state->client_place_count * 2;
    struct judging judging = {.recoveries = arena_alloc(arena, failure->window_count * classes,
                                                        sizeof(struct metric_recovery))};

    if (failure->window_count == 0) {
        return judging.recoveries;
    }
    verdict_make(&judging.most, failure->grid.slot_count);
    verdict_make(&judging.nearly_all, failure->grid.slot_count);
    for (uint32_t i = 0; i < classes; i++) {
        judge_class(state, &judging, i);
    }
    verdict_release(&judging.most);
    verdict_release(&judging.nearly_all);
    return judging.recoveries;
}

/* ---- the set ---- */

static void events_keep(const struct collect_state *state, struct metric_set *set,
                        struct metric_recovery *recoveries)
{
    const struct failure_state *failure = state->failure;
    const size_t all = failure->window_count * state->client_place_count * 2;
    struct metric_fault_window *windows =
        arena_alloc(&set->arena, failure->window_count + 1, sizeof(*windows));
    struct metric_failover_step *steps =
        arena_alloc(&set->arena, failure->step_count + 1, sizeof(*steps));
    size_t kept = 0;

    if (failure->window_count > 0) {
        memcpy(windows, failure->windows, failure->window_count * sizeof(*windows));
    }
    if (failure->step_count > 0) {
        memcpy(steps, failure->steps, failure->step_count * sizeof(*steps));
    }
    for (size_t i = 0; i < all; i++) {
        if (recoveries[i].region != NULL) {
            recoveries[kept++] = recoveries[i];
        }
    }
    set->failures = (struct metric_events){.windows = windows,
                                           .steps = steps,
                                           .recoveries = recoveries,
                                           .window_count = failure->window_count,
                                           .step_count = failure->step_count,
                                           .recovery_count = kept};
}

void build_recovery(struct collect_state *state, struct set_builder *builder)
{
    events_keep(state, builder->set, judge(state, &builder->set->arena));
    build_recovery_rows(state, builder);
}
