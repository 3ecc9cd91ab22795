/*
 * collect_conflicts.c - concurrent writes and lost updates.
 */
#include "analysis/collect_conflicts.h"
#include "analysis/collect_example.h"

#include <string.h>

enum { WRITES_MAX = 64, KNOWN_BITS = 1 << 21 };
enum entry_flag { USED = 1, ACKED = 2, ENDED = 4, CONFLICT = 8, MEASURED = 16, REPEATED = 32 };

static const uint32_t class_size[CONFLICT_CLASSES] = {4, 16, WRITES_MAX};

struct entry { /* a write that is on its way; its place in the key's list never changes */
    struct version version;
    uint64_t seen; /* replicas that have been given it */
    uint64_t past; /* places of the list that are in its past */
    sim_ns at_ns;  /* when it was accepted */
    uint8_t flags, lost;
    uint8_t origin; /* the replica that accepted it */
};

/* ---- lists ---- */

static struct entry *entries_of(const struct conflict_state *conflicts,
                                const struct watched_key *key)
{
    return key->list == 0 ? NULL : (struct entry *)conflicts->pools[key->class] + key->list - 1;
}

static uint32_t list_size(const struct watched_key *key)
{
    return key->list == 0 ? 0 : class_size[key->class];
}

static uint32_t list_take(struct conflict_state *conflicts, uint8_t class)
{
    uint32_t list = conflicts->free[class];

    if (list != 0) {
        conflicts->free[class] =
            (uint32_t)((struct entry *)conflicts->pools[class])[list - 1].version.write;
    } else {
        memory_grow(&conflicts->pools[class], &conflicts->capacities[class],
                    conflicts->counts[class] + class_size[class], sizeof(struct entry));
        list = (uint32_t)conflicts->counts[class] + 1;
        conflicts->counts[class] += class_size[class];
    }
    memset((struct entry *)conflicts->pools[class] + list - 1, 0,
           class_size[class] * sizeof(struct entry));
    return list;
}

static void list_give(struct conflict_state *conflicts, struct watched_key *key)
{
    if (key->list != 0) {
        entries_of(conflicts, key)->version.write = conflicts->free[key->class];
        conflicts->free[key->class] = key->list;
        key->list = 0;
    }
}

/* Forgets a write: every replica has it in its past from now on. */
static void entry_remove(struct conflict_state *conflicts, struct watched_key *key, uint32_t place)
{
    struct entry *entries = entries_of(conflicts, key);

    if (version_less(key->settled, entries[place].version)) {
        key->settled = entries[place].version;
    }
    entries[place].flags = 0;
    for (uint32_t i = 0; i < list_size(key); i++) {
        entries[i].past &= ~(UINT64_C(1) << place);
    }
    if (--key->used == 0) {
        list_give(conflicts, key);
    }
}

/* Writes that every replica has been given and whose client has its answer. */
static void list_settle(struct conflict_state *conflicts, const struct watched_dataset *dataset,
                        struct watched_key *key)
{
    for (uint32_t i = 0; i < list_size(key); i++) {
        const struct entry *entry = &entries_of(conflicts, key)[i];

        if ((entry->flags & (USED | ENDED)) == (USED | ENDED) && entry->seen == dataset->all) {
            entry_remove(conflicts, key, i);
        }
    }
}

/* The place of a write that may go first: everywhere known, else the oldest. */
static uint32_t list_oldest(const struct entry *entries, uint64_t all)
{
    uint32_t oldest = 0;

    for (uint32_t i = 1; i < WRITES_MAX; i++) {
        const bool known = entries[i].seen == all, best_known = entries[oldest].seen == all;

        if (known != best_known ? known : entries[i].at_ns < entries[oldest].at_ns) {
            oldest = i;
        }
    }
    return oldest;
}

/* A free place in the key's list. */
static uint32_t list_place(struct conflict_state *conflicts, const struct watched_dataset *dataset,
                           struct watched_key *key)
{
    if (key->used == WRITES_MAX) {
        const struct entry *entries = entries_of(conflicts, key);
        const uint32_t oldest = list_oldest(entries, dataset->all);

        conflicts->approximate += entries[oldest].seen == dataset->all ? 0u : 1u;
        entry_remove(conflicts, key, oldest);
        return oldest;
    }
    if (key->used == list_size(key)) {
        const uint8_t class = key->list == 0 ? 0 : (uint8_t)(key->class + 1);
        const uint32_t list = list_take(conflicts, class);
        const struct watched_key old = *key;

        if (old.list != 0) {
            memcpy((struct entry *)conflicts->pools[class] + list - 1, entries_of(conflicts, &old),
                   old.used * sizeof(struct entry));
            list_give(conflicts, key);
        }
        key->list = list;
        key->class = class;
    }

    uint32_t place = 0;

    while ((entries_of(conflicts, key)[place].flags & USED) != 0) {
        place++;
    }
    return place;
}

/* ---- judging ---- */

static void entry_lost(struct watched_dataset *dataset, struct entry *entry,
                       enum conflict_cause cause)
{
    if (entry->lost != CONFLICT_NOT_LOST) {
        return;
    }
    entry->lost = (uint8_t)cause;
    if ((entry->flags & (ACKED | MEASURED)) == (ACKED | MEASURED)) {
        dataset->lost[cause]++;
    }
}

static void entry_conflict(struct watched_dataset *dataset, struct entry *entry)
{
    if ((entry->flags & (CONFLICT | REPEATED)) == 0) {
        dataset->conflicts += (entry->flags & MEASURED) != 0 ? 1u : 0u;
    }
    entry->flags |= CONFLICT;
}

/* Judges a new write of the key against all others that some replica has not been given. */
static void entry_judge(struct conflict_state *conflicts, struct watched_dataset *dataset,
                        const struct watched_key *key, uint32_t place)
{
    struct entry *entries = entries_of(conflicts, key), *entry = &entries[place];

    if (version_less(entry->version, key->settled) && key->settled.write != entry->version.write) {
        entry_lost(dataset, entry, CONFLICT_CLOCK);
    }
    for (uint32_t i = 0; i < list_size(key); i++) {
        if ((entry->past >> i & 1u) != 0 && version_less(entry->version, entries[i].version) &&
            entries[i].version.write != entry->version.write) {
            entry_lost(dataset, entry, CONFLICT_CLOCK);
        }
    }
    for (uint32_t i = 0; i < list_size(key); i++) {
        struct entry *other = &entries[i];

        if ((other->flags & USED) == 0 || i == place || (entry->past >> i & 1u) != 0 ||
            other->version.write == entry->version.write) {
            continue;
        }
        entry_conflict(dataset, other);
        entry_conflict(dataset, entry);
        entry_lost(dataset, version_less(entry->version, other->version) ? entry : other,
                   CONFLICT_CONCURRENT);
    }
}

/* Whether the operation's write is accepted for the first time. */
static bool operation_new(struct conflict_state *conflicts, uint64_t operation)
{
    if (operation >= conflicts->known_last + KNOWN_BITS) {
        memset(conflicts->known, 0, KNOWN_BITS / 8);
        conflicts->known_last = operation;
    }
    while (conflicts->known_last < operation) {
        conflicts->known_last++;
        conflicts->known[conflicts->known_last % KNOWN_BITS / 64] &=
            ~(UINT64_C(1) << conflicts->known_last % 64);
    }
    if (operation + KNOWN_BITS <= conflicts->known_last) {
        return false;
    }

    uint64_t *word = &conflicts->known[operation % KNOWN_BITS / 64];
    const uint64_t bit = UINT64_C(1) << operation % 64;
    const bool new = (*word & bit) == 0;

    *word |= bit;
    return new;
}

/* A new write is in conflict: with which one is it to be shown? */
static void entry_show(struct collect_state *state, const struct watched_dataset *dataset,
                       const struct watched_key *key, uint32_t place)
{
    const struct entry *entries = entries_of(state->conflicts, key);
    const struct example_write second = {entries[place].version, entries[place].at_ns,
                                         entries[place].origin};

    for (uint32_t i = 0; i < list_size(key); i++) {
        const bool met = (entries[i].flags & (USED | MEASURED)) == (USED | MEASURED) &&
                         i != place && (entries[place].past >> i & 1u) == 0 &&
                         entries[i].version.write != second.version.write;
        const struct example_write first = {entries[i].version, entries[i].at_ns,
                                            entries[i].origin};

        if (met && example_wanted(state)) {
            example_begin(state, (uint32_t)(dataset - state->conflicts->datasets),
                          (uint32_t)(key - dataset->keys), &first, &second);
        }
    }
}

static void entry_add(struct collect_state *state, struct watched_dataset *dataset,
                      struct watched_key *key, struct version version, uint64_t replica_bit,
                      uint8_t flags)
{
    struct conflict_state *conflicts = state->conflicts;
    const uint32_t place = list_place(conflicts, dataset, key);
    struct entry *entries = entries_of(conflicts, key);
    const bool measured = state->now_ns >= state->layout->warmup_ns;
    uint64_t past = 0;

    for (uint32_t i = 0; i < list_size(key); i++) {
        const bool seen = (entries[i].flags & USED) != 0 && (entries[i].seen & replica_bit) != 0;

        past |= seen ? UINT64_C(1) << i : 0;
    }
    entries[place] = (struct entry){.version = version,
                                    .seen = replica_bit,
                                    .past = past,
                                    .at_ns = state->now_ns,
                                    .flags = (uint8_t)(flags | USED | (measured ? MEASURED : 0)),
                                    .lost = CONFLICT_NOT_LOST,
                                    .origin = (uint8_t)__builtin_ctzll(replica_bit)};
    key->used++;
    dataset->writes += measured && (flags & REPEATED) == 0 ? 1u : 0u;
    if ((flags & REPEATED) == 0) {
        wait_accepted(state, dataset, &key->wait, key->differs);
    }
    entry_judge(conflicts, dataset, key, place);
    if (measured && (entries[place].flags & CONFLICT) != 0 && example_wanted(state)) {
        entry_show(state, dataset, key, place);
    }
}

static void conflicts_reverted(struct conflict_state *conflicts, struct watched_key *key,
                               uint64_t replica_bit, struct version version)
{
    for (uint32_t i = 0; i < list_size(key); i++) {
        struct entry *entry = &entries_of(conflicts, key)[i];

        if ((entry->flags & USED) == 0 || !version_less(version, entry->version)) {
            continue;
        }
        entry->seen &= ~replica_bit;
        if (entry->seen == 0) {
            /* Nobody has it: the crash has lost it, and nothing can conflict with it. */
            const struct version settled = key->settled;

            entry_remove(conflicts, key, i);
            key->settled = settled;
        }
    }
}

void conflicts_given(struct collect_state *state, const struct record *record)
{
    struct conflict_state *conflicts = state->conflicts;
    struct watched_dataset *dataset = &conflicts->datasets[record->dataset];
    const uint32_t replica = state->datasets[record->dataset].replica_of_node[record->node];
    const bool reverted = (record->flags & RECORD_FLAG_REVERTED) != 0;

    if (dataset->keys == NULL || replica == RECORD_NONE || (record->write == 0 && !reverted)) {
        return;
    }
    CHECK(record->key < state->datasets[record->dataset].key_count);

    struct watched_key *key = &dataset->keys[record->key];
    const struct version version = version_of(record);
    const uint64_t bit = UINT64_C(1) << replica;

    if (reverted) {
        conflicts_reverted(conflicts, key, bit, version);
        return;
    }

    struct entry *entries = entries_of(conflicts, key), *found = NULL;
    uint8_t flags = 0;

    for (uint32_t i = 0; i < list_size(key); i++) {
        if ((entries[i].flags & USED) == 0 || entries[i].version.write != version.write) {
            continue;
        }
        flags |= REPEATED | (entries[i].flags & (ACKED | ENDED));
        if (entries[i].version.stamp == version.stamp) {
            found = &entries[i];
        }
    }
    if (found != NULL) {
        found->seen |= bit;
        for (uint32_t i = 0; i < list_size(key); i++) {
            entries[i].seen |= (found->past >> i & 1u) != 0 ? bit : 0;
        }
        list_settle(conflicts, dataset, key);
    } else if (flags != 0 || operation_new(conflicts, version.write)) {
        entry_add(state, dataset, key, version, bit, flags);
    }
}

void conflicts_completed(struct collect_state *state, uint32_t dataset_index, uint32_t index,
                         uint64_t operation, bool ok)
{
    struct conflict_state *conflicts = state->conflicts;
    struct watched_dataset *dataset = &conflicts->datasets[dataset_index];

    if (dataset->keys == NULL) {
        return;
    }

    struct watched_key *key = &dataset->keys[index];

    for (uint32_t i = 0; i < list_size(key); i++) {
        struct entry *entry = &entries_of(conflicts, key)[i];

        if ((entry->flags & USED) == 0 || entry->version.write != operation ||
            (entry->flags & ENDED) != 0) {
            continue;
        }
        entry->flags |= ok ? ACKED | ENDED : ENDED;
        /* Of an operation that was tried again, the first version counts. */
        if (ok && (entry->flags & (MEASURED | REPEATED)) == MEASURED &&
            entry->lost != CONFLICT_NOT_LOST) {
            dataset->lost[entry->lost]++;
        }
    }
    list_settle(conflicts, dataset, key);
}

void conflicts_node(struct collect_state *state, uint32_t node, bool disk_lost)
{
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        struct watched_dataset *dataset = &state->conflicts->datasets[d];
        const uint32_t replica = state->datasets[d].replica_of_node[node];

        if (dataset->keys == NULL || replica == RECORD_NONE) {
            continue;
        }
        for (uint32_t k = 0; k < state->datasets[d].key_count; k++) {
            if (disk_lost) {
                conflicts_reverted(state->conflicts, &dataset->keys[k], UINT64_C(1) << replica,
                                   version_initial());
            }
            conflicts_held(state, d, k);
        }
    }
}

void conflicts_committed(struct collect_state *state, const struct record *record)
{
    struct watched_dataset *dataset = &state->conflicts->datasets[record->dataset];

    if (dataset->series == NULL || record->at_ns < state->layout->warmup_ns) {
        return;
    }
    if (record->a == 0) {
        dataset->clock_exact++;
    } else {
        histogram_record(&dataset->clock_error, record->a > 0 ? record->a : -record->a);
    }
}

/* ---- beginning and end ---- */

static void watch(struct collect_state *state, uint32_t index)
{
    const struct dataset_state *source = &state->datasets[index];
    struct watched_dataset *dataset = &state->conflicts->datasets[index];

    if (state->layout->datasets[index].leader || source->replica_count > 64) {
        return;
    }
    if (!state->layout->datasets[index].merges) { /* else: collect_values.h */
        dataset->keys = memory_alloc(source->key_count, sizeof(*dataset->keys));
        for (uint32_t k = 0; k < source->key_count; k++) {
            dataset->keys[k].wait.written_ns = -1;
        }
    }
    histogram_init(&dataset->convergence, &state->arena);
    dataset->all = UINT64_MAX >> (64 - source->replica_count);
    histogram_init(&dataset->clock_error, &state->arena);
    dataset->series = collect_series_new(state);
    dataset->conflict_series = collect_series_new(state);
    dataset->lost_series = collect_series_new(state);
}

void conflicts_init(struct collect_state *state)
{
    struct conflict_state *conflicts = arena_alloc(&state->arena, 1, sizeof(*conflicts));

    state->conflicts = conflicts;
    conflicts->datasets =
        arena_alloc(&state->arena, state->layout->dataset_count, sizeof(*conflicts->datasets));
    conflicts->known = arena_alloc(&state->arena, KNOWN_BITS / 64, sizeof(uint64_t));
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        watch(state, d);
    }
}

void conflicts_finish(struct collect_state *state)
{
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        struct watched_dataset *dataset = &state->conflicts->datasets[d];

        for (uint32_t k = 0; dataset->keys != NULL && k < state->datasets[d].key_count; k++) {
            wait_ended(state, dataset, &dataset->keys[k].wait);
        }
    }
}

void conflicts_release(struct collect_state *state)
{
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        memory_release(state->conflicts->datasets[d].keys);
    }
    for (uint32_t class = 0; class < CONFLICT_CLASSES; class ++) {
        memory_release(state->conflicts->pools[class]);
    }
}
