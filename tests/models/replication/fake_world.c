#include "tests/models/replication/fake_internal.h"

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

uint64_t fake_schedule(struct fake *fake, struct fake_event event)
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

/* The toy world. */

uint32_t fake_random(struct fake *fake, uint32_t below)
{
    fake->random = fake->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(fake->random >> 33) % below;
}

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
    fake->facts = calloc(FAKE_FACTS, sizeof *fake->facts);
    fake->random = config->seed;
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
        for (size_t u = 0; u < self->undo_count; u++) {
            free(self->undo[u].words_before.at);
        }
        for (uint32_t key = 0; key < FAKE_KEYS; key++) {
            free(self->words[key].at);
        }
        memory_release(self->undo);
        memory_release(self->syncs);
        free(self->state);
    }
    for (uint32_t block = 1; block <= fake->block_count; block++) {
        fake_block_free(fake, block);
    }
    memory_release(fake->blocks);
    memory_release(fake->block_words);
    memory_release(fake->grown);
    memory_release(fake->cancelled);
    memory_release(fake->heap);
    words_release(&fake->after);
    words_release(&fake->shipped);
    free(fake->replies);
    free(fake->facts);
    free(fake->shared);
    free(fake);
}

static void request(struct fake *fake, sim_ns at_ns, uint32_t member, struct message message)
{
    message.kind = MESSAGE_REQUEST;
    message.from = ENDPOINT_CLIENT;
    message.to = 100 + member;
    fake_schedule(fake,
                  (struct fake_event){
                      .at_ns = at_ns, .kind = FAKE_DELIVER, .member = member, .message = message});
}

void fake_write(struct fake *fake, sim_ns at_ns, uint32_t member, uint32_t key, uint64_t operation)
{
    request(
        fake, at_ns, member,
        (struct message){
            .type = RECORD_WRITE, .key = key, .operation = operation, .bytes = FAKE_VALUE_BYTES});
}

void fake_transaction(struct fake *fake, sim_ns at_ns, uint32_t member, uint32_t key,
                      uint64_t operation, uint32_t keys)
{
    request(fake, at_ns, member,
            (struct message){.type = RECORD_WRITE,
                             .key = key,
                             .operation = operation,
                             .bytes = keys * FAKE_VALUE_BYTES,
                             .a = keys});
}

void fake_change(struct fake *fake, sim_ns at_ns, uint32_t member, uint32_t key, uint64_t operation,
                 uint64_t packed)
{
    request(fake, at_ns, member,
            (struct message){.type = RECORD_WRITE,
                             .key = key,
                             .operation = operation,
                             .bytes = FAKE_VALUE_BYTES,
                             .a = packed});
}

void fake_read(struct fake *fake, sim_ns at_ns, uint32_t member, uint32_t key, uint64_t operation)
{
    request(fake, at_ns, member,
            (struct message){.type = RECORD_READ, .key = key, .operation = operation});
}

void fake_down(struct fake *fake, sim_ns at_ns, uint32_t member)
{
    fake_schedule(fake, (struct fake_event){.at_ns = at_ns, .kind = FAKE_DOWN, .member = member});
}

void fake_up(struct fake *fake, sim_ns at_ns, uint32_t member)
{
    fake_schedule(fake, (struct fake_event){.at_ns = at_ns, .kind = FAKE_UP, .member = member});
}

void fake_disk_lost(struct fake *fake, sim_ns at_ns, uint32_t member)
{
    fake_schedule(fake,
                  (struct fake_event){.at_ns = at_ns, .kind = FAKE_DISK_LOST, .member = member});
}

void fake_call(struct fake *fake, sim_ns at_ns, uint32_t member, enum fake_call call,
               uint64_t epoch)
{
    fake_schedule(
        fake,
        (struct fake_event){
            .at_ns = at_ns, .kind = FAKE_CALL, .member = member, .other = call, .token = epoch});
}

void fake_cut(struct fake *fake, sim_ns at_ns, uint32_t from, uint32_t to, bool cut)
{
    fake_schedule(fake,
                  (struct fake_event){
                      .at_ns = at_ns, .kind = FAKE_CUT, .member = from, .other = to, .flag = cut});
}

void fake_clock_step(struct fake *fake, sim_ns at_ns, uint32_t member, sim_ns by_ns)
{
    fake_schedule(
        fake, (struct fake_event){
                  .at_ns = at_ns, .kind = FAKE_CLOCK, .member = member, .token = (uint64_t)by_ns});
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
    self->lives++;
    while (self->undo_count > 0) {
        const struct fake_undo undo = self->undo[--self->undo_count];
        self->storage[undo.key] = undo.before;
        if (replica_merges(self)) {
            free(self->words[undo.key].at);
            self->words[undo.key] = undo.words_before;
        }
    }
    self->sync_count = 0;
    for (uint32_t number = 1; number <= self->pending_last; number++) {
        free(self->pending[number]);
        self->pending[number] = NULL;
    }
    self->pending_live = 0;
    self->leading = false;
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

static void disk_lost(struct replica *self)
{
    CHECK(!self->up);
    memset(self->storage, 0, sizeof self->storage);
    for (uint32_t key = 0; key < FAKE_KEYS; key++) {
        free(self->words[key].at);
        self->words[key] = (struct fake_words){0};
    }
    self->fake->config.ops->on_disk_lost(self);
}

static void call(struct replica *self, enum fake_call what, uint64_t epoch)
{
    const struct leadership_ops *ops = self->fake->config.ops->leadership;
    switch (what) {
    case FAKE_PROMOTE:
        ops->promote(self, epoch);
        break;
    case FAKE_DEMOTE:
        ops->demote(self, epoch);
        break;
    case FAKE_FREEZE:
    case FAKE_THAW:
        ops->freeze(self, what == FAKE_FREEZE);
        break;
    }
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
        fake_block_free(fake, event->message.block);
        break;
    case FAKE_TIMER:
        if (alive && !was_cancelled(fake, event->sequence)) {
            ops->on_timer(self, event->token);
        }
        break;
    case FAKE_DISK:
        if (alive) {
            fake_disk_end(self);
        }
        break;
    case FAKE_DOWN:
        power_off(self);
        break;
    case FAKE_DISK_LOST:
        disk_lost(self);
        break;
    case FAKE_CALL:
        if (self->up) {
            call(self, (enum fake_call)event->other, event->token);
        }
        break;
    case FAKE_UP:
        CHECK(!self->up);
        self->up = true;
        ops->on_recover(self);
        break;
    case FAKE_CUT:
        fake->cut[event->member][event->other] = event->flag;
        break;
    case FAKE_CLOCK:
        fake->config.clock_offset_ns[event->member] += (sim_ns)event->token;
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

const struct fake_fact *fake_facts(const struct fake *fake, uint32_t *count)
{
    *count = fake->fact_count;
    return fake->facts;
}

bool fake_referred(const struct fake *fake, uint64_t operation, uint32_t *member, uint64_t *epoch)
{
    bool referred = false;
    for (size_t i = 0; i < fake->reply_count; i++) {
        const struct fake_reply *reply = &fake->replies[i];
        if (reply->operation == operation) {
            referred = reply->referred;
            *member = (uint32_t)reply->version.write - 1;
            *epoch = (uint64_t)reply->version.stamp;
        }
    }
    return referred;
}
