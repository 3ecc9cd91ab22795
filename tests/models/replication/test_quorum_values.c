#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/scenario.h"
#include "tests/models/replication/fake_internal.h"
#include "tests/models/replication/quorum_case.h"
#include "tests/models/values/value_case.h"

extern const struct strategy_ops strategy_primary;

static struct fake *start_counter(const struct quorum_params *params, sim_ns disk_ns)
{
    struct fake_config config = config_of(params);
    config.disk_ns = disk_ns;
    config.value.ops = &fake_counter_ops;
    return fake_new(&config);
}

static void add(struct fake *fake, sim_ns at_ns, uint32_t member, uint64_t operation,
                uint32_t amount)
{
    fake_change(fake, at_ns, member, KEY, operation,
                value_request_pack(VALUE_INCREMENT, 0, amount));
}

static void assert_number(struct fake *fake, uint32_t member, sim_ns at_ns, int64_t before,
                          int64_t after)
{
    fake_run(fake, at_ns - 1);
    assert_int_equal(fake_view(fake, member, KEY).number, before);
    fake_run(fake, at_ns);
    assert_int_equal(fake_view(fake, member, KEY).number, after);
}

static void assert_equal_copies(const struct fake *fake)
{
    for (uint32_t member = 1; member < 3; member++) {
        assert_true(fake_digest(fake, member, KEY) == fake_digest(fake, 0, KEY));
    }
    assert_int_equal(fake_blocks(fake), 0);
}

/* As a register's: here at once, 10 and 40 ms later there, answered after 22. */
static void assert_write(uint32_t exchange, uint32_t second_bytes)
{
    struct quorum_params params = defaults();
    params.exchange = exchange;
    struct fake *fake = start_counter(&params, 0);
    add(fake, 7 * MS, 0, 71, 5);
    assert_number(fake, 0, 7 * MS, 0, 5);
    assert_number(fake, 1, 17 * MS, 0, 5);
    assert_number(fake, 2, 47 * MS, 0, 5);
    assert_int_equal(fake_blocks(fake), 1); /* what the pending write may have to give as a hint */
    assert_int_equal(fake_sent_bytes(fake, QUORUM_WRITE), 2 * (QUORUM_WRITE_BYTES + 8 + 24));
    add(fake, 200 * MS, 1, 72, 1);
    add(fake, 300 * MS, 0, 73, 1);
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 71, RECORD_OK, 29 * MS);
    /* Then there are two actors, and a state has both. */
    assert_int_equal(fake_sent_bytes(fake, QUORUM_WRITE),
                     6 * QUORUM_WRITE_BYTES + 2 * (8 + 24) + 4 * second_bytes);
    assert_int_equal(fake_view(fake, 2, KEY).number, 7);
    assert_int_equal(fake_pending(fake, 0), 0);
    assert_equal_copies(fake);
    fake_free(fake);
}

static void test_writes_as_states_and_deltas(void **state)
{
    (void)state;
    assert_write(VALUE_STATE, 8 + 2 * 24);
    assert_write(VALUE_DELTA, 8 + 24);
}

/*
 * 0 and 1 write at 100. 2 reads at 101, itself (nothing yet) and 1, which is asked at 134 and has
 * both since 110. The answer is here at 164; 2 itself has been repaired in the same instant.
 */
static void test_writes_that_meet(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.exchange = VALUE_DELTA;
    struct fake *fake = start_counter(&params, 0);
    add(fake, 100 * MS, 0, 71, 5);
    add(fake, 100 * MS, 1, 72, 30);
    fake_read(fake, 101 * MS, 2, KEY, 1);
    assert_number(fake, 1, 110 * MS, 30, 35);
    assert_number(fake, 0, 112 * MS, 5, 35);
    assert_number(fake, 2, 130 * MS, 0, 30);
    assert_number(fake, 2, 140 * MS, 30, 35);
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 1, RECORD_OK, 164 * MS);
    assert_int_equal(fake_reply_to(fake, 1).view.number, 35);
    assert_equal_copies(fake);
    fake_free(fake);
}

/* 71 is at 0 only, 72 at 1 only, 2 has nothing. */
static struct fake *start_apart(const struct quorum_params *params)
{
    struct fake *fake = start_counter(params, 0);
    fake_lose(fake, 0, 1, QUORUM_WRITE, 1);
    fake_lose(fake, 0, 2, QUORUM_WRITE, 1);
    fake_lose(fake, 1, 0, QUORUM_WRITE, 1);
    fake_lose(fake, 1, 2, QUORUM_WRITE, 1);
    add(fake, 0, 0, 71, 5);
    add(fake, 0, 1, 72, 30);
    return fake;
}

/*
 * 2 asks all at 3000; 1's answer is there at 3063, 0's at 3084. Nobody has answered with the join:
 * all are repaired, 1 at 3117 and 0 at 3128; their acknowledgements are back at 3147 and 3168.
 */
static void test_answers_are_joined(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.w = 1;
    params.r = 3;
    struct fake *fake = start_apart(&params);
    fake_read(fake, 3000 * MS, 2, KEY, 1);
    assert_number(fake, 2, 3084 * MS, 0, 35);
    assert_number(fake, 1, 3117 * MS, 30, 35);
    assert_number(fake, 0, 3128 * MS, 5, 35);
    fake_run(fake, 4000 * MS);
    assert_reply(fake, 1, RECORD_OK, 3168 * MS);
    assert_int_equal(fake_reply_to(fake, 1).view.number, 35);
    assert_int_equal(fake_sent(fake, QUORUM_REPAIR), 2);
    assert_equal_copies(fake);
    fake_free(fake);
}

/*
 * R = 2 at coordinator 0, all are asked: answered at 3022 with what 0 and 1 have. 2's answer of
 * 3084 has nothing more; then all three are repaired, 1 at 3094 and 2 at 3124.
 */
static void test_repair_in_the_background(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.w = 1;
    params.read_from = QUORUM_FROM_ALL;
    params.read_repair = QUORUM_REPAIR_BACKGROUND;
    struct fake *fake = start_apart(&params);
    fake_read(fake, 3000 * MS, 0, KEY, 1);
    assert_number(fake, 0, 3084 * MS, 5, 35);
    assert_number(fake, 1, 3094 * MS, 30, 35);
    assert_number(fake, 2, 3124 * MS, 0, 35);
    fake_read(fake, 4000 * MS, 0, KEY, 2);
    fake_run(fake, 5000 * MS);
    assert_reply(fake, 1, RECORD_OK, 3022 * MS);
    assert_int_equal(fake_reply_to(fake, 1).view.number, 35);
    assert_int_equal(fake_sent(fake, QUORUM_REPAIR), 2); /* none after the second read */
    assert_equal_copies(fake);
    fake_free(fake);
}

/* A copy that alone has it all is fresh: 0 does not get what it has said itself. */
static void test_one_answer_with_everything(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.w = 1;
    params.r = 3;
    struct fake *fake = start_counter(&params, 0);
    fake_lose(fake, 0, 1, QUORUM_WRITE, 1);
    fake_lose(fake, 0, 2, QUORUM_WRITE, 1);
    add(fake, 0, 0, 71, 5);
    fake_read(fake, 3000 * MS, 2, KEY, 1);
    fake_run(fake, 4000 * MS);
    /* 1 is asked at 3033, 0 at 3044; 0's answer is here at 3084, 1 is repaired at 3117, 3147. */
    assert_reply(fake, 1, RECORD_OK, 3147 * MS);
    assert_int_equal(fake_sent(fake, QUORUM_REPAIR), 1);
    assert_equal_copies(fake);
    fake_free(fake);
}

/*
 * Every 9 s, members in turn at 3, 6 and 9. 0 sends its hashes to 1 at 3000, which answers at 3010
 * with digests; at 3022 0 sends what it holds and asks for the other's: 1 is complete at 3032 and
 * 0 at 3044. At 6000 1 does the same with 2: digests at 6030, back at 6063, values at 6093.
 */
static void test_anti_entropy(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.w = 1;
    params.anti_entropy = 9000 * MS;
    struct fake *fake = start_apart(&params);
    assert_number(fake, 1, 3032 * MS, 30, 35);
    assert_number(fake, 0, 3044 * MS, 5, 35);
    assert_number(fake, 2, 6093 * MS, 0, 35);
    assert_int_equal(fake_sent(fake, QUORUM_WANT), 1); /* not of 2, which had nothing */
    fake_run(fake, 6500 * MS);
    assert_equal_copies(fake);
    fake_free(fake);
}

/*
 * 2 is down from 1 to 3000: the write of 10 has a hint at 2010, which is sent at once, and again
 * 1 ms (rate) and 2 s (no answer) later.
 */
static void test_hints(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.exchange = VALUE_DELTA;
    struct fake *fake = start_counter(&params, 0);
    fake_down(fake, 1 * MS, 2);
    add(fake, 10 * MS, 0, 71, 5);
    fake_up(fake, 3000 * MS, 2);
    fake_run(fake, 3500 * MS);
    assert_int_equal(fake_blocks(fake), 1);
    assert_number(fake, 2, 4051 * MS, 0, 5);
    fake_run(fake, 5000 * MS);
    assert_equal_copies(fake);
    fake_free(fake);
}

/* What a coordinator keeps dies with its memory (a pending write) and its disk (a hint). */
static void test_what_a_crash_frees(void **state)
{
    (void)state;
    const struct quorum_params params = defaults();
    struct fake *fake = start_counter(&params, 0);
    fake_down(fake, 1 * MS, 2);
    add(fake, 10 * MS, 0, 71, 5);
    fake_run(fake, 2500 * MS);
    assert_int_equal(fake_blocks(fake), 1);
    add(fake, 2501 * MS, 0, 72, 5);
    fake_read(fake, 2501 * MS, 0, KEY, 1);
    fake_run(fake, 2600 * MS); /* 1 has answered both; the write waits for 2 */
    assert_int_equal(fake_blocks(fake), 2);
    fake_down(fake, 2700 * MS, 0);
    fake_run(fake, 2701 * MS);
    assert_int_equal(fake_blocks(fake), 1);
    fake_disk_lost(fake, 2702 * MS, 0);
    fake_run(fake, 2703 * MS);
    assert_int_equal(fake_blocks(fake), 0);
    fake_free(fake);
}

/* Memory of 0 is lost before its disk has 71, which 1 has: 0 goes on under another name. */
static void test_a_counter_after_a_crash(void **state)
{
    (void)state;
    const struct quorum_params params = defaults();
    struct fake *fake = start_counter(&params, 20 * MS);
    add(fake, 0, 0, 71, 5);
    fake_down(fake, 15 * MS, 0);
    fake_up(fake, 1000 * MS, 0);
    add(fake, 2000 * MS, 0, 72, 30);
    fake_read(fake, 3000 * MS, 0, KEY, 1);
    fake_run(fake, 4000 * MS);
    assert_int_equal(fake_reply_to(fake, 71).at_ns, -1);
    assert_reply(fake, 72, RECORD_OK, 2042 * MS);
    assert_int_equal(fake_reply_to(fake, 1).view.number, 35);
    fake_free(fake);
}

/* ---- types of the library ---- */

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

/* ---- what is refused before the run ---- */

static const char *wrong_key(const struct quorum_params *params, const struct value_ops *value)
{
    static struct scenario_region regions[] = {{.nodes = 2}, {.nodes = 1}, {.nodes = 1}};
    static struct scenario_replication common;
    common.copies = 1;
    const struct scenario scenario = {.regions = {regions, 3}};
    const struct scenario_dataset dataset = {
        .replication = {.common = &common}, .value = {.kind = value != NULL ? &value->kind : NULL}};
    const char *key = NULL;
    return strategy_quorum.check(params, &dataset, &scenario, &key) != NULL ? key : NULL;
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    struct value_ops value = fake_counter_ops;
    value.needs_state = true;
    params.coordinators = QUORUM_BY_REPLICAS;
    assert_null(wrong_key(&params, &value));
    params.exchange = VALUE_DELTA;
    assert_null(wrong_key(&params, &value));
    params.coordinators = QUORUM_BY_OTHERS;
    assert_string_equal(wrong_key(&params, &value), "coordinators");
    value.needs_state = false;
    assert_null(wrong_key(&params, &value));
    params.exchange = VALUE_STATE;
    assert_string_equal(wrong_key(&params, &value), "exchange");
    params.coordinators = QUORUM_BY_REPLICAS;
    params.exchange = VALUE_DELTA;
    value.forms = 1u << VALUE_STATE;
    assert_string_equal(wrong_key(&params, &value), "exchange");
    assert_string_equal(wrong_key(&params, NULL), "exchange");
    params.exchange = VALUE_STATE;
    assert_null(wrong_key(&params, NULL));
    params.exchange = VALUE_OPERATION;
    const char *key = NULL;
    assert_non_null(strategy_quorum.kind.finish(&params, NULL, &key));
    assert_string_equal(key, "exchange");
    struct scenario_replication common = {.copies = 1};
    const struct scenario scenario = {.name = "merging"};
    const struct scenario_dataset merging = {.value = {.kind = &value.kind},
                                             .replication = {.common = &common}};
    assert_non_null(strategy_primary.check(NULL, &merging, &scenario, &key));
    assert_string_equal(key, "strategy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_as_states_and_deltas),
        cmocka_unit_test(test_writes_that_meet),
        cmocka_unit_test(test_answers_are_joined),
        cmocka_unit_test(test_repair_in_the_background),
        cmocka_unit_test(test_one_answer_with_everything),
        cmocka_unit_test(test_anti_entropy),
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_what_a_crash_frees),
        cmocka_unit_test(test_a_counter_after_a_crash),
        cmocka_unit_test(test_a_fast_clock_masks_cells),
        cmocka_unit_test(test_a_coordinator_without_a_copy),
        cmocka_unit_test(test_siblings),
        cmocka_unit_test(test_dots_prevent_the_explosion),
        cmocka_unit_test(test_refused_writes),
        cmocka_unit_test(test_rights_are_passed_on),
        cmocka_unit_test(test_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
