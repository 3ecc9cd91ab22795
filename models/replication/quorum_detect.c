#include "models/replication/quorum_internal.h"
#include "sim/check.h"

/*
 * Failure detector: who is believed up.
 *
 * Model:   a node that stores the data tells those that coordinate that it is alive, every
 *          `heartbeat`. One that is not heard for `suspect_after` is believed down until it is
 *          heard again. Time is counted in own heartbeats, so a clock that is set suspects nobody:
 *          the belief changes between suspect_after and one heartbeat later.
 * Source:  Hayashibara et al., "The phi accrual failure detector", SRDS 2004: with exponential
 *          arrivals phi = t / (mean ln 10), so Cassandra's threshold of 8 is 18.4 intervals of 1 s.
 * Assumes: every node hears every other directly; gossip spreads the same within a few rounds.
 */

static struct quorum_peer *peer_at(const struct quorum_state *state, uint32_t member)
{
    return (struct quorum_peer *)state->peers + member;
}

static bool listens(const struct replica *self, uint32_t member)
{
    const struct quorum_params *params = replica_params(self);
    const bool stores = replica_stores(self, member);
    switch ((enum quorum_coordinators)params->coordinators) {
    case QUORUM_BY_REPLICAS:
        return stores || params->sloppy;
    case QUORUM_BY_OTHERS:
        return !stores || params->sloppy || params->anti_entropy >= 0;
    case QUORUM_BY_ANY:
        break;
    }
    return true;
}

static bool speaks(const struct replica *self, uint32_t member)
{
    const struct quorum_params *params = replica_params(self);
    return replica_stores(self, member) || params->sloppy;
}

/* Nodes whose state matters: those that store, and those that may stand in. */
static uint32_t peer_count(const struct replica *self)
{
    const struct quorum_params *params = replica_params(self);
    return params->sloppy ? replica_total(self) : replica_count(self);
}

static void believe_all(struct replica *self)
{
    struct quorum_state *state = replica_state(self);
    for (uint32_t member = 0; member < peer_count(self); member++) {
        *peer_at(state, member) = (struct quorum_peer){.heard_tick = state->tick, .alive = true};
    }
    state->live = state->all;
}

void quorum_detect_start(struct replica *self)
{
    const struct quorum_params *params = replica_params(self);
    struct quorum_state *state = replica_state(self);
    replica_grow(self, &state->peers, &state->peers_capacity, peer_count(self),
                 sizeof(struct quorum_peer));
    believe_all(self);
    const uint32_t member = replica_self(self);
    if (params->heartbeat > 0 && (listens(self, member) || speaks(self, member))) {
        /* Nodes take turns, so that not all of them speak at the same instant. */
        replica_timer(self, params->heartbeat / replica_total(self) * member,
                      quorum_token(QUORUM_TIMER_HEARTBEAT, 0));
    }
}

void quorum_heartbeat_timer(struct replica *self)
{
    const struct quorum_params *params = replica_params(self);
    struct quorum_state *state = replica_state(self);
    const uint32_t own = replica_self(self);
    const uint32_t patience =
        (uint32_t)((params->suspect_after + params->heartbeat - 1) / params->heartbeat);
    state->tick++;
    for (uint32_t member = 0; speaks(self, own) && member < replica_total(self); member++) {
        if (member != own && listens(self, member)) {
            replica_send(self, member, QUORUM_HEARTBEAT,
                         (struct message){.bytes = QUORUM_ACK_BYTES});
        }
    }
    for (uint32_t member = 0; listens(self, own) && member < peer_count(self); member++) {
        struct quorum_peer *peer = peer_at(state, member);
        if (member != own && peer->alive && state->tick - peer->heard_tick > patience) {
            peer->alive = false;
            if (replica_stores(self, member)) {
                state->live &= ~quorum_bit(member);
            }
        }
    }
    replica_timer(self, params->heartbeat, quorum_token(QUORUM_TIMER_HEARTBEAT, 0));
}

void quorum_on_heartbeat(struct replica *self, const struct message *message)
{
    struct quorum_state *state = replica_state(self);
    const uint32_t member = replica_sender(self, message);
    struct quorum_peer *peer = peer_at(state, member);
    peer->heard_tick = state->tick;
    if (peer->alive) {
        return;
    }
    peer->alive = true;
    if (replica_stores(self, member)) {
        state->live |= quorum_bit(member);
        quorum_hints_wake(self, member);
    }
}

/* The node at `rank` among those that store nothing and are believed up; RECORD_NONE: none. */
static uint32_t substitute(struct replica *self, uint32_t rank)
{
    const struct quorum_state *state = replica_state(self);
    for (uint32_t member = replica_count(self); member < replica_total(self); member++) {
        if (peer_at(state, member)->alive && rank-- == 0) {
            return member;
        }
    }
    return RECORD_NONE;
}

/*
 * Nodes without a copy stand in for members that are down, in the order of their numbers: every
 * coordinator with the same belief picks the same ones (Dynamo's walk along the ring).
 */
uint64_t quorum_substituted(struct replica *self)
{
    const struct quorum_state *state = replica_state(self);
    const uint64_t down = state->all & ~state->live;
    uint64_t substituted = 0;
    uint32_t rank = 0;
    for (uint32_t member = 0; member < replica_count(self); member++) {
        if ((down & quorum_bit(member)) == 0) {
            continue;
        }
        if (substitute(self, rank++) == RECORD_NONE) {
            break;
        }
        substituted |= quorum_bit(member);
    }
    return substituted;
}

uint32_t quorum_target(struct replica *self, uint32_t member)
{
    const struct quorum_state *state = replica_state(self);
    const uint64_t before = state->all & ~state->live & (quorum_bit(member) - 1);
    const uint32_t target = substitute(self, level_bits(before));
    CHECK(target != RECORD_NONE);
    return target;
}

void quorum_detect_recover(struct replica *self)
{
    const struct quorum_params *params = replica_params(self);
    const uint32_t member = replica_self(self);
    believe_all(self);
    if (params->heartbeat > 0 && (listens(self, member) || speaks(self, member))) {
        quorum_heartbeat_timer(self);
    }
}
