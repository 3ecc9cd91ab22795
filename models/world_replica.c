/* world_replica.c - replica.h for leaders that move, hubs that confirm and disks that are lost. */
#include "models/replication/replica.h"
#include "models/world_internal.h"
#include "sim/check.h"

/* Epoch and address of the leader, status and checksum (assumption: 8 + 4 + 2 + 2). */
enum { REFERRAL_BYTES = 16 };

bool replica_managed(const struct replica *self)
{
    return self->dataset->managed;
}

void replica_refer(struct replica *self, const struct message *request, uint32_t leader_member,
                   uint64_t epoch)
{
    CHECK(self->node->up);
    CHECK((request->from & (ENDPOINT_CLIENT | ENDPOINT_AGENT)) != 0);
    const uint64_t leader =
        leader_member == UINT32_MAX ? 0 : (uint64_t)replica_node(self, leader_member) + 1;
    const struct message reply = {
        .kind = MESSAGE_REPLY,
        .dataset = (uint16_t)self->dataset->index,
        .from = self->node_index,
        .to = request->from,
        .key = request->key,
        .bytes = REFERRAL_BYTES,
        .request = request->request,
        .version = {.stamp = (int64_t)epoch, .write = leader},
        .operation = request->operation,
        .a = request->a,
        .type = request->type,
        .outcome = RECORD_FAIL,
        .tries = request->tries,
        .flag = MESSAGE_REFERRED,
    };
    network_send(&self->world->network, &reply);
}

static void emit(const struct replica *self, struct record row)
{
    row.at_ns = engine_now(&self->world->engine);
    row.dataset = (uint16_t)self->dataset->index;
    row.node = self->node_index;
    record_emit(&self->world->sink, &row);
}

static void emit_leader(const struct replica *self, uint64_t epoch, bool accepting)
{
    emit(self, (struct record){.kind = RECORD_LEADER, .a = accepting, .b = (int64_t)epoch});
}

void replica_leads(struct replica *self, uint64_t epoch, bool accepting)
{
    emit_leader(self, epoch, accepting);
    if (accepting && epoch > 1 && epoch > self->lead_epoch) {
        emit(self, (struct record){.kind = RECORD_STEP,
                                   .from_place = (uint16_t)self->node->place,
                                   .a = RECORD_STEP_ACCEPTING,
                                   .b = (int64_t)epoch});
    }
    self->leading = accepting;
    self->lead_epoch = epoch > self->lead_epoch ? epoch : self->lead_epoch;
    world_leadership_changed(self->world, self->dataset->index, self->node_index);
}

void replica_lead_lost(struct replica *self)
{
    if (self->leading) {
        self->leading = false;
        emit_leader(self, self->lead_epoch, false);
    }
}

void replica_discarded(struct replica *self, uint32_t key, struct version version)
{
    emit(self, (struct record){.kind = RECORD_DISCARDED,
                               .key = key,
                               .operation = version.write,
                               .stamp = version.stamp,
                               .write = version.write});
}

void replica_confirmed(struct replica *self, uint32_t key, struct version version)
{
    emit(self, (struct record){.kind = RECORD_CONFIRMED,
                               .key = key,
                               .operation = version.write,
                               .stamp = version.stamp,
                               .write = version.write});
}

bool replica_wants(const struct replica *self, uint32_t key, struct replica_wish *wish)
{
    const struct value_type *type = &self->dataset->value;
    CHECK(self->storage != NULL);
    if (type->ops == NULL || type->ops->wants == NULL) {
        return false;
    }
    wish->actor = value_actor(self->member, self->lives);
    return type->ops->wants(type->params, value_body(storage_state(self->storage, key)),
                            wish->actor, self->dataset->count, &wish->member, &wish->amount);
}

void replica_rewind(struct replica *self, uint32_t key, struct version version, uint32_t bytes)
{
    CHECK(self->storage != NULL);
    const bool older = version_newer(replica_read(self, key), version);
    if (!storage_put(self->storage, key, version, bytes) || self->member >= self->dataset->count) {
        return;
    }
    emit(self, (struct record){.kind = RECORD_APPLIED,
                               .flags = older ? RECORD_FLAG_REVERTED : 0,
                               .key = key,
                               .stamp = version.stamp,
                               .write = version.write,
                               .operation = version.write});
}

void replica_disk_lost(struct world *world, uint32_t node)
{
    CHECK(!world->nodes[node].up);
    for (uint32_t d = 0; d < world->dataset_count; d++) {
        struct replica *replica = &world->datasets[d].replicas[node];
        if (replica->storage != NULL) {
            storage_wipe(replica->storage);
        }
        if (replica->dataset->ops->on_disk_lost != NULL) {
            replica->dataset->ops->on_disk_lost(replica);
        }
    }
}
