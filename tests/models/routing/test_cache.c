/* test_cache.c - a region's cache against a list that is kept in order by hand. */
#include "models/routing/cache.h"
#include "sim/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <string.h>

enum { ENTRIES = 7, KEYS = 20, STEPS = 200000, TTL = 50 };

struct listed {
    uint32_t key;
    struct version version;
    sim_ns expires_ns;
};

struct list { /* the most recent first */
    struct listed items[ENTRIES + 1];
    uint32_t count;
};

static uint32_t place_of(const struct list *list, uint32_t key)
{
    uint32_t i = 0;
    while (i < list->count && list->items[i].key != key) {
        i++;
    }
    return i;
}

static void take_out(struct list *list, uint32_t i)
{
    memmove(&list->items[i], &list->items[i + 1], (list->count - i - 1) * sizeof list->items[0]);
    list->count--;
}

static void put_first(struct list *list, struct listed item)
{
    memmove(&list->items[1], &list->items[0], list->count * sizeof list->items[0]);
    list->items[0] = item;
    list->count++;
}

static bool list_find(struct list *list, uint32_t key, sim_ns now_ns, struct version *version)
{
    const uint32_t i = place_of(list, key);
    if (i == list->count) {
        return false;
    }
    const struct listed item = list->items[i];
    take_out(list, i);
    if (now_ns >= item.expires_ns) {
        return false;
    }
    put_first(list, item);
    *version = item.version;
    return true;
}

static void list_put(struct list *list, uint32_t key, struct version version, sim_ns now_ns)
{
    const uint32_t i = place_of(list, key);
    if (i < list->count) {
        if (now_ns < list->items[i].expires_ns && version_newer(list->items[i].version, version)) {
            return;
        }
        take_out(list, i);
    } else if (list->count == ENTRIES) {
        list->count--;
    }
    put_first(list, (struct listed){key, version, now_ns + TTL});
}

static void list_drop(struct list *list, uint32_t key, struct version version)
{
    const uint32_t i = place_of(list, key);
    if (i < list->count && version_newer(version, list->items[i].version)) {
        take_out(list, i);
    }
}

/* Seed 5. */
static void test_against_a_list(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct cache cache;
    cache_init(&cache, ENTRIES, TTL, &arena);
    const size_t bytes = arena.bytes;
    struct list list = {.count = 0};
    struct random_stream chance;
    random_stream_init(&chance, 5, 1, 1);
    uint32_t hits = 0;
    for (sim_ns now_ns = 0; now_ns < STEPS; now_ns++) {
        const uint32_t key = (uint32_t)random_below(&chance, KEYS);
        const struct version version = {.stamp = (int64_t)random_below(&chance, 1000), .write = 1};
        const uint64_t what = random_below(&chance, 1000);
        if (what < 500) {
            struct version must = {0};
            const bool hit = list_find(&list, key, now_ns, &must);
            const struct cache_entry *found = cache_find(&cache, key, now_ns);
            assert_int_equal(hit, found != NULL);
            if (hit) {
                hits++;
                assert_int_equal(found->key, key);
                assert_int_equal(found->version.stamp, must.stamp);
            }
        } else if (what < 850) {
            cache_put(&cache, &(struct cache_entry){.key = key, .version = version}, now_ns);
            list_put(&list, key, version, now_ns);
        } else if (what < 999) {
            cache_drop(&cache, key, version);
            list_drop(&list, key, version);
        } else {
            cache_clear(&cache);
            list.count = 0;
        }
        assert_int_equal(cache.count, list.count);
    }
    assert_true(hits > STEPS / 20);
    assert_true(arena.bytes == bytes);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_a_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
