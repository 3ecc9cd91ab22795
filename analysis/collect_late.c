/*
 * collect_late.c - the row and the heap of late keys.
 *
 * Places: one in the row is a number counted on modulo LATE_HEAP, so that it stays when the row
 *         moves to the front of its memory; one in the heap is LATE_HEAP + position.
 */
#include "analysis/collect_late.h"

#include "analysis/collect_state.h"

#include <string.h>

#define LATE_HEAP (UINT32_C(1) << 31)

enum { LATE_GAPS_MAX = 64 }; /* fewer are not worth the work */

static uint32_t *place_of(struct late_held held, uint32_t key)
{
    return &held.held[(size_t)key * held.stride].late_place;
}

static struct late_item *items_grow(struct late_item *items, size_t *capacity, size_t needed)
{
    void *memory = items;

    memory_grow(&memory, capacity, needed, sizeof(*items));
    return memory;
}

/* ---- the row ---- */

static void row_append(struct late_keys *late, struct late_held held, struct late_item item)
{
    if (late->row_end == late->row_capacity && late->row_first > late->row_end / 2) {
        late->row_number = (late->row_number + (uint32_t)late->row_first) % LATE_HEAP;
        late->row_end -= late->row_first;
        memmove(late->row, late->row + late->row_first, late->row_end * sizeof(*late->row));
        late->row_first = 0;
    }
    if (late->row_end == late->row_capacity) {
        late->row = items_grow(late->row, &late->row_capacity, late->row_end + 1);
    }
    *place_of(held, item.key) = (late->row_number + (uint32_t)late->row_end) % LATE_HEAP;
    late->row[late->row_end++] = item;
}

static size_t row_position(const struct late_keys *late, uint32_t place)
{
    const size_t position = (place - late->row_number) % LATE_HEAP;

    CHECK(position < late->row_end);
    return position;
}

/* Skips the gaps at the front, and closes up the others when they are the most. */
static void row_tidy(struct late_keys *late, struct late_held held)
{
    const size_t most = 2 * ((size_t)late->count - late->heap_count) + LATE_GAPS_MAX;

    while (late->row_first < late->row_end && late->row[late->row_first].key == RECORD_NONE) {
        late->row_first++;
    }
    if (late->row_end - late->row_first > most) {
        const size_t first = late->row_first, end = late->row_end;

        late->row_first = 0;
        late->row_end = 0;
        for (size_t i = first; i < end; i++) {
            if (late->row[i].key != RECORD_NONE) {
                row_append(late, held, late->row[i]);
            }
        }
    }
}

/* ---- the heap ---- */

static void heap_place(const struct late_keys *late, struct late_held held, size_t position,
                       struct late_item item)
{
    late->heap[position] = item;
    *place_of(held, item.key) = LATE_HEAP + (uint32_t)position;
}

static void heap_up(const struct late_keys *late, struct late_held held, size_t position,
                    struct late_item item)
{
    while (position > 0) {
        const size_t parent = (position - 1) / 4;

        if (late->heap[parent].commit_ns <= item.commit_ns) {
            break;
        }
        heap_place(late, held, position, late->heap[parent]);
        position = parent;
    }
    heap_place(late, held, position, item);
}

static void heap_down(const struct late_keys *late, struct late_held held, size_t position,
                      struct late_item item)
{
    for (;;) {
        const size_t first = 4 * position + 1;
        const size_t end = first + 4 < late->heap_count ? first + 4 : late->heap_count;
        size_t least = first;

        if (first >= late->heap_count) {
            break;
        }
        for (size_t i = first + 1; i < end; i++) {
            if (late->heap[i].commit_ns < late->heap[least].commit_ns) {
                least = i;
            }
        }
        if (late->heap[least].commit_ns >= item.commit_ns) {
            break;
        }
        heap_place(late, held, position, late->heap[least]);
        position = least;
    }
    heap_place(late, held, position, item);
}

static void heap_push(struct late_keys *late, struct late_held held, struct late_item item)
{
    late->heap = items_grow(late->heap, &late->heap_capacity, late->heap_count + 1);
    heap_up(late, held, late->heap_count++, item);
}

static void heap_remove(struct late_keys *late, struct late_held held, size_t position)
{
    CHECK(position < late->heap_count);

    const sim_ns old_ns = late->heap[position].commit_ns;
    const struct late_item last = late->heap[--late->heap_count];

    if (position == late->heap_count) {
        return;
    }
    if (last.commit_ns < old_ns) {
        heap_up(late, held, position, last);
    } else {
        heap_down(late, held, position, last);
    }
}

/* ---- both ---- */

static void late_put(struct late_keys *late, struct late_held held, uint32_t key, sim_ns commit_ns)
{
    const struct late_item item = {commit_ns, key};

    if (late->row_first == late->row_end || late->row[late->row_end - 1].commit_ns <= commit_ns) {
        row_append(late, held, item);
    } else {
        heap_push(late, held, item);
    }
}

static void late_take(struct late_keys *late, struct late_held held, uint32_t key)
{
    const uint32_t place = *place_of(held, key);

    if (place >= LATE_HEAP) {
        heap_remove(late, held, place - LATE_HEAP);
    } else {
        late->row[row_position(late, place)].key = RECORD_NONE;
    }
}

static void late_settle(struct late_keys *late, struct late_held held)
{
    row_tidy(late, held);
    late->oldest_ns =
        late->row_first < late->row_end ? late->row[late->row_first].commit_ns : SIM_NS_MAX;
    if (late->heap_count > 0 && late->heap[0].commit_ns < late->oldest_ns) {
        late->oldest_ns = late->heap[0].commit_ns;
    }
}

void late_add(struct late_keys *late, struct late_held held, uint32_t key, sim_ns commit_ns)
{
    if (late->count++ == 0 || commit_ns < late->oldest_ns) {
        late->oldest_ns = commit_ns;
    }
    late_put(late, held, key, commit_ns);
}

void late_move(struct late_keys *late, struct late_held held, uint32_t key, sim_ns commit_ns)
{
    if (commit_ns != late_since(late, held, key)) {
        late_take(late, held, key);
        late_put(late, held, key, commit_ns);
        late_settle(late, held);
    }
}

void late_remove(struct late_keys *late, struct late_held held, uint32_t key)
{
    CHECK(late->count > 0);
    late_take(late, held, key);
    late->count--;
    late_settle(late, held);
}

sim_ns late_since(const struct late_keys *late, struct late_held held, uint32_t key)
{
    const uint32_t place = *place_of(held, key);
    const struct late_item *item =
        place >= LATE_HEAP ? &late->heap[place - LATE_HEAP] : &late->row[row_position(late, place)];

    CHECK(item->key == key);
    return item->commit_ns;
}

void late_release(struct late_keys *late)
{
    memory_release(late->row);
    memory_release(late->heap);
    memset(late, 0, sizeof(*late));
}
