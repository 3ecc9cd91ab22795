/*
 * collect_lag.c - what each replica holds of each key, and how far behind it is.
 *
 * Model: a replica misses a committed version while it holds an older one. Each replica keeps the
 *        number of versions that it misses and the keys of which it misses any, by the commit of
 * the key's oldest missing version (collect_late.h): the oldest is its lag in time. What is lost is
 * not late: a version that a node reports to have discarded, until it is committed anew; one that
 * no replica holds any more, nor a newer one, until one does. Cost:  a commit or an apply touches
 * the key's entries and 24 bytes for each replica.
 */
#include "analysis/collect_conflicts.h"
#include "analysis/collect_failure.h"
#include "analysis/collect_state.h"

/* The key is not settled. */
static struct held_state *held_at(const struct dataset_state *dataset, uint32_t key,
                                  uint32_t replica)
{
    const uint32_t block = dataset->keys[key].held;

    CHECK(block != 0);
    return &dataset->held[(size_t)(block - 1) * dataset->replica_count + replica];
}

static struct late_held late_held(const struct dataset_state *dataset, uint32_t replica)
{
    return (struct late_held){&dataset->held[replica], dataset->replica_count};
}

#define LAG_WARNING_NS  (30 * SIM_NS_PER_S)
#define LAG_CRITICAL_NS (300 * SIM_NS_PER_S)

/* ---- lag ---- */

sim_ns lag_ns(const struct replica_state *replica, sim_ns now_ns)
{
    return replica->late.count == 0 ? 0 : now_ns - replica->late.oldest_ns;
}

/* For how long between the two times the lag was over 30 s, and over 300 s. */
static void lag_alert(struct replica_state *replica, sim_ns from_ns, sim_ns now_ns)
{
    const sim_ns lag_now_ns = lag_ns(replica, now_ns), span_ns = now_ns - from_ns;
    const sim_ns warning_ns = lag_now_ns - LAG_WARNING_NS;
    const sim_ns critical_ns = lag_now_ns - LAG_CRITICAL_NS;

    replica->warning_ns += warning_ns < span_ns ? warning_ns : span_ns;
    if (critical_ns > 0) {
        replica->critical_ns += critical_ns < span_ns ? critical_ns : span_ns;
    }
}

void lag_integrate(const struct collect_state *state, struct replica_state *replica, sim_ns now_ns)
{
    const sim_ns warmup_ns = state->layout->warmup_ns;
    const sim_ns from_ns = replica->since_ns > warmup_ns ? replica->since_ns : warmup_ns;

    replica->since_ns = now_ns;
    if (replica->missing > 0 && now_ns > from_ns) {
        const double span = (double)(now_ns - from_ns);
        const double ends = (double)lag_ns(replica, from_ns) + (double)lag_ns(replica, now_ns);

        if (lag_ns(replica, now_ns) > LAG_WARNING_NS) {
            lag_alert(replica, from_ns, now_ns);
        }
        replica->lag_integral += span * ends / 2;
        replica->missing_integral += span * (double)replica->missing;
    }
}

/* ---- one key at one replica ---- */

struct missing { /* what is newer than a version */
    uint32_t count;
    sim_ns commit_ns; /* the earliest */
};

static struct missing missing_of(const struct collect_state *state, const struct key_state *key,
                                 struct version held)
{
    const struct commit_entry *entries = key_entries(state, key);
    struct missing missing = {0, SIM_NS_MAX};

    for (uint32_t i = key_newer(state, key, held); i < key->count; i++) {
        missing.count += entries[i].commit_count;
        if (entries[i].commit_count > 0 && entries[i].commit_ns < missing.commit_ns) {
            missing.commit_ns = entries[i].commit_ns;
        }
    }
    return missing;
}

static void missing_set(struct collect_state *state, struct dataset_state *dataset, uint32_t key,
                        uint32_t index, struct missing missing)
{
    struct replica_state *replica = &dataset->replicas[index];
    struct held_state *held = held_at(dataset, key, index);
    const struct late_held all = late_held(dataset, index);
    const uint32_t block = dataset->keys[key].held - 1;

    lag_integrate(state, replica, state->now_ns);
    CHECK(replica->missing >= held->missing);
    replica->missing = replica->missing - held->missing + missing.count;
    if (held->missing == 0 && missing.count > 0) {
        late_add(&replica->late, all, block, missing.commit_ns);
        dataset->keys[key].behind++;
    } else if (held->missing > 0 && missing.count == 0) {
        late_remove(&replica->late, all, block);
        dataset->keys[key].behind--;
    } else if (missing.count > 0) {
        late_move(&replica->late, all, block, missing.commit_ns);
    }
    held->missing = missing.count;
}

/* Counts afresh what each replica misses of a key: what is lost has changed, or what one holds. */
static void key_recount(struct collect_state *state, struct dataset_state *dataset, uint32_t index)
{
    key_unsettle(state, dataset, &dataset->keys[index]);
    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        const struct version version = held_at(dataset, index, i)->version;

        missing_set(state, dataset, index, i, missing_of(state, &dataset->keys[index], version));
    }
}

/* The version's own entry; NULL: it has none. */
static struct commit_entry *entry_find(const struct collect_state *state,
                                       const struct key_state *key, struct version version)
{
    const uint32_t newer = key_newer(state, key, version);
    struct commit_entry *entry = newer == 0 ? NULL : key_entries(state, key) + newer - 1;

    return entry != NULL && !version_less(entry->version, version) ? entry : NULL;
}

/* A replica holds the version: if it was gone, it is back. */
static bool version_back(const struct collect_state *state, struct key_state *key,
                         struct version version)
{
    struct commit_entry *entry = entry_find(state, key, version);

    if (entry == NULL || entry->gone_count == 0) {
        return false;
    }
    entry->commit_count += entry->gone_count;
    entry->gone_count = 0;
    key->flags |= KEY_UNORDERED; /* perhaps: the order was kept up without it */
    return true;
}

/* A replica went back: a version that none holds now, nor a newer one, is lost and not late. */
static void key_went_back(struct collect_state *state, struct dataset_state *dataset,
                          uint32_t index)
{
    struct key_state *key = &dataset->keys[index];
    struct commit_entry *entries = key_entries(state, key);
    struct version newest = version_initial();

    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        const struct version version = held_version(state, dataset, index, i);

        newest = version_less(newest, version) ? version : newest;
    }
    for (uint32_t i = key_newer(state, key, newest); i < key->count; i++) {
        entries[i].gone_count += entries[i].commit_count;
        entries[i].commit_count = 0;
        key->flags |= entries[i].gone_count > 0 ? KEY_GONE : 0;
    }
    key_recount(state, dataset, index);
}

/* ---- rows ---- */

static struct dataset_state *dataset_of(const struct collect_state *state,
                                        const struct record *record)
{
    CHECK(record->dataset < state->layout->dataset_count);

    struct dataset_state *dataset = &state->datasets[record->dataset];

    CHECK(record->key < dataset->key_count);
    return dataset;
}

void lag_committed(struct collect_state *state, const struct record *record)
{
    if (state->failure->overlapping > 0) {
        leaders_committed(state, record);
    }

    struct dataset_state *dataset = dataset_of(state, record);
    struct key_state *key = &dataset->keys[record->key];
    const struct version version = version_of(record);
    const uint32_t at = key_insert(state, dataset, record->key, version);
    const bool measured = state->now_ns >= state->layout->warmup_ns;
    const bool lost = state->failure->overlapping > 0 && lost_to_leader(state, record->write);

    if (at != RECORD_NONE) {
        struct commit_entry *entry = key_entries(state, key) + at;

        if (entry->commit_count > 0) {
            return; /* A new leader may decide the same version again. */
        }
        entry->commit_ns = state->now_ns;
        entry->commit_count = 1;
        entry->gone_count = 0;
        key->flags |= at + 1u < key->count ? KEY_UNORDERED : 0;
    }

    key_unsettle(state, dataset, key);

    struct held_state *held = held_at(dataset, record->key, 0);

    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        struct replica_state *replica = &dataset->replicas[i];

        if (at == RECORD_NONE || !version_less(held[i].version, version)) {
            if (measured && !lost) {
                histogram_record(&replica->delay, 0);
            }
        } else {
            lag_integrate(state, replica, state->now_ns);
            replica->missing++;
            if (held[i].missing++ == 0) {
                late_add(&replica->late, late_held(dataset, i), key->held - 1, state->now_ns);
                key->behind++;
            }
        }
    }
    key_settle(state, dataset, key);
}

/* Notes how late the entry's committed versions are, unless the leader never had them. */
static void entry_passed(const struct collect_state *state, struct replica_state *replica,
                         const struct commit_entry *entry)
{
    if (entry->commit_count == 0 || entry->commit_ns < state->layout->warmup_ns ||
        (state->failure->lost.open > 0 && lost_to_leader(state, entry->version.write))) {
        return;
    }
    if (entry->commit_count == 1) {
        histogram_record(&replica->delay, state->now_ns - entry->commit_ns);
    } else {
        histogram_record_times(&replica->delay, state->now_ns - entry->commit_ns,
                               entry->commit_count);
    }
}

/*
 * The replica moves forward to version `to`: notes how late each committed version was that it
 * passes, unless the leader never had it, and returns how many these are.
 */
static uint32_t pass_forward(const struct collect_state *state, const struct key_state *key,
                             struct replica_state *replica, struct version held, struct version to)
{
    const struct commit_entry *entries = key_entries(state, key);
    uint32_t passed = 0;

    for (uint32_t i = key_newer(state, key, held);
         i < key->count && !version_less(to, entries[i].version); i++) {
        passed += entries[i].commit_count;
        entry_passed(state, replica, &entries[i]);
    }
    return passed;
}

static void apply_forward(struct collect_state *state, struct dataset_state *dataset,
                          uint32_t index, uint32_t replica, struct version to)
{
    struct key_state *key = &dataset->keys[index];
    struct held_state *held = held_at(dataset, index, replica);
    const struct commit_entry *entries = key_entries(state, key);
    const struct commit_entry *last = key->count == 0 ? NULL : &entries[key->count - 1];

    /* Mostly all that it misses is the newest version, and it is given that. */
    if (last != NULL && version_equal(last->version, to) && last->commit_count == held->missing) {
        entry_passed(state, &dataset->replicas[replica], last);
        missing_set(state, dataset, index, replica, (struct missing){0, SIM_NS_MAX});
        held->version = to;
        return;
    }

    const uint32_t passed =
        pass_forward(state, key, &dataset->replicas[replica], held->version, to);
    struct missing left = {held->missing - passed, SIM_NS_MAX};

    CHECK(passed <= held->missing);
    for (uint32_t i = key_newer(state, key, to); left.count > 0 && i < key->count; i++) {
        if (entries[i].commit_count > 0 && entries[i].commit_ns < left.commit_ns) {
            left.commit_ns = entries[i].commit_ns;
        }
        if (left.commit_ns != SIM_NS_MAX && (key->flags & KEY_UNORDERED) == 0) {
            break;
        }
    }
    if (left.commit_ns == SIM_NS_MAX) {
        /* A replica that came back empty was counted as missing what has been forgotten since. */
        left = missing_of(state, key, to);
    }
    missing_set(state, dataset, index, replica, left);
    held->version = to;
}

/* The version that a replica holds, and what it and others miss. */
static void replica_moved(struct collect_state *state, const struct record *record)
{
    struct dataset_state *dataset = dataset_of(state, record);
    const struct version version = version_of(record);

    CHECK(record->node < state->layout->node_count);
    if (state->failure->lost.open > 0) {
        lost_applied(state, record);
    }

    const uint32_t index = dataset->replica_of_node[record->node];

    if (index == RECORD_NONE) {
        return; /* A hint kept for a replica, say: that node is none of the dataset's replicas. */
    }

    struct key_state *key = &dataset->keys[record->key];

    key_unsettle(state, dataset, key);
    conflicts_given(state, record);

    struct held_state *held = held_at(dataset, record->key, index);

    if ((record->flags & RECORD_FLAG_REVERTED) != 0) {
        held->version = version;
        version_back(state, key, version);
        key_went_back(state, dataset, record->key);
        lag_watch(state);
        return;
    }
    CHECK(!version_less(version, held->version));
    if ((key->flags & KEY_GONE) != 0 && version_back(state, key, version)) {
        pass_forward(state, key, &dataset->replicas[index], held->version, version);
        held->version = version;
        key_recount(state, dataset, record->key);
        lag_watch(state);
        return;
    }
    if (held->missing > 0) {
        apply_forward(state, dataset, record->key, index, version);
        if (dataset->replicas[index].behind) {
            lag_caught_up(state, dataset, &dataset->replicas[index]);
        }
    } else {
        held->version = version;
    }
    key_settle(state, dataset, key);
}

void lag_applied(struct collect_state *state, const struct record *record)
{
    replica_moved(state, record);
    conflicts_held(state, record->dataset, record->key);
}

void lag_disk_lost(struct collect_state *state, uint32_t node)
{
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        struct dataset_state *dataset = &state->datasets[d];
        const uint32_t index = dataset->replica_of_node[node];

        if (index == RECORD_NONE) {
            continue;
        }
        for (uint32_t key = 0; key < dataset->key_count; key++) {
            if (held_version(state, dataset, key, index).write != 0) {
                key_unsettle(state, dataset, &dataset->keys[key]);
                held_at(dataset, key, index)->version = version_initial();
                key_went_back(state, dataset, key);
            }
        }
    }
}

/* The earliest commit that the replica misses, after that of entry `at` has been taken away. */
static sim_ns missing_since(const struct collect_state *state, const struct key_state *key,
                            struct version held, uint32_t at)
{
    const struct commit_entry *entries = key_entries(state, key);

    const bool tie = at > 0 && entries[at - 1].commit_ns == entries[at].commit_ns;

    /* In order it was the first one; logs are thrown away from the front, so the next is near. */
    while (at < key->count && entries[at].commit_count == 0) {
        at++;
    }
    if (tie || (key->flags & KEY_UNORDERED) != 0 || at == key->count) {
        return missing_of(state, key, held).commit_ns;
    }
    return entries[at].commit_ns;
}

/* One commit of entry `at` does not count any more. */
static void commit_taken(struct collect_state *state, struct dataset_state *dataset, uint32_t index,
                         uint32_t at)
{
    struct key_state *key = &dataset->keys[index];
    struct commit_entry *entry = key_entries(state, key) + at;

    entry->commit_count--;
    key_unsettle(state, dataset, key);
    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        const struct held_state *held = held_at(dataset, index, i);

        if (!version_less(held->version, entry->version)) {
            continue;
        }

        const sim_ns since_ns =
            late_since(&dataset->replicas[i].late, late_held(dataset, i), key->held - 1);
        struct missing left = {held->missing - 1, since_ns};

        CHECK(held->missing > 0);
        if (left.count > 0 && entry->commit_count == 0 && since_ns == entry->commit_ns) {
            left.commit_ns = missing_since(state, key, held->version, at);
        }
        if (left.commit_ns == SIM_NS_MAX) {
            left = missing_of(state, key, held->version); /* as in apply_forward */
        }
        missing_set(state, dataset, index, i, left);
    }
    lag_watch(state);
}

/*
 * Of neighbours that were merged nobody knows which of them were committed: each row within them
 * takes one commit away, as a log that is cut throws away all of them or none.
 */
void lag_discarded(struct collect_state *state, const struct record *record)
{
    struct dataset_state *dataset = dataset_of(state, record);
    struct key_state *key = &dataset->keys[record->key];
    const struct version version = version_of(record);
    const struct commit_entry *merged = key_entries(state, key) + key_newer(state, key, version);
    struct commit_entry *entry = entry_find(state, key, version);

    lost_discarded(state, record);
    if (entry != NULL && entry->commit_count > 0) {
        commit_taken(state, dataset, record->key, (uint32_t)(entry - key_entries(state, key)));
    } else if (entry != NULL) {
        entry->gone_count -= entry->gone_count > 0 ? 1u : 0u;
    } else if (merged < key_entries(state, key) + key->count && merged->commit_count > 1) {
        commit_taken(state, dataset, record->key, (uint32_t)(merged - key_entries(state, key)));
    }
}

void lag_prefetch(const struct collect_state *state, uint32_t dataset_index, uint32_t key)
{
    const struct dataset_state *dataset = &state->datasets[dataset_index];

    if (dataset_index >= state->layout->dataset_count || key >= dataset->key_count) {
        return;
    }

    const struct commit_entry *entries =
        &state->entries[(dataset->key_first + key) * ENTRIES_SHORT];

    fetch(&dataset->keys[key]);
    fetch(&entries[0]);
    fetch(&entries[1]);
}
