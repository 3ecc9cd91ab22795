/*
 * multi_primary in a real world without chance: what deletions come to when a replica missed them,
 * chats that are shown in order, and what is refused beforehand.
 */
#include "models/values/value.h"
#include "tests/validation/timelines/timeline.h"

/* The last thing known of the key at the node; NULL: nothing ever. */
static const struct record *held(const struct lab *lab, uint32_t node, uint32_t key)
{
    const struct record *last = NULL;
    for (size_t i = 0; i < lab->row_count; i++) {
        const struct record *row = &lab->rows[i];
        last = row->kind == RECORD_VALUE && row->node == node && row->key == key ? row : last;
    }
    return last;
}

static void assert_elements(const struct lab *lab, uint32_t key, uint32_t elements)
{
    for (uint32_t node = A; node <= C; node++) {
        const struct record *row = held(lab, node, key);
        assert_non_null(row);
        if (row->peer != elements) {
            fail_msg("node %u holds %u elements of key %u, must hold %u", node, row->peer, key,
                     elements);
        }
        assert_true(row->b == held(lab, A, key)->b);
    }
}

/* Key 0 is written at 1 s and deleted at 3 s, while the machine in C is away; it misses that. */
static void run_deletion(struct lab *lab, const char *value, const char *replication,
                         const char *fault)
{
    const struct plan plan = {
        .replication = replication,
        .value = value,
        .operations = {[A] = "1000,write,0,0,,\n3000,delete,0,0,,\n", [B] = "5000,write,1,0,,\n"},
        .faults = fault,
        .network = ", 'transport': 'datagram'",
        .seconds = 120};
    timeline_run(lab, &plan);
}

#define MULTI  "'strategy': 'multi_primary', 'exchange': "
#define OUTAGE "{'id': 'c', 'kind': 'region_outage', 'region': 'ap-northeast-1', "
/* All datagrams are lost, and none is kept until the end. */
#define CUT                                                                                        \
    "{'id': 'c', 'kind': 'link', 'loss': 1, 'between': [['ap-northeast-1'],"                       \
    " ['us-east-1', 'eu-west-1']], "

static void test_unrepaired_deletions_come_back(void **state)
{
    (void)state;
    static const char *const exchanges[] = {MULTI "'state'", MULTI "'delta'"};
    struct lab lab;
    for (size_t e = 0; e < 2; e++) {
        /* Away for longer than the grace: nobody knows of the deletion any more. */
        run_deletion(&lab, "'type': 'row', 'grace': '20s'", exchanges[e],
                     OUTAGE "'at': '2s', 'for': '40s'}");
        assert_elements(&lab, 0, 1);
        lab_close(&lab);
        /* Back within it, or the grace is long enough: the tombstone wins, and is swept later. */
        run_deletion(&lab, "'type': 'row', 'grace': '60s'", exchanges[e],
                     OUTAGE "'at': '2s', 'for': '40s'}");
        assert_elements(&lab, 0, 0);
        assert_elements(&lab, 1, 1);
        lab_close(&lab);
        run_deletion(&lab, "'type': 'row', 'grace': '20s'", exchanges[e],
                     OUTAGE "'at': '2s', 'for': '5s'}");
        assert_elements(&lab, 0, 0);
        lab_close(&lab);
    }
}

/*
 * Behind a cut nothing restarts. A delta with the tombstone waits in the queue and arrives, however
 * late. A state is what there is when it is sent (again): nothing. Then the old value stays where
 * it is until the replicas are compared, and comes back everywhere.
 */
static void test_deletions_behind_a_cut(void **state)
{
    (void)state;
    struct lab lab;
    run_deletion(&lab, "'type': 'row', 'grace': '20s'", MULTI "'delta'",
                 CUT "'at': '2s', 'for': '40s'}");
    assert_elements(&lab, 0, 0);
    lab_close(&lab);
    run_deletion(&lab, "'type': 'row', 'grace': '20s'", MULTI "'state'",
                 CUT "'at': '2s', 'for': '40s'}");
    assert_int_equal(held(&lab, A, 0)->peer, 0);
    assert_int_equal(held(&lab, C, 0)->peer, 1);
    lab_close(&lab);
    run_deletion(&lab, "'type': 'row', 'grace': '20s'", MULTI "'state', 'compare_every': '50s'",
                 CUT "'at': '2s', 'for': '40s'}");
    assert_elements(&lab, 0, 1);
    lab_close(&lab);
    /* Comparing often enough, and a grace that is longer than anybody is away. */
    run_deletion(&lab, "'type': 'row', 'grace': '60s'", MULTI "'state', 'compare_every': '10s'",
                 CUT "'at': '2s', 'for': '40s'}");
    assert_elements(&lab, 0, 0);
    lab_close(&lab);
}

static sim_ns shown_at(const struct lab *lab, uint32_t node, uint32_t key)
{
    for (size_t i = 0; i < lab->row_count; i++) {
        const struct record *row = &lab->rows[i];
        if (row->kind == RECORD_VALUE && row->node == node && row->key == key) {
            return row->at_ns;
        }
    }
    return -1;
}

/*
 * A asks at 1,000 ms; B has it at 1,040 and answers at 1,050; C, 110.25 ms from B, has the answer
 * at 1,160.25. The question meets a slow link and is there at 1,000 + 75.5 + 200 ms.
 */
static void test_chat(void **state)
{
    (void)state;
    static const char *const orders[] = {"log", "causal"};
    for (int causal = 0; causal < 2; causal++) {
        char replication[300];
        struct lab lab;
        snprintf(replication, sizeof replication, MULTI "'delta', 'order': '%s', 'ack': 'memory'",
                 orders[causal]);
        const struct plan plan = {
            .replication = replication,
            .value = "'type': 'event_log'",
            .operations = {[A] = "1000,add,0,0,,\n", [B] = "1050,add,1,0,,\n"},
            .faults = "{'id': 'slow', 'kind': 'link', 'at': '0s',"
                      " 'for': '1010ms', 'extra': '200ms', 'between':"
                      " [['us-east-1'], ['ap-northeast-1']]}",
            .seconds = 10};
        timeline_run(&lab, &plan);
        assert_int_equal(shown_at(&lab, B, 0), MS(1040));
        assert_int_equal(shown_at(&lab, C, 0), MS(1275.5));
        assert_int_equal(shown_at(&lab, C, 1), causal ? MS(1275.5) : MS(1160.25));
        lab_close(&lab);
    }
}

/* ---- rights ---- */

static uint64_t count_of(const struct lab *lab, enum record_kind kind, uint32_t node)
{
    uint64_t count = 0;
    for (size_t i = 0; i < lab->row_count; i++) {
        count += lab->rows[i].kind == kind && lab->rows[i].node == node;
    }
    return count;
}

/*
 * A stock of nine, three for each replica; A takes one every 500 ms. By itself it refuses the
 * fourth and all that follow. When it asks as soon as it has fewer than two, B gives what it can
 * spare in time, then C, until the stock is empty.
 */
static void test_rights(void **state)
{
    (void)state;
    static const char takes[] = "1000,decrement,0,0,,1\n1500,decrement,0,0,,1\n"
                                "2000,decrement,0,0,,1\n2500,decrement,0,0,,1\n"
                                "3000,decrement,0,0,,1\n3500,decrement,0,0,,1\n"
                                "4000,decrement,0,0,,1\n4500,decrement,0,0,,1\n";
    static const char *const exchanges[] = {MULTI "'state'", MULTI "'delta'"};
    struct lab lab;
    for (size_t e = 0; e < 2; e++) {
        struct plan plan = {.replication = exchanges[e],
                            .value = "'type': 'bounded_counter', 'initial': 9, 'low': 0",
                            .operations = {[A] = takes},
                            .seconds = 10};
        timeline_run(&lab, &plan);
        assert_int_equal(held(&lab, C, 0)->a, -3);
        assert_int_equal(count_of(&lab, RECORD_REJECTED, A), 5);
        lab_close(&lab);
        plan.value = "'type': 'bounded_counter', 'initial': 9, 'low': 2";
        timeline_run(&lab, &plan);
        const uint64_t rejected = count_of(&lab, RECORD_REJECTED, A);
        assert_in_range(rejected, 0, 3); /* what others keep because they have no more than A */
        for (uint32_t node = A; node <= C; node++) {
            assert_int_equal(held(&lab, node, 0)->a, -8 + (int64_t)rejected);
            assert_true(held(&lab, node, 0)->b == held(&lab, A, 0)->b);
        }
        lab_close(&lab);
    }
}

/* ---- transactions ---- */

enum { PARTS = 4, WRITES = 4000 };

struct torn {
    uint8_t parts[3][WRITES]; /* bits of those that the node was given of the write */
    uint32_t open[3];         /* writes of which it has a part */
    sim_ns last_ns;
    uint64_t torn, whole; /* moments between rows at which something is open; writes */
};

static void on_given(void *state, const struct record *row)
{
    struct torn *torn = state;
    assert_true(row->write < WRITES);
    if (row->at_ns > torn->last_ns) {
        torn->torn += torn->open[A] + torn->open[B] + torn->open[C] > 0;
        torn->last_ns = row->at_ns;
    }
    uint8_t *parts = &torn->parts[row->node][row->write];
    const uint8_t all = (1u << PARTS) - 1, before = *parts;
    *parts |= (uint8_t)(1u << row->key % PARTS); /* an old one may come twice */
    torn->open[row->node] += before == 0;
    if (before != all && *parts == all) {
        torn->open[row->node]--;
        torn->whole++;
    }
}

/* One writer, four keys at once, messages that are lost and late. */
static struct torn run_transactions(const char *order)
{
    static struct torn torn;
    char text[2000];
    struct lab lab = {0};
    memset(&torn, 0, sizeof torn);
    snprintf(text, sizeof text,
             "{'name': 'torn', 'duration': '60s',"
             " 'regions': ['us-east-1', 'eu-west-1', 'ap-northeast-1'],"
             " 'network': {'latency': 'catalogue', 'transport': 'datagram', 'loss': 0.02},"
             " 'datasets': {'d': {'keys': 64, 'replication': {'strategy': 'multi_primary',"
             "   'order': '%s', 'batch_max': 3, 'resend_after': '300ms', 'window': 500}}},"
             " 'clients': [{'at': 'us-east-1', 'rate': '40/s', 'deadline': '5s',"
             "   'mix': {'write': 1, 'transaction_keys': 4}}],"
             " 'faults': [{'id': 'cut', 'kind': 'partition', 'at': '20s', 'for': '5s', 'between':"
             "   [['us-east-1'], ['eu-west-1']]}]}",
             order);
    lab_write(&lab, text);
    lab_run_into(&lab, 1,
                 (struct record_sink){.state = &torn,
                                      .row = on_given,
                                      .mask = 1u << RECORD_APPLIED | 1u << RECORD_SUPERSEDED});
    lab_close(&lab);
    return torn;
}

static void test_transactions(void **state)
{
    (void)state;
    const struct torn log = run_transactions("log"), causal = run_transactions("causal");
    const struct torn items = run_transactions("items");
    assert_in_range(log.whole, 3 * 2000, 3 * WRITES);
    assert_in_range(causal.whole, 3 * 2000, 3 * WRITES);
    assert_in_range(items.whole, 3 * 2000, 3 * WRITES);
    assert_int_equal(log.torn, 0);
    assert_int_equal(causal.torn, 0);
    assert_true(items.torn > 2000);
}

static void refuse(const char *value, const char *replication, const char *message)
{
    char text[1000];
    snprintf(
        text, sizeof text,
        "{'name': 'refused', 'duration': '1s', 'regions': ['us-east-1', 'eu-west-1'],"
        " 'datasets': {'d': {'value': '%s', 'replication': {'strategy': 'multi_primary', %s}}},"
        " 'clients': [{'at': 'us-east-1', 'rate': '1/s', 'mix': {'read': 1}}]}",
        value, replication);
    lab_refuse(text, message);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    refuse("register", "'exchange': 'delta'", "a plain register is passed on as it is");
    refuse("cart", "'exchange': 'operation'", "can not be done again by others");
    refuse("pn_counter", "'exchange': 'operation', 'topology': 'ring'", "topology mesh");
    refuse("pn_counter", "'exchange': 'operation', 'order': 'items'",
           "in the order of their sender");
    refuse("pn_counter", "'order': 'causal'", "a state brings later writes along");
    refuse("register", "'order': 'causal', 'topology': 'hub'", "causal needs topology mesh");
    refuse("register", "'confirm': true", "it is the hub that confirms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unrepaired_deletions_come_back),
        cmocka_unit_test(test_deletions_behind_a_cut),
        cmocka_unit_test(test_chat),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
