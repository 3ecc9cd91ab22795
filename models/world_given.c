/* world_given.c - which writes a replica is given with a state, a delta or an operation. */
#include "models/world_internal.h"

enum { VERSION_WORDS = 2 };

static struct value_version listed(const struct words_buffer *list, uint32_t index)
{
    const uint64_t *at = list->at + (size_t)index * VERSION_WORDS;
    return (struct value_version){(int64_t)at[0], at[1]};
}

static void list_set(struct words_buffer *list, uint32_t index, struct value_version version)
{
    uint64_t *at = list->at + (size_t)index * VERSION_WORDS;
    at[0] = (uint64_t)version.stamp;
    at[1] = version.write;
}

/* The largest of a heap's root and those below it rises to the root. */
static void list_sift(struct words_buffer *list, uint32_t root, uint32_t count)
{
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= count) {
            return;
        }
        if (child + 1 < count && value_version_less(listed(list, child), listed(list, child + 1))) {
            child++;
        }
        const struct value_version parent = listed(list, root), below = listed(list, child);
        if (!value_version_less(parent, below)) {
            return;
        }
        list_set(list, root, below);
        list_set(list, child, parent);
        root = child;
    }
}

/* Oldest first. Equal versions are equal words, so their order does not matter. */
static void list_sort(struct words_buffer *list)
{
    const uint32_t count = list->count / VERSION_WORDS;
    for (uint32_t root = count / 2; root-- > 0;) {
        list_sift(list, root, count);
    }
    for (uint32_t end = count; end-- > 1;) {
        const struct value_version first = listed(list, 0), last = listed(list, end);
        list_set(list, 0, last);
        list_set(list, end, first);
        list_sift(list, 0, end);
    }
}

static void list_writes(const struct replica *self, struct words content, uint8_t form,
                        struct words_buffer *list)
{
    words_clear(list);
    if (content.count == 0) {
        return;
    }
    const struct value_type *type = &self->dataset->value;
    const struct value_version head = value_head(content);
    type->ops->writes(type->params, value_body(content), form, list);
    words_put(list, (uint64_t)head.stamp);
    words_put(list, head.write);
    list_sort(list);
}

void replica_head_of_delta(struct replica *self, struct words_buffer *delta)
{
    struct words_buffer *list = &self->world->scratch.given;
    list_writes(self, words_of(delta), VALUE_DELTA, list);
    if (list->count > 0) {
        const struct value_version newest = listed(list, list->count / VERSION_WORDS - 1);
        delta->at[0] = (uint64_t)newest.stamp;
        delta->at[1] = newest.write;
    }
}

void replica_tell_given(struct replica *self, uint32_t key, struct words state, struct words from,
                        uint8_t form)
{
    struct world_scratch *scratch = &self->world->scratch;
    struct value_version newest = {.stamp = storage_read(self->storage, key).stamp,
                                   .write = storage_read(self->storage, key).write};
    uint32_t held = 0;
    list_writes(self, from, form, &scratch->given);
    list_writes(self, state, VALUE_STATE, &scratch->held);
    for (uint32_t i = 0; i < scratch->given.count / VERSION_WORDS; i++) {
        const struct value_version version = listed(&scratch->given, i);
        while (held < scratch->held.count / VERSION_WORDS &&
               value_version_less(listed(&scratch->held, held), version)) {
            held++;
        }
        const bool known =
            version.write == 0 || (held < scratch->held.count / VERSION_WORDS &&
                                   !value_version_less(version, listed(&scratch->held, held)));
        const bool again = i > 0 && !value_version_less(listed(&scratch->given, i - 1), version);
        if (known || again) {
            continue;
        }
        const bool newer = value_version_less(newest, version);
        replica_row_given(self, key, (struct version){version.stamp, version.write},
                          newer ? RECORD_APPLIED : RECORD_SUPERSEDED, 0);
        newest = newer ? version : newest;
    }
}
