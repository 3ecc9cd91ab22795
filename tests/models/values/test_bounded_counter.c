/*
 * The bounded counter: shares and transfers by hand, every history of five steps of two machines
 * (takes of 1 and 2, additions, transfers, states, deltas) and long random ones of four: no state
 * that anybody can have is below the minimum, whatever of states and deltas has come in whatever
 * order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/models/values/merge_case.h"

static bool take(struct merge_case *merge, uint32_t replica, int64_t amount)
{
    return merge_do(merge, replica,
                    (struct merge_write){.action = VALUE_DECREMENT, .amount = amount, .time = 1});
}

static bool add(struct merge_case *merge, uint32_t replica, int64_t amount)
{
    return merge_do(merge, replica,
                    (struct merge_write){.action = VALUE_INCREMENT, .amount = amount, .time = 1});
}

static bool pass(struct merge_case *merge, uint32_t from, uint32_t to, int64_t amount)
{
    return merge_do(merge, from,
                    (struct merge_write){
                        .action = VALUE_TRANSFER, .element = value_actor(to, 0), .amount = amount});
}

static void test_shares(void **state)
{
    struct merge_case merge;
    bool has = false;
    (void)state;
    merge_begin(&merge, "bounded_counter", "initial=10"); /* 3, 3, 2, 2 */
    const struct value_ops *ops = merge.value.type.ops;
    assert_int_equal(ops->minimum(merge.value.type.params, &has), -10);
    assert_true(has);
    assert_false(take(&merge, 0, 4));
    assert_true(take(&merge, 0, 3));
    assert_false(take(&merge, 0, 1));
    assert_false(take(&merge, 2, 3)); /* 7 are left, but not here */
    assert_true(take(&merge, 1, 3));
    assert_true(take(&merge, 2, 2));
    assert_true(take(&merge, 3, 1));
    assert_true(take(&merge, 3, 1));
    assert_false(take(&merge, 3, 1));
    for (uint32_t i = 1; i < MERGE_REPLICAS; i++) {
        merge_send(&merge, i, 0);
    }
    assert_int_equal(merge_view(&merge, 0).number, -10); /* sold out, not more */
    assert_true(add(&merge, 0, 6));
    assert_true(take(&merge, 0, 6));
    assert_int_equal(merge_view(&merge, 0).number, -10);
    merge_end(&merge);
}

static void test_transfers(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "bounded_counter", "initial=20"); /* 5 each */
    const struct value_version before = value_head(words_of(&merge.states[0]));
    assert_true(pass(&merge, 0, 1, 100)); /* at most half of it, rounded up: 3 */
    assert_int_equal(value_head(words_of(&merge.states[0])).write, before.write);
    assert_false(take(&merge, 0, 3));
    assert_true(take(&merge, 0, 2));
    assert_false(pass(&merge, 0, 1, 1)); /* nothing is left to give */
    assert_false(take(&merge, 1, 6));    /* it has not arrived */
    merge_deliver(&merge, 0, 1);
    merge_deliver(&merge, 0, 1); /* twice is once */
    assert_false(take(&merge, 1, 9));
    assert_true(take(&merge, 1, 8));
    merge_send(&merge, 1, 0);
    merge_send(&merge, 0, 1);
    assert_true(merge_equal(&merge, 0, 1));
    assert_int_equal(merge_view(&merge, 0).number, -10);
    /* Transfers are nobody's write. */
    words_clear(&merge.after);
    merge.value.type.ops->writes(merge.value.type.params, value_body(words_of(&merge.states[0])),
                                 VALUE_STATE, &merge.after);
    assert_int_equal(merge.after.count, 2 * 2);
    /* A transfer: 8 + two names of 16; two totals of 8 + 16; one number is payload. */
    assert_int_equal(merge_size(&merge, 0).metadata, 8 + 32 + 2 * 24 - 8);
    merge_end(&merge);
}

static bool wants(const struct merge_case *merge, uint32_t actor, uint32_t *from, int64_t *amount)
{
    return merge->value.type.ops->wants(merge->value.type.params,
                                        value_body(words_of(&merge->states[actor % 4096])), actor,
                                        MERGE_REPLICAS, from, amount);
}

static void test_whom_to_ask(void **state)
{
    struct merge_case merge;
    uint32_t from = 9;
    int64_t amount = 0;
    (void)state;
    merge_begin(&merge, "bounded_counter", "initial=80,low=15"); /* 20 each */
    assert_false(wants(&merge, 0, &from, &amount));
    take(&merge, 0, 5);
    assert_false(wants(&merge, 0, &from, &amount)); /* 15 */
    take(&merge, 0, 4);
    assert_true(wants(&merge, 0, &from, &amount)); /* 11; all others have 20, as far as it knows */
    assert_int_equal(from, 1);
    assert_int_equal(amount, 4);
    add(&merge, 2, 2);
    merge_send(&merge, 2, 0);
    assert_true(wants(&merge, 0, &from, &amount));
    assert_int_equal(from, 2);
    assert_int_equal(amount, 5); /* half of 22 - 11 */
    /* A machine without memory has no rights, and is asked by its new name once that is known. */
    merge.states[2].count = 0;
    assert_true(wants(&merge, value_actor(2, 1), &from, &amount));
    merge_send(&merge, 0, 2); /* its former life had most, as far as others know */
    assert_true(wants(&merge, value_actor(2, 1), &from, &amount));
    assert_int_equal(from, 1);
    assert_int_equal(amount, 10);
    merge_do(&merge, 2,
             (struct merge_write){.action = VALUE_INCREMENT, .amount = 40, .lives = 1, .time = 2});
    merge_send(&merge, 2, 0);
    assert_true(wants(&merge, 0, &from, &amount));
    assert_int_equal(from, 2);
    assert_int_equal(amount, 14); /* half of 40 - 11, not of what was stranded */
    merge_end(&merge);
}

/* Whatever is asked for and given, requests end. */
static void test_requests_end(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct merge_case merge;
        uint64_t chance = seed;
        uint32_t requests = 0;
        merge_begin(&merge, "bounded_counter", "initial=40,low=100");
        for (uint32_t i = 0; i < MERGE_REPLICAS; i++) {
            take(&merge, i, 1 + (int64_t)merge_draw(&chance, 10));
        }
        for (bool asked = true; asked;) {
            asked = false;
            for (uint32_t i = 0; i < MERGE_REPLICAS; i++) {
                uint32_t from = 0;
                int64_t amount = 0;
                for (uint32_t j = 0; j < MERGE_REPLICAS; j++) {
                    merge_send(&merge, j, i);
                }
                if (wants(&merge, i, &from, &amount)) {
                    asked = true;
                    pass(&merge, from, i, amount); /* refused: what it was given is on its way */
                    assert_true(++requests < 20);
                }
            }
        }
        const int64_t left = 40 + merge_view(&merge, 0).number;
        for (uint32_t i = 0; i < MERGE_REPLICAS; i++) { /* about as much each */
            assert_true(take(&merge, i, left / MERGE_REPLICAS > 1 ? left / MERGE_REPLICAS - 1 : 1));
        }
        merge_end(&merge);
    }
}

/* ---- never below ---- */

enum { STOCK = 3, MACHINES = 2, DEPTH = 5, STEPS = 12 };

struct world { /* all that a step can change */
    uint64_t words[MACHINES][64];
    uint32_t counts[MACHINES];
    uint32_t writes;
};

static void save(const struct merge_case *merge, struct world *world)
{
    for (uint32_t i = 0; i < MACHINES; i++) {
        CHECK(merge->states[i].count <= 64);
        world->counts[i] = merge->states[i].count;
        for (uint32_t word = 0; word < world->counts[i]; word++) {
            world->words[i][word] = merge->states[i].at[word];
        }
    }
    world->writes = merge->count;
}

static void restore(struct merge_case *merge, const struct world *world)
{
    for (uint32_t i = 0; i < MACHINES; i++) {
        value_case_copy(&merge->states[i], (struct words){world->words[i], world->counts[i]});
    }
    merge->count = world->writes;
}

static void step(struct merge_case *merge, uint32_t kind)
{
    const uint32_t here = kind % MACHINES, there = 1 - here;
    switch (kind / MACHINES) {
    case 0:
        take(merge, here, 1);
        break;
    case 1:
        take(merge, here, 2);
        break;
    case 2:
        add(merge, here, 1);
        break;
    case 3:
        pass(merge, here, there, 2);
        break;
    case 4:
        merge_send(merge, there, here);
        break;
    default:
        for (uint32_t i = merge->count; i-- > 0;) { /* the other's latest delta */
            if (merge->writes[i].replica == there) {
                merge_deliver(merge, i, here);
                break;
            }
        }
    }
}

/* An observer that is given any of the deltas, or what both have, never sees less than nothing. */
static void look(struct merge_case *merge)
{
    for (uint32_t i = 0; i < MACHINES; i++) {
        merge_expect(merge, "a number not below the minimum", merge_view(merge, i).number >= -STOCK,
                     true);
    }
    for (uint32_t chosen = 0; chosen < 1u << merge->count; chosen++) {
        words_clear(&merge->states[MERGE_REPLICAS]);
        for (uint32_t i = 0; i < merge->count; i++) {
            if ((chosen >> i & 1) != 0) {
                merge_deliver(merge, i, MERGE_REPLICAS);
            }
        }
        merge_expect(merge, "an observer's number not below the minimum",
                     merge_view(merge, MERGE_REPLICAS).number >= -STOCK, true);
    }
}

static void explore(struct merge_case *merge, uint32_t depth)
{
    struct world world;
    save(merge, &world);
    for (uint32_t kind = 0; kind < STEPS && depth > 0; kind++) {
        step(merge, kind);
        look(merge);
        explore(merge, depth - 1);
        restore(merge, &world);
    }
}

/* Of four members with 1, 1, 1 and 0, two; and again when rights that were added were passed on. */
static void test_every_history(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "bounded_counter", "initial=3");
    explore(&merge, DEPTH);
    merge_forget(&merge);
    add(&merge, 0, 2);
    pass(&merge, 0, 1, 2);
    merge_send(&merge, 0, 1);
    explore(&merge, DEPTH - 1);
    merge_end(&merge);
}

/* ---- at random ---- */

static void random_history(uint64_t seed)
{
    struct merge_case merge;
    uint64_t chance = seed;
    uint32_t lives[MERGE_REPLICAS] = {0};
    int64_t sum = 0, stock = 12;
    merge_begin(&merge, "bounded_counter", "initial=12");
    merge.seed = seed;
    while (merge.count < MERGE_WRITES) {
        const uint32_t here = (uint32_t)merge_draw(&chance, MERGE_REPLICAS);
        const uint32_t there = (uint32_t)merge_draw(&chance, MERGE_REPLICAS);
        const int64_t amount = 1 + (int64_t)merge_draw(&chance, 5);
        const uint64_t kind = merge_draw(&chance, 40);
        struct merge_write write = {.amount = amount, .lives = lives[here], .time = 1};
        if (kind < 14) {
            write.action = VALUE_DECREMENT;
            sum -= merge_do(&merge, here, write) ? amount : 0;
        } else if (kind < 18) {
            write.action = VALUE_INCREMENT;
            sum += merge_do(&merge, here, write) ? amount : 0;
        } else if (kind < 24 && here != there) {
            write.action = VALUE_TRANSFER;
            write.element = value_actor(there, lives[there]);
            merge_do(&merge, here, write);
        } else if (kind < 28) {
            merge_send(&merge, there, here);
        } else if (kind < 39 && merge.count > 0) {
            merge_deliver(&merge, (uint32_t)merge_draw(&chance, merge.count), here);
        } else if (kind == 39 && lives[here] < 3) {
            words_clear(&merge.states[here]);
            lives[here]++;
        }
        merge_expect(&merge, "no more taken than there was", sum >= -stock, true);
        merge_expect(&merge, "a number not below the minimum",
                     merge_view(&merge, here).number >= -stock, true);
    }
    /* Everything ever shipped, in disorder: nothing that was acknowledged is missing. */
    words_clear(&merge.states[MERGE_REPLICAS]);
    for (uint32_t i = 0; i < merge.count; i++) {
        merge_deliver(&merge, (uint32_t)((i * 37 + seed) % merge.count), MERGE_REPLICAS);
    }
    merge_expect(&merge, "the sum of all that was done", merge_view(&merge, MERGE_REPLICAS).number,
                 sum);
    merge_end(&merge);
}

static void test_random_histories(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        random_history(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),        cmocka_unit_test(test_transfers),
        cmocka_unit_test(test_whom_to_ask),   cmocka_unit_test(test_requests_end),
        cmocka_unit_test(test_every_history), cmocka_unit_test(test_random_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
