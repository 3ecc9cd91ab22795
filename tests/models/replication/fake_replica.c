#include "tests/models/replication/fake_internal.h"

/* The facade. */

void *replica_state(struct replica *self)
{
    return self->state;
}

const void *replica_params(const struct replica *self)
{
    return self->fake->config.params;
}

const void *replica_shared(const struct replica *self)
{
    return self->fake->shared;
}

uint32_t replica_self(const struct replica *self)
{
    return self->member;
}

uint32_t replica_count(const struct replica *self)
{
    return self->fake->config.count;
}

uint32_t replica_total(const struct replica *self)
{
    return self->fake->config.total;
}

bool replica_stores(const struct replica *self, uint32_t member)
{
    return member < self->fake->config.count;
}

/* Node numbers differ from member numbers, so that a mix-up shows. */
uint32_t replica_node(const struct replica *self, uint32_t member)
{
    CHECK(member < self->fake->config.total);
    return 100 + member;
}

uint32_t replica_region(const struct replica *self, uint32_t member)
{
    return self->fake->config.regions[member];
}

const uint32_t *replica_nearest(const struct replica *self)
{
    return self->nearest;
}

const uint32_t *replica_nearest_others(const struct replica *self)
{
    return self->others;
}

sim_ns replica_delay(const struct replica *self, uint32_t member)
{
    return self->fake->config.one_way_ns[self->member][member];
}

sim_ns replica_clock(struct replica *self)
{
    const sim_ns now_ns = self->fake->now_ns + self->fake->config.clock_offset_ns[self->member];
    if (now_ns > self->clock_last_ns) {
        self->clock_last_ns = now_ns;
    }
    return self->clock_last_ns;
}

void replica_clock_interval(struct replica *self, sim_ns *earliest_ns, sim_ns *latest_ns)
{
    const struct fake_config *config = &self->fake->config;
    const sim_ns now_ns = self->fake->now_ns + config->clock_offset_ns[self->member];
    *earliest_ns = now_ns - config->clock_bound_ns;
    *latest_ns = now_ns + config->clock_bound_ns;
}

double replica_random(struct replica *self)
{
    (void)self;
    return 0.5;
}

uint32_t replica_key_count(const struct replica *self)
{
    (void)self;
    return FAKE_KEYS;
}

bool replica_merges(const struct replica *self)
{
    return self->fake->config.value.ops != NULL;
}

static bool holds_storage(const struct replica *self)
{
    const struct fake_config *config = &self->fake->config;
    return self->member < config->count ||
           (config->ops->stores_elsewhere != NULL && config->ops->stores_elsewhere(config->params));
}

struct version replica_read(const struct replica *self, uint32_t key)
{
    CHECK(holds_storage(self));
    CHECK(key < FAKE_KEYS);
    return self->storage[key];
}

uint32_t replica_value_bytes(const struct replica *self, uint32_t key)
{
    return replica_merges(self) ? replica_content_bytes(self, key) : FAKE_VALUE_BYTES;
}

void fake_store(struct replica *self, uint32_t key, struct version version,
                const struct fake_words *words)
{
    struct fake_words before = {0};
    if (words != NULL) {
        before = self->words[key];
        self->words[key] = *words;
    }
    if (self->fake->config.disk_ns > 0) {
        void *items = self->undo;
        memory_grow(&items, &self->undo_capacity, self->undo_count + 1, sizeof *self->undo);
        self->undo = items;
        self->undo[self->undo_count++] =
            (struct fake_undo){.key = key, .before = self->storage[key], .words_before = before};
    } else {
        free(before.at);
    }
    self->storage[key] = version;
}

bool replica_apply(struct replica *self, uint32_t key, struct version version, uint32_t bytes)
{
    CHECK(holds_storage(self));
    CHECK(key < FAKE_KEYS);
    CHECK(bytes == FAKE_VALUE_BYTES);
    CHECK(version.write != 0);
    CHECK(!replica_merges(self));
    if (!version_newer(version, self->storage[key])) {
        return false;
    }
    fake_store(self, key, version, NULL);
    return true;
}

void replica_rewind(struct replica *self, uint32_t key, struct version version, uint32_t bytes)
{
    CHECK(holds_storage(self));
    CHECK(key < FAKE_KEYS);
    CHECK(bytes == FAKE_VALUE_BYTES);
    if (!version_equal(version, self->storage[key])) {
        fake_store(self, key, version, NULL);
    }
}

bool replica_has_disk(const struct replica *self)
{
    return self->fake->config.disk_ns > 0;
}

static void disk_begin(struct replica *self)
{
    self->syncing = true;
    self->sync_running = self->sync_count;
    fake_schedule(self->fake,
                  (struct fake_event){.at_ns = self->fake->now_ns + self->fake->config.disk_ns,
                                      .kind = FAKE_DISK,
                                      .member = self->member,
                                      .epoch = self->epoch});
}

void replica_persist(struct replica *self, uint64_t token)
{
    CHECK(self->up);
    if (self->fake->config.disk_ns == 0) {
        self->fake->config.ops->on_persisted(self, token);
        return;
    }
    void *items = self->syncs;
    memory_grow(&items, &self->sync_capacity, self->sync_count + 1, sizeof *self->syncs);
    self->syncs = items;
    self->syncs[self->sync_count++] =
        (struct fake_sync){.token = token, .changes = self->undo_count};
    if (!self->syncing) {
        disk_begin(self);
    }
}

void fake_disk_end(struct replica *self)
{
    const size_t done = self->sync_running;
    struct fake_sync finished[64];
    CHECK(done > 0);
    CHECK(done <= 64);
    memcpy(finished, self->syncs, done * sizeof *finished);
    const size_t durable = finished[done - 1].changes;
    self->sync_count -= done;
    memmove(self->syncs, self->syncs + done, self->sync_count * sizeof *self->syncs);
    for (size_t i = 0; i < durable; i++) {
        free(self->undo[i].words_before.at);
    }
    self->undo_count -= durable;
    if (self->undo_count > 0) {
        memmove(self->undo, self->undo + durable, self->undo_count * sizeof *self->undo);
    }
    for (size_t i = 0; i < self->sync_count; i++) {
        self->syncs[i].changes -= durable;
    }
    self->syncing = false;
    if (self->sync_count > 0) {
        disk_begin(self);
    }
    for (size_t i = 0; i < done; i++) {
        self->fake->config.ops->on_persisted(self, finished[i].token);
    }
}

uint32_t replica_leaf_count(const struct replica *self)
{
    (void)self;
    return FAKE_LEAVES;
}

void replica_leaf_keys(const struct replica *self, uint32_t leaf, uint32_t *first, uint32_t *last)
{
    (void)self;
    *first = leaf * (FAKE_KEYS / FAKE_LEAVES);
    *last = *first + FAKE_KEYS / FAKE_LEAVES;
}

uint64_t replica_leaf_hash(const struct replica *self, uint32_t leaf)
{
    uint32_t first, last;
    uint64_t hash = 0;
    replica_leaf_keys(self, leaf, &first, &last);
    for (uint32_t key = first; key < last; key++) {
        hash ^= (replica_digest(self, key) * 61 + key) * UINT64_C(0x9e3779b97f4a7c15);
    }
    return hash;
}

void fake_block_free(struct fake *fake, uint32_t block)
{
    if (block != 0) {
        free(fake->blocks[block]);
        fake->blocks[block] = NULL;
    }
}

struct message *replica_send_begin(struct replica *self, uint32_t *slot)
{
    *slot = 0;
    return &self->fake->outgoing;
}

void replica_send_end(struct replica *self, uint32_t to_member, uint32_t kind, uint32_t slot)
{
    struct fake *fake = self->fake;
    struct message message = fake->outgoing;
    CHECK(slot == 0);
    CHECK(self->up);
    CHECK(to_member != self->member);
    CHECK(to_member < fake->config.total);
    CHECK(kind < 16);
    fake->sent[kind]++;
    fake->sent_bytes[kind] += message.bytes;
    message.kind = (uint16_t)(MESSAGE_STRATEGY + kind);
    message.from = 100 + self->member;
    message.to = 100 + to_member;
    uint32_t *lose = &fake->lose[self->member][to_member][kind];
    if (fake->cut[self->member][to_member] || *lose > 0) {
        *lose -= *lose > 0;
        fake_block_free(fake, message.block);
        return;
    }
    struct fake_event event = {.kind = FAKE_DELIVER, .member = to_member, .message = message};
    event.at_ns = fake->now_ns + fake->config.one_way_ns[self->member][to_member];
    if (fake->config.jitter_ns > 0) {
        event.at_ns += (sim_ns)fake_random(fake, (uint32_t)fake->config.jitter_ns);
    }
    const bool twice =
        fake->config.twice_percent > 0 && fake_random(fake, 100) < fake->config.twice_percent;
    fake_schedule(fake, event);
    if (twice) {
        event.at_ns += (sim_ns)fake_random(fake, (uint32_t)(100 * MS));
        if (message.block != 0) {
            uint32_t words = 0;
            const uint64_t *block = replica_block(self, message.block, &words);
            memcpy(replica_block_new(self, words, &event.message.block), block,
                   words * sizeof(uint64_t));
        }
        fake_schedule(fake, event);
    }
}

uint32_t replica_sender(const struct replica *self, const struct message *message)
{
    (void)self;
    CHECK(message->from >= 100);
    CHECK(message->from < 100 + FAKE_MEMBERS);
    return message->from - 100;
}

uint64_t *replica_block_new(struct replica *self, uint32_t words, uint32_t *block)
{
    struct fake *fake = self->fake;
    void *blocks = fake->blocks, *lengths = fake->block_words;
    memory_grow(&blocks, &fake->block_capacity, fake->block_count + 2, sizeof *fake->blocks);
    memory_grow(&lengths, &fake->block_words_capacity, fake->block_count + 2,
                sizeof *fake->block_words);
    fake->blocks = blocks;
    fake->block_words = lengths;
    *block = ++fake->block_count;
    fake->blocks[*block] = calloc(words + 1, sizeof(uint64_t));
    fake->block_words[*block] = words;
    return fake->blocks[*block];
}

const uint64_t *replica_block(const struct replica *self, uint32_t block, uint32_t *words)
{
    CHECK(block > 0);
    CHECK(self->fake->blocks[block] != NULL);
    *words = self->fake->block_words[block];
    return self->fake->blocks[block];
}

void replica_reply(struct replica *self, const struct message *request, enum record_outcome outcome,
                   struct version version)
{
    struct fake *fake = self->fake;
    CHECK(self->up);
    CHECK((request->from & ENDPOINT_CLIENT) != 0);
    CHECK(fake->reply_count < FAKE_REPLIES);
    fake->replies[fake->reply_count++] = (struct fake_reply){.at_ns = fake->now_ns,
                                                             .member = self->member,
                                                             .operation = request->operation,
                                                             .outcome = outcome,
                                                             .version = version};
    if (outcome == RECORD_OK && request->type == RECORD_READ && replica_merges(self)) {
        fake->replies[fake->reply_count - 1].view = fake_view(fake, self->member, request->key);
    }
}

void replica_committed(struct replica *self, const struct message *request, struct version version)
{
    (void)self;
    (void)request;
    (void)version;
}

void replica_refer(struct replica *self, const struct message *request, uint32_t leader_member,
                   uint64_t epoch)
{
    struct fake *fake = self->fake;
    CHECK(leader_member == UINT32_MAX || leader_member < fake->config.count);
    replica_reply(self, request, RECORD_FAIL,
                  (struct version){.stamp = (int64_t)epoch, .write = (uint64_t)leader_member + 1});
    fake->replies[fake->reply_count - 1].referred = true;
}

bool replica_managed(const struct replica *self)
{
    return self->fake->config.managed;
}

static void add_fact(struct replica *self, struct fake_fact fact)
{
    struct fake *fake = self->fake;
    CHECK(fake->fact_count < FAKE_FACTS);
    fact.at_ns = fake->now_ns;
    fact.member = self->member;
    fake->facts[fake->fact_count++] = fact;
}

void replica_leads(struct replica *self, uint64_t epoch, bool accepting)
{
    CHECK(accepting != self->leading);
    self->leading = accepting;
    self->lead_epoch = epoch;
    add_fact(self, (struct fake_fact){.kind = RECORD_LEADER, .epoch = epoch, .flag = accepting});
}

void replica_discarded(struct replica *self, uint32_t key, struct version version)
{
    add_fact(self, (struct fake_fact){.kind = RECORD_DISCARDED, .key = key, .version = version});
}

void replica_confirmed(struct replica *self, uint32_t key, struct version version)
{
    add_fact(self, (struct fake_fact){.kind = RECORD_CONFIRMED, .key = key, .version = version});
}

struct timer replica_timer(struct replica *self, sim_ns delay_ns, uint64_t token)
{
    CHECK(self->up);
    CHECK(delay_ns >= 0);
    const uint64_t sequence =
        fake_schedule(self->fake, (struct fake_event){.at_ns = self->fake->now_ns + delay_ns,
                                                      .kind = FAKE_TIMER,
                                                      .member = self->member,
                                                      .epoch = self->epoch,
                                                      .token = token});
    return (struct timer){.slot = (uint32_t)sequence, .generation = 1};
}

void replica_cancel(struct replica *self, struct timer timer)
{
    struct fake *fake = self->fake;
    void *items = fake->cancelled;
    memory_grow(&items, &fake->cancelled_capacity, fake->cancelled_count + 1,
                sizeof *fake->cancelled);
    fake->cancelled = items;
    fake->cancelled[fake->cancelled_count++] = timer.slot;
}

void *replica_pending_new(struct replica *self, uint32_t *number)
{
    void *items = self->pending;
    *number = ++self->pending_last;
    memory_grow(&items, &self->pending_capacity, *number + 1, sizeof *self->pending);
    self->pending = items;
    self->pending[*number] = calloc(1, self->fake->config.ops->pending_bytes);
    self->pending_live++;
    return self->pending[*number];
}

void *replica_pending(struct replica *self, uint32_t number)
{
    return number <= self->pending_last && number > 0 ? self->pending[number] : NULL;
}

void replica_pending_release(struct replica *self, uint32_t number)
{
    CHECK(replica_pending(self, number) != NULL);
    free(self->pending[number]);
    self->pending[number] = NULL;
    self->pending_live--;
}

void replica_grow(struct replica *self, void **items, size_t *capacity, size_t needed, size_t bytes)
{
    struct fake *fake = self->fake;
    if (*capacity == 0 && needed > 0) {
        void *grown = fake->grown;
        memory_grow(&grown, &fake->grown_capacity, fake->grown_count + 1, sizeof *fake->grown);
        fake->grown = grown;
        fake->grown[fake->grown_count++] = items;
    }
    memory_grow(items, capacity, needed, bytes);
}

void replica_mode(struct replica *self, uint32_t mode)
{
    struct fake *fake = self->fake;
    CHECK(fake->mode_count < FAKE_MODES);
    fake->modes[fake->mode_count++] =
        (struct fake_mode){.at_ns = fake->now_ns, .member = self->member, .mode = mode};
}
