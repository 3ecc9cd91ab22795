#include "models/replication/quorum_internal.h"

enum { WATCH_LEAST = 64 };

static sim_ns watch_length_ns(const struct replica *self, enum quorum_watch_kind kind)
{
    const struct quorum_params *params = replica_params(self);
    switch (kind) {
    case QUORUM_WATCH_WRITE:
        return params->write_timeout;
    case QUORUM_WATCH_READ:
        return params->read_timeout;
    case QUORUM_WATCH_SPECULATE:
        break;
    }
    return params->speculate_after;
}

static uint32_t *watch_number(const struct quorum_watch *watch, uint64_t place)
{
    return (uint32_t *)watch->numbers + (place & watch->mask);
}

static void watch_arm(struct replica *self, enum quorum_watch_kind kind, sim_ns since_ns,
                      sim_ns delay_ns)
{
    struct quorum_state *state = replica_state(self);
    state->watches[kind].armed = true;
    state->watches[kind].watched_since_ns = since_ns;
    replica_timer(self, delay_ns, quorum_token(QUORUM_TIMER_WATCH, kind));
}

/* The oldest operation that is still pending; operations that ended leave the ring here. */
static const struct quorum_op *watch_oldest(struct replica *self, struct quorum_watch *watch)
{
    while (watch->first < watch->next) {
        const struct quorum_op *op = replica_pending(self, *watch_number(watch, watch->first));
        if (op != NULL) {
            return op;
        }
        watch->first++;
    }
    return NULL;
}

static void watch_reserve(struct replica *self, struct quorum_watch *watch)
{
    const uint64_t size = watch->numbers == NULL ? 0 : watch->mask + 1;
    if (watch->next - watch->first < size) {
        return;
    }
    watch_oldest(self, watch);
    if (watch->next - watch->first < size - size / 4) {
        return;
    }
    const uint64_t larger = size == 0 ? WATCH_LEAST : 2 * size;
    replica_grow(self, &watch->numbers, &watch->capacity, larger, sizeof(uint32_t));
    uint32_t *numbers = watch->numbers;
    for (uint64_t p = watch->first; p < watch->next; p++) {
        if ((p & (larger - 1)) != (p & (size - 1))) {
            numbers[p & (larger - 1)] = numbers[p & (size - 1)];
        }
    }
    watch->mask = larger - 1;
}

void quorum_watch_add(struct replica *self, enum quorum_watch_kind kind, uint32_t number,
                      sim_ns since_ns)
{
    struct quorum_state *state = replica_state(self);
    struct quorum_watch *watch = &state->watches[kind];
    watch_reserve(self, watch);
    *watch_number(watch, watch->next++) = number;
    if (!watch->armed) {
        watch_arm(self, kind, since_ns, watch_length_ns(self, kind));
    }
}

static void expired(struct replica *self, enum quorum_watch_kind kind, uint32_t number)
{
    switch (kind) {
    case QUORUM_WATCH_WRITE:
        quorum_write_expired(self, number);
        break;
    case QUORUM_WATCH_READ:
        quorum_read_expired(self, number);
        break;
    case QUORUM_WATCH_SPECULATE:
        quorum_read_speculate(self, number);
        break;
    }
}

/*
 * The time of one operation is out. The next in line has its turn as much later as it began later
 * by the machine's clock, so that a clock that is set moves a time-out by no more than its length.
 */
void quorum_watch_fired(struct replica *self, enum quorum_watch_kind kind)
{
    struct quorum_state *state = replica_state(self);
    struct quorum_watch *watch = &state->watches[kind];
    const sim_ns length_ns = watch_length_ns(self, kind);
    watch->armed = false;
    const struct quorum_op *op = watch_oldest(self, watch);
    while (op != NULL) {
        const sim_ns later_ns = op->since_ns - watch->watched_since_ns;
        if (later_ns > 0) {
            watch_arm(self, kind, op->since_ns, later_ns < length_ns ? later_ns : length_ns);
            return;
        }
        expired(self, kind, *watch_number(watch, watch->first++));
        op = watch_oldest(self, watch);
    }
}

void quorum_watch_forget(struct quorum_state *state)
{
    for (uint32_t kind = 0; kind < QUORUM_WATCH_COUNT; kind++) {
        struct quorum_watch *watch = &state->watches[kind];
        watch->first = watch->next = 0;
        watch->armed = false;
    }
}
