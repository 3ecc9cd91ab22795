/*
 * Rows: rules for ties, deletions and the grace period by hand, and random histories against the
 * definition: for each field the largest of the writes that the replica has been given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/stamps/stamp.h"
#include "tests/models/values/merge_case.h"

enum { FIELDS = 4 };

/* The version that a field of a replica has; write 0: none. `place`: among the cells that are. */
static uint64_t write_at(const struct merge_case *merge, uint32_t replica, uint32_t place)
{
    struct words_buffer list = {0};
    merge->value.type.ops->writes(merge->value.type.params,
                                  value_body(words_of(&merge->states[replica])), VALUE_STATE,
                                  &list);
    const uint64_t write = 2 * place + 1 < list.count ? list.at[2 * place + 1] : 0;
    words_release(&list);
    return write;
}

static void test_fields_merge_one_by_one(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "row", "fields=4");
    assert_true(merge_do(&merge, 0, (struct merge_write){.action = VALUE_SET, .time = 1}));
    merge_send(&merge, 0, 1);
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_SET, .element = 1, .time = 5});
    merge_do(&merge, 1, (struct merge_write){.action = VALUE_SET, .element = 2, .time = 3});
    merge_send(&merge, 1, 0);
    assert_true(merge_displaced(&merge, NULL, 0));
    merge_send(&merge, 0, 1);
    assert_true(merge_equal(&merge, 0, 1));
    assert_int_equal(merge_view(&merge, 0).elements, 3);
    assert_int_equal(merge_view(&merge, 0).siblings, 1);
    /* One profile renamed in two regions at once: one of the names is gone. */
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_SET, .time = 7});
    merge_do(&merge, 1, (struct merge_write){.action = VALUE_SET, .time = 8});
    merge_send(&merge, 1, 0);
    assert_true(merge_displaced(&merge, (const struct merge_pair[]){{3, 4}}, 1));
    assert_int_equal(write_at(&merge, 0, 0), 5);
    merge_end(&merge);
}

/* A write that has seen the other is lost to it all the same when its clock is behind. */
static void test_fast_clock_masks(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "row", "");
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_SET, .time = 100});
    merge_send(&merge, 0, 1);
    assert_true(merge_do(&merge, 1, (struct merge_write){.action = VALUE_SET, .time = 50}));
    assert_int_equal(write_at(&merge, 1, 0), 1);
    merge_deliver(&merge, 1, 0);
    assert_true(merge_displaced(&merge, (const struct merge_pair[]){{1, 0}}, 1));
    assert_true(merge_do(&merge, 1, (struct merge_write){.action = VALUE_DELETE, .time = 60}));
    assert_int_equal(merge_view(&merge, 1).elements, 1);
    merge_do(&merge, 1, (struct merge_write){.action = VALUE_DELETE, .time = 101});
    assert_int_equal(merge_view(&merge, 1).elements, 0);
    assert_int_equal(merge_view(&merge, 1).siblings, 0);
    merge_end(&merge);
}

/* Elements that are there after replica 0 and replica 1 did these at one time. */
static uint32_t tie(const char *variant, enum value_action first, enum value_action second)
{
    struct merge_case merge;
    merge_begin(&merge, "row", variant);
    merge_do(&merge, 0, (struct merge_write){.action = first, .time = 5});
    merge_do(&merge, 1, (struct merge_write){.action = second, .time = 5});
    merge_send(&merge, 0, 1);
    merge_send(&merge, 1, 0);
    assert_true(merge_equal(&merge, 0, 1));
    const uint32_t elements = merge_view(&merge, 0).elements;
    merge_end(&merge);
    return elements;
}

static void test_ties(void **state)
{
    (void)state;
    assert_int_equal((int)VALUE_TIE_BITS, (int)STAMP_MEMBER_BITS);
    assert_int_equal(tie("tie=member", VALUE_SET, VALUE_DELETE), 0);
    assert_int_equal(tie("tie=member", VALUE_DELETE, VALUE_SET), 1);
    assert_int_equal(tie("tie=delete", VALUE_SET, VALUE_DELETE), 0);
    assert_int_equal(tie("tie=delete", VALUE_DELETE, VALUE_SET), 0);
    assert_int_equal(tie("tie=value", VALUE_SET, VALUE_DELETE), 1);
    assert_int_equal(tie("tie=value", VALUE_DELETE, VALUE_SET), 1);
}

/* Of 64 pairs at one time about half are won by either machine when values decide. */
static void test_ties_by_value_favour_nobody(void **state)
{
    uint32_t first = 0;
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "row", "tie=value");
    for (uint32_t i = 0; i < MERGE_WRITES / 2; i++) {
        merge_do(&merge, 0, (struct merge_write){.action = VALUE_SET, .time = i});
        merge_do(&merge, 1, (struct merge_write){.action = VALUE_SET, .time = i});
        merge_send(&merge, 0, 1);
        first += write_at(&merge, 1, 0) == 2 * (uint64_t)i + 1;
    }
    /* Binomial(32, 1/2): 6..26 but for 1 in 8000; nothing is random, so it fails always or never.
     */
    assert_in_range(first, 6, 26);
    merge_end(&merge);
}

static void test_delete_always_wins(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "row", "delete=always");
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_SET, .time = 1});
    merge_send(&merge, 0, 1);
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_DELETE, .time = 2});
    merge_do(&merge, 1, (struct merge_write){.action = VALUE_SET, .time = 9}); /* not seen it */
    merge_send(&merge, 0, 1);
    assert_true(merge_displaced(&merge, (const struct merge_pair[]){{2, 1}}, 1));
    merge_send(&merge, 1, 0);
    assert_true(merge_equal(&merge, 0, 1));
    assert_int_equal(merge_view(&merge, 1).elements, 0);
    /* It has seen it: whatever its clock says, the item is there again, and stays. */
    merge_do(&merge, 1, (struct merge_write){.action = VALUE_SET, .time = 1});
    assert_int_equal(merge_view(&merge, 1).elements, 1);
    merge_send(&merge, 0, 1);
    merge_send(&merge, 1, 0);
    assert_int_equal(merge_view(&merge, 0).elements, 1);
    assert_int_equal(write_at(&merge, 0, 0), 4);
    /* Two delete the same life; a write after one of them is not undone by the other. */
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_DELETE, .time = 20});
    merge_do(&merge, 1, (struct merge_write){.action = VALUE_DELETE, .time = 30});
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_SET, .time = 21});
    merge_send(&merge, 1, 0);
    assert_int_equal(merge_view(&merge, 0).elements, 1);
    merge_end(&merge);
}

static bool sweep(struct merge_case *merge, uint32_t replica, sim_ns clock_ns)
{
    if (!value_sweep(&merge->value.type, words_of(&merge->states[replica]), clock_ns,
                     &merge->after)) {
        return false;
    }
    value_case_copy(&merge->states[replica], words_of(&merge->after));
    return true;
}

static void test_a_tombstone_forgotten_too_early(void **state)
{
    struct merge_case merge;
    const sim_ns day = 24 * SIM_NS_PER_H;
    (void)state;
    merge_begin(&merge, "row", "grace=240h");
    assert_int_equal(merge.value.type.ops->sweep_every(merge.value.type.params), 30 * SIM_NS_PER_H);
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_SET, .time = 1});
    merge_send(&merge, 0, 1);
    merge_send(&merge, 0, 2);
    merge_do(&merge, 0,
             (struct merge_write){.action = VALUE_DELETE, .time = 2, .clock_ns = 3 * day});
    merge_send(&merge, 0, 1); /* replica 2 does not hear of it */
    assert_false(sweep(&merge, 0, 13 * day - 1));
    assert_true(sweep(&merge, 0, 13 * day));
    assert_true(sweep(&merge, 1, 13 * day));
    assert_int_equal(merge.states[0].count, 0);
    assert_false(sweep(&merge, 0, 14 * day));
    merge_send(&merge, 2, 0);
    assert_int_equal(merge_view(&merge, 0).elements, 1); /* it is back */
    assert_int_equal(write_at(&merge, 0, 0), 1);
    merge_end(&merge);
    merge_begin(&merge, "row", "");
    assert_int_equal(merge.value.type.ops->sweep_every(merge.value.type.params), 0);
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_DELETE, .time = 2});
    assert_false(sweep(&merge, 0, 10000 * day));
    merge_end(&merge);
}

static void test_bytes(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "row", "fields=4,written=2");
    merge_do(&merge, 0,
             (struct merge_write){.action = VALUE_SET, .element = 3, .bytes = 11, .time = 1});
    assert_int_equal(merge_view(&merge, 0).elements, 2); /* fields 3 and 0 */
    assert_int_equal(merge_size(&merge, 0).payload, 11);
    assert_int_equal(merge_size(&merge, 0).metadata, 2 * (8 + 2));
    merge_do(&merge, 0,
             (struct merge_write){.action = VALUE_SET, .element = 0, .bytes = 20, .time = 2});
    assert_int_equal(merge_size(&merge, 0).payload, 6 + 20); /* field 0 of the first had 5 */
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_DELETE, .time = 3});
    assert_int_equal(merge_size(&merge, 0).payload, 0);
    assert_int_equal(merge_size(&merge, 0).metadata, 12); /* one marker for the row */
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_REMOVE, .element = 1, .time = 4});
    assert_int_equal(merge_size(&merge, 0).metadata, 12 + 12 + 12); /* fields 0; 1, 2; 3 */
    assert_int_equal(merge_delta_size(&merge, 3).metadata, 12);
    merge_end(&merge);
}

static void test_parameters(void **state)
{
    struct merge_case merge;
    const char *key = NULL;
    (void)state;
    merge_begin(&merge, "row", "");
    const struct param_kind *kind = &merge.value.type.ops->kind;
    void *params = arena_alloc(&merge.arena, 1, kind->params_bytes);
    value_case_set(value_case_row(kind, "fields", 6), params, "2");
    value_case_set(value_case_row(kind, "written", 7), params, "3");
    assert_non_null(kind->finish(params, &merge.arena, &key));
    assert_string_equal(key, "written");
    value_case_set(value_case_row(kind, "written", 7), params, "2");
    value_case_set(value_case_row(kind, "delete", 6), params, "always");
    value_case_set(value_case_row(kind, "grace", 5), params, "10s");
    assert_non_null(kind->finish(params, &merge.arena, &key));
    assert_string_equal(key, "grace");
    value_case_set(value_case_row(kind, "grace", 5), params, "none");
    assert_null(kind->finish(params, &merge.arena, &key));
    merge_end(&merge);
}

/* ---- the definition ---- */

enum { NONE = -1 };

struct rules { /* of the variant that is played */
    uint32_t fields, written;
    enum { MEMBER, VALUE, DELETE } tie;
    bool always;
};

static struct rules rules;

static bool touches(const struct merge_write *write, uint32_t field)
{
    return write->action == VALUE_DELETE ||
           (field + rules.fields - write->element) % rules.fields < rules.written;
}

static bool deletes(const struct merge_write *write)
{
    return write->action != VALUE_SET;
}

static uint64_t hash_of(const struct merge_write *write)
{
    return value_digest((struct words){&write->version.write, 1});
}

/* Does b stay, of a and b? `lives` of both, in halves: ended is half a life more. */
static bool beats(const struct merge_write *a, const struct merge_write *b, int life_a, int life_b)
{
    if (rules.always && life_a != life_b) {
        return life_b > life_a;
    }
    if (rules.tie != MEMBER && a->time == b->time) {
        if (deletes(a) != deletes(b)) {
            return deletes(b) == (rules.tie == DELETE);
        }
        return hash_of(b) > hash_of(a);
    }
    return a->time != b->time         ? b->time > a->time
           : a->replica != b->replica ? b->replica > a->replica
                                      : b > a;
}

static int current(const struct merge_case *merge, uint64_t known, uint32_t field, const int *lives)
{
    int best = NONE;
    for (int i = 0; i < (int)merge->count; i++) {
        if ((known >> i & 1) != 0 && touches(&merge->writes[i], field) &&
            (best == NONE ||
             beats(&merge->writes[best], &merge->writes[i], lives[best], lives[i]))) {
            best = i;
        }
    }
    return best;
}

static void find_lives(const struct merge_case *merge, uint32_t field, int *lives)
{
    for (uint32_t i = 0; i < merge->count; i++) {
        const int before = current(merge, merge->writes[i].past, field, lives);
        const bool again = before != NONE && deletes(&merge->writes[before]);
        const int life = before == NONE ? 0 : lives[before] / 2;
        lives[i] = deletes(&merge->writes[i]) ? 2 * life + 1 : 2 * (life + again);
    }
}

static void check(const struct merge_case *merge, uint32_t replica)
{
    struct merge_pair pairs[FIELDS];
    uint32_t pair_count = 0, elements = 0, cells = 0;
    int lives[MERGE_WRITES];
    for (uint32_t field = 0; field < rules.fields; field++) {
        find_lives(merge, field, lives);
        const int now = current(merge, merge->known[replica], field, lives);
        const int left = current(merge, merge->left, field, lives);
        const int right = current(merge, merge->right, field, lives);
        if (now != NONE) {
            merge_expect(merge, "the write in a field", (int64_t)write_at(merge, replica, cells),
                         now + 1);
            cells++;
            elements += !deletes(&merge->writes[now]);
        }
        if (left != NONE && right != NONE && left != right && merge->left != merge->right) {
            const bool second =
                beats(&merge->writes[left], &merge->writes[right], lives[left], lives[right]);
            const uint32_t loser = (uint32_t)(second ? left : right);
            const uint32_t winner = (uint32_t)(second ? right : left);
            bool told = false;
            for (uint32_t i = 0; i < pair_count; i++) {
                told = told || (pairs[i].loser == loser && pairs[i].winner == winner);
            }
            if (!told) {
                pairs[pair_count++] = (struct merge_pair){loser, winner};
            }
        }
    }
    merge_expect(merge, "how many fields there are", merge_view(merge, replica).elements, elements);
    merge_expect(merge, "a further field", (int64_t)write_at(merge, replica, cells), 0);
    merge_expect(merge, "the pairs displaced as they should be",
                 merge_displaced(merge, pairs, pair_count), true);
}

static void test_histories(void **state)
{
    static const enum value_action actions[] = {VALUE_SET, VALUE_SET, VALUE_SET, VALUE_REMOVE,
                                                VALUE_DELETE};
    static const struct {
        const char *variant;
        struct rules rules;
    } variants[] = {
        {"", {1, 1, MEMBER, false}},
        {"fields=4", {4, 1, MEMBER, false}},
        {"fields=4,written=3", {4, 3, MEMBER, false}},
        {"fields=4,written=2,tie=delete", {4, 2, DELETE, false}},
        {"fields=2,tie=value", {2, 1, VALUE, false}},
        {"delete=always", {1, 1, MEMBER, true}},
        {"fields=3,written=2,delete=always,tie=delete", {3, 2, DELETE, true}},
    };
    struct merge_case merge;
    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        merge_begin(&merge, "row", variants[i].variant);
        rules = variants[i].rules;
        for (uint64_t seed = 1; seed <= 60; seed++) {
            const struct merge_plan plan = {.seed = seed,
                                            .steps = 80,
                                            .replicas = 2 + (uint32_t)(seed % 3),
                                            .actions = actions,
                                            .action_count = sizeof actions / sizeof actions[0],
                                            .elements = rules.fields,
                                            .amounts = 1,
                                            .steps_per_tick = 4,
                                            .skew = (int64_t)(seed % 4),
                                            .one_delta_is_all = true};
            merge_random(&merge, &plan, check);
        }
        merge_end(&merge);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_merge_one_by_one),
        cmocka_unit_test(test_fast_clock_masks),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_ties_by_value_favour_nobody),
        cmocka_unit_test(test_delete_always_wins),
        cmocka_unit_test(test_a_tombstone_forgotten_too_early),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
