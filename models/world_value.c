/* world_value.c - replica.h for values that merge: states in storage, contents under way. */
#include "models/replication/replica.h"
#include "models/world_internal.h"
#include "sim/check.h"

enum { REPLY_BYTES = 16, PAIR_WORDS = 4 };

static struct version version_of(struct value_version version)
{
    return (struct version){version.stamp, version.write};
}

static const struct value_type *type_of(const struct replica *self)
{
    return &self->dataset->value;
}

bool replica_merges(const struct replica *self)
{
    return type_of(self)->ops != NULL;
}

static uint32_t wire_bytes(const struct replica *self, struct words words, uint8_t form)
{
    const struct value_size size = value_size_of(type_of(self), words, form);
    return size.payload + size.metadata;
}

/* ---- facts ---- */

static bool wanted(const struct replica *self, enum record_kind kind)
{
    return self->member < self->dataset->count && record_wanted(&self->world->sink, kind);
}

static void emit(const struct replica *self, enum record_kind kind, uint32_t key, struct record row)
{
    row.at_ns = engine_now(&self->world->engine);
    row.kind = (uint8_t)kind;
    row.dataset = (uint16_t)self->dataset->index;
    row.node = self->node_index;
    row.key = key;
    self->world->sink.row(self->world->sink.state, &row);
}

static void emit_value(const struct replica *self, uint32_t key, uint8_t flags)
{
    const struct words state = storage_state(self->storage, key);
    const struct value_size size = value_size_of(type_of(self), state, VALUE_STATE);
    const struct value_version head = value_head(state);
    struct value_view view;
    value_view_of(type_of(self), state, &view);
    emit(self, RECORD_VALUE, key,
         (struct record){.flags = flags,
                         .stamp = head.stamp,
                         .write = head.write,
                         .a = view.number,
                         .b = (int64_t)value_digest(state),
                         .slot = view.siblings,
                         .peer = view.elements,
                         .bytes = size.payload,
                         .session = size.metadata});
}

/* Those who work through conflicts see one in their region. */
static void notice_conflict(const struct replica *self, uint32_t key)
{
    struct value_view view;
    if (type_of(self)->ops->meeting != VALUE_KEPT || self->member >= self->dataset->count) {
        return;
    }
    value_view_of(type_of(self), storage_state(self->storage, key), &view);
    if (view.siblings > 1) {
        clients_conflict(self->world->clients, self->dataset->index, self->node->region, key);
    }
}

void replica_state_changed(struct replica *self, uint32_t key, uint8_t flags)
{
    if (!replica_merges(self)) {
        return;
    }
    /* Of what a replica holds events tell nothing. */
    engine_mix(&self->world->engine, value_digest(storage_state(self->storage, key)));
    if (wanted(self, RECORD_VALUE)) {
        emit_value(self, key, flags);
    }
    notice_conflict(self, key);
}

static void tell_displaced(const struct replica *self, uint32_t key)
{
    const struct words_buffer *displaced = &self->world->scratch.displaced;
    for (uint32_t i = 0; i + PAIR_WORDS <= displaced->count; i += PAIR_WORDS) {
        const uint64_t *pair = displaced->at + i;
        emit(self, RECORD_DISPLACED, key,
             (struct record){.stamp = (int64_t)pair[0],
                             .write = pair[1],
                             .operation = pair[1],
                             .b = (int64_t)pair[2],
                             .a = (int64_t)pair[3]});
    }
}

/* ---- storing ---- */

/* What the scratch buffer `after` holds becomes the state of the key. */
static void store(struct replica *self, uint32_t key, uint8_t flags)
{
    const struct words state = words_of(&self->world->scratch.after);
    const struct version before = storage_read(self->storage, key);
    const struct version head = version_of(value_head(state));
    storage_put_state(self->storage, key, state, version_newer(head, before) ? head : before,
                      wire_bytes(self, state, VALUE_STATE));
    replica_state_changed(self, key, flags);
}

/* `from` lies outside of the pool, or nothing is taken from the pool before it is used up. */
static bool take(struct replica *self, uint32_t key, uint8_t form, struct words from)
{
    struct world_scratch *scratch = &self->world->scratch;
    const struct words state = storage_state(self->storage, key);
    words_clear(&scratch->displaced);
    const bool changed =
        value_take(type_of(self), state, from, (enum value_form)form, &scratch->after,
                   wanted(self, RECORD_DISPLACED) ? &scratch->displaced : NULL);
    if (wanted(self, RECORD_SUPERSEDED)) {
        replica_tell_given(self, key, state, from, form);
    }
    tell_displaced(self, key);
    if (changed) {
        store(self, key, 0);
    }
    return changed;
}

bool replica_take_words(struct replica *self, uint32_t key, struct content content,
                        struct words words)
{
    return replica_merges(self) ? take(self, key, content.form, words)
                                : replica_apply(self, key, content.version, content.bytes);
}

bool replica_take(struct replica *self, uint32_t key, const struct content *content)
{
    return replica_take_words(self, key, *content, replica_content_words(self, content));
}

/* ---- a client's write ---- */

enum value_action replica_request_action(const struct replica *self, const struct message *request)
{
    const enum value_action action = value_request_action(request->a);
    return action == VALUE_WRITE ? type_of(self)->ops->write_means : action;
}

int64_t replica_request_amount(const struct replica *self, const struct message *request)
{
    return value_signed(replica_request_action(self, request), value_request_amount(request->a));
}

static struct value_write write_of(struct replica *self, const struct message *request,
                                   struct version version)
{
    struct words context = words_at(&self->world->words, request->block);
    const uint32_t context_bytes = context.count * (uint32_t)sizeof *context.at;
    if (context.count == 1 && context.at[0] == 0) {
        context = (struct words){NULL, 0};
    }
    return (struct value_write){.action = replica_request_action(self, request),
                                .element = value_request_element(request->a),
                                .amount = value_request_amount(request->a),
                                .bytes = request->bytes - context_bytes,
                                .actor = value_actor(self->member, self->lives),
                                .members = self->dataset->count,
                                .version = {version.stamp, version.write},
                                .clock_ns = replica_clock(self),
                                .context = context,
                                .context_given = request->block != 0};
}

static void reject(const struct replica *self, const struct message *request)
{
    if (request->operation != 0 && wanted(self, RECORD_REJECTED)) {
        emit(self, RECORD_REJECTED, request->key,
             (struct record){.operation = request->operation,
                             .outcome = (uint8_t)replica_request_action(self, request),
                             .peer = value_request_element(request->a),
                             .b = replica_request_amount(self, request)});
    }
}

enum record_outcome replica_perform(struct replica *self, const struct message *request,
                                    struct version version, uint8_t form, struct content *content)
{
    struct world_scratch *scratch = &self->world->scratch;
    *content = (struct content){.version = version, .bytes = request->bytes, .form = form};
    if (!replica_merges(self)) {
        replica_apply(self, request->key, version, request->bytes);
        return RECORD_OK;
    }
    const struct value_write write = write_of(self, request, version);
    const struct words before = self->storage == NULL ? (struct words){NULL, 0}
                                                      : storage_state(self->storage, request->key);
    if (value_perform(type_of(self), before, &write, (enum value_form)form, &scratch->after,
                      &scratch->shipped) == VALUE_REFUSED) {
        reject(self, request);
        return RECORD_FAIL;
    }
    if (form == VALUE_DELTA) {
        replica_head_of_delta(self, &scratch->shipped);
    }
    if (self->storage != NULL) {
        const bool newer = version_newer(version, storage_read(self->storage, request->key));
        if (version.write != 0) { /* nobody's: replicas settle something among themselves */
            replica_row_given(self, request->key, version,
                              newer ? RECORD_APPLIED : RECORD_SUPERSEDED, 0);
        }
        store(self, request->key, 0);
    }
    const struct words shipped =
        words_of(form == VALUE_STATE ? &scratch->after : &scratch->shipped);
    content->bytes = wire_bytes(self, shipped, form);
    if (form != VALUE_STATE) {
        content->block = words_keep(&self->world->words, shipped);
    }
    return RECORD_OK;
}

void replica_reject(struct replica *self, const struct message *request)
{
    CHECK(self->node->up);
    CHECK((request->from & (ENDPOINT_CLIENT | ENDPOINT_AGENT)) != 0);
    const struct message reply = {.kind = MESSAGE_REPLY,
                                  .dataset = (uint16_t)self->dataset->index,
                                  .from = self->node_index,
                                  .to = request->from,
                                  .key = request->key,
                                  .bytes = REPLY_BYTES,
                                  .request = request->request,
                                  .operation = request->operation,
                                  .a = request->a,
                                  .type = request->type,
                                  .outcome = RECORD_FAIL,
                                  .tries = request->tries,
                                  .flag = MESSAGE_REJECTED};
    network_send(&self->world->network, &reply);
}

/* ---- contents ---- */

struct words replica_content_words(const struct replica *self, const struct content *content)
{
    return words_at(&self->world->words, content->block);
}

struct content replica_content(struct replica *self, uint32_t key)
{
    CHECK(self->storage != NULL);
    struct content content = {.version = storage_read(self->storage, key),
                              .bytes = storage_bytes(self->storage, key),
                              .form = VALUE_STATE};
    if (replica_merges(self)) {
        const struct words state = storage_state(self->storage, key);
        if (state.count > 0) {
            content.version = version_of(value_head(state));
        }
        content.block = words_copy(&self->world->words, self->storage->blocks[key]);
    }
    return content;
}

uint32_t replica_content_bytes(const struct replica *self, uint32_t key)
{
    return storage_bytes(self->storage, key);
}

static uint64_t version_digest(struct version version)
{
    const uint64_t words[] = {(uint64_t)version.stamp, version.write};
    return value_digest((struct words){words, sizeof words / sizeof words[0]});
}

uint64_t replica_digest(const struct replica *self, uint32_t key)
{
    CHECK(self->storage != NULL);
    return replica_merges(self) ? value_digest(storage_state(self->storage, key))
                                : version_digest(storage_read(self->storage, key));
}

uint64_t replica_content_digest(const struct replica *self, const struct content *content)
{
    return replica_merges(self) ? value_digest(replica_content_words(self, content))
                                : version_digest(content->version);
}

void replica_join(struct replica *self, struct content *into, const struct content *from)
{
    struct world_scratch *scratch = &self->world->scratch;
    if (!replica_merges(self)) {
        *into = version_newer(from->version, into->version) ? *from : *into;
        return;
    }
    if (value_take(type_of(self), replica_content_words(self, into),
                   replica_content_words(self, from), (enum value_form)from->form, &scratch->after,
                   NULL)) {
        words_free(&self->world->words, into->block);
        into->block = words_keep(&self->world->words, words_of(&scratch->after));
        into->bytes = wire_bytes(self, words_of(&scratch->after), into->form);
    }
    into->version = version_newer(from->version, into->version) ? from->version : into->version;
}

struct content replica_content_copy(struct replica *self, const struct content *content)
{
    struct content copy = *content;
    copy.block = words_copy(&self->world->words, content->block);
    return copy;
}

void replica_content_free(struct replica *self, struct content *content)
{
    words_free(&self->world->words, content->block);
    content->block = 0;
}

/* ---- a read's answer ---- */

/* A block with what the reader must bring back; of no words: one word 0. */
static uint32_t context_block(struct replica *self, const struct content *content)
{
    struct words_buffer *context = &self->world->scratch.context;
    const struct value_type *type = type_of(self);
    const struct words state = replica_content_words(self, content);
    words_clear(context);
    if (type->ops->context != NULL && state.count > 0) {
        type->ops->context(type->params, value_body(state), context);
    }
    if (context->count == 0) {
        words_put(context, 0);
    }
    return words_keep(&self->world->words, words_of(context));
}

static void tell_returned(const struct replica *self, const struct message *request,
                          const struct value_view *view)
{
    if (record_wanted(&self->world->sink, RECORD_RETURNED)) {
        emit(self, RECORD_RETURNED, request->key,
             (struct record){.operation = request->operation,
                             .slot = request->request,
                             .a = view->number,
                             .peer = view->siblings,
                             .b = view->elements});
    }
}

void replica_answer(struct replica *self, const struct message *request,
                    const struct content *content)
{
    CHECK(self->node->up);
    CHECK((request->from & (ENDPOINT_CLIENT | ENDPOINT_AGENT)) != 0);
    struct value_view view = {0};
    uint32_t block = 0;
    uint64_t bytes = (uint64_t)content->bytes * (request->a > 1 ? request->a : 1);
    if (replica_merges(self)) {
        value_view_of(type_of(self), replica_content_words(self, content), &view);
        tell_returned(self, request, &view);
        if ((request->flag & MESSAGE_WANTS_CONTEXT) != 0) {
            block = context_block(self, content);
            bytes += words_at(&self->world->words, block).count * sizeof(uint64_t);
        }
    }
    bytes += REPLY_BYTES;
    const struct message reply = {.kind = MESSAGE_REPLY,
                                  .dataset = (uint16_t)self->dataset->index,
                                  .from = self->node_index,
                                  .to = request->from,
                                  .key = request->key,
                                  .bytes = bytes < INT32_MAX ? (uint32_t)bytes : INT32_MAX,
                                  .request = request->request,
                                  .version = content->version,
                                  .operation = request->operation,
                                  .a = request->a,
                                  .block = block,
                                  .type = request->type,
                                  .outcome = RECORD_OK,
                                  .tries = request->tries,
                                  .flag = view.siblings > 1 ? MESSAGE_SIBLINGS : 0};
    network_send(&self->world->network, &reply);
}

/* ---- grace periods ---- */

static sim_ns sweep_every(const struct world_dataset *dataset)
{
    const struct value_ops *ops = dataset->value.ops;
    return ops == NULL || ops->sweep_every == NULL ? 0 : ops->sweep_every(dataset->value.params);
}

static void sweep_after(struct world *world, const struct world_dataset *dataset, uint32_t target)
{
    engine_after(&world->engine, sweep_every(dataset),
                 (struct event){.kind = WORLD_EVENT_SWEEP, .target = target});
}

void world_build_sweeps(struct world *world)
{
    for (uint32_t d = 0; d < world->dataset_count; d++) {
        const struct world_dataset *dataset = &world->datasets[d];
        for (uint32_t member = 0; member < dataset->count && sweep_every(dataset) > 0; member++) {
            sweep_after(world, dataset, d * world->node_count + dataset->member_nodes[member]);
        }
    }
}

static void sweep_key(struct replica *self, uint32_t key, sim_ns clock_ns)
{
    struct world_scratch *scratch = &self->world->scratch;
    if (value_sweep(type_of(self), storage_state(self->storage, key), clock_ns, &scratch->after)) {
        store(self, key, RECORD_FLAG_SWEPT);
    }
}

void world_sweep(struct world *world, const struct event *event)
{
    const struct world_dataset *dataset = &world->datasets[event->target / world->node_count];
    struct replica *self = &dataset->replicas[event->target % world->node_count];
    if (self->node->up) {
        const sim_ns clock_ns = replica_clock(self);
        for (uint32_t key = 0; key < self->storage->key_count; key++) {
            sweep_key(self, key, clock_ns);
        }
    }
    sweep_after(world, dataset, event->target);
}

void world_scratch_release(struct world *world)
{
    struct world_scratch *scratch = &world->scratch;
    words_release(&scratch->after);
    words_release(&scratch->shipped);
    words_release(&scratch->displaced);
    words_release(&scratch->given);
    words_release(&scratch->held);
    words_release(&scratch->context);
}
