/*
 * test_fault_compose.c - faults that overlap: cables that are cut together, by hand; and any
 * faults at random, after which the network must be what it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/faults/fault_target.h"
#include "models/world_internal.h"
#include "tests/scenarios/fault_lab.h"

#include <stdio.h>

enum { PLACES = 3, LINKS = PLACES * PLACES + PLACES };

static void quiet_run(struct world *world)
{
    const struct record_sink sink = {.mask = 0};
    world_run(world, &sink, NULL);
}

/* For ab, ac, bc: what is added to 10 ms, "-" when cut off; e.g. "10 0 -". */
static void ways(const struct world *world, char text[64])
{
    static const uint32_t pairs[3][2] = {{0, 1}, {0, 2}, {1, 2}};
    size_t used = 0;
    for (size_t i = 0; i < 3; i++) {
        const struct network_link *there =
            network_link_at(&world->network, pairs[i][0] * PLACES + pairs[i][1]);
        const struct network_link *back =
            network_link_at(&world->network, pairs[i][1] * PLACES + pairs[i][0]);
        assert_int_equal(there->extra_ns, back->extra_ns);
        assert_int_equal(there->cuts, back->cuts);
        used +=
            (size_t)(there->cuts > 0 ? snprintf(text + used, 64 - used, "%s-", i > 0 ? " " : "")
                                     : snprintf(text + used, 64 - used, "%s%lld", i > 0 ? " " : "",
                                                (long long)(there->extra_ns / SIM_NS_PER_MS)));
    }
}

static void cables_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *network, *faults, *expected;
    } cases[] = {
        {"", "", "0 0 0"},
        /* Around over c: 20 ms. */
        {"", "{'id': 'x', 'kind': 'cable_cut', 'at': '1s', 'between': ['a', 'b']}", "10 0 0"},
        {"",
         "{'id': 'x', 'kind': 'cable_cut', 'at': '1s', 'between': ['a', 'b']},"
         "{'id': 'y', 'kind': 'cable_cut', 'at': '2s', 'between': ['c', 'a']}",
         "- - 0"},
        /* One is mended: the way around leads over it again. */
        {"",
         "{'id': 'x', 'kind': 'cable_cut', 'at': '1s', 'between': ['a', 'b']},"
         "{'id': 'y', 'kind': 'cable_cut', 'at': '2s', 'for': '5s', 'between': ['c', 'a']}",
         "10 0 0"},
        /* The same cable twice is mended by the second repair only. */
        {"",
         "{'id': 'x', 'kind': 'cable_cut', 'at': '1s', 'for': '9s', 'between': ['a', 'b']},"
         "{'id': 'y', 'kind': 'cable_cut', 'at': '2s', 'between': ['a', 'b']}",
         "10 0 0"},
        {"",
         "{'id': 'x', 'kind': 'cable_cut', 'at': '1s', 'for': '9s', 'between': ['a', 'b']},"
         "{'id': 'y', 'kind': 'cable_cut', 'at': '2s', 'for': '9s', 'between': ['a', 'b']}",
         "0 0 0"},
        /* A way of its own is no way around for others, as long as its cable is cut. */
        {"",
         "{'id': 'x', 'kind': 'cable_cut', 'at': '1s', 'between': ['a', 'b'],"
         " 'latency_factor': 3},"
         "{'id': 'y', 'kind': 'cable_cut', 'at': '2s', 'between': ['a', 'c']}",
         "0 - 0"},
        /* Links of 100 ms, 10 ms and 30 ms: 40 ms around is quicker than the cable was: no gain. */
        {"'links': [{'from': 'a', 'to': 'b', 'one_way': '100ms'},"
         " {'from': 'b', 'to': 'c', 'one_way': '30ms'}], ",
         "{'id': 'x', 'kind': 'cable_cut', 'at': '1s', 'between': ['a', 'b']}", "0 0 0"},
        /* c to b over a: 110 ms instead of 30. */
        {"'links': [{'from': 'a', 'to': 'b', 'one_way': '100ms'},"
         " {'from': 'b', 'to': 'c', 'one_way': '30ms'}], ",
         "{'id': 'x', 'kind': 'cable_cut', 'at': '1s', 'between': ['c', 'b']}", "0 0 80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        struct lab *lab = lab_open_with(cases[i].faults, lab_replication, "", cases[i].network);
        lab_must_load(lab);
        struct world *world = world_create(lab->scenario, 1);
        quiet_run(world);
        ways(world, text);
        if (strcmp(text, cases[i].expected) != 0) {
            fail_msg("%s\nexpected %s\ngot %s", cases[i].faults, cases[i].expected, text);
        }
        world_release(world);
        lab_close(lab);
    }
}

/* The rest of what a cable cut does to its link. */
static void ways_around_are_narrow(void **state)
{
    (void)state;
    struct lab *lab = lab_open(
        "{'id': 'x', 'kind': 'cable_cut', 'at': '1s', 'between': ['a', 'b'],"
        " 'latency_factor': 2.5, 'loss': 0.01, 'bandwidth': '2Mbps'},"
        "{'id': 'y', 'kind': 'dns_failure', 'at': '1s', 'share': 0.5},"
        "{'id': 'z', 'kind': 'dns_failure', 'at': '1s', 'share': 0.5},"
        "{'id': 'u', 'kind': 'dns_failure', 'at': '1s', 'answer': 'servfail', 'for': '1s'},"
        "{'id': 'v', 'kind': 'dns_poisoning', 'at': '1s', 'to': 'c', 'share': '5%'}",
        lab_replication, "");
    lab_must_load(lab);
    struct world *world = world_create(lab->scenario, 1);
    quiet_run(world);
    const struct network_link *link = network_link_at(&world->network, 1);
    assert_true(link->delay_factor == 2.5);
    assert_true(link->loss_now > 0.0099 && link->loss_now < 0.0101);
    assert_true(link->bandwidth_now == 2e6);
    assert_int_equal(link->extra_ns, 0);
    const struct fault_dns_state *dns = world_dns_faults(world);
    assert_int_equal(dns->count, 3);
    assert_int_equal(dns->changes, 5);
    assert_true(fault_dns_share(dns, FAULT_DNS_TIMEOUT) == 0.75);
    assert_true(fault_dns_share(dns, FAULT_DNS_SERVFAIL) == 0.0);
    assert_int_equal(dns->holds[2].kind, FAULT_DNS_POISON);
    assert_int_equal(dns->holds[2].region, 2);
    assert_string_equal(world_layout(world)->faults[0].text, "cable a - b cut, delay x 2.5");
    assert_string_equal(world_layout(world)->faults[1].text, "DNS fails: timeout, 50 %");
    assert_string_equal(world_layout(world)->faults[4].text, "DNS sends 5 % of resolvers to c");
    world_release(world);
    lab_close(lab);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *message;
    } cases[] = {
        {"'kind': 'cable_cut', 'between': ['a']",
         "faults[0].between: must be the two ends of a cable (got 1)"},
        {"'kind': 'cable_cut', 'between': ['a', 'a']",
         "faults[0].between: must not name \"a\" twice"},
        {"'kind': 'cable_cut', 'between': ['a', 'd']",
         "faults[0].between[1]: references the place \"d\""},
        {"'kind': 'cable_cut', 'between': ['a', 'b'], 'latency_factor': 0.5",
         "faults[0].latency_factor: must be "},
        {"'kind': 'dns_failure', 'share': 0",
         "faults[0].share: must be above 0: else it has no effect"},
        {"'kind': 'dns_poisoning', 'to': 'a', 'share': 0",
         "faults[0].share: must be above 0: else it has no effect"},
        {"'kind': 'dns_poisoning', 'to': 'a'", "faults[0]: needs \"share\""},
        {"'kind': 'link', 'between': [['a/n0'], ['b']], 'bandwidth': '1Mbps'",
         "faults[0].bandwidth: is that of two places, not of a machine"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char fault[512];
        snprintf(fault, sizeof fault, "{'id': 'x', 'at': '50s', %s}", cases[i].fault);
        struct lab *lab = lab_open(fault, lab_replication, "");
        assert_null(lab->scenario);
        struct text lines = lab_messages(lab);
        if (strstr(text_string(&lines), cases[i].message) == NULL || lab->diags.total != 1) {
            fail_msg("%s\nexpected %s\ngot %s", cases[i].fault, cases[i].message,
                     text_string(&lines));
        }
        text_release(&lines);
        lab_close(lab);
    }
}

/* What faults may change and must put back. */
struct state_of_link {
    double delay_factor, loss, bandwidth;
    sim_ns extra_ns;
    uint32_t cuts, changes, disorder, pair_changes, cable_cuts, reroutes, held, releasing;
    struct network_holds holds;
    bool stranded;
};

static void observe(const struct world *world, struct state_of_link links[LINKS])
{
    memset(links, 0, LINKS * sizeof *links);
    for (uint32_t i = 0; i < LINKS; i++) {
        const struct network_link *link = network_link_at(&world->network, i);
        links[i].delay_factor = link->delay_factor;
        links[i].loss = link->loss_now;
        links[i].bandwidth = link->bandwidth_now;
        links[i].extra_ns = link->extra_ns;
        links[i].cuts = link->cuts;
        links[i].changes = link->change_count;
        links[i].disorder = link->disorder;
        links[i].pair_changes = link->pair_changes;
        links[i].cable_cuts = link->cable_cuts;
        links[i].reroutes = link->reroutes;
        links[i].stranded = link->stranded;
        links[i].releasing = link->releasing;
        links[i].holds = link->holds;
        links[i].held = link->held_head;
    }
}

static uint32_t pick(struct random_stream *dice, uint32_t count)
{
    return (uint32_t)random_below(dice, count);
}

/* One fault of any kind, over by 90 s. */
static size_t put_fault(char *text, size_t room, uint32_t id, struct random_stream *dice)
{
    static const char *const kinds[] = {
        "'kind': 'partition', 'between': [['a'], ['b', 'c']]",
        "'kind': 'partition', 'between': [['a/n0', 'b'], ['c/n1', 'a/n1']], 'style': 'reset'",
        "'kind': 'partition', 'isolate': ['b/n1'], 'style': 'jammed'",
        "'kind': 'partition', 'isolate': ['c'], 'one_way': true, 'style': 'jammed'",
        "'kind': 'partition', 'split': 'halves', 'units': 'machines', 'style': 'reset'",
        "'kind': 'partition', 'split': 'majorities_ring', 'units': 'machines'",
        "'kind': 'partition', 'split': 'bridge', 'style': 'jammed'",
        "'kind': 'partition', 'split': 'one', 'style': 'reset'",
        "'kind': 'link', 'between': [['a'], ['b']], 'delay_factor': 3.3, 'loss': 0.07",
        "'kind': 'link', 'between': [['a', 'c'], ['b']], 'duplicate': 0.3, 'reorder': 0.2,"
        " 'reorder_by': {'distribution': 'exponential', 'mean': '30ms'}",
        "'kind': 'link', 'between': [['a/n1'], ['b', 'c/n0']], 'extra': '7ms', 'corrupt': 0.1,"
        " 'duplicate': 0.1",
        "'kind': 'link', 'between': [['c'], ['b']], 'bandwidth': '100kbps', 'one_way': true",
        "'kind': 'cable_cut', 'between': ['a', 'b'], 'loss': 0.013",
        "'kind': 'cable_cut', 'between': ['c', 'b']",
        "'kind': 'cable_cut', 'between': ['a', 'c'], 'latency_factor': 1.7",
        "'kind': 'region_outage', 'region': 'b'",
        "'kind': 'node_outage', 'region': 'a', 'node': 1",
        "'kind': 'dns_poisoning', 'to': 'b', 'share': 0.3",
        "'kind': 'dns_failure', 'share': 0.7"};
    const uint32_t kind = pick(dice, sizeof kinds / sizeof kinds[0]);
    const uint32_t at_ms = pick(dice, 40000), for_ms = 1 + pick(dice, 5000);
    char when[256];
    switch (id > 0 ? pick(dice, 4) : 0) {
    case 0:
        snprintf(when, sizeof when, "'at': %u, 'for': %u", at_ms, 4 * for_ms);
        break;
    case 1:
        snprintf(when, sizeof when, "'at': %u, 'for': %u, 'repeat': {'every': %u, 'times': 5}",
                 at_ms, for_ms, for_ms + pick(dice, 2000));
        break;
    case 2:
        snprintf(when, sizeof when, "'follows': 'f%u', 'after': %u, 'for': %u, 'probability': 0.7",
                 pick(dice, id), pick(dice, 3000), for_ms);
        break;
    default:
        snprintf(when, sizeof when,
                 "'at': %u, 'random': {'lasting': {'distribution': 'uniform', 'min': 1,"
                 " 'max': %u}}",
                 at_ms, for_ms);
    }
    const int length =
        snprintf(text, room, "%s{'id': 'f%u', %s, %s}", id > 0 ? ",\n" : "", id, kinds[kind], when);
    assert_true(length > 0 && (size_t)length < room);
    return (size_t)length;
}

/*
 * 60 worlds with up to nine faults each: when all are over, links, pairs, names and machines are as
 * they were, nothing is held back, and the world has gone on: most of what the clients asked in the
 * last five seconds is answered.
 */
struct last_answers {
    uint64_t ok, all;
};

static void note(void *state, const struct record *row)
{
    struct last_answers *last = state;
    if (row->kind == RECORD_COMPLETED && row->at_ns > 95 * SIM_NS_PER_S) {
        last->ok += row->outcome == RECORD_OK;
        last->all++;
    }
}

static void anything_heals(void **state)
{
    (void)state;
    static const char *const replications[] = {"{'strategy': 'quorum'}",
                                               "{'strategy': 'primary', 'primary': 'a'}"};
    static const char *const networks[] = {
        "'retransmit_max': '1s', 'loss': 0.001, 'bandwidth': '50Mbps', ",
        "'transport': 'datagram', ", "'retransmit_max': '1s', "};
    uint64_t faults = 0;
    for (uint32_t number = 0; number < 60; number++) {
        char text[8192];
        struct random_stream dice;
        random_stream_init(&dice, 42, 1, number);
        const uint32_t count = 2 + pick(&dice, 8);
        size_t used = 0;
        for (uint32_t i = 0; i < count; i++) {
            used += put_fault(text + used, sizeof text - used, i, &dice);
        }
        struct lab *lab = lab_open_with(text, replications[number % 2], "", networks[number % 3]);
        lab_must_load(lab);
        struct world *world = world_create(lab->scenario, number);
        struct state_of_link before[LINKS], after[LINKS];
        struct last_answers last = {0};
        const struct record_sink sink = {
            .state = &last, .row = note, .mask = UINT32_C(1) << RECORD_COMPLETED};
        observe(world, before);
        world_run(world, &sink, NULL);
        observe(world, after);
        if (memcmp(before, after, sizeof before) != 0 || world->dns.count != 0 ||
            world->network.pair_change_count != 0) {
            fail_msg("world %u: links are not what they were after\n%s", number, text);
        }
        for (uint32_t n = 0; n < world->node_count; n++) {
            assert_true(world->nodes[n].up);
        }
        for (uint32_t f = 0; f < count; f++) {
            assert_false(world->faults[f].bound);
            faults += world->faults[f].begun;
        }
        if (last.all < 50 || last.ok * 10 < last.all * 9) {
            fail_msg("world %u: %llu of %llu were ok at the end\n%s", number,
                     (unsigned long long)last.ok, (unsigned long long)last.all, text);
        }
        world_release(world);
        lab_close(lab);
    }
    print_message("%llu faults began\n", (unsigned long long)faults);
    assert_true(faults > 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cables_by_hand),
        cmocka_unit_test(ways_around_are_narrow),
        cmocka_unit_test(refused),
        cmocka_unit_test(anything_heals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
