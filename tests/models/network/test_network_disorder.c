/*
 * Copies, late packets and changes of single pairs. Machine 0 is at place 0; machine 1 and the
 * clients are at place 1; links 1 and 2 are from 0 to 1 and back, 40 ms.
 */
#include "models/network/network_disorder.h"
#include "tests/models/network/network_case.h"

static const struct fault_link neutral = {.delay_factor = 1.0, .bandwidth_factor = 1.0};

/* One change on link 1, from now on. */
static void change(struct fixture *fixture, const struct fault_link *change)
{
    struct network_link *link = network_link_at(&fixture->network, 1);
    link->changes = arena_alloc(&fixture->arena, 1, sizeof *link->changes);
    link->changes[0] = *change;
    link->change_count = 1;
    network_link_update(link);
}

static uint32_t copy_block(void *context, uint16_t dataset, uint32_t block)
{
    (void)context;
    (void)dataset;
    return block + 1;
}

/* Every message twice: datagrams arrive twice, of a stream only the traffic is seen. */
static void copies(void **state)
{
    (void)state;
    for (uint32_t transport = 0; transport < 2; transport++) {
        const bool stream = transport == SCENARIO_TRANSPORT_STREAM;
        struct fixture fixture = {0};
        begin(&fixture);
        fixture.config.transport = transport;
        fixture.network.block_copy = copy_block;
        struct fault_link twice = neutral;
        twice.duplicate = 1.0;
        change(&fixture, &twice);
        for (uint64_t i = 0; i < 10; i++) {
            send(&fixture, 0, 1, 100, i);
        }
        send(&fixture, 1, 0, 100, 99);
        run(&fixture);
        assert_int_equal(fixture.arrival_count, stream ? 11 : 21);
        assert_int_equal(fixture.sent, 21);
        assert_int_equal(fixture.retransmitted, 10);
        end(&fixture);
    }
}

/* Each copy has a delay of its own, and those of the originals are as without copies. */
static void copies_travel_alone(void **state)
{
    (void)state;
    sim_ns plain[20];
    for (int pass = 0; pass < 2; pass++) {
        struct fixture fixture = {0};
        begin(&fixture);
        fixture.config.transport = SCENARIO_TRANSPORT_DATAGRAM;
        network_link_at(&fixture.network, 1)->relative_ns = 10.0 * MS;
        if (pass == 1) {
            struct fault_link twice = neutral;
            twice.duplicate = 1.0;
            change(&fixture, &twice);
        }
        for (uint64_t i = 0; i < 20; i++) {
            send(&fixture, 0, 1, 100, i);
        }
        run(&fixture);
        uint32_t originals = 0, others = 0;
        for (size_t i = 0; i < fixture.arrival_count; i++) {
            const uint64_t a = fixture.arrivals[i].a;
            if (pass == 0) {
                plain[a] = fixture.arrivals[i].at_ns;
            } else if (fixture.arrivals[i].at_ns == plain[a]) {
                originals++;
            } else {
                others++;
            }
        }
        assert_int_equal(originals, pass == 0 ? 0 : 20);
        assert_int_equal(others, pass == 0 ? 0 : 20);
        end(&fixture);
    }
}

static void late_script(struct fixture *fixture, uint64_t step)
{
    struct fault_link late = neutral;
    late.reorder = 1.0;
    late.reorder_by = distribution_constant(&fixture->arena, 25.0 * MS);
    if (step == 100) {
        change(fixture, &late);
    } else if (step == 101) {
        network_link_at(&fixture->network, 1)->change_count = 0;
        network_link_update(network_link_at(&fixture->network, 1));
    } else {
        send(fixture, 0, 1, 100, step);
    }
}

/* m1 is late by 25 ms: m2, sent 5 ms after it, overtakes it, or in a stream waits for it. */
static void late_ones_are_overtaken(void **state)
{
    (void)state;
    for (uint32_t transport = 0; transport < 2; transport++) {
        const bool stream = transport == SCENARIO_TRANSPORT_STREAM;
        struct fixture fixture = {.script = late_script};
        begin(&fixture);
        fixture.config.transport = transport;
        at(&fixture, 0, 100);
        at(&fixture, 1 * MS, 1);
        at(&fixture, 2 * MS, 101);
        at(&fixture, 6 * MS, 2);
        run(&fixture);
        assert_int_equal(fixture.arrival_count, 2);
        assert_int_equal(fixture.arrivals[0].a, stream ? 1 : 2);
        assert_int_equal(fixture.arrivals[0].at_ns, (stream ? 66 : 46) * (sim_ns)MS);
        assert_int_equal(fixture.arrivals[1].a, stream ? 2 : 1);
        assert_int_equal(fixture.arrivals[1].at_ns, 66 * (sim_ns)MS);
        end(&fixture);
    }
}

/*
 * From machine 0 to machine 1 twice as slow and 3 ms: 83 ms; its answer to a client and the way
 * back are as before. Then all of it is lost.
 */
static void pairs_change_alone(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture);
    fixture.config.transport = SCENARIO_TRANSPORT_DATAGRAM;
    struct network_pair_change slow = {0, 1, neutral}, lossy = {0, 1, neutral};
    slow.change.delay_factor = 2.0;
    slow.change.extra_ns = 3 * MS;
    lossy.change.loss = 1.0;
    network_pair_change(&fixture.network, &slow, true);
    send(&fixture, 0, 1, 100, 1);
    send(&fixture, 1, 0, 100, 2);
    const struct message reply = {.kind = MESSAGE_REPLY, .to = ENDPOINT_CLIENT, .a = 3};
    network_send(&fixture.network, &reply);
    run(&fixture);
    network_pair_change(&fixture.network, &lossy, true);
    network_pair_change(&fixture.network, &slow, false);
    send(&fixture, 0, 1, 100, 4);
    network_send(&fixture.network, &reply);
    network_pair_change(&fixture.network, &lossy, false);
    send(&fixture, 0, 1, 100, 5);
    run(&fixture);
    static const struct {
        sim_ns at_ms;
        uint64_t a;
    } expected[] = {{40, 2}, {40, 3}, {83, 1}, {123, 3}, {123, 5}};
    assert_int_equal(fixture.arrival_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(fixture.arrivals[i].at_ns, expected[i].at_ms * MS);
        assert_int_equal(fixture.arrivals[i].a, expected[i].a);
    }
    assert_int_equal(fixture.dropped, 1);
    assert_int_equal(network_link_at(&fixture.network, 1)->disorder, 0);
    end(&fixture);
}

/* Caps and factors: 8 Mbps halved is 4; caps of 3 and 5 leave 3; an unlimited link takes a cap. */
static void the_narrowest_counts(void **state)
{
    (void)state;
    struct fault_link changes[] = {neutral, neutral, neutral};
    changes[0].bandwidth_factor = 0.5;
    changes[1].bandwidth = 5e6;
    changes[2].bandwidth = 3e6;
    struct network_link link = {.bandwidth = 8e6, .changes = changes};
    static const double expected[] = {8e6, 4e6, 4e6, 3e6};
    for (uint32_t count = 0; count <= 3; count++) {
        link.change_count = count;
        network_link_update(&link);
        assert_true(link.bandwidth_now == expected[count]);
    }
    link.bandwidth = 0.0;
    network_link_update(&link);
    assert_true(link.bandwidth_now == 3e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies),
        cmocka_unit_test(copies_travel_alone),
        cmocka_unit_test(late_ones_are_overtaken),
        cmocka_unit_test(pairs_change_alone),
        cmocka_unit_test(the_narrowest_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
