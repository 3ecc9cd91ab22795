#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/storage/storage.h"

static struct version version(int64_t stamp, uint64_t write)
{
    return (struct version){stamp, write};
}

static void test_newer_wins(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct storage storage;
    storage_init(&storage, &arena, 10, 512, false, NULL);
    assert_true(storage_apply(&storage, 3, version(5, 7), 0));
    assert_false(storage_apply(&storage, 3, version(5, 7), 0));
    assert_false(storage_apply(&storage, 3, version(4, 9), 0));
    assert_true(storage_apply(&storage, 3, version(5, 8), 0)); /* tie: the larger write */
    assert_int_equal(storage_read(&storage, 3).write, 8);
    assert_int_equal(storage_read(&storage, 4).write, 0);
    assert_int_equal(storage_bytes(&storage, 3), 512);
    storage_release(&storage);
    arena_release(&arena);
}

/* Who keeps room for several storages in one piece asks for enough, and not for much more. */
static void test_room_is_enough(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const bool vary = i % 2 != 0, merges = i / 2 != 0;
        struct arena arena;
        struct words_pool pool;
        arena_init(&arena);
        words_pool_init(&pool);
        struct storage storage;
        storage_init(&storage, &arena, 1001, 512, vary, merges ? &pool : NULL);
        const size_t bytes = storage_arena_bytes(1001, vary, merges);
        assert_true(arena.bytes <= bytes);
        assert_true(arena.bytes + 1024 > bytes);
        storage_release(&storage);
        words_pool_release(&pool);
        arena_release(&arena);
    }
}

/* Tables are loaded before the run, with or without sizes of their own. */
static void test_what_nobody_wrote_has_the_usual_size(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct storage storage;
    storage_init(&storage, &arena, 10, 512, true, NULL);
    assert_int_equal(storage_bytes(&storage, 3), 512);
    assert_true(storage_apply(&storage, 3, version(5, 7), 0));
    assert_int_equal(storage_bytes(&storage, 3), 0);
    assert_true(storage_apply(&storage, 3, version(6, 8), 77));
    assert_int_equal(storage_bytes(&storage, 3), 77);
    assert_int_equal(storage_bytes(&storage, 4), 512);
    storage_release(&storage);
    arena_release(&arena);
}

/* Writes 1..300 on 7 keys, durable up to the 200th: losing power leaves what the first 200 made. */
static void test_power_loss_takes_back_to_the_disk(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct storage storage, expected;
    storage_init(&storage, &arena, 7, 0, true, NULL);
    storage_init(&expected, &arena, 7, 0, true, NULL);
    storage.volatile_memory = true;
    uint64_t durable = 0;
    for (uint64_t i = 1; i <= 300; i++) {
        storage_apply(&storage, (uint32_t)(i * i % 7), version((int64_t)i, i), (uint32_t)i);
        if (i <= 200) {
            storage_apply(&expected, (uint32_t)(i * i % 7), version((int64_t)i, i), (uint32_t)i);
        }
        if (i == 200) {
            durable = storage_changes(&storage);
        }
        if (i == 250) {
            storage_durable(&storage, durable);
        }
    }
    uint32_t key, undone = 0;
    while (storage_undo_one(&storage, &key)) {
        undone++;
    }
    assert_int_equal(undone, 100);
    for (key = 0; key < 7; key++) {
        assert_true(version_equal(storage_read(&storage, key), storage_read(&expected, key)));
        assert_int_equal(storage_bytes(&storage, key), storage_bytes(&expected, key));
    }
    storage_release(&storage);
    storage_release(&expected);
    arena_release(&arena);
}

/* Leaf hashes depend on what is held, not on the order of writes, and every difference shows. */
static void test_leaf_hashes(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct storage a, b;
    enum { KEYS = 5000 };
    storage_init(&a, &arena, KEYS, 1, false, NULL);
    storage_init(&b, &arena, KEYS, 1, false, NULL);
    storage_hash_leaves(&a, &arena);
    for (uint32_t i = 0; i < 20000; i++) {
        storage_apply(&a, i * 7919u % KEYS, version(i, i + 1), 0);
    }
    for (uint32_t i = 20000; i-- > 0;) {
        storage_apply(&b, i * 7919u % KEYS, version(i, i + 1), 0);
    }
    storage_hash_leaves(&b, &arena);
    assert_int_equal(a.leaf_count, b.leaf_count);
    for (uint32_t leaf = 0; leaf < a.leaf_count; leaf++) {
        assert_true(a.leaf_hashes[leaf] == b.leaf_hashes[leaf]);
    }
    for (uint32_t key = 0; key < KEYS; key += 97) {
        const uint64_t before = b.leaf_hashes[key / b.leaf_keys];
        storage_apply(&b, key, version(1000000 + key, 1), 0);
        assert_true(b.leaf_hashes[key / b.leaf_keys] != before);
    }
    /* 5000 keys in at most 1024 leaves: 5 keys each, 1000 leaves. */
    assert_int_equal(a.leaf_keys, 5);
    assert_int_equal(a.leaf_count, 1000);
    storage_release(&a);
    storage_release(&b);
    arena_release(&arena);
}

/* A rewind puts older versions back; until the sync, losing power undoes that too. Hashes follow.
 */
static void test_puts_what_is_older(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct storage storage, fresh;
    storage_init(&storage, &arena, 10, 512, true, NULL);
    storage_init(&fresh, &arena, 10, 512, true, NULL);
    storage_hash_leaves(&storage, &arena);
    storage_hash_leaves(&fresh, &arena);
    storage.volatile_memory = true;
    storage_apply(&storage, 3, version(5, 7), 100);
    storage_apply(&storage, 4, version(6, 8), 200);
    storage_durable(&storage, storage_changes(&storage));
    assert_true(storage_put(&storage, 3, version(2, 1), 50));
    assert_false(storage_put(&storage, 3, version(2, 1), 50));
    assert_int_equal(storage_read(&storage, 3).stamp, 2);
    assert_int_equal(storage_bytes(&storage, 3), 50);
    uint32_t key = 0;
    assert_true(storage_undo_one(&storage, &key));
    assert_int_equal(key, 3);
    assert_int_equal(storage_read(&storage, 3).stamp, 5);
    assert_int_equal(storage_bytes(&storage, 3), 100);
    assert_true(storage_put(&storage, 3, version(0, 0), 512));
    storage_durable(&storage, storage_changes(&storage));
    assert_false(storage_undo_one(&storage, &key));
    assert_int_equal(storage_read(&storage, 3).write, 0);
    assert_int_equal(storage.leaf_hashes[3], fresh.leaf_hashes[3]);
    assert_int_not_equal(storage.leaf_hashes[4], fresh.leaf_hashes[4]);
    storage_release(&storage);
    storage_release(&fresh);
    arena_release(&arena);
}

static void test_wipes(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct storage storage, fresh;
    storage_init(&storage, &arena, 10, 512, true, NULL);
    storage_init(&fresh, &arena, 10, 512, true, NULL);
    storage_hash_leaves(&storage, &arena);
    storage_hash_leaves(&fresh, &arena);
    storage.volatile_memory = true;
    for (uint32_t i = 1; i <= 30; i++) {
        storage_apply(&storage, i % 7, version(i, i), i);
    }
    storage_durable(&storage, 20);
    storage_wipe(&storage);
    uint32_t undone = 0;
    assert_false(storage_undo_one(&storage, &undone));
    for (uint32_t key = 0; key < 10; key++) {
        assert_int_equal(storage_read(&storage, key).write, 0);
        assert_int_equal(storage_bytes(&storage, key), 512);
        assert_int_equal(storage.leaf_hashes[key], fresh.leaf_hashes[key]);
    }
    assert_true(storage_apply(&storage, 2, version(1, 1), 9)); /* and goes on */
    assert_true(storage_undo_one(&storage, &undone));
    assert_int_equal(undone, 2);
    storage_release(&storage);
    storage_release(&fresh);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_puts_what_is_older),
        cmocka_unit_test(test_wipes),
        cmocka_unit_test(test_newer_wins),
        cmocka_unit_test(test_room_is_enough),
        cmocka_unit_test(test_what_nobody_wrote_has_the_usual_size),
        cmocka_unit_test(test_power_loss_takes_back_to_the_disk),
        cmocka_unit_test(test_leaf_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
