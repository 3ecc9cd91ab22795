/*
 * Resets, jams, and cuts of single pairs. Machine 0 is at place 0; machine 1 and the clients are at
 * place 1; links 1 and 2 are from 0 to 1 and back, 40 ms.
 */
#include "models/network/network_cut.h"
#include "tests/models/network/network_case.h"

enum { CLIENTS_1 = 3 }; /* the clients of place 1 as an end of a pair: 2 machines + place */

static void ask(struct fixture *fixture, uint8_t type)
{
    const struct message message = {
        .kind = MESSAGE_REQUEST, .from = ENDPOINT_CLIENT, .to = 0, .type = type, .a = type};
    network_send(&fixture->network, &message);
}

static void answer(struct fixture *fixture, uint8_t type)
{
    const struct message message = {
        .kind = MESSAGE_REPLY, .from = 0, .to = ENDPOINT_CLIENT, .type = type, .a = type};
    network_send(&fixture->network, &message);
}

static void assert_arrival(const struct fixture *fixture, size_t index, sim_ns at_ns, uint64_t a)
{
    assert_true(index < fixture->arrival_count);
    assert_int_equal(fixture->arrivals[index].at_ns, at_ns);
    assert_int_equal(fixture->arrivals[index].a, a);
}

static void hold(struct fixture *fixture, enum network_cut cut, int change)
{
    network_link_hold(&fixture->network, 1, cut, change);
}

static void reset_script(struct fixture *fixture, uint64_t step)
{
    if (step >= 100) {
        hold(fixture, NETWORK_RESET, step == 100 ? 1 : -1);
    } else {
        send(fixture, 0, 1, 100, step);
    }
}

/* Reset from 10 to 500 ms: m0 is hit on its way, m1 at once; m2 is sent after, and is not late. */
static void resets_drop_and_forget(void **state)
{
    (void)state;
    struct fixture fixture = {.script = reset_script};
    begin(&fixture);
    at(&fixture, 0, 0);
    at(&fixture, 10 * MS, 100);
    at(&fixture, 50 * MS, 1);
    at(&fixture, 500 * MS, 101);
    at(&fixture, 501 * MS, 2);
    run(&fixture);
    assert_int_equal(fixture.arrival_count, 1);
    assert_arrival(&fixture, 0, 541 * MS, 2);
    assert_int_equal(fixture.dropped, 2);
    end(&fixture);
}

static void gap_script(struct fixture *fixture, uint64_t step)
{
    if (step >= 100) {
        hold(fixture, NETWORK_BLACK_HOLE, step == 100 ? 1 : -1);
    } else {
        send(fixture, 0, 1, 100, step);
    }
}

/*
 * A black hole from 30 to 50 ms: m0 meets it at 40 ms. m1 is on its way all the time and comes out
 * of an open link at 60 ms; it waits for m0, which is sent again with it after 200 ms, at 240 ms.
 */
static void a_stream_has_no_gap(void **state)
{
    (void)state;
    struct fixture fixture = {.script = gap_script};
    begin(&fixture);
    at(&fixture, 0, 0);
    at(&fixture, 20 * MS, 1);
    at(&fixture, 30 * MS, 100);
    at(&fixture, 50 * MS, 101);
    run(&fixture);
    assert_int_equal(fixture.arrival_count, 2);
    assert_arrival(&fixture, 0, 280 * MS, 0);
    assert_arrival(&fixture, 1, 280 * MS, 1);
    assert_int_equal(network_link_at(&fixture.network, 1)->retrying, 0);
    end(&fixture);
}

static void backlog_script(struct fixture *fixture, uint64_t step)
{
    switch (step) {
    case 100:
        hold(fixture, NETWORK_BLACK_HOLE, 1);
        break;
    case 101:
        hold(fixture, NETWORK_RESET, 1);
        break;
    case 102:
        hold(fixture, NETWORK_RESET, -1);
        hold(fixture, NETWORK_BLACK_HOLE, -1);
        break;
    default:
        send(fixture, 0, 1, 100, step);
    }
}

/*
 * A black hole from 10 ms: m0 is lost at 40, m1 waits from 50; tries at 240 and 640 (RTO 200, then
 * 400). A reset from 300: the try at 640 meets it, and both are gone. Healed at 700; m2 is sent at
 * 701 and arrives at 741, the back-off forgotten.
 */
static void a_reset_takes_the_backlog(void **state)
{
    (void)state;
    struct fixture fixture = {.script = backlog_script};
    begin(&fixture);
    at(&fixture, 0, 0);
    at(&fixture, 10 * MS, 100);
    at(&fixture, 50 * MS, 1);
    at(&fixture, 300 * MS, 101);
    at(&fixture, 700 * MS, 102);
    at(&fixture, 701 * MS, 2);
    run(&fixture);
    assert_int_equal(fixture.arrival_count, 1);
    assert_arrival(&fixture, 0, 741 * MS, 2);
    assert_int_equal(fixture.dropped, 2);
    end(&fixture);
}

static void client_script(struct fixture *fixture, uint64_t step)
{
    if (step >= 100) {
        network_link_hold(&fixture->network, step >= 200 ? 1 : 2, NETWORK_RESET,
                          step % 2 == 0 ? 1 : -1);
    } else if (step >= 10) {
        answer(fixture, (uint8_t)(step - 10));
    } else {
        ask(fixture, (uint8_t)step);
    }
}

/*
 * Requests (link 2, reset from 10 to 300 ms): a write and a read of 0 ms are hit when they arrive
 * at 40; the client hears at 80: info and fail. Those of 100 never left: fail, 2 x 5 ms later.
 * Answers (link 1, reset from 410): those of 400 are hit on arrival at 440, and the client hears 1
 * us later; those of 500 are hit at once, and the client hears when they would have come.
 */
static void clients_hear_of_resets(void **state)
{
    (void)state;
    struct fixture fixture = {.script = client_script};
    begin(&fixture);
    set_link(&fixture, 5, 5 * MS); /* inside place 1 */
    at(&fixture, 0, RECORD_WRITE);
    at(&fixture, 0, RECORD_READ);
    at(&fixture, 10 * MS, 100);
    at(&fixture, 100 * MS, RECORD_WRITE);
    at(&fixture, 100 * MS, RECORD_READ);
    at(&fixture, 300 * MS, 101);
    at(&fixture, 400 * MS, 10 + RECORD_WRITE);
    at(&fixture, 410 * MS, 200);
    at(&fixture, 500 * MS, 10 + RECORD_WRITE);
    at(&fixture, 500 * MS, 10 + RECORD_READ);
    at(&fixture, 600 * MS, 201);
    run(&fixture);
    assert_int_equal(fixture.arrival_count, 7);
    assert_arrival(&fixture, 0, 80 * MS, 1000 + RECORD_INFO);
    assert_arrival(&fixture, 1, 80 * MS, 1000 + RECORD_FAIL);
    assert_arrival(&fixture, 2, 110 * MS, 1000 + RECORD_FAIL);
    assert_arrival(&fixture, 3, 110 * MS, 1000 + RECORD_FAIL);
    assert_arrival(&fixture, 4, 440 * MS + 1000, 1000 + RECORD_INFO);
    assert_arrival(&fixture, 5, 540 * MS, 1000 + RECORD_INFO);
    assert_arrival(&fixture, 6, 540 * MS, 1000 + RECORD_FAIL);
    assert_int_equal(fixture.dropped, 7);
    end(&fixture);
}

/* Datagrams have no connection that could be reset: they are lost in silence. */
static void datagrams_are_not_answered(void **state)
{
    (void)state;
    struct fixture fixture = {.script = client_script};
    begin(&fixture);
    fixture.config.transport = SCENARIO_TRANSPORT_DATAGRAM;
    at(&fixture, 0, RECORD_WRITE);
    at(&fixture, 10 * MS, 100);
    at(&fixture, 100 * MS, RECORD_READ);
    at(&fixture, 300 * MS, 101);
    run(&fixture);
    assert_int_equal(fixture.arrival_count, 0);
    assert_int_equal(fixture.dropped, 2);
    end(&fixture);
}

static void jam_script(struct fixture *fixture, uint64_t step)
{
    if (step >= 100) {
        hold(fixture, NETWORK_JAMMED, step % 2 == 0 ? 1 : -1);
    } else {
        send(fixture, 0, 1, 100, step);
    }
}

/*
 * Jammed from 10 to 500 ms: m0 (due at 40), m1 (due at 90) and then m2, due at 500 itself, come at
 * 500 in that order; m3 at 520. A second jam from 500 on, begun before the first one ends, keeps
 * them all until 600; one that begins after it at the same instant does, too.
 */
static void jams_hold_in_order(void **state)
{
    (void)state;
    for (int variant = 0; variant < 6; variant++) {
        struct fixture fixture = {.script = jam_script};
        begin(&fixture);
        fixture.config.transport =
            variant % 2 == 0 ? SCENARIO_TRANSPORT_STREAM : SCENARIO_TRANSPORT_DATAGRAM;
        at(&fixture, 0, 0);
        at(&fixture, 10 * MS, 100);
        at(&fixture, 50 * MS, 1);
        at(&fixture, 460 * MS, 2);
        at(&fixture, 480 * MS, 3);
        if (variant >= 4) {
            at(&fixture, 500 * MS, 102);
        }
        at(&fixture, 500 * MS, 101);
        if (variant / 2 == 1) {
            at(&fixture, 500 * MS, 102);
        }
        if (variant >= 2) {
            at(&fixture, 600 * MS, 103);
        }
        run(&fixture);
        assert_int_equal(fixture.arrival_count, 4);
        for (size_t i = 0; i < 4; i++) {
            assert_arrival(&fixture, i, (variant >= 2 ? 600 : i == 3 ? 520 : 500) * (sim_ns)MS, i);
        }
        assert_int_equal(fixture.dropped, 0);
        assert_int_equal(network_link_at(&fixture.network, 1)->cuts, 0);
        end(&fixture);
    }
}

static void pair_script(struct fixture *fixture, uint64_t step)
{
    switch (step) {
    case 100:
        network_pair_hold(&fixture->network, 0, 1, NETWORK_BLACK_HOLE, 1);
        break;
    case 101:
        network_pair_hold(&fixture->network, 0, 1, NETWORK_BLACK_HOLE, -1);
        network_pair_hold(&fixture->network, CLIENTS_1, 0, NETWORK_BLACK_HOLE, 1);
        break;
    case 102:
        network_pair_hold(&fixture->network, CLIENTS_1, 0, NETWORK_BLACK_HOLE, -1);
        break;
    default:
        send(fixture, 0, 1, 100, 10 * step);
        send(fixture, 1, 0, 100, 10 * step + 1);
        ask(fixture, 2);
        answer(fixture, 3);
    }
}

/*
 * Datagrams. First machine 0 does not reach machine 1 any more, and all else goes; then only the
 * clients do not reach machine 0; then all is as before.
 */
static void pairs_are_cut_alone(void **state)
{
    (void)state;
    struct fixture fixture = {.script = pair_script};
    begin(&fixture);
    fixture.config.transport = SCENARIO_TRANSPORT_DATAGRAM;
    at(&fixture, 0, 100);
    at(&fixture, 1 * MS, 1);
    at(&fixture, 100 * MS, 101);
    at(&fixture, 101 * MS, 2);
    at(&fixture, 200 * MS, 102);
    at(&fixture, 201 * MS, 3);
    run(&fixture);
    static const uint64_t expected[] = {11, 2, 3, 20, 21, 3, 30, 31, 2, 3};
    assert_int_equal(fixture.arrival_count, 10);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(fixture.arrivals[i].a, expected[i]);
    }
    assert_int_equal(fixture.dropped, 2);
    for (uint32_t link = 0; link < 6; link++) {
        assert_int_equal(network_link_at(&fixture.network, link)->cuts, 0);
    }
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_has_no_gap),        cmocka_unit_test(resets_drop_and_forget),
        cmocka_unit_test(a_reset_takes_the_backlog),  cmocka_unit_test(clients_hear_of_resets),
        cmocka_unit_test(datagrams_are_not_answered), cmocka_unit_test(jams_hold_in_order),
        cmocka_unit_test(pairs_are_cut_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
