/* The facade for values that merge, and a counter to try it with. */
#include "tests/models/replication/fake_internal.h"

static const struct value_type *type_of(const struct replica *self)
{
    return &self->fake->config.value;
}

static struct words state_of(const struct replica *self, uint32_t key)
{
    CHECK(key < FAKE_KEYS);
    return (struct words){self->words[key].at, self->words[key].count};
}

static uint32_t bytes_of(const struct replica *self, struct words words, uint8_t form)
{
    const struct value_size size = value_size_of(type_of(self), words, (enum value_form)form);
    return size.payload + size.metadata;
}

/* What the buffer `after` holds becomes the state of the key. */
static void store(struct replica *self, uint32_t key)
{
    const struct words after = words_of(&self->fake->after);
    const struct value_version head = value_head(after);
    struct fake_words copy = {.count = after.count};
    copy.at = calloc(after.count + 1, sizeof *copy.at);
    memcpy(copy.at, after.at, after.count * sizeof *copy.at);
    fake_store(self, key, (struct version){head.stamp, head.write}, &copy);
}

static uint32_t keep(struct replica *self, struct words words)
{
    uint32_t block = 0;
    if (words.count > 0) {
        memcpy(replica_block_new(self, words.count, &block), words.at,
               words.count * sizeof *words.at);
    }
    return block;
}

enum record_outcome replica_perform(struct replica *self, const struct message *request,
                                    struct version version, uint8_t form, struct content *content)
{
    struct fake *fake = self->fake;
    *content = (struct content){.version = version, .bytes = request->bytes, .form = form};
    if (!replica_merges(self)) {
        replica_apply(self, request->key, version, request->bytes);
        return RECORD_OK;
    }
    struct words context = {NULL, 0};
    if (request->block != 0) {
        context.at = replica_block(self, request->block, &context.count);
        context.count = context.count == 1 && context.at[0] == 0 ? 0 : context.count;
    }
    const struct value_write write = {.action = value_request_action(request->a),
                                      .element = value_request_element(request->a),
                                      .amount = value_request_amount(request->a),
                                      .bytes = request->bytes,
                                      .actor = value_actor(self->member, self->lives),
                                      .members = fake->config.count,
                                      .version = {version.stamp, version.write},
                                      .clock_ns = replica_clock(self),
                                      .context = context,
                                      .context_given = request->block != 0};
    if (value_perform(type_of(self), state_of(self, request->key), &write, (enum value_form)form,
                      &fake->after, &fake->shipped) == VALUE_REFUSED) {
        return RECORD_FAIL;
    }
    store(self, request->key);
    const struct words shipped = words_of(form == VALUE_STATE ? &fake->after : &fake->shipped);
    content->bytes = bytes_of(self, shipped, form);
    content->block = form == VALUE_STATE ? 0 : keep(self, shipped);
    return RECORD_OK;
}

bool replica_take_words(struct replica *self, uint32_t key, struct content content,
                        struct words words)
{
    if (!replica_merges(self)) {
        return replica_apply(self, key, content.version, content.bytes);
    }
    CHECK(content.bytes == bytes_of(self, words, content.form));
    const bool changed = value_take(type_of(self), state_of(self, key), words,
                                    (enum value_form)content.form, &self->fake->after, NULL);
    if (changed) {
        store(self, key);
    }
    return changed;
}

bool replica_take(struct replica *self, uint32_t key, const struct content *content)
{
    return replica_take_words(self, key, *content, replica_content_words(self, content));
}

uint32_t replica_content_bytes(const struct replica *self, uint32_t key)
{
    return replica_merges(self) ? bytes_of(self, state_of(self, key), VALUE_STATE)
                                : FAKE_VALUE_BYTES;
}

struct content replica_content(struct replica *self, uint32_t key)
{
    return (struct content){.version = replica_read(self, key),
                            .bytes = replica_content_bytes(self, key),
                            .block = replica_merges(self) ? keep(self, state_of(self, key)) : 0,
                            .form = VALUE_STATE};
}

uint64_t replica_digest(const struct replica *self, uint32_t key)
{
    const struct version version = self->storage[key];
    return replica_merges(self) ? value_digest(state_of(self, key))
                                : (uint64_t)version.stamp * 31 + version.write;
}

struct words replica_content_words(const struct replica *self, const struct content *content)
{
    uint32_t count = 0;
    const uint64_t *at = content->block == 0 ? NULL : replica_block(self, content->block, &count);
    return (struct words){at, count};
}

uint64_t replica_content_digest(const struct replica *self, const struct content *content)
{
    return replica_merges(self) ? value_digest(replica_content_words(self, content))
                                : (uint64_t)content->version.stamp * 31 + content->version.write;
}

void replica_join(struct replica *self, struct content *into, const struct content *from)
{
    struct fake *fake = self->fake;
    if (!replica_merges(self)) {
        *into = version_newer(from->version, into->version) ? *from : *into;
        return;
    }
    value_take(type_of(self), replica_content_words(self, into), replica_content_words(self, from),
               (enum value_form)from->form, &fake->after, NULL);
    fake_block_free(fake, into->block);
    into->block = keep(self, words_of(&fake->after));
    into->bytes = bytes_of(self, words_of(&fake->after), into->form);
    into->version = version_newer(from->version, into->version) ? from->version : into->version;
}

struct content replica_content_copy(struct replica *self, const struct content *content)
{
    struct content copy = *content;
    copy.block = keep(self, replica_content_words(self, content));
    return copy;
}

void replica_content_free(struct replica *self, struct content *content)
{
    fake_block_free(self->fake, content->block);
    content->block = 0;
}

void replica_answer(struct replica *self, const struct message *request,
                    const struct content *content)
{
    struct fake *fake = self->fake;
    replica_reply(self, request, RECORD_OK, content->version);
    if (replica_merges(self)) {
        value_view_of(type_of(self), replica_content_words(self, content),
                      &fake->replies[fake->reply_count - 1].view);
    }
}

void replica_reject(struct replica *self, const struct message *request)
{
    replica_reply(self, request, RECORD_FAIL, (struct version){0});
}

bool replica_wants(const struct replica *self, uint32_t key, struct replica_wish *wish)
{
    const struct value_type *type = type_of(self);
    if (type->ops == NULL || type->ops->wants == NULL) {
        return false;
    }
    wish->actor = value_actor(self->member, self->lives);
    return type->ops->wants(type->params, value_body(state_of(self, key)), wish->actor,
                            self->fake->config.count, &wish->member, &wish->amount);
}

struct value_view fake_view(const struct fake *fake, uint32_t member, uint32_t key)
{
    struct value_view view;
    value_view_of(&fake->config.value, state_of(&fake->members[member], key), &view);
    return view;
}

uint64_t fake_digest(const struct fake *fake, uint32_t member, uint32_t key)
{
    return replica_digest(&fake->members[member], key);
}

void fake_sweep(struct fake *fake, uint32_t member)
{
    struct replica *self = &fake->members[member];
    const sim_ns clock_ns = replica_clock(self);
    for (uint32_t key = 0; key < FAKE_KEYS; key++) {
        if (value_sweep(type_of(self), state_of(self, key), clock_ns, &fake->after)) {
            store(self, key);
        }
    }
}

uint32_t fake_blocks(const struct fake *fake)
{
    uint32_t held = 0;
    for (uint32_t block = 1; block <= fake->block_count; block++) {
        held += fake->blocks[block] != NULL;
    }
    return held;
}

/* ---- the counter ---- */

enum { TOTAL_WORDS = 3 }; /* actor, increments, decrements; by actor */

static uint32_t find(struct words body, uint64_t actor)
{
    uint32_t i = 0;
    while (i < body.count && body.at[i] < actor) {
        i += TOTAL_WORDS;
    }
    return i;
}

/* Body with one total replaced or put in. */
static void put_total(struct words body, const uint64_t *total, struct words_buffer *out)
{
    const uint32_t i = find(body, total[0]);
    const uint32_t rest = i < body.count && body.at[i] == total[0] ? i + TOTAL_WORDS : i;
    words_put_all(out, (struct words){body.at, i});
    words_put_all(out, (struct words){total, TOTAL_WORDS});
    if (rest < body.count) {
        words_put_all(out, (struct words){body.at + rest, body.count - rest});
    }
}

static void add_total(struct words before, const uint64_t *more, uint64_t *total)
{
    const uint32_t i = find(before, more[0]);
    const bool there = i < before.count && before.at[i] == more[0];
    total[0] = more[0];
    total[1] = more[1] + (there ? before.at[i + 1] : 0);
    total[2] = more[2] + (there ? before.at[i + 2] : 0);
}

static enum value_result counter_perform(const void *params, struct words before,
                                         const struct value_write *write, enum value_form form,
                                         struct words_buffer *after, struct words_buffer *shipped)
{
    (void)params;
    const bool takes = write->action == VALUE_DECREMENT;
    const uint64_t amount = (uint64_t)write->amount;
    if (amount > FAKE_AMOUNT_MOST) {
        return VALUE_REFUSED;
    }
    const uint64_t more[TOTAL_WORDS] = {write->actor, takes ? 0 : amount, takes ? amount : 0};
    uint64_t total[TOTAL_WORDS];
    add_total(before, more, total);
    put_total(before, total, after);
    if (form != VALUE_STATE) {
        words_put_all(shipped, (struct words){form == VALUE_DELTA ? total : more, TOTAL_WORDS});
    }
    return VALUE_DONE;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void counter_join(const void *params, struct words a, struct words b,
                         struct words_buffer *out, struct words_buffer *displaced)
{
    uint32_t i = 0, j = 0;
    (void)params;
    (void)displaced;
    while (i < a.count || j < b.count) {
        const bool from_a = j == b.count || (i < a.count && a.at[i] <= b.at[j]);
        const bool from_b = i == a.count || (j < b.count && b.at[j] <= a.at[i]);
        words_put(out, from_a ? a.at[i] : b.at[j]);
        for (uint32_t w = 1; w < TOTAL_WORDS; w++) {
            words_put(out, larger(from_a ? a.at[i + w] : 0, from_b ? b.at[j + w] : 0));
        }
        i += from_a ? TOTAL_WORDS : 0;
        j += from_b ? TOTAL_WORDS : 0;
    }
}

static void counter_again(const void *params, struct words before, struct words operation,
                          struct words_buffer *after)
{
    uint64_t total[TOTAL_WORDS];
    (void)params;
    add_total(before, operation.at, total);
    put_total(before, total, after);
}

static void counter_view(const void *params, struct words body, struct value_view *view)
{
    (void)params;
    for (uint32_t i = 0; i < body.count; i += TOTAL_WORDS) {
        view->number += (int64_t)body.at[i + 1] - (int64_t)body.at[i + 2];
    }
    view->siblings = view->elements = 1;
}

static struct value_size counter_size(const void *params, struct words body, enum value_form form)
{
    (void)params;
    (void)form;
    return (struct value_size){.payload = 8,
                               .metadata = body.count / TOTAL_WORDS * TOTAL_WORDS * 8};
}

static void counter_writes(const void *params, struct words body, enum value_form form,
                           struct words_buffer *versions)
{
    (void)params;
    (void)body;
    (void)form;
    (void)versions;
}

const struct value_ops fake_counter_ops = {
    .kind = {.name = "fake_counter", .summary = "of the tests"},
    .actions = 1u << VALUE_INCREMENT | 1u << VALUE_DECREMENT,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA | 1u << VALUE_OPERATION,
    .write_means = VALUE_INCREMENT,
    .meeting = VALUE_ALL_COUNT,
    .is_number = true,
    .perform = counter_perform,
    .join = counter_join,
    .again = counter_again,
    .view = counter_view,
    .size = counter_size,
    .writes = counter_writes,
};
