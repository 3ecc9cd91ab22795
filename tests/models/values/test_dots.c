/*
 * Sets of dots and stores of dotted entries, against plain tables of bits.
 *
 * Sets: all pairs (and in the union all triples) of sets of dots of two actors with up to four dots
 * each: 256 sets. Each is built from its dots one by one in both directions, which must give the
 * same words, with the vector and the cloud that a table says. Stores: all pairs of stores with
 * three dots, of which each was not seen, is held, or was seen and removed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/values/dots.h"

#include <stdio.h>
#include <string.h>

enum { ACTORS = 2, COUNTERS = 4, DOTS = ACTORS * COUNTERS, SETS = 1 << DOTS };

/* Actors 3 and 70000: one of a later life of a machine. */
static uint64_t dot_number(uint32_t number)
{
    return dot_of(number / COUNTERS == 0 ? 3 : 70000, number % COUNTERS + 1);
}

static struct words_buffer made[SETS];

static void make(uint32_t bits, bool backwards, struct words_buffer *out)
{
    struct words_buffer next = {0};
    words_clear(out);
    for (uint32_t i = 0; i < DOTS; i++) {
        const uint32_t number = backwards ? DOTS - 1 - i : i;
        if ((bits >> number & 1) != 0) {
            const uint64_t dot = dot_number(number);
            const struct dots sets[] = {dots_of(words_of(out)), {{NULL, 0}, {&dot, 1}}};
            words_clear(&next);
            dots_put_union(&next, sets, 2);
            words_clear(out);
            words_put_all(out, words_of(&next));
        }
    }
    words_release(&next);
}

static int make_all(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < SETS; bits++) {
        make(bits, false, &made[bits]);
    }
    return 0;
}

static int release_all(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < SETS; bits++) {
        words_release(&made[bits]);
    }
    return 0;
}

static struct dots set(uint32_t bits)
{
    return dots_of(words_of(&made[bits]));
}

static uint32_t leading(uint32_t bits, uint32_t actor) /* 1..n of which all are there */
{
    uint32_t n = 0;
    while (n < COUNTERS && (bits >> (actor * COUNTERS + n) & 1) != 0) {
        n++;
    }
    return n;
}

static void test_hand(void **state)
{
    (void)state;
    /* a1 a2 a4 b2: the vector has a2, the cloud a4 and b2. */
    const uint64_t dots[] = {dot_of(3, 1), dot_of(3, 2), dot_of(3, 4), dot_of(5, 2)};
    struct words_buffer out = {0};
    dots_put_union(&out, &(struct dots){{NULL, 0}, {dots, 4}}, 1);
    const uint64_t want[] = {1 | UINT64_C(2) << 32, dot_of(3, 2), dot_of(3, 4), dot_of(5, 2)};
    assert_int_equal(out.count, 4);
    assert_memory_equal(out.at, want, sizeof want);
    const struct dots set_of = dots_of(words_of(&out));
    assert_true(dots_next(set_of, 3) == dot_of(3, 5)); /* beyond the gap, too */
    assert_true(dots_next(set_of, 5) == dot_of(5, 3));
    assert_true(dots_next(set_of, 4) == dot_of(4, 1));
    /* a3 and b1 close the gaps: only a vector is left. */
    const uint64_t missing[] = {dot_of(3, 3), dot_of(5, 1)};
    struct words_buffer closed = {0};
    dots_put_union(&closed, (const struct dots[]){set_of, {{NULL, 0}, {missing, 2}}}, 2);
    const uint64_t vector[] = {2, dot_of(3, 4), dot_of(5, 2)};
    assert_int_equal(closed.count, 3);
    assert_memory_equal(closed.at, vector, sizeof vector);
    words_release(&out);
    words_release(&closed);
    assert_int_equal(dot_actor(dot_of(70000, 9)), 70000);
    assert_int_equal(dot_counter(dot_of(70000, 9)), 9);
}

static void test_form(void **state)
{
    (void)state;
    struct words_buffer other = {0};
    for (uint32_t bits = 0; bits < SETS; bits++) {
        make(bits, true, &other);
        assert_true(words_equal(words_of(&made[bits]), words_of(&other)));
        uint32_t vector = 0, cloud = 0;
        for (uint32_t actor = 0; actor < ACTORS; actor++) {
            const uint32_t own = bits >> (actor * COUNTERS) & ((1u << COUNTERS) - 1);
            vector += leading(bits, actor) > 0;
            cloud += (uint32_t)__builtin_popcount(own) - leading(bits, actor);
        }
        assert_int_equal(set(bits).vector.count, vector);
        assert_int_equal(set(bits).cloud.count, cloud);
        assert_int_equal(dots_count(set(bits)), vector + cloud);
        assert_int_equal(dots_words(words_of(&made[bits])).count, made[bits].count);
        for (uint32_t number = 0; number < DOTS; number++) {
            assert_int_equal(dots_have(set(bits), dot_number(number)), bits >> number & 1);
        }
        assert_false(dots_have(set(bits), dot_of(4, 1)));
        for (uint32_t actor = 0; actor < ACTORS; actor++) {
            const uint32_t own = bits >> (actor * COUNTERS) & ((1u << COUNTERS) - 1);
            const uint32_t last = own == 0 ? 0 : 32 - (uint32_t)__builtin_clz(own);
            const uint32_t name = dot_actor(dot_number(actor * COUNTERS));
            assert_true(dots_next(set(bits), name) == dot_of(name, last + 1));
        }
    }
    words_release(&other);
}

static void test_order_and_union(void **state)
{
    (void)state;
    struct words_buffer both = {0};
    for (uint32_t a = 0; a < SETS; a++) {
        for (uint32_t b = 0; b < SETS; b++) {
            const bool below = (a & ~b) == 0, above = (b & ~a) == 0;
            const enum dots_order want = below   ? above ? DOTS_EQUAL : DOTS_BEFORE
                                         : above ? DOTS_AFTER
                                                 : DOTS_CONCURRENT;
            assert_int_equal(dots_compare(set(a), set(b)), want);
            words_clear(&both);
            dots_put_union(&both, (const struct dots[]){set(a), set(b)}, 2);
            assert_true(words_equal(words_of(&both), words_of(&made[a | b])));
            const uint32_t c = (a * 37 + b * 11) % SETS;
            words_clear(&both);
            dots_put_union(&both, (const struct dots[]){set(a), set(b), set(c)}, 3);
            assert_true(words_equal(words_of(&both), words_of(&made[a | b | c])));
        }
    }
    words_release(&both);
}

/* Lamport's order: the vectors of the events of a textbook diagram of three processes. */
static void test_happened_before(void **state)
{
    (void)state;
    enum { P, Q, R };
    /* p1; p2 sends to q2; q1; q2; q3 sends to r2; r1; r2. */
    static const uint32_t vectors[][3] = {
        [0] = {1, 0, 0}, [1] = {2, 0, 0}, [2] = {0, 1, 0}, [3] = {2, 2, 0},
        [4] = {2, 3, 0}, [5] = {0, 0, 1}, [6] = {2, 3, 2}};
    static const char want[7][8] = {"=<.<<.<", ">=.<<.<", "..=<<.<", ">>>=<.<",
                                    ">>>>=.<", ".....=<", ">>>>>>="};
    static const char letters[] = {
        [DOTS_EQUAL] = '=', [DOTS_BEFORE] = '<', [DOTS_AFTER] = '>', [DOTS_CONCURRENT] = '.'};
    uint64_t dots[7][3];
    struct dots sets[7];
    for (uint32_t event = 0; event < 7; event++) {
        uint32_t count = 0;
        for (uint32_t process = P; process <= R; process++) {
            if (vectors[event][process] > 0) {
                dots[event][count++] = dot_of(process, vectors[event][process]);
            }
        }
        sets[event] = (struct dots){{dots[event], count}, {NULL, 0}};
    }
    for (uint32_t a = 0; a < 7; a++) {
        for (uint32_t b = 0; b < 7; b++) {
            assert_int_equal(letters[dots_compare(sets[a], sets[b])], want[a][b]);
        }
    }
}

/* ---- stores ---- */

enum { ENTRIES = 3, STORES = 27 }; /* each dot: 0 not seen, 1 held, 2 seen and removed */

static uint32_t digit(uint32_t number, uint32_t place)
{
    return number / (place == 0 ? 1u : place == 1 ? 3u : 9u) % 3;
}

static uint64_t key_of(uint32_t entry)
{
    return 7 - entry; /* keys descend while dots ascend */
}

static void make_store(uint32_t number, struct words_buffer *out)
{
    uint64_t dots[ENTRIES];
    uint32_t count = 0;
    for (uint32_t i = 0; i < ENTRIES; i++) {
        if (digit(number, i) != 0) {
            dots[count++] = dot_of(i, 1 + i % 2); /* the second is in a cloud */
        }
    }
    words_clear(out);
    dots_put_union(out, &(struct dots){{NULL, 0}, {dots, count}}, 1);
    for (uint32_t i = ENTRIES; i-- > 0;) {
        if (digit(number, i) == 1) {
            dotted_put(out, key_of(i), dot_of(i, 1 + i % 2),
                       (struct value_version){10 + i, 20 + i});
        }
    }
}

static void test_stores(void **state)
{
    (void)state;
    struct words_buffer a = {0}, b = {0}, both = {0}, want = {0}, versions = {0};
    for (uint32_t i = 0; i < STORES; i++) {
        make_store(i, &a);
        for (uint32_t j = 0; j < STORES; j++) {
            make_store(j, &b);
            uint32_t number = 0, held = 0;
            for (uint32_t k = 0; k < ENTRIES; k++) {
                /* Held where both hold it, or one has not seen it; removed once by either. */
                const uint32_t l = digit(i, k), r = digit(j, k), larger = l > r ? l : r;
                number += larger * (k == 0 ? 1u : k == 1 ? 3u : 9u);
                held += larger == 1;
            }
            make_store(number, &want);
            words_clear(&both);
            dotted_join(words_of(&a), words_of(&b), &both);
            assert_true(words_equal(words_of(&both), words_of(&want)));
            words_clear(&versions);
            dotted_writes(words_of(&both), &versions);
            assert_int_equal(versions.count, 2 * held);
            const struct dotted store = dotted_of(words_of(&both));
            assert_int_equal(dotted_count(&store), held);
            assert_int_equal(store.rest.count, 0);
        }
    }
    struct words_buffer *all[] = {&a, &b, &both, &want, &versions};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        words_release(all[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hand),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_order_and_union),
        cmocka_unit_test(test_happened_before),
        cmocka_unit_test(test_stores),
    };
    return cmocka_run_group_tests(tests, make_all, release_all);
}
