/*
 * collect_slots.c - when is a client region served again? Offered and ok in short slots of time.
 *
 * Model:  operations count in the slot of their intended start. A window is as many neighbouring
 *         slots as 5 s have; it is bad when less than the wanted share of what was offered in it
 *         was ok, good when not, and neither when nothing was offered.
 * Bounds: SLOTS_MAX slots a class: 100 ms for runs up to 109 min; longer runs get the first of 200
 *         ms, 250 ms, 500 ms, 1 s, 2.5 s, 5 s, 10 s, 15 s, ... that fits. Slots above 5 s are a
 *         window each.
 */
#include "analysis/collect_failure.h"

#define WINDOW_NS        (5 * SIM_NS_PER_S)
#define RECOVERY_HOLD_NS (30 * SIM_NS_PER_S)

static sim_ns slot_length(sim_ns duration_ns)
{
    static const int64_t lengths_ms[] = {100, 200, 250, 500, 1000, 2500};
    const sim_ns least_ns = (duration_ns - 1) / SLOTS_MAX + 1;

    for (size_t i = 0; i < sizeof(lengths_ms) / sizeof(lengths_ms[0]); i++) {
        if (lengths_ms[i] * SIM_NS_PER_MS >= least_ns) {
            return lengths_ms[i] * SIM_NS_PER_MS;
        }
    }
    return ((least_ns - 1) / WINDOW_NS + 1) * WINDOW_NS;
}

void slots_init(struct collect_state *state)
{
    const sim_ns duration_ns = state->layout->duration_ns;
    struct recovery_grid *grid = &state->failure->grid;

    grid->slot_ns = slot_length(duration_ns);
    grid->slot_count = (uint32_t)((duration_ns - 1) / grid->slot_ns + 1);
    grid->window_slots = grid->slot_ns >= WINDOW_NS ? 1 : (uint32_t)(WINDOW_NS / grid->slot_ns);
    grid->hold_slots = (uint32_t)((RECOVERY_HOLD_NS - 1) / grid->slot_ns + 1);
    if (state->layout->fault_count > 0) {
        grid->slots =
            arena_alloc(&state->arena, (size_t)state->client_place_count * 2 * grid->slot_count,
                        sizeof(*grid->slots));
    }
}

uint32_t slots_of(const struct recovery_grid *grid, sim_ns at_ns)
{
    const sim_ns slot = at_ns > 0 ? at_ns / grid->slot_ns : 0;

    return slot < grid->slot_count ? (uint32_t)slot : grid->slot_count - 1;
}

/*
 * What has not ended counts as not ok when it has waited for longer than the hold. Younger ones may
 * still end either way: from the oldest of them on nothing is judged.
 */
static void judge_in_flight(const struct collect_state *state, uint32_t place_type,
                            struct recovery_slot *slots, struct slots_verdict *verdict)
{
    const struct recovery_grid *grid = &state->failure->grid;
    sim_ns horizon_ns = state->now_ns;

    for (size_t i = 0; i < state->flight_capacity; i++) {
        const struct flight *flight = &state->flights[i];

        if (flight->operation == 0 || (flight->flags & RECORD_FLAG_PROBE) != 0 ||
            state->client_place[state->layout->groups[flight->group].place] * 2 + flight->type !=
                place_type) {
            continue;
        }

        const uint32_t slot = slots_of(grid, flight->intended_ns);

        verdict->used = slot >= verdict->used ? slot + 1 : verdict->used;
        if (state->now_ns - flight->intended_ns > RECOVERY_HOLD_NS) {
            slots[slot].ended++;
        } else if (flight->intended_ns < horizon_ns) {
            horizon_ns = flight->intended_ns > 0 ? flight->intended_ns : 0;
        }
    }
    verdict->horizon = (uint32_t)(horizon_ns / grid->slot_ns);
    if (verdict->horizon > grid->slot_count) {
        verdict->horizon = grid->slot_count;
    }
}

static void judge_windows(const struct recovery_grid *grid, const struct recovery_slot *slots,
                          uint32_t percent, struct slots_verdict *verdict)
{
    const uint32_t wide = grid->window_slots, hold = grid->hold_slots;
    uint64_t ended = 0, ok = 0;

    verdict->bad[grid->slot_count] = RECORD_NONE;
    verdict->good[grid->slot_count] = RECORD_NONE;
    verdict->accepted[grid->slot_count] = RECORD_NONE;
    for (uint32_t i = grid->slot_count; i-- > 0;) {
        ended += slots[i].ended;
        ok += slots[i].ok;
        if (grid->slot_count - i > wide) {
            ended -= slots[i + wide].ended;
            ok -= slots[i + wide].ok;
        }

        const bool judged = i + wide <= verdict->horizon && ended > 0;
        const bool good = ok * 100 >= ended * percent;

        verdict->bad[i] = judged && !good ? i : verdict->bad[i + 1];
        verdict->good[i] = judged && good ? i : verdict->good[i + 1];
        /* The windows within the hold: the last one begins `wide` before its end. */
        verdict->accepted[i] =
            judged && good && i + hold <= verdict->horizon && verdict->bad[i] > i + hold - wide
                ? i
                : verdict->accepted[i + 1];
    }
}

void slots_judge(const struct collect_state *state, uint32_t place_type, uint32_t percent,
                 struct slots_verdict *verdict)
{
    const struct recovery_grid *grid = &state->failure->grid;
    const struct recovery_slot *counted = &grid->slots[(size_t)place_type * grid->slot_count];
    struct recovery_slot *slots = memory_alloc(grid->slot_count, sizeof(*slots));

    verdict->used = 0;
    for (uint32_t i = 0; i < grid->slot_count; i++) {
        slots[i] = counted[i];
        verdict->used = slots[i].ended > 0 ? i + 1 : verdict->used;
    }
    judge_in_flight(state, place_type, slots, verdict);
    judge_windows(grid, slots, percent, verdict);
    memory_release(slots);
}

sim_ns slots_recovered(const struct recovery_grid *grid, const struct slots_verdict *verdict,
                       sim_ns fail_ns)
{
    const uint32_t from = slots_of(grid, fail_ns);
    const uint32_t accepted = verdict->accepted[from], bad = verdict->bad[from];

    /* RECORD_NONE is larger than any slot. */
    if ((bad == RECORD_NONE && verdict->good[from] != RECORD_NONE) ||
        (accepted != RECORD_NONE && bad > accepted)) {
        return fail_ns; /* no dip */
    }
    if (accepted == RECORD_NONE) {
        return -1;
    }

    const sim_ns at_ns = (sim_ns)accepted * grid->slot_ns;

    return at_ns > fail_ns ? at_ns : fail_ns;
}
