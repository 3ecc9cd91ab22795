#include "models/replication/multi_primary_internal.h"
#include "sim/check.h"

#include <string.h>

/*
 * Taking what a neighbour passes on.
 *
 * Log:     a batch is taken when it continues what is here; what is missing is said once. States
 *          and versions may come twice. Deltas and operations below the place that was reached are
 *          passed over: they are here, or a comparison has taken their place.
 * Life:    with deltas and operations a batch is for the receiver as it was when the sender last
 *          heard of it; one that has restarted since takes none until the sender knows, and gives
 *          states.
 * Further: what is news is passed on (ring, hub, and whatever came by comparing): states as states,
 *          deltas as they came, and operations never, since every one of them comes by itself.
 */

enum { WORDS = MULTI_PLAIN_WORDS };

static uint64_t next_links(const struct replica *self, const struct multi_state *state,
                           uint32_t from, bool repair)
{
    const struct multi_params *params = replica_params(self);
    const uint64_t links = params->topology != MULTI_MESH || repair ? state->forward : 0;
    return links & ~multi_bit(from);
}

/* The hub has judged it, or says that it has. */
static void confirm(struct replica *self, const struct multi_state *state, uint32_t from,
                    const struct multi_entry *entry)
{
    const struct multi_params *params = replica_params(self);
    if (params->confirm && (state->is_hub || multi_link(state, from)->forward)) {
        replica_confirmed(self, entry->key, entry->version);
    }
}

/* A version: stores it, and passes it on when it is news here. */
static void take_version(struct replica *self, uint32_t from, struct multi_entry entry,
                         uint8_t flag)
{
    const struct multi_params *params = replica_params(self);
    struct multi_state *state = replica_state(self);
    entry.repair = (flag & MULTI_FLAG_REPAIR) != 0;
    entry.joined = (flag & MULTI_FLAG_JOINED) != 0;
    const struct stamp_clock clock = multi_clock(self);
    stamp_seen(&params->stamps, &state->stamps, entry.version.stamp, &clock);
    const bool news = replica_apply(self, entry.key, entry.version, entry.bytes);
    confirm(self, state, from, &entry);
    entry.waiting = news ? next_links(self, state, from, entry.repair) : 0;
    if (entry.waiting != 0) {
        multi_append(self, &entry, NULL);
    }
}

/* Words of a block, in a block of their own. */
static uint32_t part_copy(struct replica *self, uint32_t block, uint32_t at, uint32_t count)
{
    uint32_t copy = 0, all = 0;
    uint64_t *to = replica_block_new(self, count, &copy);
    memcpy(to, replica_block(self, block, &all) + at, count * sizeof *to);
    return copy;
}

/* Whether a state may bring what was lost here: where deltas or operations are usual, it does. */
static bool unsettled(struct replica *self, const struct multi_state *state, uint32_t from)
{
    const struct multi_link *link = multi_link(state, from);
    return state->form != VALUE_STATE || link->comparing != MULTI_IDLE ||
           (link->settled_ns > 0 && replica_clock(self) < link->settled_ns);
}

static void pass_on(struct replica *self, uint32_t from, uint32_t block,
                    const struct multi_arrived *arrived)
{
    const struct multi_state *state = replica_state(self);
    struct multi_entry entry = arrived->entry;
    struct content content = {
        .version = entry.version, .bytes = entry.bytes, .form = arrived->form};
    entry.repair = (arrived->flags & MULTI_FLAG_REPAIR) != 0 ||
                   (arrived->form == VALUE_STATE && unsettled(self, state, from));
    entry.waiting = next_links(self, state, from, entry.repair);
    if (entry.waiting == 0 || arrived->form == VALUE_OPERATION) {
        return;
    }
    if (arrived->form == VALUE_DELTA) {
        content.block = part_copy(self, block, arrived->words, arrived->count);
    }
    multi_append(self, &entry, &content);
}

/* An operation that is in the state here already is not done again. */
static bool is_included(struct replica *self, uint32_t member, const struct multi_arrived *arrived)
{
    if (arrived->form != VALUE_OPERATION) {
        return false;
    }
    if (multi_included(self, arrived->entry.key, member) > arrived->position) {
        return true;
    }
    multi_include(self, arrived->entry.key, member, arrived->position + 1);
    return false;
}

static void include_row(struct replica *self, uint32_t block, const struct multi_arrived *arrived)
{
    uint32_t words = 0;
    const uint64_t *row = replica_block(self, block, &words) + arrived->row;
    for (uint32_t member = 0; arrived->row != 0 && member < replica_count(self); member++) {
        multi_include(self, arrived->entry.key, member, row[member]);
    }
}

void multi_take_arrived(struct replica *self, uint32_t from, uint32_t block,
                        const struct multi_arrived *arrived, uint64_t reached)
{
    const struct multi_params *params = replica_params(self);
    struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, from);
    const struct multi_entry *entry = &arrived->entry;
    const bool passed = arrived->form != VALUE_STATE && arrived->last < reached;
    const struct stamp_clock clock = multi_clock(self);
    stamp_seen(&params->stamps, &state->stamps, entry->version.stamp, &clock);
    if ((arrived->flags & MULTI_FLAG_REPAIR) == 0 && arrived->last >= link->caused) {
        link->caused = arrived->last + 1;
    }
    if (passed || is_included(self, link->member, arrived)) {
        return;
    }
    uint32_t all = 0;
    const uint64_t *words =
        arrived->count > 0 ? replica_block(self, block, &all) + arrived->words : NULL;
    const struct content content = {
        .version = entry->version, .bytes = entry->bytes, .form = arrived->form};
    const bool news =
        replica_take_words(self, entry->key, content, (struct words){words, arrived->count});
    include_row(self, block, arrived);
    confirm(self, state, from, entry);
    if (entry->version.write == 0) {
        multi_rights_came(self, entry->key);
    }
    if (news) {
        pass_on(self, from, block, arrived);
    }
}

void multi_acknowledge(struct replica *self, struct multi_due due)
{
    const struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, due.link);
    link->got_durable = due.position > link->got_durable && due.position <= link->got
                            ? due.position
                            : link->got_durable;
    replica_send(
        self, link->member, MULTI_ACK,
        (struct message){.a = due.position, .bytes = MULTI_ACK_BYTES, .request = state->restarts});
}

/* A batch or item of deltas or operations that was meant for this one before it restarted. */
static bool former_life(const struct replica *self, const struct multi_state *state,
                        uint32_t restarts)
{
    return replica_merges(self) && state->form != VALUE_STATE && restarts != state->restarts;
}

void multi_on_item(struct replica *self, const struct message *message)
{
    const struct multi_state *state = replica_state(self);
    const uint32_t from = multi_link_from(self, message);
    if (!multi_current(self, from, message->request)) {
        return;
    }
    const struct multi_entry entry = {.version = message->version,
                                      .key = message->key,
                                      .bytes = message->bytes - MULTI_ENTRY_BYTES};
    if (state->packed) {
        struct multi_arrived arrived = {.entry = entry,
                                        .position = message->a,
                                        .last = message->a,
                                        .form = message->flag >> MULTI_FLAG_FORM_SHIFT,
                                        .flags = message->flag & MULTI_FLAG_REPAIR};
        if (message->block != 0) {
            replica_block(self, message->block, &arrived.count);
        }
        multi_take_arrived(self, from, message->block, &arrived, 0);
    } else {
        take_version(self, from, entry, message->flag);
    }
    multi_due_add(self, (struct multi_due){.link = from, .position = message->a});
    multi_stored(self);
    multi_pump_all(self);
}

void multi_say_gap(struct replica *self, struct multi_link *link)
{
    const struct multi_state *state = replica_state(self);
    if (!link->gap_said) {
        link->gap_said = true;
        replica_send(self, link->member, MULTI_ACK,
                     (struct message){.a = link->got_durable,
                                      .bytes = MULTI_ACK_BYTES,
                                      .flag = MULTI_FLAG_GAP,
                                      .request = state->restarts});
    }
}

void multi_jump(struct replica *self, uint32_t index, uint64_t base)
{
    struct multi_link *link = multi_link(replica_state(self), index);
    if (base > link->got) {
        multi_held_drop(self, index);
        link->got = link->got_durable = base; /* what is missing comes by comparing */
    }
}

static void take_versions(struct replica *self, uint32_t from, uint32_t block)
{
    uint32_t words = 0;
    replica_block(self, block, &words);
    for (uint32_t i = 0; i + WORDS <= words; i += WORDS) {
        const uint64_t *word = replica_block(self, block, &words) + i;
        const struct multi_entry entry = {.version = {.stamp = (int64_t)word[0], .write = word[1]},
                                          .key = (uint32_t)(word[2] >> 32),
                                          .bytes = (uint32_t)word[2]};
        take_version(self, from, entry, (uint8_t)word[3]);
    }
}

static void take_packed(struct replica *self, uint32_t from, uint32_t block, uint64_t reached)
{
    struct multi_arrived arrived = multi_unpack(self, block, 0);
    while (arrived.next != 0) {
        multi_take_arrived(self, from, block, &arrived, reached);
        arrived = multi_unpack(self, block, arrived.next);
    }
}

/* The next batch of the log; what of it was taken is to be acknowledged. */
static void take_batch(struct replica *self, uint32_t from, const struct message *message)
{
    const struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, from);
    const uint64_t to = message->version.write;
    if (message->a > link->got) {
        multi_say_gap(self, link);
        return;
    }
    link->gap_said = link->gap_said && to <= link->got; /* what came before fills no gap */
    if (state->packed) {
        take_packed(self, from, message->block, link->got);
    } else {
        take_versions(self, from, message->block);
    }
    link->got = to > link->got ? to : link->got;
    multi_due_add(self, (struct multi_due){.link = from, .position = link->got});
}

void multi_on_batch(struct replica *self, const struct message *message)
{
    const struct multi_params *params = replica_params(self);
    const struct multi_state *state = replica_state(self);
    const uint32_t from = multi_link_from(self, message);
    if (!multi_current(self, from, message->request) || former_life(self, state, message->key)) {
        return;
    }
    multi_jump(self, from, (uint64_t)message->version.stamp);
    if (params->order == MULTI_CAUSAL) {
        multi_hold(self, from, message);
    } else {
        take_batch(self, from, message);
    }
    multi_stored(self);
    multi_pump_all(self);
}
