/*
 * A leader that moves, in the real world, to the nanosecond: messages, power and disks as they are,
 * only the failover policy is a stub that promotes B at 2 s. Distances stand in timeline.h.
 */
#include "tests/validation/timelines/timeline.h"

#include "models/agents/agent.h"
#include "models/replication/primary_internal.h"
#include "models/world_internal.h"

static void promote_later(struct agent *self)
{
    agent_timer(self, MS(2000), 0);
}

static void promote_now(struct agent *self, uint64_t token)
{
    (void)token;
    agent_leader_promote(self, 2);
}

static void no_message(struct agent *self, const struct message *message)
{
    (void)self;
    (void)message;
}

static const struct agent_ops stub = {
    .name = "stub", .start = promote_later, .on_message = no_message, .on_timer = promote_now};

static void prepare(struct world *world)
{
    struct primary_shared *shared = world->datasets[0].shared;
    world->datasets[0].managed = shared->managed = true;
    agent_add(world, &(struct agent_spec){.ops = &stub, .place = B, .node = B, .dataset = 0});
}

/* The n-th row of a kind (from 0). */
static const struct record *row(const struct lab *lab, enum record_kind kind, int n)
{
    for (size_t i = 0; i < lab->row_count; i++) {
        if (lab->rows[i].kind == kind && n-- == 0) {
            return &lab->rows[i];
        }
    }
    fail_msg("there is no such row of kind %d", (int)kind);
    return NULL;
}

static int rows_of(const struct lab *lab, enum record_kind kind)
{
    int count = 0;
    for (size_t i = 0; i < lab->row_count; i++) {
        count += lab->rows[i].kind == kind;
    }
    return count;
}

static void leads(const struct lab *lab, int n, uint32_t node, int64_t epoch, bool accepting,
                  double at_ms)
{
    const struct record *found = row(lab, RECORD_LEADER, n);
    assert_int_equal(found->node, node);
    assert_int_equal(found->b, epoch);
    assert_int_equal(found->a, accepting);
    assert_int_equal(found->at_ns, MS(at_ms));
}

/*
 * A is cut off at 900 and loses power from 1000 to 5000; the writes of 950 and 960 (operations 2
 * and 3) are acknowledged there and nowhere else. B leads from 2000 on; C hears of it at 2110.25. A
 * client in B asks A at 2100 and, after 200 ms, the machine near by: accepted at 2300, in C at
 * 2410.25.
 *
 * Back, A follows nobody. B's beat of 5000 is there at 5040, its hello at 5120: A's log parts after
 * entry 1. It asks for keys 1 and 2 and has them at 5200: writes 2 and 3 are thrown away, key 2 is
 * as before any write. The log is asked for (5240) and there at 5280.
 */
static void test_moves(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = "'strategy': 'primary', 'primary': 'us-east-1'",
        .operations = {"500,write,1,0\n950,write,1,0\n960,write,2,0\n"
                       "5100,read,1,1\n5150,read,1,2\n5281,read,2,3\n",
                       "2100,write,1,0\n"},
        .network = ", 'transport': 'datagram'",
        .faults = "{'id': 'cut', 'kind': 'partition', 'between': [['us-east-1'],"
                  " ['eu-west-1', 'ap-northeast-1']], 'at': '900ms', 'for': '600ms'},"
                  "{'id': 'power', 'kind': 'node_outage', 'region': 'us-east-1', 'at': '1s',"
                  " 'for': '4s'}",
        .retry = "'tries': 4, 'timeout': '200ms', 'backoff': '0ms'",
        .prepare = prepare,
        .seconds = 6};
    struct lab lab;
    timeline_run(&lab, &plan);
    assert_int_equal(rows_of(&lab, RECORD_LEADER), 3);
    leads(&lab, 0, A, 1, true, 0);
    leads(&lab, 1, A, 1, false, 1000);
    leads(&lab, 2, B, 2, true, 2000);
    assert_int_equal(rows_of(&lab, RECORD_STEP), 1);
    assert_int_equal(row(&lab, RECORD_STEP, 0)->a, RECORD_STEP_ACCEPTING);
    assert_int_equal(row(&lab, RECORD_STEP, 0)->at_ns, MS(2000));
    assert_int_equal(row(&lab, RECORD_STEP, 0)->node, B);
    assert_int_equal(row(&lab, RECORD_STEP, 0)->b, 2);
    timeline_takes(&lab, 2, 950, 950, RECORD_OK);
    timeline_takes(&lab, 3, 960, 960, RECORD_OK);
    timeline_takes(&lab, 4, 2100, 2300, RECORD_OK);
    timeline_has(&lab, C, 4, 2410.25);
    timeline_has(&lab, B, 2, -1);
    timeline_has(&lab, A, 4, 5200);
    assert_int_equal(rows_of(&lab, RECORD_DISCARDED), 2);
    for (int i = 0; i < 2; i++) {
        const struct record *gone = row(&lab, RECORD_DISCARDED, i);
        assert_int_equal(gone->node, A);
        assert_int_equal(gone->write, 2 + i);
        assert_int_equal(gone->key, 1 + i);
        assert_int_equal(gone->stamp, 2 + i);
        assert_int_equal(gone->at_ns, MS(5200));
    }
    timeline_returns(&lab, 5, 2);                   /* it knows nothing yet */
    timeline_takes(&lab, 6, 5150, 5230, RECORD_OK); /* it does not answer; B does */
    timeline_returns(&lab, 6, 4);
    timeline_takes(&lab, 7, 5281, 5281, RECORD_OK);
    timeline_returns(&lab, 7, 0);
    const struct record *last = NULL;
    for (size_t i = 0; i < lab.row_count; i++) {
        const struct record *one = &lab.rows[i];
        last = one->kind == RECORD_APPLIED && one->node == A && one->key == 2 ? one : last;
    }
    assert_non_null(last);
    assert_int_equal(last->at_ns, MS(5200));
    assert_int_equal(last->flags & RECORD_FLAG_REVERTED, RECORD_FLAG_REVERTED);
    assert_int_equal(last->write, 0);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
