#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "models/storage/storage.h"
#include "models/values/value.h"
#include "sim/random.h"

enum { KEYS = 11, CHANGES = 4000, WORDS_MOST = 9 };

static uint32_t blocks_taken(const struct words_pool *pool)
{
    uint32_t count = 0;
    for (uint32_t class = 0; class < WORDS_CLASSES; class ++) {
        count += pool->classes[class].count;
    }
    return count;
}

/* A plain reference: every state that ever was, and which change made it. */
struct change {
    uint32_t key, count;
    uint64_t words[WORDS_MOST];
};

struct history {
    struct change changes[CHANGES];
    uint32_t count, durable;
};

static const struct change *state_of(const struct history *history, uint32_t key)
{
    for (uint32_t i = history->count; i-- > 0;) {
        if (history->changes[i].key == key) {
            return &history->changes[i];
        }
    }
    return NULL;
}

static void assert_as(const struct storage *storage, const struct history *history)
{
    for (uint32_t key = 0; key < KEYS; key++) {
        const struct change *expected = state_of(history, key);
        const struct words state = storage_state(storage, key);
        assert_int_equal(state.count, expected == NULL ? 0 : expected->count);
        if (state.count > 0) {
            assert_memory_equal(state.at, expected->words, state.count * sizeof(uint64_t));
            assert_int_equal(storage_read(storage, key).write, expected->words[1]);
        }
    }
}

static void change_one(struct storage *storage, struct history *history,
                       struct random_stream *chance)
{
    struct change *change = &history->changes[history->count++];
    *change = (struct change){.key = (uint32_t)(random_unit(chance) * KEYS),
                              .count = 2 + (uint32_t)(random_unit(chance) * (WORDS_MOST - 2))};
    for (uint32_t i = 0; i < change->count; i++) {
        change->words[i] = history->count * 16 + i;
    }
    storage_put_state(storage, change->key, (struct words){change->words, change->count},
                      (struct version){(int64_t)change->words[0], change->words[1]}, 5);
}

/*
 * States are put, become durable and are taken back at random: storage holds what the reference
 * holds, each block in the pool is a state that is there or can come back, and hashes depend on the
 * states alone.
 */
static void test_as_a_plain_list(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena);
    struct words_pool pool;
    words_pool_init(&pool);
    struct storage storage, fresh, empty;
    storage_init(&storage, &arena, KEYS, 100, false, &pool);
    storage_init(&empty, &arena, KEYS, 100, false, &pool);
    storage_init(&fresh, &arena, KEYS, 100, false, &pool);
    storage_hash_leaves(&storage, &arena);
    storage_hash_leaves(&fresh, &arena);
    storage_hash_leaves(&empty, &arena);
    storage.volatile_memory = true;
    struct history *history = arena_alloc(&arena, 1, sizeof *history);
    struct random_stream chance = {.seed = 4, .purpose = 1, .index = 1};
    while (history->count < CHANGES) {
        const double what = random_unit(&chance);
        if (what < 0.7) {
            change_one(&storage, history, &chance);
        } else if (what < 0.9) {
            history->durable = history->count;
            storage_durable(&storage, storage_changes(&storage));
            assert_int_equal(storage.undo_next - storage.undo_first, 0);
        } else {
            uint32_t key = 0;
            const bool undone = storage_undo_one(&storage, &key);
            assert_int_equal(undone, history->count > history->durable);
            if (undone) {
                assert_int_equal(key, history->changes[--history->count].key);
            }
        }
        assert_as(&storage, history);
    }
    storage_durable(&storage, storage_changes(&storage));
    uint32_t held = 0;
    for (uint32_t key = 0; key < KEYS; key++) {
        held += storage.blocks[key] != 0 ? 1 : 0;
        const struct change *expected = state_of(history, key);
        if (expected != NULL) {
            storage_put_state(&fresh, key, (struct words){expected->words, expected->count},
                              (struct version){(int64_t)expected->words[0], expected->words[1]}, 5);
        }
    }
    assert_int_equal(blocks_taken(&pool), 2 * held);
    assert_memory_equal(storage.leaf_hashes, fresh.leaf_hashes,
                        storage.leaf_count * sizeof(uint64_t));
    storage_wipe(&storage);
    assert_int_equal(blocks_taken(&pool), held);
    assert_memory_equal(storage.leaf_hashes, empty.leaf_hashes,
                        storage.leaf_count * sizeof(uint64_t));
    storage_release(&storage);
    storage_release(&fresh);
    storage_release(&empty);
    words_pool_release(&pool);
    arena_release(&arena);
}

/* A disk that is lost with changes that were not on it leaves no block behind. */
static void test_wipe_with_changes_under_way(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena);
    struct words_pool pool;
    words_pool_init(&pool);
    struct storage storage;
    storage_init(&storage, &arena, KEYS, 100, false, &pool);
    storage.volatile_memory = true;
    for (uint64_t i = 1; i < 60; i++) {
        const uint64_t words[] = {i, i, i};
        storage_put_state(&storage, (uint32_t)(i % 4), (struct words){words, 3},
                          (struct version){(int64_t)i, i}, 24);
        if (i == 20) {
            storage_durable(&storage, 13);
        }
    }
    assert_int_equal(storage_bytes(&storage, 1), 24);
    assert_int_equal(storage_bytes(&storage, 7), 0); /* nothing is there before a write */
    storage_wipe(&storage);
    assert_int_equal(blocks_taken(&pool), 0);
    storage_release(&storage);
    words_pool_release(&pool);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_a_plain_list),
        cmocka_unit_test(test_wipe_with_changes_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
