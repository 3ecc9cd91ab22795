/*
 * The straight way against the long one: the same messages, sent in line by senders that know their
 * ends and through network_send(), arrive at the same instants in the same order, whatever happens
 * to the links meanwhile, and are counted alike.
 */
#include "models/network/network_straight.h"
#include "tests/models/network/network_case.h"

enum { ROUNDS = 40, CUT = 1000, HEAL, LOSE, POWER, SLOW, NORMAL };

static const struct geography_jitter jitter = {
    .floor_ns = 30 * MS,
    .at = {0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0},
    .extra_ns = {0.0, 1e5, 5e5, 2e6, 9e6, 2e7, 5e7, 3e8},
};

struct pass {
    struct fixture fixture;
    struct record_traffic traffic[4];
    struct fault_link slow;
};

/* What a case has beside the faults. */
struct variant {
    bool rows, last_mile, kinds_differ;
};

static bool straight;

static void send_straight(struct network *network, const struct message *message)
{
    if ((message->from & ENDPOINT_CLIENT) != 0) {
        network_send_request(network, message);
    } else if ((message->to & ENDPOINT_CLIENT) != 0) {
        network_send_reply(network, message);
    } else {
        uint32_t slot = 0;
        struct flight *flight = network_take(network, &slot);
        message_copy(&flight->message, message);
        network_post_between(network, slot, flight);
    }
}

static void send_round(struct fixture *fixture, uint64_t round)
{
    static const uint32_t ends[][2] = {
        {0, 1}, {1, 0}, {ENDPOINT_CLIENT, 0}, {0, ENDPOINT_CLIENT}, {ENDPOINT_CLIENT, 1}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const bool reply = (ends[i][1] & ENDPOINT_CLIENT) != 0;
        const struct message message = {.kind = reply ? MESSAGE_REPLY : MESSAGE_STRATEGY,
                                        .from = ends[i][0],
                                        .to = ends[i][1],
                                        .bytes = (uint32_t)(10 * i),
                                        .operation = round,
                                        .a = 10 * round + i};
        if (straight) {
            send_straight(&fixture->network, &message);
        } else {
            network_send(&fixture->network, &message);
        }
    }
}

static void script(struct fixture *fixture, uint64_t step)
{
    struct network *network = &fixture->network;
    struct network_link *link = network_link_at(network, 1);
    switch (step) {
    case CUT:
    case HEAL:
        network_link_hold(network, 1, NETWORK_BLACK_HOLE, step == CUT ? 1 : -1);
        break;
    case LOSE:
        network_lose(network, 0);
        break;
    case POWER:
        network_forget(network, 0);
        break;
    case SLOW:
    case NORMAL:
        link->change_count = step == SLOW;
        network_link_update(link);
        break;
    default:
        send_round(fixture, step);
    }
}

/* Rounds every 25 ms; a cut in which a machine loses power, and which leaves retries behind; a
 * link that is slow for a while; and what place 0 had under way is lost twice. */
static void run_pass(struct pass *pass, bool by_line, struct variant variant)
{
    static const struct distribution *by_kind[MESSAGE_STRATEGY + 1];
    struct fixture *fixture = &pass->fixture;
    begin(fixture);
    straight = by_line;
    for (uint32_t i = 0; i < 4; i++) {
        struct network_link *link = network_link_at(&fixture->network, i);
        network_link_publish(link, &jitter);
        link->kinds_differ = variant.kinds_differ;
        network_link_update(link);
        assert_true(link->crooked == variant.kinds_differ);
    }
    if (variant.last_mile) {
        fixture->last_miles[0] = distribution_constant(&fixture->arena, 3.0 * MS);
    }
    if (variant.kinds_differ) {
        by_kind[MESSAGE_REPLY] = distribution_constant(&fixture->arena, 4.0 * MS);
        fixture->kind_delays[0] = by_kind;
    }
    pass->slow = (struct fault_link){.delay_factor = 3.0, .bandwidth_factor = 1.0};
    network_link_at(&fixture->network, 1)->changes = &pass->slow;
    if (!variant.rows) {
        fixture->sink.traffic = pass->traffic;
        fixture->sink.traffic_from_ns = 60 * MS;
    }
    fixture->script = script;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        at(fixture, (sim_ns)round * 25 * MS, round);
    }
    at(fixture, 110 * MS, CUT);
    at(fixture, 180 * MS, POWER);
    at(fixture, 330 * MS, HEAL);
    at(fixture, 510 * MS, SLOW);
    at(fixture, 560 * MS, NORMAL);
    at(fixture, 640 * MS, LOSE);
    at(fixture, 690 * MS, LOSE);
    run(fixture);
    if (!variant.rows) {
        network_tell(&fixture->network);
        network_tell(&fixture->network); /* once is enough */
    }
}

static void compare(struct variant variant)
{
    struct pass line = {0}, way = {0};
    run_pass(&line, true, variant);
    run_pass(&way, false, variant);
    assert_true(way.fixture.arrival_count > 4 * ROUNDS); /* most messages are not lost */
    assert_true(way.fixture.arrival_count < 5 * ROUNDS); /* but some are */
    assert_int_equal(line.fixture.arrival_count, way.fixture.arrival_count);
    for (size_t i = 0; i < way.fixture.arrival_count; i++) {
        assert_int_equal(line.fixture.arrivals[i].a, way.fixture.arrivals[i].a);
        assert_int_equal(line.fixture.arrivals[i].at_ns, way.fixture.arrivals[i].at_ns);
    }
    assert_int_equal(engine_fingerprint(&line.fixture.engine),
                     engine_fingerprint(&way.fixture.engine));
    assert_int_equal(line.fixture.sent, way.fixture.sent);
    assert_int_equal(line.fixture.dropped, way.fixture.dropped);
    assert_true(variant.rows == (way.fixture.sent > 0));
    for (int i = 0; i < 4; i++) {
        assert_memory_equal(&line.traffic[i], &way.traffic[i], sizeof way.traffic[i]);
        /* Nothing goes from place 0 to itself. */
        assert_true((line.traffic[i].messages > 0) == (!variant.rows && i != 0));
    }
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(network_link_at(&line.fixture.network, i)->cuts, 0);
        assert_int_equal(network_link_at(&line.fixture.network, i)->retrying, 0);
        assert_int_equal(network_link_at(&line.fixture.network, i)->losses, i < 2 ? 2 : 0);
    }
    end(&line.fixture);
    end(&way.fixture);
}

static void both_ways_are_one(void **state)
{
    (void)state;
    compare((struct variant){.rows = true});
    compare((struct variant){.rows = false});
    compare((struct variant){.last_mile = true});
    compare((struct variant){.kinds_differ = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
