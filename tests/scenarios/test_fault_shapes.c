/*
 * test_fault_shapes.c - who reaches whom under each partition, on real worlds: machines, clients,
 * styles, and shapes by chance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/network/network_cut.h"
#include "models/world_internal.h"
#include "tests/scenarios/fault_lab.h"

enum { MACHINES = 6, ENDS = 9 }; /* a/n0 a/n1 b/n0 b/n1 c/n0 c/n1, the clients of a, b, c */

static uint32_t end_of(uint32_t index)
{
    return index < MACHINES ? index : ENDPOINT_CLIENT | (index - MACHINES);
}

static char letter(const struct world *world, uint32_t from, uint32_t to)
{
    const uint32_t index = network_link_between(&world->network, end_of(from), end_of(to));
    const struct network_link *link = network_link_at(&world->network, index);
    return link->cuts == 0
               ? '.'
               : ".jbr"[network_cut_between(&world->network, link, end_of(from), end_of(to))];
}

/* Rows: who sends; columns: to whom. */
static void matrix(const struct world *world, char text[ENDS * (ENDS + 1) + 1])
{
    char *at = text;
    for (uint32_t from = 0; from < ENDS; from++) {
        for (uint32_t to = 0; to < ENDS; to++) {
            *at++ =
                from == to || (from >= MACHINES && to >= MACHINES) ? '.' : letter(world, from, to);
        }
        *at++ = from + 1 < ENDS ? ' ' : '\0';
    }
}

static const char open_matrix[] = "......... ......... ......... ......... ......... ......... "
                                  "......... ......... .........";

static void quiet_run(struct world *world)
{
    const struct record_sink sink = {.mask = 0};
    world_run(world, &sink, NULL);
}

static void shapes_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *expected;
    } cases[] = {
        {"'between': [['a'], ['b']]", "..bb...b. ..bb...b. bb....b.. bb....b.. ......... ......... "
                                      "..bb..... bb....... ........."},
        {"'between': [['a'], ['b']], 'one_way': true, 'style': 'reset'",
         "..rr...r. ..rr...r. ......... ......... ......... ......... "
         "..rr..... ......... ........."},
        {"'between': [['a'], ['b'], ['c']], 'style': 'jammed'",
         "..jjjj.jj ..jjjj.jj jj..jjj.j jj..jjj.j jjjj..jj. jjjj..jj. "
         "..jjjj... jj..jj... jjjj....."},
        /* Two machines lose each other; their clients and neighbours notice nothing. */
        {"'between': [['a/n0'], ['b/n1']]",
         "...b..... ......... ......... b........ ......... ......... "
         "......... ......... ........."},
        {"'between': [['a/n0'], ['a/n1']]",
         ".b....... b........ ......... ......... ......... ......... "
         "......... ......... ........."},
        /* A machine and a region: with the clients there. */
        {"'between': [['a/n0'], ['b']]",
         "..bb...b. ......... b........ b........ ......... ......... "
         "......... b........ ........."},
        {"'isolate': ['a/n0']", ".bbbbbbbb b........ b........ b........ b........ b........ "
                                "b........ b........ b........"},
        /* The two still reach each other. */
        {"'isolate': ['a/n0', 'b/n0'], 'one_way': true",
         ".b.bbbbbb ......... .b.bbbbbb"
         " ......... ......... ......... ......... ......... ........."},
        {"'isolate': ['c']", "....bb..b ....bb..b ....bb..b ....bb..b bbbb..bb. bbbb..bb. "
                             "....bb... ....bb... bbbb....."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char fault[512], text[ENDS * (ENDS + 1) + 1];
        snprintf(fault, sizeof fault, "{'id': 'x', 'kind': 'partition', 'at': '50s', %s}",
                 cases[i].keys);
        struct lab *lab = lab_open(fault, lab_replication, "");
        lab_must_load(lab);
        struct world *world = world_create(lab->scenario, 1);
        matrix(world, text);
        assert_string_equal(text, open_matrix);
        quiet_run(world);
        matrix(world, text);
        if (strcmp(text, cases[i].expected) != 0) {
            fail_msg("%s:\nexpected %s\ngot      %s", cases[i].keys, cases[i].expected, text);
        }
        world_release(world);
        lab_close(lab);
    }
}

/* How many machines each machine hears, itself included; -1: not all the same. */
static int heard_by(const struct world *world, uint32_t to)
{
    int heard = 0;
    for (uint32_t from = 0; from < MACHINES; from++) {
        heard += from == to || letter(world, from, to) == '.';
    }
    return heard;
}

static void machines_fall_apart_by_chance(void **state)
{
    (void)state;
    static const struct {
        const char *split;
        int heard[MACHINES]; /* sorted */
    } cases[] = {{"one", {1, 5, 5, 5, 5, 5}},      {"halves", {3, 3, 3, 3, 3, 3}},
                 {"minority", {2, 2, 4, 4, 4, 4}}, {"minority_third", {1, 5, 5, 5, 5, 5}},
                 {"majority", {2, 2, 4, 4, 4, 4}}, {"majorities_ring", {4, 4, 4, 4, 4, 4}},
                 {"bridge", {3, 3, 4, 4, 4, 6}},   {"primaries", {1, 5, 5, 5, 5, 5}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char fault[512], first[ENDS * (ENDS + 1) + 1], other[ENDS * (ENDS + 1) + 1];
        snprintf(fault, sizeof fault,
                 "{'id': 'x', 'kind': 'partition', 'at': '50s', 'split': '%s',"
                 " 'units': 'machines'}",
                 cases[i].split);
        struct lab *lab = lab_open(fault, "{'strategy': 'primary', 'primary': 'b'}", "");
        lab_must_load(lab);
        uint32_t different = 0;
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct world *world = world_create(lab->scenario, seed);
            quiet_run(world);
            matrix(world, seed == 0 ? first : other);
            different += seed > 0 && strcmp(first, other) != 0;
            int sizes[MACHINES] = {0}, heard[MACHINES + 1] = {0};
            for (uint32_t machine = 0; machine < MACHINES; machine++) {
                heard[heard_by(world, machine)]++;
            }
            for (int size = 1, at = 0; size <= MACHINES; size++) {
                for (int n = 0; n < heard[size]; n++) {
                    sizes[at++] = size;
                }
            }
            if (memcmp(sizes, cases[i].heard, sizeof sizes) != 0) {
                fail_msg("%s, seed %llu: %d %d %d %d %d %d", cases[i].split,
                         (unsigned long long)seed, sizes[0], sizes[1], sizes[2], sizes[3], sizes[4],
                         sizes[5]);
            }
            if (strcmp(cases[i].split, "primaries") == 0) {
                assert_int_equal(heard_by(world, 2), 1); /* b/n0 */
            }
            world_release(world);
        }
        assert_true(different >= 10 || strcmp(cases[i].split, "primaries") == 0);
        lab_close(lab);
    }
}

/* Each occurrence draws anew, and each end takes back what its own begin cut. */
static void occurrences_differ_and_heal(void **state)
{
    (void)state;
    struct lab *lab = lab_open(
        "{'id': 'x', 'kind': 'partition', 'at': '1s', 'for': '3s', 'split': 'one',"
        " 'repeat': {'every': '4s', 'times': 20}},"
        "{'id': 'y', 'kind': 'partition', 'at': '2s', 'for': '2s', 'split': 'majorities_ring',"
        " 'units': 'machines', 'style': 'reset', 'repeat': {'every': '3s', 'times': 20}},"
        "{'id': 'z', 'kind': 'partition', 'at': '3s', 'for': '90s', 'split': 'bridge',"
        " 'among': ['a/n0', 'b', 'c/n1'], 'style': 'jammed'}",
        lab_replication, "");
    lab_must_load(lab);
    struct world *world = world_create(lab->scenario, 4);
    quiet_run(world);
    char text[ENDS * (ENDS + 1) + 1];
    matrix(world, text);
    assert_string_equal(text, open_matrix);
    for (uint32_t i = 0; i < 3 * 3 + 3; i++) {
        assert_int_equal(network_link_at(&world->network, i)->cuts, 0);
        assert_int_equal(network_link_at(&world->network, i)->held_head, 0);
    }
    world_release(world);
    lab_close(lab);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *message;
    } cases[] = {
        {"'between': [['a/n2'], ['b']]",
         "faults[0].between: names \"a/n2\", but region \"a\" has 2 machines, from n0"},
        {"'between': [['a/m2'], ['b']]",
         "faults[0].between[0][0]: references the place \"a/m2\", which is not in"},
        {"'between': [['x/n0'], ['b']]", "references the place \"x/n0\""},
        {"'between': [['a/n00'], ['b']]", "references the place \"a/n00\""},
        {"'between': [['a/n0'], ['b', 'a']]",
         "faults[0].between: must not have both \"a/n0\" and \"a\""},
        {"'between': [['a/n0'], ['a/n0']]",
         "faults[0].between: must not have \"a/n0\" in two sets"},
        {"'between': [['a'], ['b'], ['c']], 'one_way': true",
         "faults[0].between: must be two sets for one_way (got 3)"},
        {"'split': 'halves', 'isolate': ['a']", "faults[0]: must have one of \"between\""},
        {"'isolate': ['a'], 'among': ['b']", "faults[0].among: goes with \"split\""},
        {"'isolate': ['a'], 'units': 'machines'", "faults[0].units: goes with \"split\""},
        {"'split': 'half'", "faults[0].split: "},
        {"'split': 'minority_third'", "faults[0].split: needs at least 4 ends (got 3)"},
        {"'split': 'halves', 'among': ['a', 'a']", "faults[0].among: must not name \"a\" twice"},
        {"'split': 'primaries'", "faults[0].split: has no effect: no dataset has a primary"},
        {"'split': 'majorities_ring', 'one_way': true",
         "faults[0].one_way: is not for a ring, where nobody is on a side"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char fault[512];
        snprintf(fault, sizeof fault, "{'id': 'x', 'kind': 'partition', 'at': '50s', %s}",
                 cases[i].keys);
        struct lab *lab = lab_open(fault, lab_replication, "");
        assert_null(lab->scenario);
        struct text lines = lab_messages(lab);
        if (strstr(text_string(&lines), cases[i].message) == NULL || lab->diags.total != 1) {
            fail_msg("%s\nexpected %s\ngot %s", cases[i].keys, cases[i].message,
                     text_string(&lines));
        }
        text_release(&lines);
        lab_close(lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_by_hand),
        cmocka_unit_test(machines_fall_apart_by_chance),
        cmocka_unit_test(occurrences_differ_and_heal),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
