#include "tests/models/replication/fake_replica.h"

#include "sim/arena.h"
#include "sim/check.h"

#include <stdlib.h>
#include <string.h>

enum fake_event_kind { FAKE_DELIVER, FAKE_TIMER, FAKE_DISK, FAKE_DOWN, FAKE_UP, FAKE_CUT };

struct fake_event {
    sim_ns at_ns;
    uint64_t sequence;
    enum fake_event_kind kind;
    uint32_t member, epoch, other;
    uint64_t token;
    bool flag;
    struct message message;
};

struct fake_undo {
    uint32_t key;
    struct version before;
};

struct fake_sync {
    uint64_t token;
    size_t changes;
};

struct replica {
    struct fake *fake;
    uint32_t member, epoch;
    bool up, syncing;
    void *state;
    struct version storage[FAKE_KEYS];
    struct fake_undo *undo;
    size_t undo_count, undo_capacity;
    struct fake_sync *syncs; /* asked for */
    size_t sync_count, sync_capacity, sync_running;
    unsigned char **pending; /* by number */
    size_t pending_capacity;
    uint32_t pending_last, pending_live;
    uint32_t nearest[FAKE_MEMBERS], others[FAKE_MEMBERS];
    sim_ns clock_last_ns;
};

struct fake {
    struct fake_config config;
    void *shared;
    struct replica members[FAKE_MEMBERS];
    struct fake_event *heap;
    size_t heap_count, heap_capacity;
    uint64_t sequence;
    sim_ns now_ns;
    bool cut[FAKE_MEMBERS][FAKE_MEMBERS];
    uint32_t lose[FAKE_MEMBERS][FAKE_MEMBERS][16];
    uint64_t sent[16], sent_bytes[16];
    struct fake_reply *replies;
    size_t reply_count;
    struct fake_mode modes[FAKE_MODES];
    uint32_t mode_count;
    uint64_t **blocks;
    uint32_t *block_words;
    size_t block_capacity, block_words_capacity;
    uint32_t block_count;
    void ***grown;
    size_t grown_count, grown_capacity;
    uint64_t *cancelled; /* sequence numbers */
    size_t cancelled_count, cancelled_capacity;
    void (*watch)(struct fake *fake);
};

/* Events: a binary heap. */

static bool before(const struct fake_event *a, const struct fake_event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->sequence < b->sequence;
}

static void swap(struct fake_event *a, struct fake_event *b)
{
    const struct fake_event c = *a;
    *a = *b;
    *b = c;
}

static uint64_t schedule(struct fake *fake, struct fake_event event)
{
    void *items = fake->heap;
    CHECK(event.at_ns >= fake->now_ns);
    memory_grow(&items, &fake->heap_capacity, fake->heap_count + 1, sizeof event);
    fake->heap = items;
    event.sequence = ++fake->sequence;
    size_t i = fake->heap_count++;
    fake->heap[i] = event;
    while (i > 0 && before(&fake->heap[i], &fake->heap[(i - 1) / 2])) {
        swap(&fake->heap[i], &fake->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    return event.sequence;
}

static struct fake_event take(struct fake *fake)
{
    const struct fake_event first = fake->heap[0];
    fake->heap[0] = fake->heap[--fake->heap_count];
    size_t i = 0;
    for (;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < fake->heap_count; child++) {
            if (before(&fake->heap[child], &fake->heap[least])) {
                least = child;
            }
        }
        if (least == i) {
            return first;
        }
        swap(&fake->heap[i], &fake->heap[least]);
        i = least;
    }
}

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

sim_ns replica_clock_bound(struct replica *self)
{
    (void)self;
    return SIM_NS_MAX;
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
    (void)self;
    (void)key;
    return FAKE_VALUE_BYTES;
}

bool replica_apply(struct replica *self, uint32_t key, struct version version, uint32_t bytes)
{
    CHECK(holds_storage(self));
    CHECK(key < FAKE_KEYS);
    CHECK(bytes == FAKE_VALUE_BYTES);
    CHECK(version.write != 0);
    if (!version_newer(version, self->storage[key])) {
        return false;
    }
    if (self->fake->config.disk_ns > 0) {
        void *items = self->undo;
        memory_grow(&items, &self->undo_capacity, self->undo_count + 1, sizeof *self->undo);
        self->undo = items;
        self->undo[self->undo_count++] =
            (struct fake_undo){.key = key, .before = self->storage[key]};
    }
    self->storage[key] = version;
    return true;
}

bool replica_has_disk(const struct replica *self)
{
    return self->fake->config.disk_ns > 0;
}

static void disk_begin(struct replica *self)
{
    self->syncing = true;
    self->sync_running = self->sync_count;
    schedule(self->fake,
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

static void disk_end(struct replica *self)
{
    const size_t done = self->sync_running;
    struct fake_sync finished[64];
    CHECK(done > 0);
    CHECK(done <= 64);
    memcpy(finished, self->syncs, done * sizeof *finished);
    const size_t durable = finished[done - 1].changes;
    self->sync_count -= done;
    memmove(self->syncs, self->syncs + done, self->sync_count * sizeof *self->syncs);
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
        const struct version version = self->storage[key];
        const uint64_t word = ((uint64_t)version.stamp * 31 + version.write) * 61 + key;
        hash ^= word * UINT64_C(0x9e3779b97f4a7c15);
    }
    return hash;
}

static void block_free(struct fake *fake, uint32_t block)
{
    if (block != 0) {
        free(fake->blocks[block]);
        fake->blocks[block] = NULL;
    }
}

void replica_send(struct replica *self, uint32_t to_member, uint32_t kind, struct message message)
{
    struct fake *fake = self->fake;
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
        block_free(fake, message.block);
        return;
    }
    schedule(fake, (struct fake_event){.at_ns = fake->now_ns +
                                                fake->config.one_way_ns[self->member][to_member],
                                       .kind = FAKE_DELIVER,
                                       .member = to_member,
                                       .message = message});
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
}

void replica_committed(struct replica *self, const struct message *request, struct version version)
{
    (void)self;
    (void)request;
    (void)version;
}

struct timer replica_timer(struct replica *self, sim_ns delay_ns, uint64_t token)
{
    CHECK(self->up);
    CHECK(delay_ns >= 0);
    const uint64_t sequence =
        schedule(self->fake, (struct fake_event){.at_ns = self->fake->now_ns + delay_ns,
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

/* The toy world. */

static void sort_nearest(struct fake *fake, struct replica *self)
{
    const struct fake_config *config = &fake->config;
    uint32_t storing = 0, other = 0;
    for (uint32_t member = 0; member < config->total; member++) {
        uint32_t *list = member < config->count ? self->nearest : self->others;
        uint32_t i = member < config->count ? storing++ : other++;
        while (i > 0 && config->one_way_ns[self->member][member] <
                            config->one_way_ns[self->member][list[i - 1]]) {
            list[i] = list[i - 1];
            i--;
        }
        list[i] = member;
    }
}

struct fake *fake_new(const struct fake_config *config)
{
    struct fake *fake = calloc(1, sizeof *fake);
    fake->config = *config;
    fake->shared = calloc(1, config->ops->shared_bytes + 1);
    fake->replies = calloc(FAKE_REPLIES, sizeof *fake->replies);
    CHECK(config->total >= config->count);
    CHECK(config->total <= FAKE_MEMBERS);
    for (uint32_t i = 0; i < config->total; i++) {
        struct replica *self = &fake->members[i];
        self->fake = fake;
        self->member = i;
        self->up = true;
        self->state = calloc(1, config->ops->state_bytes);
        sort_nearest(fake, self);
    }
    if (config->ops->setup != NULL) {
        config->ops->setup(&fake->members[0], fake->shared);
    }
    for (uint32_t i = 0; i < config->total; i++) {
        config->ops->start(&fake->members[i]);
    }
    return fake;
}

void fake_free(struct fake *fake)
{
    for (size_t i = 0; i < fake->grown_count; i++) {
        memory_release(*fake->grown[i]);
    }
    for (uint32_t i = 0; i < fake->config.total; i++) {
        struct replica *self = &fake->members[i];
        for (uint32_t number = 1; number <= self->pending_last; number++) {
            free(self->pending[number]);
        }
        memory_release(self->pending);
        memory_release(self->undo);
        memory_release(self->syncs);
        free(self->state);
    }
    for (uint32_t block = 1; block <= fake->block_count; block++) {
        block_free(fake, block);
    }
    memory_release(fake->blocks);
    memory_release(fake->block_words);
    memory_release(fake->grown);
    memory_release(fake->cancelled);
    memory_release(fake->heap);
    free(fake->replies);
    free(fake->shared);
    free(fake);
}

static void request(struct fake *fake, sim_ns at_ns, uint32_t member, struct message message)
{
    message.kind = MESSAGE_REQUEST;
    message.from = ENDPOINT_CLIENT;
    message.to = 100 + member;
    schedule(fake, (struct fake_event){
                       .at_ns = at_ns, .kind = FAKE_DELIVER, .member = member, .message = message});
}

void fake_write(struct fake *fake, sim_ns at_ns, uint32_t member, uint32_t key, uint64_t operation)
{
    request(
        fake, at_ns, member,
        (struct message){
            .type = RECORD_WRITE, .key = key, .operation = operation, .bytes = FAKE_VALUE_BYTES});
}

void fake_read(struct fake *fake, sim_ns at_ns, uint32_t member, uint32_t key, uint64_t operation)
{
    request(fake, at_ns, member,
            (struct message){.type = RECORD_READ, .key = key, .operation = operation});
}

void fake_down(struct fake *fake, sim_ns at_ns, uint32_t member)
{
    schedule(fake, (struct fake_event){.at_ns = at_ns, .kind = FAKE_DOWN, .member = member});
}

void fake_up(struct fake *fake, sim_ns at_ns, uint32_t member)
{
    schedule(fake, (struct fake_event){.at_ns = at_ns, .kind = FAKE_UP, .member = member});
}

void fake_cut(struct fake *fake, sim_ns at_ns, uint32_t from, uint32_t to, bool cut)
{
    schedule(fake, (struct fake_event){
                       .at_ns = at_ns, .kind = FAKE_CUT, .member = from, .other = to, .flag = cut});
}

void fake_lose(struct fake *fake, uint32_t from, uint32_t to, uint32_t kind, uint32_t count)
{
    fake->lose[from][to][kind] = count;
}

static void power_off(struct replica *self)
{
    CHECK(self->up);
    self->up = self->syncing = false;
    self->epoch++;
    while (self->undo_count > 0) {
        const struct fake_undo undo = self->undo[--self->undo_count];
        self->storage[undo.key] = undo.before;
    }
    self->sync_count = 0;
    for (uint32_t number = 1; number <= self->pending_last; number++) {
        free(self->pending[number]);
        self->pending[number] = NULL;
    }
    self->pending_live = 0;
    self->fake->config.ops->on_crash(self);
}

static bool was_cancelled(const struct fake *fake, uint64_t sequence)
{
    for (size_t i = 0; i < fake->cancelled_count; i++) {
        if (fake->cancelled[i] == sequence) {
            return true;
        }
    }
    return false;
}

static void handle(struct fake *fake, const struct fake_event *event)
{
    const struct strategy_ops *ops = fake->config.ops;
    struct replica *self = &fake->members[event->member];
    const bool alive = self->up && self->epoch == event->epoch;
    switch (event->kind) {
    case FAKE_DELIVER:
        if (self->up && event->message.kind == MESSAGE_REQUEST) {
            ops->on_request(self, &event->message);
        } else if (self->up) {
            ops->on_message(self, &event->message);
        }
        block_free(fake, event->message.block);
        break;
    case FAKE_TIMER:
        if (alive && !was_cancelled(fake, event->sequence)) {
            ops->on_timer(self, event->token);
        }
        break;
    case FAKE_DISK:
        if (alive) {
            disk_end(self);
        }
        break;
    case FAKE_DOWN:
        power_off(self);
        break;
    case FAKE_UP:
        CHECK(!self->up);
        self->up = true;
        ops->on_recover(self);
        break;
    case FAKE_CUT:
        fake->cut[event->member][event->other] = event->flag;
        break;
    }
}

void fake_run(struct fake *fake, sim_ns until_ns)
{
    while (fake->heap_count > 0 && fake->heap[0].at_ns <= until_ns) {
        const struct fake_event event = take(fake);
        fake->now_ns = event.at_ns;
        handle(fake, &event);
        for (uint32_t i = 0; i < fake->config.total; i++) {
            CHECK(fake->config.ops->invariant(&fake->members[i]));
        }
        if (fake->watch != NULL) {
            fake->watch(fake);
        }
    }
    fake->now_ns = until_ns;
}

void fake_watch(struct fake *fake, void (*watch)(struct fake *fake))
{
    fake->watch = watch;
}

sim_ns fake_now(const struct fake *fake)
{
    return fake->now_ns;
}

struct replica *fake_member(struct fake *fake, uint32_t member)
{
    return &fake->members[member];
}

bool fake_is_up(const struct fake *fake, uint32_t member)
{
    return fake->members[member].up;
}

struct version fake_stored(const struct fake *fake, uint32_t member, uint32_t key)
{
    return fake->members[member].storage[key];
}

uint64_t fake_sent(const struct fake *fake, uint32_t kind)
{
    return fake->sent[kind];
}

uint64_t fake_sent_bytes(const struct fake *fake, uint32_t kind)
{
    return fake->sent_bytes[kind];
}

uint32_t fake_pending(const struct fake *fake, uint32_t member)
{
    return fake->members[member].pending_live;
}

uint32_t fake_replies_to(const struct fake *fake, uint64_t operation)
{
    uint32_t count = 0;
    for (size_t i = 0; i < fake->reply_count; i++) {
        count += fake->replies[i].operation == operation;
    }
    return count;
}

struct fake_reply fake_reply_to(const struct fake *fake, uint64_t operation)
{
    CHECK(fake_replies_to(fake, operation) <= 1);
    for (size_t i = 0; i < fake->reply_count; i++) {
        if (fake->replies[i].operation == operation) {
            return fake->replies[i];
        }
    }
    return (struct fake_reply){.at_ns = -1};
}

const struct fake_mode *fake_modes(const struct fake *fake, uint32_t *count)
{
    *count = fake->mode_count;
    return fake->modes;
}
