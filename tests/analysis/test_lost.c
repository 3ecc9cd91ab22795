/* What failures take, and who led: worked out by hand. */
#include "tests/analysis/script.h"

/* Committed and applied by `node` at once; then, unless `end_ns` is 0, answered. */
static uint64_t script_write(struct script *script, sim_ns at_ns, sim_ns end_ns, uint32_t node,
                             uint32_t key, bool ok)
{
    const uint64_t write = ++script->operation;
    const uint32_t slot = 100 + (uint32_t)write;
    const struct record row = {.at_ns = at_ns,
                               .kind = RECORD_INVOKED,
                               .type = RECORD_WRITE,
                               .key = key,
                               .slot = slot,
                               .node = node,
                               .operation = write,
                               .stamp = (int64_t)write,
                               .write = write,
                               .a = at_ns};
    static const uint8_t kinds[] = {RECORD_INVOKED, RECORD_APPLIED, RECORD_COMMITTED};

    for (size_t i = 0; i < 3; i++) {
        struct record next = row;

        next.kind = kinds[i];
        script_row(script, next);
    }
    if (end_ns > 0) {
        struct record done = row;

        done.kind = RECORD_COMPLETED;
        done.at_ns = end_ns;
        done.outcome = ok ? RECORD_OK : RECORD_INFO;
        done.a = 1;
        script_row(script, done);
    }
    return write;
}

static void script_write_row(struct script *script, sim_ns at_ns, enum record_kind kind,
                             uint32_t node, uint32_t key, uint64_t write)
{
    script_row(script, (struct record){.at_ns = at_ns,
                                       .kind = (uint8_t)kind,
                                       .node = node,
                                       .key = key,
                                       .stamp = (int64_t)write,
                                       .write = write});
}

static void script_node(struct script *script, sim_ns at_ns, uint32_t node, bool up, uint8_t flags)
{
    script_row(script, (struct record){.at_ns = at_ns,
                                       .kind = up ? RECORD_NODE_UP : RECORD_NODE_DOWN,
                                       .node = node,
                                       .flags = flags});
}

/* Node 0 leads from the begin, and is no more from 20 s; node 1 does from 30 s on. */
static struct script *failover(void)
{
    struct script *script = script_new(200 * SECOND);

    script_leader(script, 0, 0, true, 1);
    script_fault(script, FAULT_CRASH, 20 * SECOND, 100 * SECOND);
    script_node(script, 20 * SECOND, 0, false, 0);
    script_leader(script, 20 * SECOND, 0, false, 1);
    script_leader(script, 30 * SECOND, 1, true, 2);
    return script;
}

/*
 * w1 is at node 1. w2 is at node 2 only, acknowledged at 18 s; w3 at node 0 only, at 19.5 s; w4 the
 * same, but its answer arrives at 20.2 s; w5 never gets one; w6 fails. The crash takes w3 from the
 * live nodes, and node 1 misses w2, w3 and w4. Later node 1 gets w2; node 0 comes back and throws
 * w3, w5 and w6 away, w3 twice. So w4 is gone.
 */
static void test_fates(void **state)
{
    struct script *script = failover();
    struct metric_set set;
    uint64_t writes[7];

    (void)state;
    for (uint32_t i = 1; i <= 6; i++) {
        static const sim_ns begins[] = {0, 10000, 17900, 19400, 19900, 19910, 19920};
        static const sim_ns ends[] = {0, 10100, 18000, 19500, 20200, 0, 25000};

        writes[i] = script_write(script, begins[i] * MS, ends[i] * MS, 0, (i + 2) % 4, i < 5);
    }
    script_write_row(script, 11 * SECOND, RECORD_APPLIED, 1, 3, writes[1]);
    script_write_row(script, 18 * SECOND, RECORD_APPLIED, 2, 0, writes[2]);
    script_node(script, 100 * SECOND, 0, true, 0);
    for (uint32_t i = 0; i < 4; i++) {
        static const uint32_t thrown[] = {3, 5, 6, 3};

        script_write_row(script, (101 + i) * SECOND, RECORD_DISCARDED, 0, (thrown[i] + 2) % 4,
                         writes[thrown[i]]);
    }
    script_write_row(script, 110 * SECOND, RECORD_APPLIED, 1, 0, writes[2]);
    script_run(script, &set);
    near(value_of(&set, "rpo_writes{fault=crash}"), 3);
    near(value_of(&set, "rpo_writes_recovered{fault=crash}"), 1);
    near(value_of(&set, "rpo_writes_discarded{fault=crash}"), 1);
    near(value_of(&set, "rpo_writes_gone{fault=crash}"), 1);
    near(value_of(&set, "rpo_writes{dataset=orders}"), 3);
    near(value_of(&set, "rpo_writes_gone"), 1);
    near(value_of(&set, "rpo_ms{fault=crash}"), 2000);
    near(value_of(&set, "rpo_lost_ms{fault=crash}"), 500);
    near(value_of(&set, "rpo_writes{fault=cut}"), 0);
    no_value(&set, "rpo_ms{fault=cut}");
    near(value_of(&set, "acked_discarded{dataset=orders}"), 1);
    near(value_of(&set, "lost_updates{dataset=orders,cause=failover}"), 2); /* w3 and w4 */
    near(value_of(&set, "lost_updates"), 2);
    near(value_of(&set, "lost_updates{cause=concurrent}"), 0);
    near(value_of(&set, "divergent_writes"), 0);
    near(value_of(&set, "failovers{dataset=orders}"), 1);
    near(value_of(&set, "blocked_ms{dataset=orders}"), 10000);
    near(value_of(&set, "leader_overlap_ms{dataset=orders}"), 0);
    near(value_of(&set, "split_brain_ms{dataset=orders}"), 0);
    no_value(&set, "fail_back_ms{dataset=orders}");
    near(value_of(&set, "lost_writes_untracked"), 0);
    metric_set_release(&set);
}

/*
 * Node 0 comes back with all that it had and leads again, in epoch 3 from 150 s on: of the two
 * writes of key 2 it holds the newer one, so the older one is back too. It led elsewhere for 120 s.
 * What node 1 wrote meanwhile, acknowledged at 40.1 s, is missing then: the fault's second loss,
 * acknowledged after its begin.
 */
static void test_fail_back(void **state)
{
    struct script *script = failover();
    struct metric_set set;

    (void)state;
    script_write(script, 15 * SECOND, 16 * SECOND, 0, 2, true);
    script_write(script, 17 * SECOND, 18 * SECOND, 0, 2, true);
    script_write(script, 40 * SECOND, 40100 * MS, 1, 3, true);
    script_node(script, 100 * SECOND, 0, true, 0);
    script_leader(script, 149 * SECOND, 1, false, 2);
    script_step(script, 149 * SECOND, RECORD_STEP_FAIL_BACK, 0, 3);
    script_step(script, 149 * SECOND, RECORD_STEP_REFUSED, RECORD_NONE, 0);
    script_leader(script, 150 * SECOND, 0, true, 3);
    script_run(script, &set);
    near(value_of(&set, "rpo_writes{fault=crash}"), 3);
    near(value_of(&set, "rpo_writes_recovered{fault=crash}"), 2);
    near(value_of(&set, "rpo_writes_gone{fault=crash}"), 1);
    near(value_of(&set, "rpo_ms{fault=crash}"), 4000);
    near(value_of(&set, "failovers{dataset=orders}"), 2);
    near(value_of(&set, "failovers_refused{dataset=orders}"), 1);
    near(value_of(&set, "fail_back_ms{dataset=orders}"), 120000);
    near(value_of(&set, "blocked_ms{dataset=orders}"), 11000);
    metric_set_release(&set);
}

/* A planned move without any fault, 200 ms without a leader; node 1 has everything. */
static void test_switchover(void **state)
{
    struct script *script = script_new(200 * SECOND);
    struct metric_set set;

    (void)state;
    script->layout.warmup_ns = 4 * SECOND;
    script_leader(script, 3 * SECOND, 0, true, 1);
    const uint64_t write = script_write(script, 10 * SECOND, 11 * SECOND, 0, 0, true);

    script_write_row(script, 12 * SECOND, RECORD_APPLIED, 1, 0, write);
    script_leader(script, 50 * SECOND, 0, false, 1);
    script_leader(script, 50200 * MS, 1, true, 2);
    script_run(script, &set);
    near(value_of(&set, "rpo_writes"), 0);
    near(value_of(&set, "failovers{dataset=orders}"), 1);
    near(value_of(&set, "blocked_ms{dataset=orders}"), 200);
    assert_int_equal(set.failures.step_count, 3);
    assert_int_equal(set.failures.steps[1].step, METRIC_STEP_STOPS);
    assert_int_equal(set.failures.steps[2].step, METRIC_STEP_LEADS);
    assert_int_equal(set.failures.steps[2].place, IRELAND);
    metric_set_release(&set);
}

/*
 * A failover without a fault takes two writes: they have no fault's row. That of 29 s was answered
 * at 31 s, when node 1 led already, but had been accepted before: not divergent.
 *
 * Node 0 does not know and accepts until 50 s. Of what it commits then, at 32 s (answered at 33 s)
 * and 41 s (at 60 s) are divergent, at 45 s is not answered, at 46 s fails; what node 1 commits at
 * 35 s and 55 s is not. A second overlap, 70 to 80 s, has one such write. 9 s of split brain, 30 s
 * of overlap. Node 0 throws the one of 32 s away; node 1 gets that of 41 s by some repair.
 */
static void test_split_brain(void **state)
{
    struct script *script = script_new(200 * SECOND);
    struct metric_set set;

    (void)state;
    script_leader(script, 0, 0, true, 1);
    script_write(script, 28 * SECOND, 29 * SECOND, 0, 0, true);
    script_write(script, 29 * SECOND, 31 * SECOND, 0, 1, true);
    script_leader(script, 30 * SECOND, 1, true, 2);

    const uint64_t first = script_write(script, 32 * SECOND, 33 * SECOND, 0, 2, true);

    script_write(script, 35 * SECOND, 36 * SECOND, 1, 3, true);

    const uint64_t second = script_write(script, 41 * SECOND, 60 * SECOND, 0, 2, true);

    script_write(script, 45 * SECOND, 0, 0, 2, true);
    script_write(script, 46 * SECOND, 47 * SECOND, 0, 2, false);
    script_leader(script, 50 * SECOND, 0, false, 1);
    script_write(script, 55 * SECOND, 56 * SECOND, 1, 3, true);
    script_leader(script, 70 * SECOND, 0, true, 1);
    script_write(script, 75 * SECOND, 76 * SECOND, 0, 2, true);
    script_leader(script, 80 * SECOND, 0, false, 1);
    script_write_row(script, 90 * SECOND, RECORD_DISCARDED, 0, 2, first);
    script_write_row(script, 91 * SECOND, RECORD_APPLIED, 1, 2, second);
    script_run(script, &set);
    near(value_of(&set, "divergent_writes{dataset=orders}"), 3);
    near(value_of(&set, "split_brain_ms{dataset=orders}"), 9000);
    near(value_of(&set, "leader_overlap_ms{dataset=orders}"), 30000);
    near(value_of(&set, "failovers{dataset=orders}"), 1);
    near(value_of(&set, "blocked_ms{dataset=orders}"), 0);
    near(value_of(&set, "acked_discarded{dataset=orders}"), 1);
    near(value_of(&set, "rpo_writes{dataset=orders}"), 2);
    near(value_of(&set, "rpo_writes_gone"), 2);
    near(value_of(&set, "lost_updates{cause=failover}"), 3);
    near(value_of(&set, "rpo_writes{fault=crash}"), 0);
    no_value(&set, "rpo_ms{fault=crash}");
    metric_set_release(&set);
}

/*
 * Without a leader, writes of key 0 and 1 are at node 2 only when it goes down at 10 s; one more of
 * key 0 at all. Node 2 comes back at 50 s, with its disk or without.
 */
static void test_crash_without_leader(void **state)
{
    (void)state;
    for (int disk_lost = 0; disk_lost < 2; disk_lost++) {
        struct script *script = script_new(200 * SECOND);
        struct metric_set set;

        script_fault(script, FAULT_CRASH, 10 * SECOND, 50 * SECOND);
        const uint64_t shared = script_write(script, 5 * SECOND, 6 * SECOND, 2, 0, true);

        script_write_row(script, 7 * SECOND, RECORD_APPLIED, 0, 0, shared);
        script_write(script, 8 * SECOND, 8500 * MS, 2, 0, true);
        script_write(script, 8600 * MS, 9 * SECOND, 2, 1, true);
        script_node(script, 10 * SECOND, 2, false, disk_lost ? RECORD_FLAG_DISK_LOST : 0);
        script_node(script, 50 * SECOND, 2, true, 0);
        script_run(script, &set);
        near(value_of(&set, "rpo_writes{fault=crash}"), 2);
        near(value_of(&set, "rpo_writes_recovered{fault=crash}"), disk_lost ? 0 : 2);
        near(value_of(&set, "rpo_writes_gone{fault=crash}"), disk_lost ? 2 : 0);
        near(value_of(&set, "rpo_ms{fault=crash}"), 1500);
        no_value(&set, "blocked_ms{dataset=orders}");
        metric_set_release(&set);
    }
}

/*
 * Node 1 gets a write of 10 s at 350 s; its lag is over 30 s from 40 s on, over 300 s from 310 s
 * on. Another write, of 20 s, does not matter. Warm-up until 100 s. Node 2 gets them at once.
 */
static void test_lag_alerts(void **state)
{
    struct script *script = script_new(1000 * SECOND);
    struct metric_set set;
    uint64_t writes[2];

    (void)state;
    script->layout.warmup_ns = 100 * SECOND;
    for (uint32_t i = 0; i < 2; i++) {
        writes[i] =
            script_write(script, (10 + 10 * i) * SECOND, (11 + 10 * i) * SECOND, 0, i, true);
        script_write_row(script, (11 + 10 * i) * SECOND, RECORD_APPLIED, 2, i, writes[i]);
    }
    script_write_row(script, 345 * SECOND, RECORD_APPLIED, 1, 1, writes[1]);
    script_write_row(script, 350 * SECOND, RECORD_APPLIED, 1, 0, writes[0]);
    script_run(script, &set);
    near(value_of(&set, "lag_warning_ms{dataset=orders,replica=ireland/n0}"), 250000);
    near(value_of(&set, "lag_critical_ms{dataset=orders,replica=ireland/n0}"), 40000);
    near(value_of(&set, "lag_warning_ms{dataset=orders,replica=tokyo/n0}"), 0);
    metric_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fates),
        cmocka_unit_test(test_fail_back),
        cmocka_unit_test(test_switchover),
        cmocka_unit_test(test_split_brain),
        cmocka_unit_test(test_crash_without_leader),
        cmocka_unit_test(test_lag_alerts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
