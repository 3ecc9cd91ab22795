/* People who resolve conflicts by hand. */
#include "tests/models/workload/fake_host.h"
#include "tests/models/workload/fake_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Group 0 in region 0: people who need 100 ms for a conflict; each answer takes 10 ms. */
static struct world *people(int64_t sessions, const struct fake_conflict *conflicts, size_t count)
{
    struct world *world = fake_init(1);
    fake_merges(world, 0, &fake_value, 1);
    fake_merges(world, 1, &fake_value, 1);
    world->with_blocks = true;
    world->group[0].sessions = sessions;
    world->group[0].feed.latency = distribution_constant(&world->arena, 100.0 * MS);
    world->conflicts = conflicts;
    world->conflict_count = count;
    return world;
}

static bool always(struct world *world, const struct message *request)
{
    (void)world;
    (void)request;
    return true;
}

struct begun {
    sim_ns at_ms;
    uint8_t type;
    uint32_t key, session;
};

static void assert_begun(const struct world *world, const struct begun *expected, size_t count)
{
    const size_t found = fake_count(world, RECORD_INVOKED);
    for (size_t i = 0; i < found && i < count; i++) {
        const struct record *row = fake_nth(world, RECORD_INVOKED, i);
        if (row->at_ns != expected[i].at_ms * MS || row->type != expected[i].type ||
            row->key != expected[i].key || row->session != expected[i].session) {
            fail_msg("operation %zu: %lld us, type %d, key %u, session %u", i,
                     (long long)(row->at_ns / 1000), row->type, row->key, row->session);
        }
    }
    assert_int_equal(found, count);
}

/* 100 ms of thought, 10 ms for the read, then the write with what the read has brought. */
static void test_one_conflict(void **state)
{
    (void)state;
    static const struct fake_conflict conflicts[] = {{.at_ns = 50 * MS, .key = 7}};
    struct world *world = people(1, conflicts, 1);
    world->siblings = always;
    fake_run(world);
    assert_begun(world, (const struct begun[]){{150, RECORD_READ, 7, 0}, {160, RECORD_WRITE, 7, 0}},
                 2);
    assert_int_equal(world->requests[0].message.flag, MESSAGE_WANTS_CONTEXT);
    assert_int_equal(world->requests[1].context, 1);
    assert_int_equal(value_request_action(world->requests[1].message.a), VALUE_ADD);
    assert_int_equal(world->requests[1].message.bytes, 512 + 24);
    assert_int_equal(fake_count(world, RECORD_COMPLETED), 2);
    assert_int_equal(world->blocks_live, 0);
    fake_release(world);
}

/* One value by now: somebody else was quicker, and nothing is written. */
static void test_resolved_meanwhile(void **state)
{
    (void)state;
    static const struct fake_conflict conflicts[] = {{.at_ns = 50 * MS, .key = 7},
                                                     {.at_ns = 55 * MS, .key = 8}};
    struct world *world = people(1, conflicts, 2);
    fake_run(world);
    assert_begun(world, (const struct begun[]){{150, RECORD_READ, 7, 0}, {260, RECORD_READ, 8, 0}},
                 2);
    assert_int_equal(world->blocks_live, 0);
    fake_release(world);
}

/*
 * Two people, first come first served; a key that waits, or is being thought about, is not listed
 * again, but one whose read has begun is: at 155 ms that of key 1 has.
 */
static void test_queue(void **state)
{
    (void)state;
    static const struct fake_conflict conflicts[] = {
        {.at_ns = 50 * MS, .key = 1},  {.at_ns = 51 * MS, .key = 1}, {.at_ns = 52 * MS, .key = 2},
        {.at_ns = 53 * MS, .key = 9},  {.at_ns = 54 * MS, .key = 0}, {.at_ns = 55 * MS, .key = 9},
        {.at_ns = 140 * MS, .key = 1}, {.at_ns = 155 * MS, .key = 1}};
    struct world *world = people(2, conflicts, 8);
    world->siblings = always;
    fake_run(world);
    const struct begun expected[] = {
        {150, RECORD_READ, 1, 0},  {152, RECORD_READ, 2, 1},
        {160, RECORD_WRITE, 1, 0}, {162, RECORD_WRITE, 2, 1}, /* free at 170 and 172 */
        {270, RECORD_READ, 9, 0},  {272, RECORD_READ, 0, 1},
        {280, RECORD_WRITE, 9, 0}, {282, RECORD_WRITE, 0, 1}, /* free at 290 and 292 */
        {390, RECORD_READ, 1, 0},  {400, RECORD_WRITE, 1, 0}};
    assert_begun(world, expected, sizeof expected / sizeof expected[0]);
    assert_int_equal(clients_conflicts_waiting(world->clients, 0), 0);
    fake_release(world);
}

static void test_other_regions_and_datasets(void **state)
{
    (void)state;
    static const struct fake_conflict conflicts[] = {{.at_ns = 50 * MS, .key = 1, .region = 1},
                                                     {.at_ns = 50 * MS, .key = 2, .dataset = 1},
                                                     {.at_ns = 50 * MS, .key = 3, .region = 2}};
    struct world *world = people(1, conflicts, 3);
    world->layout.group_count = 3;
    world->scenario.clients.count = 3;
    world->group[1].feed = world->group[0].feed; /* at place 1, but for the other dataset */
    world->group[1].dataset = 1;
    world->group[2].feed = world->group[0].feed;
    fake_run(world);
    assert_begun(world, (const struct begun[]){{150, RECORD_READ, 3, 2}}, 1);
    fake_release(world);
}

static struct answers refuse_twice(struct world *world, const struct message *request)
{
    (void)world;
    struct answers answers = answer_ok(10 * MS);
    if (request->operation == 1) {
        answers.first.outcome = RECORD_FAIL; /* the first read */
    } else if (request->operation == 3) {
        answers.first.given = false; /* the write after the second: no answer by the deadline */
    }
    return answers;
}

/* What could not be read or written waits again, at the end. */
static void test_failures(void **state)
{
    (void)state;
    static const struct fake_conflict conflicts[] = {{.at_ns = 0, .key = 5}};
    struct world *world = people(1, conflicts, 1);
    world->siblings = always;
    world->script = refuse_twice;
    fake_run(world);
    const struct begun expected[] = {{100, RECORD_READ, 5, 0}, /* refused at 110 */
                                     {210, RECORD_READ, 5, 0},
                                     {220, RECORD_WRITE, 5, 0}, /* its deadline is at 1220 */
                                     {1320, RECORD_READ, 5, 0},
                                     {1330, RECORD_WRITE, 5, 0}};
    assert_begun(world, expected, sizeof expected / sizeof expected[0]);
    assert_int_equal(fake_nth(world, RECORD_COMPLETED, 2)->outcome, RECORD_INFO);
    assert_int_equal(world->blocks_live, 0);
    fake_release(world);
}

/* However many conflicts there are, memory is that of the keys, and each key waits once. */
static void test_flood(void **state)
{
    (void)state;
    enum { FLOOD = 5000 };
    struct fake_conflict *conflicts = calloc(FLOOD, sizeof *conflicts);
    assert_non_null(conflicts);
    for (uint32_t i = 0; i < FLOOD; i++) {
        conflicts[i] = (struct fake_conflict){.at_ns = (sim_ns)i * 1000, .key = i * 37 % 100};
    }
    struct world *world = people(3, conflicts, FLOOD);
    world->siblings = always;
    world->layout.duration_ns = 99 * MS;
    fake_run(world);
    assert_int_equal(fake_count(world, RECORD_INVOKED), 0);
    assert_int_equal(clients_conflicts_waiting(world->clients, 0), 97); /* three are in work */
    engine_run(&world->engine, 100 * SIM_NS_PER_S, UINT64_MAX);
    assert_int_equal(fake_count(world, RECORD_INVOKED), 200);
    assert_int_equal(clients_conflicts_waiting(world->clients, 0), 0);
    fake_release(world);
    free(conflicts);
}

/* Latencies are drawn by person and count: the same whatever else happens. */
static void test_latency_is_drawn(void **state)
{
    (void)state;
    static const struct fake_conflict conflicts[] = {{.at_ns = 0, .key = 1},
                                                     {.at_ns = 0, .key = 2}};
    sim_ns first_ns[2][2];
    for (int w = 0; w < 2; w++) {
        struct world *world = people(2, conflicts, 2);
        const struct distribution_exponential law = {.mean = 100.0 * MS};
        world->group[0].feed.latency = distribution_make(&world->arena, "exponential", &law);
        world->siblings = w == 0 ? always : NULL;
        fake_run(world);
        for (uint32_t s = 0; s < 2; s++) {
            size_t n = 0;
            while (fake_nth(world, RECORD_INVOKED, n)->session != s) {
                n++;
            }
            first_ns[w][s] = fake_nth(world, RECORD_INVOKED, n)->at_ns;
        }
        fake_release(world);
    }
    assert_memory_equal(first_ns[0], first_ns[1], sizeof first_ns[0]);
    assert_int_not_equal(first_ns[0][0], first_ns[0][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_conflict),
        cmocka_unit_test(test_resolved_meanwhile),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_other_regions_and_datasets),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_latency_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
