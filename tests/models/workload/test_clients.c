#include "tests/models/workload/fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Half reads, half writes at 4 a second: every field of the rows and of the requests. */
static void test_open_loop_rows(void **state)
{
    (void)state;
    struct world *world = fake_init(2);
    world->group[1].rate = 4.0;
    world->group[1].arrivals = 1;
    world->group[1].mix.write = 1.0;
    world->group[1].sessions = 5;
    world->group[0].sessions = 7;
    world->layout.duration_ns = SIM_NS_PER_S;
    world->layout.warmup_ns = 500 * MS;
    fake_run(world);
    /* At 250, 500, 750 and 1000 ms; the last one is still in flight. */
    assert_int_equal(fake_count(world, RECORD_INVOKED), 4);
    assert_int_equal(fake_count(world, RECORD_COMPLETED), 3);
    for (uint32_t i = 0; i < 3; i++) {
        const struct record *invoked = fake_nth(world, RECORD_INVOKED, i);
        const struct record *completed = fake_nth(world, RECORD_COMPLETED, i);
        const sim_ns at_ns = (i + 1) * 250 * MS;
        assert_int_equal(invoked->at_ns, at_ns);
        assert_int_equal(invoked->a, at_ns);
        assert_int_equal(invoked->b, 0);
        assert_int_equal(invoked->write, 0);
        assert_int_equal(invoked->bytes, 512);
        assert_int_equal(completed->at_ns, at_ns + 10 * MS);
        assert_int_equal(completed->outcome, RECORD_OK);
        assert_int_equal(completed->node, 0);
        assert_int_equal(completed->stamp, 1001 + i);
        assert_int_equal(completed->write, i + 1);
        assert_int_equal(completed->a, 1);
        const struct record *rows[] = {invoked, completed};
        for (int r = 0; r < 2; r++) {
            assert_int_equal(rows[r]->operation, i + 1);
            assert_int_equal(rows[r]->type, RECORD_WRITE);
            assert_int_equal(rows[r]->flags, at_ns < 500 * MS ? RECORD_FLAG_WARMUP : 0);
            assert_int_equal(rows[r]->group, 1);
            assert_int_equal(rows[r]->from_place, 1);
            assert_int_equal(rows[r]->key, i);
            assert_int_equal(rows[r]->slot, 1); /* the same slot again and again */
            assert_in_range(rows[r]->session, 7, 11);
        }
        const struct message *request = &world->requests[i].message;
        assert_int_equal(request->operation, i + 1);
        assert_int_equal(request->key, i);
        assert_int_equal(request->bytes, 512);
        assert_int_equal(request->type, RECORD_WRITE);
        assert_int_equal(request->a, 0);
    }
    fake_release(world);
}

/* What an open loop asks may not depend on how it is answered. */
static struct answers slow_and_bad(struct world *world, const struct message *request)
{
    (void)world;
    const enum record_outcome outcome = (enum record_outcome)(request->operation % 3);
    return (struct answers){.first = {request->operation % 7 != 0, 180 * MS, outcome, 0}};
}

static void test_open_loop_is_the_same_for_every_strategy(void **state)
{
    (void)state;
    struct world *worlds[2];
    for (int w = 0; w < 2; w++) {
        struct world *world = worlds[w] = fake_init(3);
        const struct distribution_uniform sizes = {.min = 100, .max = 10000};
        world->dataset[0].value_bytes = distribution_make(&world->arena, "uniform", &sizes);
        world->dataset[0].keys.popularity = SCENARIO_POPULARITY_ZIPFIAN;
        for (int g = 0; g < 3; g++) {
            world->group[g].rate = 300.0;
            world->group[g].sessions = 20;
            world->group[g].mix = (struct scenario_mix){
                .read = 0.3, .write = 0.3, .insert = 0.1, .scan = 0.3, .scan_keys = 9};
            world->group[g].retry.tries = 3;
            world->group[g].retry.timeout = 50 * MS;
            world->group[g].retry.backoff = 20 * MS;
            world->group[g].retry.jitter = 0.5;
            world->group[g].hedge_after = 15 * MS;
        }
        world->group[2].popularity = 1 + SCENARIO_POPULARITY_LATEST;
        world->script = w == 0 ? answer_10ms : slow_and_bad;
        fake_run(world);
    }
    assert_true(worlds[1]->request_count > worlds[0]->request_count + 1000);
    const size_t count = fake_count(worlds[0], RECORD_INVOKED);
    assert_int_equal(count, fake_count(worlds[1], RECORD_INVOKED));
    assert_in_range(count, 8600, 9400); /* 9000, sd 95 */
    size_t at[2] = {0, 0};
    for (size_t i = 0; i < count; i++) {
        const struct record *rows[2];
        for (int w = 0; w < 2; w++) {
            while (worlds[w]->rows[at[w]].kind != RECORD_INVOKED) {
                at[w]++;
            }
            rows[w] = &worlds[w]->rows[at[w]++];
        }
        assert_int_equal(rows[0]->at_ns, rows[1]->at_ns);
        assert_int_equal(rows[0]->operation, i + 1);
        assert_int_equal(rows[1]->operation, i + 1);
        assert_int_equal(rows[0]->group, rows[1]->group);
        assert_int_equal(rows[0]->session, rows[1]->session);
        assert_int_equal(rows[0]->type, rows[1]->type);
        assert_int_equal(rows[0]->key, rows[1]->key);
        assert_int_equal(rows[0]->bytes, rows[1]->bytes);
    }
    fake_release(worlds[0]);
    fake_release(worlds[1]);
}

/* Thinks 30 ms, asks, waits 10 ms: 25 operations a second and session, one at a time. */
static void test_closed_loop(void **state)
{
    (void)state;
    struct world *world = fake_init(1);
    world->group[0].sessions = 3;
    world->group[0].think = distribution_constant(&world->arena, 30.0 * MS);
    world->layout.duration_ns = SIM_NS_PER_S;
    fake_run(world);
    assert_int_equal(fake_count(world, RECORD_INVOKED), 75);
    assert_int_equal(fake_count(world, RECORD_COMPLETED), 75);
    for (size_t i = 0; i < 75; i++) {
        const struct record *invoked = fake_nth(world, RECORD_INVOKED, i);
        assert_int_equal(invoked->at_ns, 30 * MS + (sim_ns)(i / 3) * 40 * MS);
        assert_int_equal(invoked->a, invoked->at_ns);
        assert_int_equal(invoked->session, i % 3);
    }
    fake_release(world);
}

static struct answers answer_by_number(struct world *world, const struct message *request)
{
    (void)world;
    return answer_ok((sim_ns)(1 + request->operation % 13) * MS);
}

/* Each session does the same things in the same order, whenever it gets to them. */
/* What began goes on to its end. Closed loop: begins at 30, 70, ... 470 ms, three sessions. */
static void test_loads_end(void **state)
{
    (void)state;
    struct world *world = fake_init(2);
    world->layout.duration_ns = SIM_NS_PER_S;
    world->group[0].rate = 4.0;
    world->group[0].arrivals = 1;
    world->group[0].until = 505 * MS;
    world->group[1].sessions = 3;
    world->group[1].think = distribution_constant(&world->arena, 30.0 * MS);
    world->group[1].until = 500 * MS;
    fake_run(world);
    assert_int_equal(fake_count(world, RECORD_INVOKED), 2 + 36);
    assert_int_equal(fake_count(world, RECORD_COMPLETED), 2 + 36);
    fake_release(world);
}

static void test_closed_loop_sequences(void **state)
{
    (void)state;
    enum { SESSIONS = 10, LENGTH = 20 };
    uint64_t seen[2][SESSIONS][LENGTH] = {{{0}}};
    for (int w = 0; w < 2; w++) {
        struct world *world = fake_init(1);
        world->dataset[0].keys = (struct scenario_keys){.count = SCENARIO_KEYS_MAX,
                                                        .popularity = SCENARIO_POPULARITY_UNIFORM};
        world->group[0].sessions = SESSIONS;
        const struct distribution_exponential law = {.mean = 100.0 * MS};
        world->group[0].think = distribution_make(&world->arena, "exponential", &law);
        world->group[0].mix = (struct scenario_mix){.read = 0.5, .write = 0.5, .scan_keys = 1};
        world->script = w == 0 ? answer_10ms : answer_by_number;
        fake_run(world);
        int count[SESSIONS] = {0};
        for (size_t i = 0; i < world->row_count; i++) {
            const struct record *row = &world->rows[i];
            if (row->kind == RECORD_INVOKED && count[row->session] < LENGTH) {
                seen[w][row->session][count[row->session]++] = (uint64_t)row->key << 1 | row->type;
            }
        }
        for (int s = 0; s < SESSIONS; s++) {
            assert_int_equal(count[s], LENGTH);
        }
        fake_release(world);
    }
    assert_memory_equal(seen[0], seen[1], sizeof seen[0]);
    /* No two share a draw: among 1e8 keys, 200 picks meet with probability 0.02 %. */
    const uint64_t *picks = &seen[0][0][0];
    for (int i = 0; i < SESSIONS * LENGTH; i++) {
        for (int j = 0; j < i; j++) {
            assert_int_not_equal(picks[i], picks[j]);
        }
    }
}

static struct answers refuse_key_2(struct world *world, const struct message *request)
{
    (void)world;
    struct answers answers = answer_ok(10 * MS);
    if (request->key == 2 && request->type == RECORD_READ) {
        answers.first.outcome = RECORD_FAIL;
    }
    return answers;
}

/* The write begins when the read is answered, and only then; afterwards the session thinks. */
static void test_read_modify_write(void **state)
{
    (void)state;
    struct world *world = fake_init(1);
    world->group[0].think = distribution_constant(&world->arena, 5.0 * MS);
    world->group[0].mix = (struct scenario_mix){.read_modify_write = 1.0};
    world->script = refuse_key_2;
    world->layout.duration_ns = 100 * MS;
    fake_run(world);
    const struct {
        sim_ns at_ms;
        uint8_t type;
        uint32_t key;
    } expected[] = {{5, RECORD_READ, 0},   {15, RECORD_WRITE, 0}, {30, RECORD_READ, 1},
                    {40, RECORD_WRITE, 1}, {55, RECORD_READ, 2},  {70, RECORD_READ, 3},
                    {80, RECORD_WRITE, 3}, {95, RECORD_READ, 4}};
    const size_t count = sizeof expected / sizeof expected[0];
    assert_int_equal(fake_count(world, RECORD_INVOKED), count);
    for (size_t i = 0; i < count; i++) {
        const struct record *invoked = fake_nth(world, RECORD_INVOKED, i);
        assert_int_equal(invoked->at_ns, expected[i].at_ms * MS);
        assert_int_equal(invoked->type, expected[i].type);
        assert_int_equal(invoked->key, expected[i].key);
        assert_int_equal(invoked->bytes, expected[i].type == RECORD_WRITE ? 512 : 0);
    }
    fake_release(world);
}

/* Inserts go around from key 0; `latest` with theta 20 reads what was inserted last. */
static void test_inserts_and_scans(void **state)
{
    (void)state;
    struct world *world = fake_init(1);
    world->dataset[0].keys =
        (struct scenario_keys){.count = 3, .popularity = SCENARIO_POPULARITY_LATEST, .theta = 20.0};
    world->group[0].rate = 100.0;
    world->group[0].arrivals = 1;
    world->group[0].mix = (struct scenario_mix){.insert = 0.5, .scan = 0.5, .scan_keys = 9};
    fake_run(world);
    uint32_t newest = 2;
    size_t scans = 0;
    assert_int_equal(world->request_count, 1000);
    for (size_t i = 0; i < world->request_count; i++) {
        const struct message *request = &world->requests[i].message;
        if (request->type == RECORD_WRITE) {
            newest = (newest + 1) % 3;
            assert_int_equal(request->a, 0);
        } else {
            assert_int_equal(request->a, 9);
            scans++;
        }
        assert_int_equal(request->key, newest);
    }
    assert_in_range(scans, 430, 570); /* sd 15.8 */
    fake_release(world);
}

static void test_trace_is_replayed(void **state)
{
    (void)state;
    struct world *world = fake_init(1);
    static const char *const cells[] = {"0",    "write", "7",     "12.5", "read",
                                        "99",   "12.5",  "write", "1",    "9000",
                                        "read", "3",     "99999", "read", "50"};
    fake_trace(world, 0, cells, 5);
    world->group[0].sessions = 4;
    fake_run(world);
    const struct record expected[] = {
        {.at_ns = 0, .type = RECORD_WRITE, .key = 7, .bytes = 512},
        {.at_ns = 12500000, .type = RECORD_READ, .key = 99},
        {.at_ns = 12500000, .type = RECORD_WRITE, .key = 1, .bytes = 512},
        {.at_ns = 9000 * MS, .type = RECORD_READ, .key = 3},
    };
    assert_int_equal(fake_count(world, RECORD_INVOKED), 4);
    for (size_t i = 0; i < 4; i++) {
        const struct record *invoked = fake_nth(world, RECORD_INVOKED, i);
        assert_int_equal(invoked->at_ns, expected[i].at_ns);
        assert_int_equal(invoked->type, expected[i].type);
        assert_int_equal(invoked->key, expected[i].key);
        assert_int_equal(invoked->bytes, expected[i].bytes);
    }
    fake_release(world);
}

/* since_write_ns counts from the session's last acknowledged write, not from a refused one. */
static struct answers refuse_key_3(struct world *world, const struct message *request)
{
    (void)world;
    struct answers answers = answer_ok(10 * MS);
    if (request->key == 3) {
        answers.first.outcome = RECORD_FAIL;
    }
    return answers;
}

static void test_time_since_write(void **state)
{
    (void)state;
    struct world *world = fake_init(1);
    static const char *const cells[] = {"5",  "read",  "1", "20", "write", "1", "25", "read", "1",
                                        "40", "write", "3", "60", "read",  "1", "99", "read", "1"};
    fake_trace(world, 0, cells, 6);
    world->script = refuse_key_3;
    fake_run(world);
    const sim_ns expected[] = {SIM_NS_MAX, SIM_NS_MAX, SIM_NS_MAX, 10 * MS, 30 * MS, 69 * MS};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(world->requests[i].since_write_ns, expected[i]);
    }
    fake_release(world);
}

/* Same seed: the same run to the last event; another seed: another run. */
static void test_repeats(void **state)
{
    (void)state;
    uint64_t fingerprints[3];
    for (uint64_t i = 0; i < 3; i++) {
        struct world *world = fake_init(1);
        world->seed = i == 2 ? 2 : 1;
        world->group[0].rate = 100.0;
        world->script = slow_and_bad;
        world->group[0].retry.tries = 2;
        world->group[0].retry.jitter = 1.0;
        world->group[0].retry.backoff = 10 * MS;
        fake_run(world);
        fingerprints[i] = engine_fingerprint(&world->engine);
        fake_release(world);
    }
    assert_int_equal(fingerprints[0], fingerprints[1]);
    assert_int_not_equal(fingerprints[0], fingerprints[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_loop_rows),
        cmocka_unit_test(test_open_loop_is_the_same_for_every_strategy),
        cmocka_unit_test(test_closed_loop),
        cmocka_unit_test(test_loads_end),
        cmocka_unit_test(test_closed_loop_sequences),
        cmocka_unit_test(test_read_modify_write),
        cmocka_unit_test(test_inserts_and_scans),
        cmocka_unit_test(test_trace_is_replayed),
        cmocka_unit_test(test_time_since_write),
        cmocka_unit_test(test_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
