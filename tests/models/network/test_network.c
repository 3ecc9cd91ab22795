/*
 * Pipes, order, loss, back-off and buffers of a network. Arrivals are compared to the nanosecond
 * with times computed in the comments.
 */
#include "tests/models/network/network_case.h"

/* Without bandwidth limit: everything arrives 40 ms later, many messages in flight at once. */
static void test_link_is_a_pipe(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture);
    for (uint64_t i = 0; i < 100; i++) {
        send(&fixture, 0, 1, 1400, i);
    }
    run(&fixture);
    assert_int_equal(fixture.arrival_count, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(fixture.arrivals[i].at_ns, 40 * MS);
        assert_int_equal(fixture.arrivals[i].a, i);
    }
    assert_int_equal(fixture.sent, 100);
    end(&fixture);
}

/* 1900 + 100 bytes at 8 Mbit/s take 2 ms on the sender's side: arrivals at 42, 44, 46 ms. */
static void test_bandwidth_queues(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture);
    fixture.network.links[1].bandwidth = 8e6;
    network_link_update(&fixture.network.links[1]);
    for (uint64_t i = 0; i < 3; i++) {
        send(&fixture, 0, 1, 1900, i);
    }
    send(&fixture, 1, 0, 1900, 9); /* the other direction is another pipe without a limit */
    run(&fixture);
    assert_int_equal(fixture.arrivals[0].a, 9);
    assert_int_equal(fixture.arrivals[0].at_ns, 40 * MS);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(fixture.arrivals[i + 1].at_ns, (42 + 2 * (sim_ns)i) * MS);
    }
    end(&fixture);
}

static void cut_script(struct fixture *fixture, uint64_t step)
{
    if (step < 100) {
        send(fixture, 0, 1, 100, step);
    } else {
        network_link_hold(&fixture->network, 1, NETWORK_BLACK_HOLE, step == 100 ? 1 : -1);
    }
}

/*
 * Cut from 10 to 500 ms. m0, sent at 0, would arrive at 40: lost. m1 waits from 50 on.
 * The connection notices at 40 and tries again after max(200, rtt 80) = 200 ms: at 240 (still
 * cut), at 640 (doubled): open, m0 and m1 go out and arrive at 680. m2, sent at 600 while the
 * connection is backing off, waits as well: it arrives at 680, after m1. m3 at 700 arrives at 740.
 */
static void test_stream_backs_off_while_cut(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture);
    fixture.script = cut_script;
    at(&fixture, 0, 0);
    at(&fixture, 10 * MS, 100);
    at(&fixture, 50 * MS, 1);
    at(&fixture, 500 * MS, 101);
    at(&fixture, 600 * MS, 2);
    at(&fixture, 700 * MS, 3);
    run(&fixture);
    const sim_ns expected[] = {680 * MS, 680 * MS, 680 * MS, 740 * MS};
    assert_int_equal(fixture.arrival_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(fixture.arrivals[i].a, i);
        assert_int_equal(fixture.arrivals[i].at_ns, expected[i]);
    }
    assert_int_equal(fixture.retransmitted, 1); /* m0 only: the others had not been sent */
    assert_int_equal(fixture.dropped, 0);
    end(&fixture);
}

/* The same cut for datagrams: m0 and m1 are gone; m2 and m3 take 40 ms. */
static void test_datagrams_are_lost(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture);
    fixture.config.transport = SCENARIO_TRANSPORT_DATAGRAM;
    fixture.script = cut_script;
    at(&fixture, 0, 0);
    at(&fixture, 10 * MS, 100);
    at(&fixture, 50 * MS, 1);
    at(&fixture, 500 * MS, 101);
    at(&fixture, 600 * MS, 2);
    at(&fixture, 700 * MS, 3);
    run(&fixture);
    assert_int_equal(fixture.arrival_count, 2);
    assert_int_equal(fixture.arrivals[0].at_ns, 640 * MS);
    assert_int_equal(fixture.arrivals[1].at_ns, 740 * MS);
    assert_int_equal(fixture.dropped, 2);
    end(&fixture);
}

static void buffer_script(struct fixture *fixture, uint64_t step)
{
    if (step == 100) {
        network_link_hold(&fixture->network, 1, NETWORK_BLACK_HOLE, 1);
    } else if (step == 101) {
        network_link_hold(&fixture->network, 1, NETWORK_BLACK_HOLE, -1);
    } else {
        for (uint64_t i = 0; i < 12; i++) {
            send(fixture, 0, 1, 900, i); /* 1000 with the overhead; the buffer takes ten */
        }
    }
}

static void test_send_buffer_overflows(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture);
    fixture.script = buffer_script;
    at(&fixture, 0, 100);
    at(&fixture, 1 * MS, 0);
    at(&fixture, 2 * MS, 101);
    run(&fixture);
    assert_int_equal(fixture.arrival_count, 10);
    assert_int_equal(fixture.dropped, 2);
    assert_int_equal(fixture.arrivals[9].a, 9);
    end(&fixture);
}

static void client_script(struct fixture *fixture, uint64_t step)
{
    if (step >= 100) {
        network_link_hold(&fixture->network, 2, NETWORK_BLACK_HOLE, step == 100 ? 1 : -1);
    } else {
        const struct message message = {
            .kind = MESSAGE_REQUEST, .from = ENDPOINT_CLIENT, .to = 0, .a = step};
        network_send(&fixture->network, &message);
    }
}

/*
 * A client's message at 0, cut until 500 ms: tries at 200, 200 + 400 = 600 (open), arrival at 640.
 * One that is sent while cut for longer than 10 s is given up: tries end before 10 s, dropped.
 */
static void test_client_messages_retry_alone(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture);
    fixture.script = client_script;
    at(&fixture, 0, 100);
    at(&fixture, 0, 1);
    at(&fixture, 500 * MS, 101);
    at(&fixture, 550 * MS, 2); /* another connection: not held up */
    at(&fixture, INT64_C(1000) * MS, 100);
    at(&fixture, INT64_C(1000) * MS, 3);
    run(&fixture);
    assert_int_equal(fixture.arrival_count, 2);
    assert_int_equal(fixture.arrivals[0].a, 2);
    assert_int_equal(fixture.arrivals[0].at_ns, 590 * MS);
    assert_int_equal(fixture.arrivals[1].a, 1);
    assert_int_equal(fixture.arrivals[1].at_ns, 640 * MS);
    assert_int_equal(fixture.dropped, 1);
    end(&fixture);
}

/*
 * Loss p = 0.1 on a stream, messages one by one: delays are 40 ms, +80 ms (fast retransmit), +200,
 * +400 ... with chances (1-p), (1-p)p, (1-p)p^2. 20000 messages; each count within 4.4 standard
 * deviations of its binomial (two-sided 1e-5 each).
 */
static void test_loss_on_a_stream(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture);
    fixture.network.links[2].loss = 0.1;
    network_link_update(&fixture.network.links[2]);
    uint64_t counts[4] = {0};
    enum { N = 20000 };
    for (uint64_t i = 0; i < N; i++) {
        const sim_ns sent_ns = engine_now(&fixture.engine);
        const struct message message = {
            .kind = MESSAGE_REQUEST, .from = ENDPOINT_CLIENT, .to = 0, .a = i};
        network_send(&fixture.network, &message);
        fixture.arrival_count = 0;
        run(&fixture);
        const sim_ns took_ms = (fixture.arrivals[0].at_ns - sent_ns) / MS;
        counts[took_ms == 40 ? 0 : (took_ms == 120 ? 1 : (took_ms == 320 ? 2 : 3))]++;
    }
    const double p[4] = {0.9, 0.09, 0.009, 0.001};
    for (size_t i = 0; i < 4; i++) {
        const double expected = N * p[i];
        const double deviation = (double)counts[i] - expected;
        if (deviation * deviation > 4.4 * 4.4 * expected * (1.0 - p[i])) {
            fail_msg("class %zu: %llu messages, expected %.0f (seed 7)", i,
                     (unsigned long long)counts[i], expected);
        }
    }
    end(&fixture);
}

static void storm_script(struct fixture *fixture, uint64_t step)
{
    if (step < 100) {
        send(fixture, 0, 1, 100, step);
    } else {
        fixture->network.links[1].loss = step == 100 ? 1.0 : 0.0;
        network_link_update(&fixture->network.links[1]);
    }
}

/*
 * Every packet is lost until 3 s. m0, sent at 0: fast retransmit after 80 ms is lost, then
 * time-outs of 200, 400, 800 and 1600 ms send it again at 280, 680, 1480 and 3080 ms; the last gets
 * through and arrives at 3120. m1, sent at 1 s, waits behind it. m2, sent at 4 s, takes 40 ms: what
 * is over is over.
 */
static void test_a_loss_that_ends_is_over(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture);
    fixture.script = storm_script;
    at(&fixture, 0, 100);
    at(&fixture, 0, 0);
    at(&fixture, INT64_C(1000) * MS, 1);
    at(&fixture, INT64_C(3000) * MS, 101);
    at(&fixture, INT64_C(4000) * MS, 2);
    run(&fixture);
    const sim_ns expected[] = {INT64_C(3120) * MS, INT64_C(3120) * MS, INT64_C(4040) * MS};
    assert_int_equal(fixture.arrival_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(fixture.arrivals[i].a, i);
        assert_int_equal(fixture.arrivals[i].at_ns, expected[i]);
    }
    assert_int_equal(fixture.retransmitted, 5); /* fast retransmit and four time-outs */
    assert_int_equal(fixture.dropped, 0);
    end(&fixture);
}

static void epoch_script(struct fixture *fixture, uint64_t step)
{
    if (step == 100) {
        network_lose(&fixture->network, 0);
    } else {
        send(fixture, 0, 1, 100, step);
        send(fixture, 1, 0, 100, step + 10);
    }
}

/*
 * Both machines send at 0 and at 20 ms; at 10 ms place 0 loses what its machine had under way: only
 * what machine 0 sent at 0 is gone, the three others arrive after 40 ms.
 */
static void test_what_was_under_way_is_lost(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture);
    fixture.script = epoch_script;
    at(&fixture, 0, 0);
    at(&fixture, 10 * MS, 100);
    at(&fixture, 20 * MS, 1);
    run(&fixture);
    assert_int_equal(fixture.dropped, 1);
    assert_int_equal(fixture.arrival_count, 3);
    assert_int_equal(fixture.arrivals[0].a, 10);
    assert_int_equal(fixture.arrivals[0].at_ns, 40 * MS);
    assert_int_equal(fixture.arrivals[1].a, 1);
    assert_int_equal(fixture.arrivals[1].at_ns, 60 * MS);
    assert_int_equal(fixture.arrivals[2].a, 11);
    end(&fixture);
}

/* Faults compose: delays multiply and add, losses combine, and taking one back leaves the other. */
static void test_link_changes_compose(void **state)
{
    (void)state;
    struct fault_link changes[2];
    struct network_link link = {.loss = 0.1, .bandwidth = 1e9, .changes = changes};
    link.changes[0] = (struct fault_link){
        .delay_factor = 2.0, .extra_ns = 5 * MS, .loss = 0.5, .bandwidth_factor = 0.5};
    link.changes[1] = (struct fault_link){
        .delay_factor = 3.0, .extra_ns = 1 * MS, .loss = 0.0, .bandwidth_factor = 0.1};
    link.change_count = 2;
    network_link_update(&link);
    assert_true(link.delay_factor == 6.0);
    assert_int_equal(link.extra_ns, 6 * MS);
    assert_true(link.bandwidth_now == 1e9 * 0.5 * 0.1);
    assert_true(link.loss_now > 0.5499999 && link.loss_now < 0.5500001); /* 1 - 0.9 * 0.5 */
    link.change_count = 1;
    network_link_update(&link);
    assert_true(link.delay_factor == 2.0);
    link.change_count = 0;
    network_link_update(&link);
    assert_true(link.delay_factor == 1.0 && link.extra_ns == 0);
    assert_true(link.loss_now > 0.0999999 && link.loss_now < 0.1000001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_is_a_pipe),
        cmocka_unit_test(test_bandwidth_queues),
        cmocka_unit_test(test_stream_backs_off_while_cut),
        cmocka_unit_test(test_datagrams_are_lost),
        cmocka_unit_test(test_send_buffer_overflows),
        cmocka_unit_test(test_client_messages_retry_alone),
        cmocka_unit_test(test_loss_on_a_stream),
        cmocka_unit_test(test_a_loss_that_ends_is_over),
        cmocka_unit_test(test_what_was_under_way_is_lost),
        cmocka_unit_test(test_link_changes_compose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
