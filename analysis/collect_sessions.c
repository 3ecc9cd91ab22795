/*
 * collect_sessions.c - what each session wrote and was returned, by key.
 *
 * Model:  the newest own acknowledged version and the newest version returned, of each pair of
 *         session and key. Few pairs have a table of their own places; many share a fixed
 *         table in which a pair displaces the one that was in its place.
 */
#include "analysis/collect_state.h"

void session_init(struct collect_state *state)
{
    const uint64_t sessions = state->layout->session_count;
    size_t count = SESSION_TABLE;

    state->pair_mask = SESSION_TABLE - 1;
    if (state->key_count == 0 || sessions <= SESSION_TABLE / state->key_count) {
        count = (size_t)(sessions * state->key_count);
        state->pair_mask = 0;
    }
    state->pairs = memory_alloc(count == 0 ? 1 : count, sizeof(*state->pairs));
}

/* Spreads the pairs over the table: the finaliser of MurmurHash3 (Appleby, public domain, 2011). */
static uint64_t spread(uint64_t tag)
{
    tag ^= tag >> 33;
    tag *= UINT64_C(0xff51afd7ed558ccd);
    tag ^= tag >> 33;
    tag *= UINT64_C(0xc4ceb9fe1a85ec53);
    return tag ^ tag >> 33;
}

struct session_place session_place(const struct collect_state *state, uint32_t session,
                                   uint64_t key)
{
    CHECK(session < state->layout->session_count);

    const uint64_t tag = session * state->key_count + key + 1;
    const uint64_t index = state->pair_mask == 0 ? tag - 1 : spread(tag) & state->pair_mask;

    return (struct session_place){tag, (uint32_t)index};
}

void session_prefetch(const struct collect_state *state, uint32_t index)
{
    const struct session_pair *pair = &state->pairs[index];

    fetch_write(pair);
    fetch_write(&pair->own.write); /* perhaps in the next cache line */
}

void session_prefetch_end(const struct collect_state *state, uint32_t index)
{
    const struct session_pair *pair = &state->pairs[index];

    fetch_write(pair);
    fetch_write(&pair->seen.write);
}

const struct session_pair *session_find(const struct collect_state *state,
                                        struct session_place place)
{
    const struct session_pair *pair = &state->pairs[place.index];

    return pair->tag == place.tag ? pair : NULL;
}

/* The pair at its place, new or as it is: displaces another one that is there. */
static struct session_pair *pair_make(struct collect_state *state, struct session_place place)
{
    struct session_pair *pair = &state->pairs[place.index];

    if (pair->tag != place.tag) {
        state->pairs_evicted += pair->tag != 0 ? 1u : 0u;
        *pair = (struct session_pair){.tag = place.tag};
    }
    return pair;
}

void session_saw(struct collect_state *state, struct session_place place, struct version version)
{
    struct session_pair *pair = pair_make(state, place);

    if (version_less(pair->seen, version)) {
        pair->seen = version;
    }
}

void session_wrote(struct collect_state *state, struct session_place place, struct version version)
{
    struct session_pair *pair = pair_make(state, place);

    if (version_less(pair->own, version)) {
        pair->own = version;
    }
}
