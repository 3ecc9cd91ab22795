#include "models/replication/quorum_internal.h"

#include <string.h>

/*
 * Rights to take from a number that must not fall below a bound (value.h, `wants`).
 *
 * Model:  after a write a coordinator whose rights run low asks the copy that it believes to have
 *         most; that one passes some on, and repairs all others with what it holds then. Nobody
 *         acknowledges: what is lost comes with the next repair, read or comparison.
 * Source: Balegas et al., "Extending eventually consistent cloud databases for enforcing numeric
 *         invariants", SRDS 2015.
 */

static sim_ns *asked_until(struct replica *self, uint32_t key)
{
    struct quorum_state *state = replica_state(self);
    if (state->asked == NULL) {
        const size_t keys = replica_key_count(self);
        replica_grow(self, &state->asked, &state->asked_capacity, keys, sizeof(sim_ns));
        memset(state->asked, 0, keys * sizeof(sim_ns));
    }
    return (sim_ns *)state->asked + key;
}

void quorum_rights_ask(struct replica *self, uint32_t key)
{
    const struct quorum_params *params = replica_params(self);
    struct replica_wish wish;
    if (!replica_stores(self, replica_self(self)) || !replica_wants(self, key, &wish) ||
        wish.member == replica_self(self)) {
        return;
    }
    sim_ns *until = asked_until(self, key);
    const sim_ns now_ns = replica_clock(self);
    if (now_ns >= *until) { /* one request of a key at a time */
        *until = now_ns + params->write_timeout;
        replica_send(self, wish.member, QUORUM_RIGHTS,
                     (struct message){.key = key,
                                      .a = (uint64_t)wish.amount,
                                      .request = wish.actor,
                                      .bytes = QUORUM_READ_BYTES});
    }
}

void quorum_rights_came(struct replica *self, uint32_t key)
{
    const struct quorum_state *state = replica_state(self);
    if (state->asked != NULL) {
        *asked_until(self, key) = 0;
    }
}

void quorum_rights_forget(struct replica *self)
{
    struct quorum_state *state = replica_state(self);
    if (state->asked != NULL) {
        memset(state->asked, 0, replica_key_count(self) * sizeof(sim_ns));
    }
}

static void tell_all(struct replica *self, uint32_t key, const struct content *content)
{
    const struct quorum_state *state = replica_state(self);
    struct message repair = {
        .key = key, .bytes = content->bytes + QUORUM_WRITE_BYTES, .version = content->version};
    uint64_t others = state->live & ~state->self_bit;
    for (uint32_t member = 0; others != 0; member++, others >>= 1) {
        if ((others & 1) != 0) {
            repair.block = replica_content_copy(self, content).block;
            replica_send(self, member, QUORUM_REPAIR, repair);
        }
    }
}

void quorum_on_rights(struct replica *self, const struct message *message)
{
    const uint32_t key = message->key;
    const uint32_t most = message->a < UINT32_MAX ? (uint32_t)message->a : UINT32_MAX;
    const struct message request = {.key = key,
                                    .type = RECORD_WRITE,
                                    .a =
                                        value_request_pack(VALUE_TRANSFER, message->request, most)};
    struct content content = {0};
    const struct version nobody = {0, 0};
    if (replica_perform(self, &request, nobody, VALUE_STATE, &content) != RECORD_OK) {
        return;
    }
    content = replica_content(self, key);
    tell_all(self, key, &content);
    replica_content_free(self, &content);
    quorum_stored(self,
                  (struct quorum_due){.member = replica_self(self), .kind = QUORUM_MESSAGE_COUNT});
}
