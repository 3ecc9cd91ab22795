#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/models/replication/fake_internal.h"
#include "tests/models/replication/quorum_case.h"
#include "tests/models/values/value_case.h"

static struct fake *start_type(const struct quorum_params *params, const char *type,
                               const char *variant, struct arena *arena)
{
    struct fake_config config = config_of(params);
    config.value = value_case_of(type, variant, arena).type;
    config.clock_offset_ns[0] = 1000 * MS; /* fast by a second */
    return fake_new(&config);
}

/* Is anything of the write in what the member holds? */
static bool holds(struct fake *fake, uint32_t member, uint64_t write)
{
    const struct value_type *type = &fake->config.value;
    const struct fake_words *state = &fake->members[member].words[KEY];
    struct words_buffer list = {0};
    type->ops->writes(type->params, value_body((struct words){state->at, state->count}),
                      VALUE_STATE, &list);
    bool found = false;
    for (uint32_t i = 0; i < list.count; i += 2) {
        found = found || list.at[i + 1] == write;
    }
    words_release(&list);
    return found;
}

static void set(struct fake *fake, sim_ns at_ns, uint32_t member, uint64_t operation,
                uint32_t field)
{
    fake_change(fake, at_ns, member, KEY, operation, value_request_pack(VALUE_SET, field, 1));
}

/*
 * Coordinator 0 is a second fast: its write of 0 has the stamp 1000. 1's of 500 is acknowledged and
 * lost, in the same field; the one of another field stays, and that of 1001 as well. A deletion by
 * the fast clock at 1200 masks the whole row until 2200.
 */
static void assert_row(const char *variant, uint32_t other_field, bool other_stays)
{
    struct arena arena;
    arena_init(&arena);
    struct quorum_params params = defaults();
    params.exchange = VALUE_DELTA;
    struct fake *fake = start_type(&params, "row", variant, &arena);
    set(fake, 0, 0, 71, 0);
    set(fake, 500 * MS, 1, 72, 0);
    set(fake, 500 * MS + 1, 1, 73, other_field);
    fake_run(fake, 700 * MS);
    assert_reply(fake, 72, RECORD_OK, 522 * MS);
    for (uint32_t member = 0; member < 3; member++) {
        assert_true(holds(fake, member, 71));
        assert_false(holds(fake, member, 72));
        assert_int_equal(holds(fake, member, 73), other_stays);
    }
    set(fake, 1001 * MS, 1, 74, 0);
    fake_run(fake, 1100 * MS);
    assert_true(holds(fake, 2, 74));
    assert_false(holds(fake, 2, 71));
    fake_change(fake, 1200 * MS, 0, KEY, 75, value_request_pack(VALUE_DELETE, 0, 1));
    set(fake, 2100 * MS, 1, 76, 0);
    fake_run(fake, 2150 * MS);
    assert_int_equal(fake_view(fake, 2, KEY).elements, 0);
    set(fake, 2201 * MS, 1, 77, 0);
    fake_run(fake, 3000 * MS);
    assert_int_equal(fake_view(fake, 2, KEY).elements, 1);
    assert_equal_copies(fake);
    fake_free(fake);
    arena_release(&arena);
}

static void test_a_fast_clock_masks_cells(void **state)
{
    (void)state;
    assert_row("fields=4", 1, true);
    assert_row("fields=1", 0, false);
}

/* Coordinator 3 stores nothing: it only stamps (5 and 20 ms, back 6 and 23; 0: 1 and 2). */
static void test_a_coordinator_without_a_copy(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct quorum_params params = defaults();
    params.exchange = VALUE_DELTA;
    struct fake *fake = start_type(&params, "row", "fields=4", &arena);
    set(fake, 10 * MS, 3, 71, 2);
    fake_read(fake, 100 * MS, 3, KEY, 1);
    fake_run(fake, 14 * MS);
    assert_true(holds(fake, 0, 71));
    assert_false(holds(fake, 1, 71));
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 71, RECORD_OK, 21 * MS);
    assert_reply(fake, 1, RECORD_OK, 111 * MS);
    assert_int_equal(fake_reply_to(fake, 1).view.elements, 1);
    assert_equal_copies(fake);
    fake_free(fake);
    arena_release(&arena);
}

/* Blind writes at 0 and 1 at 100: 2 siblings, at 0 from 112 on; and a third that knows nothing. */
static void test_siblings(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct quorum_params params = defaults();
    struct fake *fake = start_type(&params, "mv_register", "", &arena);
    set(fake, 100 * MS, 0, 71, 0);
    set(fake, 100 * MS, 1, 72, 0);
    fake_run(fake, 112 * MS - 1);
    assert_int_equal(fake_view(fake, 0, KEY).siblings, 1);
    fake_run(fake, 112 * MS);
    assert_int_equal(fake_view(fake, 0, KEY).siblings, 2);
    set(fake, 200 * MS, 2, 73, 0);
    fake_read(fake, 300 * MS, 1, KEY, 1);
    fake_run(fake, 1000 * MS);
    assert_int_equal(fake_reply_to(fake, 1).view.siblings, 3);
    assert_equal_copies(fake);
    fake_free(fake);
    arena_release(&arena);
}

/* A write of somebody who has read what the coordinator holds now. */
static uint32_t context_of(struct fake *fake, uint32_t member)
{
    const struct value_type *type = &fake->config.value;
    const struct fake_words *state = &fake->members[member].words[KEY];
    struct words_buffer list = {0};
    uint32_t block = 0;
    type->ops->context(type->params, value_body((struct words){state->at, state->count}), &list);
    memcpy(replica_block_new(&fake->members[member], list.count, &block), list.at,
           list.count * sizeof *list.at);
    words_release(&list);
    return block;
}

static void set_after_reading(struct fake *fake, sim_ns at_ns, uint32_t member, uint64_t operation,
                              uint32_t context)
{
    fake_schedule(fake, (struct fake_event){.at_ns = at_ns,
                                            .kind = FAKE_DELIVER,
                                            .member = member,
                                            .message = {.kind = MESSAGE_REQUEST,
                                                        .from = ENDPOINT_CLIENT,
                                                        .type = RECORD_WRITE,
                                                        .key = KEY,
                                                        .operation = operation,
                                                        .bytes = FAKE_VALUE_BYTES,
                                                        .block = context}});
}

/*
 * Two clients take turns at coordinator 0 every 10 ms, each with the context that it read after its
 * own last write, in which the other's last one is missing. Dots: of what lies there, the own last
 * one and the other's last but one are replaced, so that 2 stay. Vectors: never does one cover the
 * other's last write, and each adds a sibling. Who has read all of them replaces all.
 */
static void assert_turns(const char *variant, uint32_t siblings)
{
    enum { TURNS = 10 };
    struct arena arena;
    arena_init(&arena);
    const struct quorum_params params = defaults();
    struct fake *fake = start_type(&params, "mv_register", variant, &arena);
    uint32_t read[TURNS + 2];
    set(fake, 100 * MS, 0, 71, 0);
    fake_run(fake, 101 * MS);
    read[0] = context_of(fake, 0);
    read[1] = context_of(fake, 0);
    for (int i = 0; i < TURNS; i++) {
        set_after_reading(fake, (200 + 10 * i) * MS, 0, 72 + (uint64_t)i, read[i]);
        fake_run(fake, (200 + 10 * i) * MS);
        read[i + 2] = context_of(fake, 0);
    }
    fake_run(fake, 400 * MS);
    for (uint32_t member = 0; member < 3; member++) {
        assert_int_equal(fake_view(fake, member, KEY).siblings, siblings);
        assert_true(holds(fake, member, 71 + TURNS));
        assert_true(holds(fake, member, 70 + TURNS));
        assert_false(holds(fake, member, 71));
    }
    set_after_reading(fake, 500 * MS, 1, 100, read[TURNS + 1]);
    fake_read(fake, 600 * MS, 2, KEY, 1);
    fake_run(fake, 1000 * MS);
    assert_int_equal(fake_reply_to(fake, 1).view.siblings, 1);
    fake_block_free(fake, read[TURNS]);
    assert_equal_copies(fake);
    fake_free(fake);
    arena_release(&arena);
}

static void test_dots_prevent_the_explosion(void **state)
{
    (void)state;
    assert_turns("context=dotted", 2);
    assert_turns("context=version_vector", 10);
}

/* The coordinator holds a first writer's value and refuses at once; 1 does not know of it yet. */
static void test_refused_writes(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct quorum_params params = defaults();
    struct fake *fake = start_type(&params, "first_writer", "", &arena);
    set(fake, 100 * MS, 0, 71, 0);
    set(fake, 105 * MS, 0, 72, 0);
    set(fake, 106 * MS, 1, 73, 0);
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 71, RECORD_OK, 122 * MS);
    assert_reply(fake, 72, RECORD_FAIL, 105 * MS);
    assert_reply(fake, 73, RECORD_OK, 128 * MS);
    assert_int_equal(fake_sent(fake, QUORUM_WRITE), 4);
    assert_int_equal(fake_pending(fake, 0), 0);
    assert_equal_copies(fake);
    fake_free(fake);
    arena_release(&arena);
}

/*
 * A stock of 10 of each of three: 0 has taken 9 of its own when it asks 1 (the first of those with
 * most) for half of the difference, (10 - 1) / 2 = 4. 1 is asked at 110; 0 has them at 122, 2 knows
 * of it at 140. Until then 0 refuses to take 2. Having taken 5 it asks 2, which has most now.
 */
static void test_rights_are_passed_on(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct quorum_params params = defaults();
    struct fake *fake = start_type(&params, "bounded_counter", "initial=30,low=3", &arena);
    fake_change(fake, 100 * MS, 0, KEY, 71, value_request_pack(VALUE_DECREMENT, 0, 9));
    fake_change(fake, 121 * MS, 0, KEY, 72, value_request_pack(VALUE_DECREMENT, 0, 2));
    fake_change(fake, 123 * MS, 0, KEY, 73, value_request_pack(VALUE_DECREMENT, 0, 5));
    fake_change(fake, 200 * MS, 1, KEY, 74, value_request_pack(VALUE_DECREMENT, 0, 7));
    fake_change(fake, 201 * MS, 1, KEY, 75, value_request_pack(VALUE_DECREMENT, 0, 6));
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 71, RECORD_OK, 122 * MS);
    assert_reply(fake, 72, RECORD_FAIL, 121 * MS);
    assert_reply(fake, 73, RECORD_OK, 145 * MS);
    assert_reply(fake, 74, RECORD_FAIL, 200 * MS); /* it has passed 4 of its 10 on */
    assert_reply(fake, 75, RECORD_OK, 223 * MS);
    assert_int_equal(fake_view(fake, 2, KEY).number, -20);
    fake_run(fake, 60000 * MS);
    assert_equal_copies(fake);
    fake_free(fake);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fast_clock_masks_cells),
        cmocka_unit_test(test_a_coordinator_without_a_copy),
        cmocka_unit_test(test_siblings),
        cmocka_unit_test(test_dots_prevent_the_explosion),
        cmocka_unit_test(test_refused_writes),
        cmocka_unit_test(test_rights_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
