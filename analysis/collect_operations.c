/*
 * collect_operations.c - the rows of operations: what was true when one began, judged when it ends.
 *
 * Model:  a read is judged against the newest version acknowledged when it was invoked, and
 *         against what its session had written and been returned by then; all three are noted at
 * the invocation, so that what happens while the read is under way can not change the verdict.
 */
#include "analysis/collect_conflicts.h"
#include "analysis/collect_failure.h"
#include "analysis/collect_state.h"

/* The newest acknowledged version that a probe asks for, by its write's number. */
static struct version probe_target(const struct collect_state *state, const struct key_state *key,
                                   uint64_t write)
{
    const struct commit_entry *entries = key_entries(state, key);

    if (key->acked.write == write) {
        return key->acked;
    }
    for (uint32_t i = key->count; i-- > 0;) {
        if (entries[i].version.write == write && entries[i].ack_count > 0) {
            return entries[i].version;
        }
    }
    return version_initial();
}

static void reads_append(struct flight *flights, struct read_list *list, uint32_t slot)
{
    flights[slot].next = 0;
    flights[slot].previous = list->tail;
    if (list->tail == 0) {
        list->head = slot + 1;
    } else {
        flights[list->tail - 1].next = slot + 1;
    }
    list->tail = slot + 1;
}

static void reads_unlink(struct collect_state *state, const struct flight *flight)
{
    struct read_list *list = reads_of(state, flight->dataset, flight->key);

    if (flight->previous == 0) {
        list->head = flight->next;
    } else {
        state->flights[flight->previous - 1].next = flight->next;
    }
    if (flight->next == 0) {
        list->tail = flight->previous;
    } else {
        state->flights[flight->next - 1].previous = flight->previous;
    }
}

/* More slots, and as many lists of reads: each list splits into two or more, in its order. */
static void flights_grow(struct collect_state *state, uint32_t slot)
{
    void *flights = state->flights;
    struct read_list *old = state->reads;
    const size_t old_count = state->flight_capacity;

    memory_grow(&flights, &state->flight_capacity, (size_t)slot + 1, sizeof(*state->flights));
    state->flights = flights;
    state->reads = memory_alloc(state->flight_capacity, sizeof(*state->reads));
    for (size_t i = 0; i < old_count; i++) {
        for (uint32_t at = old[i].head; at != 0;) {
            const struct flight *flight = &state->flights[at - 1];
            const uint32_t next = flight->next;

            reads_append(state->flights, reads_of(state, flight->dataset, flight->key), at - 1);
            at = next;
        }
    }
    memory_release(old);
}

static struct flight *flight_at(struct collect_state *state, uint32_t slot)
{
    if (slot >= state->flight_capacity) {
        flights_grow(state, slot);
    }
    return &state->flights[slot];
}

static uint32_t pair_cell_of(const struct collect_state *state, const struct flight *flight,
                             uint32_t writer_place)
{
    const uint32_t places = state->client_place_count;
    const uint32_t writer = flight->expected.write == 0 ? places : writer_place;

    return (flight->dataset * (places + 1) + writer) * places + state->group_place[flight->group];
}

/* The counter that the read's end will touch is one of many, and known already. */
static void read_prefetch(const struct collect_state *state, const struct flight *flight)
{
    const struct pair_cell *pair = state->pair_cells[flight->pair_cell];

    if (pair != NULL && flight->expected.write != 0) {
        histogram_fetch(&pair->t_all, flight->invoked_ns - flight->expected_ns);
    }
}

static uint64_t key_number(const struct collect_state *state, const struct flight *flight)
{
    return state->datasets[flight->dataset].key_first + flight->key;
}

static void flight_probe(const struct collect_state *state, const struct record *record,
                         const struct key_state *key, struct flight *flight)
{
    flight->expected = probe_target(state, key, record->write);
    flight->expected_ns = record->b;
    flight->own = version_initial();
    flight->seen = version_initial();
}

static void flight_read(struct collect_state *state, const struct record *record,
                        struct flight *flight)
{
    const struct key_state *key = &state->datasets[record->dataset].keys[record->key];

    reads_append(state->flights, reads_of(state, record->dataset, record->key), record->slot);
    if ((record->flags & RECORD_FLAG_PROBE) != 0) {
        flight_probe(state, record, key, flight);
        return;
    }
    flight->expected = key->acked;
    flight->expected_ns = key->acked_ns;
    flight->pair_cell = pair_cell_of(state, flight, key->acked_place);

    const struct session_place place =
        session_place(state, record->session, key_number(state, flight));
    const struct session_pair *pair = session_find(state, place);

    flight->pair = place.index;
    flight->own = pair != NULL ? pair->own : version_initial();
    flight->seen = pair != NULL ? pair->seen : version_initial();
    read_prefetch(state, flight);
}

/* Where the operation is counted, now and at its end. */
static void flight_counters(struct collect_state *state, struct flight *flight)
{
    const struct timeline *timeline = &state->timeline;
    const size_t places = state->client_place_count;

    flight->count =
        &timeline->counts[(timeline->bucket * places + state->group_place[flight->group]) * 2 +
                          flight->type];
    flight->cell = NULL;
    if ((flight->flags & RECORD_FLAG_PROBE) != 0) {
        return;
    }
    flight->count->offered++;
    if ((flight->flags & RECORD_FLAG_WARMUP) == 0) {
        segment_now(state);
        flight->cell = &state->cells[flight->group * 2u + flight->type];
        flight->cell->offered++;
    }
}

void operation_invoked(struct collect_state *state, const struct record *record)
{
    struct flight *flight = flight_at(state, record->slot);

    CHECK(record->operation != 0);
    CHECK(flight->operation == 0);
    CHECK(record->dataset < state->layout->dataset_count);
    CHECK(record->key < state->datasets[record->dataset].key_count);
    CHECK(record->group < state->layout->group_count);
    CHECK(record->type < RECORD_OPERATION_TYPE_COUNT);
    flight->operation = record->operation;
    flight->invoked_ns = record->at_ns;
    flight->intended_ns = record->a;
    flight->key = record->key;
    flight->session = record->session;
    flight->group = record->group;
    flight->dataset = record->dataset;
    flight->type = record->type;
    flight->flags = record->flags;
    flight_counters(state, flight);
    if (record->type == RECORD_READ) {
        flight_read(state, record, flight);
    } else {
        flight->expected = state->datasets[record->dataset].keys[record->key].acked;
    }
}

/* ---- reads ---- */

static struct pair_cell *pair_of(struct collect_state *state, const struct flight *flight)
{
    struct pair_cell **place = &state->pair_cells[flight->pair_cell];

    if (*place == NULL) {
        *place = arena_alloc(&state->arena, 1, sizeof(**place));
        histogram_init(&(*place)->age, &state->arena);
        histogram_init(&(*place)->versions, &state->arena);
        histogram_init(&(*place)->t_all, &state->arena);
        histogram_init(&(*place)->t_missed, &state->arena);
    }
    return *place;
}

/* A stale read: which acknowledged versions are newer than what it returned? */
static void judge_stale(struct collect_state *state, const struct flight *flight,
                        struct version returned, struct pair_cell *pair)
{
    const struct key_state *key = &state->datasets[flight->dataset].keys[flight->key];
    const struct commit_entry *entries = key_entries(state, key);
    const uint32_t first = key_newer(state, key, returned);
    uint32_t versions = 0;
    sim_ns earliest_ns = flight->expected_ns;
    bool approximate = first == 0 && (key->flags & KEY_FORGOT) != 0;

    if (first < key->count) {
        const struct commit_entry *last = &entries[key->count - 1];

        versions = last->ack_before + last->ack_count - entries[first].ack_before;
        if (entries[first].ack_first_ns < earliest_ns) {
            earliest_ns = entries[first].ack_first_ns;
        }
        if (entries[first].commit_count > 1 || entries[first].ack_count > 1) {
            approximate |= first == 0 || version_less(entries[first - 1].version, returned);
        }
    }
    /* Less what was acknowledged after the read had begun: among the newest. */
    for (uint32_t i = key->count; i > first && entries[i - 1].ack_last_ns > flight->invoked_ns;
         i--) {
        if (entries[i - 1].ack_ns > flight->invoked_ns) {
            versions -= entries[i - 1].ack_count;
        } else {
            approximate |= entries[i - 1].ack_count > 1;
        }
    }
    state->approximate_reads += approximate ? 1u : 0u;
    pair->stale++;
    histogram_record(&pair->age, flight->invoked_ns - earliest_ns);
    histogram_record(&pair->versions, versions == 0 ? 1 : versions);
    histogram_record(&pair->t_missed, flight->invoked_ns - flight->expected_ns);
}

static void judge_session(const struct flight *flight, struct version returned, struct cell *cell)
{
    if (flight->own.write != 0) {
        cell->own_reads++;
        cell->own_violations += version_less(returned, flight->own) ? 1u : 0u;
    }
    if (flight->seen.write != 0) {
        cell->seen_reads++;
        cell->seen_violations += version_less(returned, flight->seen) ? 1u : 0u;
    }
}

static void read_ok(struct collect_state *state, const struct flight *flight,
                    struct version returned)
{
    const bool stale = version_less(returned, flight->expected);
    struct cell *cell = flight->cell;

    flight->count->reads++;
    flight->count->stale += stale ? 1u : 0u;
    if (returned.write != 0) {
        const uint64_t tag = flight->session * state->key_count + key_number(state, flight) + 1;

        session_saw(state, (struct session_place){tag, flight->pair}, returned);
    }
    if (cell == NULL) {
        return;
    }

    struct pair_cell *pair = pair_of(state, flight);

    cell->reads++;
    pair->reads++;
    if (flight->expected.write != 0) {
        histogram_record(&pair->t_all, flight->invoked_ns - flight->expected_ns);
    }
    if (stale) {
        cell->stale++;
        judge_stale(state, flight, returned, pair);
    }
    judge_session(flight, returned, cell);
}

/* ---- probes ---- */

static struct probe_time *probe_find(struct collect_state *state, sim_ns after_ns)
{
    size_t low = 0, high = state->probe_count;

    while (low < high) {
        const size_t middle = (low + high) / 2;

        if (state->probes[middle].after_ns <= after_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low > 0 && state->probes[low - 1].after_ns == after_ns) {
        return &state->probes[low - 1];
    }
    if (state->probe_count == PROBE_TIMES_MAX) {
        return &state->probes[low > 0 ? low - 1 : 0];
    }
    for (size_t i = state->probe_count++; i > low; i--) {
        state->probes[i] = state->probes[i - 1];
    }
    state->probes[low] = (struct probe_time){.after_ns = after_ns};
    return &state->probes[low];
}

static void probe_ok(struct collect_state *state, const struct flight *flight,
                     struct version returned)
{
    const uint32_t place = state->group_place[flight->group];

    if ((flight->flags & RECORD_FLAG_WARMUP) != 0) {
        return;
    }
    if (flight->expected.write == 0) {
        state->probes_unjudged++;
        return;
    }

    struct probe_time *probe = probe_find(state, flight->expected_ns);
    const uint64_t fresh = version_less(returned, flight->expected) ? 0 : 1;

    probe->reads++;
    probe->fresh += fresh;
    state->probe_reads[place]++;
    state->probe_fresh[place] += fresh;
}

/* ---- writes ---- */

static void write_ok(struct collect_state *state, const struct flight *flight,
                     struct version version)
{
    struct dataset_state *dataset = &state->datasets[flight->dataset];
    struct key_state *key = &dataset->keys[flight->key];
    const uint32_t at = key_insert(state, dataset, flight->key, version);

    if (at != RECORD_NONE) {
        key_acknowledge(state, key, at);
    }
    if (version_less(version, flight->expected) && (flight->flags & RECORD_FLAG_WARMUP) == 0 &&
        state->layout->datasets[flight->dataset].meeting == RECORD_ONE_WINS) {
        dataset->clock_inversions++;
    }
    if (version_less(key->acked, version)) {
        key->acked = version;
        key->acked_ns = state->now_ns;
        key->acked_place = (uint16_t)state->group_place[flight->group];
    }
    session_wrote(state, session_place(state, flight->session, key_number(state, flight)), version);
}

/*
 * It was served, with a no: neither a failure of the service nor a success. What was offered is
 * what could have been done.
 */
static void operation_rejected(struct collect_state *state, const struct flight *flight,
                               uint32_t place_type)
{
    flight->count->offered--;
    if (flight->cell != NULL) {
        flight->cell->offered--;
    }
    recovery_count(state, place_type, flight->intended_ns, true);
}

void operation_completed(struct collect_state *state, const struct record *record)
{
    CHECK(record->slot < state->flight_capacity);
    CHECK(record->outcome < RECORD_OUTCOME_COUNT);

    struct flight *flight = &state->flights[record->slot];
    const bool ok = record->outcome == RECORD_OK;
    const bool probe = (flight->flags & RECORD_FLAG_PROBE) != 0;

    CHECK(flight->operation == record->operation);
    CHECK(flight->operation != 0);
    flight->operation = 0;
    if (flight->type == RECORD_READ) {
        reads_unlink(state, flight);
        if (ok && probe) {
            probe_ok(state, flight, version_of(record));
        } else if (ok) {
            read_ok(state, flight, version_of(record));
        }
    } else {
        if (ok) {
            write_ok(state, flight, version_of(record));
        }
        if (state->failure->lost.open > 0) {
            lost_completed(state, record->operation, ok);
        }
        conflicts_completed(state, flight->dataset, flight->key, record->operation, ok);
    }
    if (probe) {
        return;
    }

    const uint32_t place_type = state->group_place[flight->group] * 2 + flight->type;
    const sim_ns latency_ns = record->at_ns - flight->intended_ns;
    struct cell *cell = flight->cell;

    if ((record->flags & RECORD_FLAG_REJECTED) != 0) {
        operation_rejected(state, flight, place_type);
        return;
    }
    flight->count->outcomes[record->outcome]++;
    recovery_count(state, place_type, flight->intended_ns, ok);
    if (ok && (record->flags & (RECORD_FLAG_CACHED | RECORD_FLAG_PROXIED)) != 0) {
        routes_answered(state, flight, record);
    }
    if (ok) {
        CHECK(latency_ns >= 0);
        timeline_latency(state, place_type, latency_ns);
    }
    if (cell != NULL) {
        cell->outcomes[record->outcome]++;
        cell->tries += record->a > 0 ? (uint64_t)record->a : 1u;
        if (ok) {
            histogram_record(&cell->latency, latency_ns);
        }
    }
}

void operation_prefetch_begin(const struct collect_state *state, uint32_t dataset, uint32_t key,
                              uint32_t session)
{
    const struct dataset_state *of = &state->datasets[dataset];

    fetch_write(&of->keys[key]);
    session_prefetch(state, session_place(state, session, of->key_first + key).index);
}

void operation_prefetch(const struct collect_state *state, uint32_t slot)
{
    const struct flight *flight = &state->flights[slot];

    if (flight->operation != 0 && flight->type == RECORD_READ) {
        session_prefetch_end(state, flight->pair);
    }
}
