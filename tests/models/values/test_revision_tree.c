/*
 * Trees of revisions: branches, winners, refusals and resolution by hand; random histories against
 * a tree kept as a list of edits with their parents.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/models/values/merge_case.h"

enum { CONTEXT_MAX = 8 };

static uint32_t read_context(const struct merge_case *merge, uint32_t replica,
                             uint64_t words[CONTEXT_MAX])
{
    struct words_buffer list = {0};
    merge->value.type.ops->context(merge->value.type.params,
                                   value_body(words_of(&merge->states[replica])), &list);
    const uint32_t count = list.count;
    CHECK(count <= CONTEXT_MAX);
    for (uint32_t i = 0; i < count; i++) {
        words[i] = list.at[i];
    }
    words_release(&list);
    return count;
}

static uint64_t winner(const struct merge_case *merge, uint32_t replica) /* its dot, or 0 */
{
    uint64_t words[CONTEXT_MAX];
    return read_context(merge, replica, words) > 0 ? words[0] : 0;
}

static uint64_t dot(uint32_t actor, uint64_t counter)
{
    return (uint64_t)actor << VALUE_DOT_BITS | counter;
}

static bool set(struct merge_case *merge, uint32_t replica)
{
    return merge_do(merge, replica, (struct merge_write){.action = VALUE_SET});
}

static bool drop(struct merge_case *merge, uint32_t replica)
{
    return merge_do(merge, replica, (struct merge_write){.action = VALUE_DELETE});
}

static bool set_after(struct merge_case *merge, uint32_t replica, const uint64_t *words,
                      uint32_t count)
{
    return merge_do(
        merge, replica,
        (struct merge_write){.action = VALUE_SET, .context = words, .context_count = count});
}

static void meet(struct merge_case *merge)
{
    merge_send(merge, 0, 1);
    assert_int_equal(merge->displaced.count, 0); /* kept, not lost */
    merge_send(merge, 1, 0);
    assert_true(merge_equal(merge, 0, 1));
}

static void test_most_edits_win(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "revision_tree", "");
    assert_true(set(&merge, 0));
    meet(&merge);
    assert_true(set(&merge, 0));
    assert_true(set(&merge, 0));
    merge_do(&merge, 1,
             (struct merge_write){.action = VALUE_SET, .time = 1000}); /* later, one edit */
    meet(&merge);
    assert_int_equal(merge_view(&merge, 0).siblings, 2);
    assert_int_equal(merge_view(&merge, 0).elements, 1);
    assert_true(winner(&merge, 1) == dot(0, 3));
    /* Paths of 3 and of 2 revisions; the contents of both leaves. */
    assert_int_equal(merge_size(&merge, 0).metadata, 16 * (3 + 2));
    assert_int_equal(merge_size(&merge, 0).payload, 20);
    /* The winner is deleted: the other branch comes to light. */
    assert_true(drop(&merge, 1));
    assert_int_equal(merge_view(&merge, 1).siblings, 1);
    assert_int_equal(merge_view(&merge, 1).elements, 1);
    assert_true(winner(&merge, 1) == dot(1, 1));
    assert_true(drop(&merge, 1));
    assert_int_equal(merge_view(&merge, 1).elements, 0);
    assert_int_equal(merge_view(&merge, 1).siblings, 0);
    assert_false(drop(&merge, 1)); /* 404 */
    assert_int_equal(merge_size(&merge, 1).payload, 0);
    assert_int_equal(merge_size(&merge, 1).metadata, 16 * (4 + 3));
    assert_true(set(&merge, 1)); /* it goes on behind the longest deleted branch */
    assert_int_equal(merge_size(&merge, 1).metadata, 16 * (5 + 3));
    merge_end(&merge);
}

static void test_parents(void **state)
{
    struct merge_case merge;
    uint64_t read[CONTEXT_MAX];
    const uint64_t nothing = 0;
    (void)state;
    merge_begin(&merge, "revision_tree", "");
    assert_int_equal(read_context(&merge, 0, read), 0);
    assert_true(set_after(&merge, 0, &nothing, 0)); /* it was not there */
    assert_false(set_after(&merge, 0, &nothing, 0));
    assert_int_equal(read_context(&merge, 0, read), 1);
    assert_true(set_after(&merge, 0, read, 1));
    assert_false(set_after(&merge, 0, read, 1)); /* 409: somebody has extended it */
    assert_int_equal(merge_view(&merge, 0).siblings, 1);
    assert_true(drop(&merge, 0));
    assert_int_equal(read_context(&merge, 0, read), 0);
    assert_true(set_after(&merge, 0, &nothing, 0)); /* made anew */
    merge_end(&merge);
    merge_begin(&merge, "revision_tree", "");
    const uint64_t unknown = dot(3, 7);
    assert_false(set_after(&merge, 0, &unknown, 1)); /* read elsewhere, and not here yet */
    merge_end(&merge);
}

/* Three branches; a client that asks for conflicts makes one of them. */
static void test_resolution(void **state)
{
    struct merge_case merge;
    uint64_t read[CONTEXT_MAX];
    (void)state;
    merge_begin(&merge, "revision_tree", "conflicts=resolved");
    for (uint32_t i = 0; i < 3; i++) {
        set(&merge, i);
    }
    set(&merge, 0);
    merge_send(&merge, 2, 0);
    meet(&merge);
    assert_int_equal(merge_view(&merge, 0).siblings, 3);
    assert_int_equal(read_context(&merge, 0, read), 3);
    assert_true(read[0] == dot(0, 2));
    set(&merge, 1); /* meanwhile somebody extends the winner at replica 1 */
    assert_true(set_after(&merge, 0, read, 3));
    assert_int_equal(merge_view(&merge, 0).siblings, 1);
    /* 3 revisions, and two branches of 2 that end in deletions. */
    assert_int_equal(merge_size(&merge, 0).metadata, 16 * (3 + 2 + 2));
    meet(&merge);
    assert_int_equal(merge_view(&merge, 0).siblings, 2);
    merge_end(&merge);
    /* A branch that was extended after it was read stays. */
    merge_begin(&merge, "revision_tree", "conflicts=resolved");
    set(&merge, 0);
    set(&merge, 0);
    set(&merge, 1);
    meet(&merge);
    assert_int_equal(read_context(&merge, 0, read), 2);
    merge_do(&merge, 0,
             (struct merge_write){.action = VALUE_SET, .context = &read[1], .context_count = 1});
    assert_true(set_after(&merge, 0, read, 2));
    assert_int_equal(merge_view(&merge, 0).siblings, 2);
    merge_end(&merge);
    /* Clients that do not ask see the winner only, and branches stay. */
    merge_begin(&merge, "revision_tree", "");
    set(&merge, 0);
    set(&merge, 1);
    meet(&merge);
    assert_int_equal(read_context(&merge, 0, read), 1);
    assert_true(set_after(&merge, 0, read, 1));
    assert_int_equal(merge_view(&merge, 0).siblings, 2);
    merge_end(&merge);
}

static void test_limit(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "revision_tree", "revs_limit=4");
    for (uint32_t i = 1; i <= 6; i++) {
        set(&merge, 0);
        assert_int_equal(merge_size(&merge, 0).metadata, 16 * (i < 4 ? i : 4));
        assert_int_equal(merge_delta_size(&merge, i - 1).metadata, 16 * (i < 4 ? i : 4));
    }
    merge_end(&merge);
}

/* ---- the definition ---- */

struct edit {
    int parent; /* -1: the first */
    uint32_t depth;
    uint64_t dot, id;
    bool deleted;
};

static struct edit edits[MERGE_WRITES];

static bool is_leaf(const struct merge_case *merge, uint64_t known, uint32_t write)
{
    bool extended = false;
    for (uint32_t i = 0; i < merge->count; i++) {
        extended = extended || ((known >> i & 1) != 0 && edits[i].parent == (int)write);
    }
    return (known >> write & 1) != 0 && !extended;
}

static int winner_of(const struct merge_case *merge, uint64_t known)
{
    int best = -1;
    for (uint32_t i = 0; i < merge->count; i++) {
        if (!is_leaf(merge, known, i)) {
            continue;
        }
        const struct edit *edit = &edits[i], *other = &edits[best < 0 ? 0 : best];
        const bool wins = edit->deleted != other->deleted ? other->deleted
                          : edit->depth != other->depth   ? edit->depth > other->depth
                                                          : edit->id > other->id;
        best = best < 0 || wins ? (int)i : best;
    }
    return best;
}

static void find_edits(const struct merge_case *merge)
{
    uint64_t counters[MERGE_REPLICAS] = {0};
    for (uint32_t i = 0; i < merge->count; i++) {
        edits[i].parent = -1;
    }
    for (uint32_t i = 0; i < merge->count; i++) {
        const struct merge_write *write = &merge->writes[i];
        const int parent = winner_of(merge, write->past);
        const uint64_t own = dot(write->replica, ++counters[write->replica]);
        const uint64_t words[] = {write->version.write, own};
        edits[i] = (struct edit){.parent = parent,
                                 .depth = parent < 0 ? 1 : edits[parent].depth + 1,
                                 .dot = own,
                                 .id = value_digest((struct words){words, 2}),
                                 .deleted = write->action == VALUE_DELETE};
    }
}

static void check(const struct merge_case *merge, uint32_t replica)
{
    const uint64_t known = merge->known[replica];
    uint32_t open = 0;
    int64_t path = 0, bytes = 0;
    find_edits(merge);
    for (uint32_t i = 0; i < merge->count; i++) {
        if (is_leaf(merge, known, i)) {
            open += !edits[i].deleted;
            path += 16 * (int64_t)edits[i].depth;
            bytes += edits[i].deleted ? 0 : merge->writes[i].bytes;
        }
    }
    const int best = winner_of(merge, known);
    const bool there = best >= 0 && !edits[best].deleted;
    merge_expect(merge, "leaves", merge_view(merge, replica).siblings, open);
    merge_expect(merge, "whether it is there", merge_view(merge, replica).elements, there);
    merge_expect(merge, "the winner", (int64_t)winner(merge, replica),
                 there ? (int64_t)edits[best].dot : 0);
    merge_expect(merge, "bytes of paths", merge_size(merge, replica).metadata, path);
    merge_expect(merge, "bytes of contents", merge_size(merge, replica).payload, bytes);
}

static void test_histories(void **state)
{
    static const enum value_action actions[] = {VALUE_SET, VALUE_SET, VALUE_SET, VALUE_DELETE};
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "revision_tree", "");
    for (uint64_t seed = 1; seed <= 100; seed++) {
        const struct merge_plan plan = {.seed = seed,
                                        .steps = 70,
                                        .replicas = 2 + (uint32_t)(seed % 3),
                                        .actions = actions,
                                        .action_count = sizeof actions / sizeof actions[0],
                                        .elements = 1,
                                        .amounts = 1,
                                        .steps_per_tick = 2,
                                        .skew = 3,
                                        .one_delta_is_all = true};
        merge_random(&merge, &plan, check);
    }
    merge_end(&merge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_most_edits_win), cmocka_unit_test(test_parents),
        cmocka_unit_test(test_resolution),     cmocka_unit_test(test_limit),
        cmocka_unit_test(test_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
