#include "sim/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool is_zero(const unsigned char *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (memory[i] != 0) {
            return false;
        }
    }
    return true;
}

static void test_allocations_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 16, 17, 100, 4095, 4096, 10000, 70000, 3, 200000};
    enum { ROUNDS = 20, SIZES = sizeof sizes / sizeof sizes[0] };
    struct arena arena;
    arena_init(&arena);
    unsigned char *memory[ROUNDS][SIZES];
    size_t bytes = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < SIZES; i++) {
            memory[round][i] = arena_alloc(&arena, 1, sizes[i]);
            bytes += sizes[i];
            assert_true(is_zero(memory[round][i], sizes[i]));
            assert_int_equal((uintptr_t)memory[round][i] % (sizes[i] >= 4096 ? 64 : 16), 0);
            memset(memory[round][i], (int)(round * SIZES + i + 1) & 255, sizes[i]);
        }
    }
    assert_int_equal(arena.bytes, bytes);
    for (size_t round = 0; round < ROUNDS; round++) { /* none has overwritten another */
        for (size_t i = 0; i < SIZES; i++) {
            const unsigned char mark = (unsigned char)(round * SIZES + i + 1);
            assert_int_equal(memory[round][i][0], mark);
            assert_int_equal(memory[round][i][sizes[i] - 1], mark);
        }
    }
    arena_release(&arena);
    assert_int_equal(arena.bytes, 0);
    assert_null(arena.blocks);
    arena_release(&arena); /* harmless */
}

/* Tables for which room was kept lie side by side, and those that come after find a new piece. */
static void test_room_is_kept_in_one_piece(void **state)
{
    (void)state;
    static const size_t sizes[] = {200000, 3000000, 64000, 1000000};
    for (size_t with = 0; with < 2; with++) {
        struct arena arena;
        arena_init(&arena);
        size_t bytes = 0;
        for (size_t i = 0; i < 4; i++) {
            bytes += sizes[i];
        }
        if (with > 0) {
            arena_reserve(&arena, bytes);
        }
        bool beside = true;
        const unsigned char *end = NULL;
        for (size_t i = 0; i < 4; i++) {
            unsigned char *memory = arena_alloc(&arena, 1, sizes[i]);
            assert_true(is_zero(memory, sizes[i]));
            memset(memory, 255, sizes[i]);
            beside = beside && (end == NULL || memory == end);
            end = memory + sizes[i];
        }
        assert_int_equal(beside, with > 0);
        assert_int_equal(arena.bytes, bytes);
        unsigned char *after = arena_alloc(&arena, 10, 1000000);
        assert_true(is_zero(after, 10000000));
        arena_release(&arena);
    }
}

static void test_text(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    char *copy = arena_text(&arena, "us-east-1 and more", 9);
    assert_string_equal(copy, "us-east-1");
    assert_string_equal(arena_text(&arena, NULL, 0), "");
    assert_string_equal(arena_printf(&arena, "%s[%d].%s", "regions", 2, "rtt_ms"),
                        "regions[2].rtt_ms");
    char *large = arena_printf(&arena, "%100000d", 7);
    assert_int_equal(strlen(large), 100000);
    assert_int_equal(large[99999], '7');
    assert_string_equal(copy, "us-east-1");
    arena_release(&arena);
}

static void test_arrays_grow_by_doubling_and_keep_their_items(void **state)
{
    (void)state;
    uint64_t *items = NULL;
    size_t capacity = 0;
    size_t moves = 0;
    for (size_t i = 0; i < 10000; i++) {
        void *memory = items;
        memory_grow(&memory, &capacity, i + 1, sizeof *items);
        moves += memory != items;
        items = memory;
        assert_true(capacity > i);
        assert_int_equal(items[i], 0);
        assert_int_equal((uintptr_t)items % 64, 0);
        items[i] = i * i + 1;
    }
    for (size_t i = 0; i < 10000; i++) {
        assert_int_equal(items[i], i * i + 1);
    }
    assert_true(moves <= 12);
    void *memory = items;
    memory_grow(&memory, &capacity, 5, sizeof *items); /* never shrinks */
    assert_ptr_equal(memory, items);
    memory_release(items);
    memory_release(NULL);
}

static void test_memory_alloc(void **state)
{
    (void)state;
    unsigned char *memory = memory_alloc(1000, 3);
    assert_true(is_zero(memory, 3000));
    assert_int_equal((uintptr_t)memory % 64, 0);
    memory_release(memory);
    memory = memory_alloc(0, 8); /* none is still a valid pointer */
    assert_non_null(memory);
    memory_release(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocations_are_zeroed_aligned_and_apart),
        cmocka_unit_test(test_room_is_kept_in_one_piece),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_arrays_grow_by_doubling_and_keep_their_items),
        cmocka_unit_test(test_memory_alloc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
