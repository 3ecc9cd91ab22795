#include "tests/models/workload/fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct answers refuse_key_2(struct world *world, const struct message *request)
{
    (void)world;
    struct answers answers = answer_ok(10 * MS);
    if (request->key == 2) {
        answers.first.outcome = RECORD_FAIL;
    }
    return answers;
}

/* Acknowledged at 15 and 35 ms, refused at 25 ms: reads of keys 1 and 3 at 50 ms later. */
static void test_after_acknowledgement_only(void **state)
{
    (void)state;
    struct world *world = fake_init(2);
    static const char *const cells[] = {"5",  "write", "1", "15", "write", "2",
                                        "25", "write", "3", "30", "read",  "4"};
    fake_trace(world, 0, cells, 4);
    world->script = refuse_key_2;
    world->group[0].probe = (struct scenario_probe){
        .share = 1.0, .after = distribution_constant(&world->arena, 50.0 * MS)};
    static uint32_t reader = 1;
    world->group[0].probe.readers = (struct param_list){&reader, 1};
    world->group[1].sessions = 4;
    fake_run(world);
    assert_int_equal(fake_count(world, RECORD_INVOKED), 6);
    const struct {
        sim_ns at_ms;
        uint32_t key;
        uint64_t write;
    } expected[] = {{65, 1, 1}, {85, 3, 3}};
    for (size_t i = 0; i < 2; i++) {
        const struct record *invoked = fake_nth(world, RECORD_INVOKED, 4 + i);
        assert_int_equal(invoked->at_ns, expected[i].at_ms * MS);
        assert_int_equal(invoked->key, expected[i].key);
        assert_int_equal(invoked->write, expected[i].write);
        assert_int_equal(invoked->b, 50 * MS);
        assert_int_equal(invoked->flags, RECORD_FLAG_PROBE);
        assert_int_equal(invoked->group, 1);
        assert_int_equal(invoked->from_place, 1);
        assert_in_range(invoked->session, 1, 4);
        assert_int_equal(invoked->type, RECORD_READ);
        const struct record *completed = fake_nth(world, RECORD_COMPLETED, 4 + i);
        assert_int_equal(completed->operation, invoked->operation);
        assert_int_equal(completed->flags, RECORD_FLAG_PROBE);
        assert_int_equal(completed->at_ns, (expected[i].at_ms + 10) * MS);
    }
    fake_release(world);
}

/* 30 % of the writes; readers in a (one group) and c (one group), half each; b never. */
static void test_shares(void **state)
{
    (void)state;
    struct world *world = fake_init(3);
    for (int g = 0; g < 3; g++) {
        world->group[g].sessions = 10;
    }
    world->group[0].rate = 2000.0;
    world->group[0].mix.write = 1.0;
    const struct distribution_uniform law = {.min = 0, .max = 100.0 * MS};
    world->group[0].probe = (struct scenario_probe){
        .share = 0.3, .after = distribution_make(&world->arena, "uniform", &law)};
    static uint32_t readers[] = {2, 0};
    world->group[0].probe.readers = (struct param_list){readers, 2};
    fake_run(world);
    int probes = 0, by_group[3] = {0}, by_session[30] = {0};
    double after_ms = 0.0;
    for (size_t i = 0; i < world->row_count; i++) {
        const struct record *row = &world->rows[i];
        if (row->kind == RECORD_INVOKED && (row->flags & RECORD_FLAG_PROBE) != 0) {
            probes++;
            by_group[row->group]++;
            by_session[row->session]++;
            after_ms += (double)row->b / 1e6;
        }
    }
    /* 20000 writes: 6000 probes (sd 65, 4 sd), halves (sd 39), sessions 300 each (sd 17). */
    assert_in_range(probes, 5650, 6350);
    assert_int_equal(by_group[1], 0);
    assert_in_range(by_group[0] * 2, probes - 320, probes + 320);
    for (int s = 0; s < 30; s++) {
        if (s < 10 || s >= 20) {
            assert_in_range(by_session[s], 220, 380);
        }
    }
    /* Uniform 0..100 ms: sd of the mean 0.37 ms. */
    assert_true(after_ms / probes > 48.4);
    assert_true(after_ms / probes < 51.6);
    fake_release(world);
}

/* Without a list every group of the dataset reads; probes leave the group's own load alone. */
static void test_any_group_and_same_workload(void **state)
{
    (void)state;
    struct world *worlds[2];
    for (int w = 0; w < 2; w++) {
        struct world *world = worlds[w] = fake_init(3);
        world->dataset[0].keys.popularity = SCENARIO_POPULARITY_ZIPFIAN;
        for (int g = 0; g < 3; g++) {
            world->group[g].rate = 200.0;
            world->group[g].sessions = 10;
            world->group[g].mix = (struct scenario_mix){.read = 0.5, .write = 0.5, .scan_keys = 1};
        }
        world->group[1].probe = (struct scenario_probe){
            .share = w == 0 ? 0.0 : 0.5, .after = distribution_constant(&world->arena, 1.0 * MS)};
        fake_run(world);
    }
    size_t other = 0;
    bool seen[3] = {false};
    for (size_t i = 0; i < worlds[1]->row_count; i++) {
        const struct record *row = &worlds[1]->rows[i];
        if (row->kind != RECORD_INVOKED) {
            continue;
        }
        if ((row->flags & RECORD_FLAG_PROBE) != 0) {
            seen[row->group] = true;
            continue;
        }
        while (worlds[0]->rows[other].kind != RECORD_INVOKED) {
            other++;
        }
        const struct record *same = &worlds[0]->rows[other++];
        assert_int_equal(row->at_ns, same->at_ns);
        assert_int_equal(row->key, same->key);
        assert_int_equal(row->session, same->session);
        assert_int_equal(row->type, same->type);
    }
    assert_true(seen[0] && seen[1] && seen[2]);
    fake_release(worlds[0]);
    fake_release(worlds[1]);
}

/* A group of another dataset can not read the key; a client's own place is no region. */
static void test_who_can_read(void **state)
{
    (void)state;
    for (int listed = 0; listed < 2; listed++) {
        struct world *world = fake_init(3);
        static uint32_t readers[] = {0, 1, 2};
        world->group[0].rate = 100.0;
        world->group[0].mix.write = 1.0;
        world->group[0].probe = (struct scenario_probe){.share = 1.0};
        world->group[0].probe.readers = (struct param_list){readers, listed ? 3 : 0};
        world->group[1].dataset = 1;
        world->places[2].is_region = false;
        fake_run(world);
        int by_group[3] = {0};
        for (size_t i = 0; i < world->row_count; i++) {
            const struct record *row = &world->rows[i];
            if (row->kind == RECORD_INVOKED && (row->flags & RECORD_FLAG_PROBE) != 0) {
                by_group[row->group]++;
                assert_int_equal(row->b, 0); /* without `after`: at once */
            }
        }
        assert_true(by_group[0] > 300);
        assert_int_equal(by_group[1], 0);
        assert_int_equal(by_group[2] > 300, !listed);
        fake_release(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_acknowledgement_only),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_who_can_read),
        cmocka_unit_test(test_any_group_and_same_workload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
