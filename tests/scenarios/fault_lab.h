/*
 * fault_lab.h - a small world under the faults of a text. Included by one test file each.
 *
 * Model: three regions a, b, c with two machines each and 10 ms between any two, no jitter; reads
 *        and writes of every region's clients; it runs for 100 s. Single quotes stand for double
 *        ones.
 */
#ifndef TESTS_SCENARIOS_FAULT_LAB_H
#define TESTS_SCENARIOS_FAULT_LAB_H

#include "models/world.h"
#include "scenarios/load.h"
#include "scenarios/text.h"
#include "sim/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAB_TEXT_BYTES = 1 << 14 };

struct lab {
    struct arena arena;
    struct diags diags;
    struct loaded loaded;
    const struct scenario *scenario;
    char text[LAB_TEXT_BYTES];
};

static const char lab_replication[] = "{'strategy': 'quorum'}";

/* `extra`: further keys of the scenario, `network`: of its network, each with a comma, or "". */
static inline struct lab *lab_open_with(const char *faults, const char *replication,
                                        const char *extra, const char *network)
{
    struct lab *lab = calloc(1, sizeof *lab);
    assert_non_null(lab);
    arena_init(&lab->arena);
    diags_init(&lab->diags, &lab->arena);
    const int length =
        snprintf(lab->text, sizeof lab->text,
                 "{'name': 'lab', 'duration': '100s', %s"
                 "'regions': [{'name': 'a', 'nodes': 2, 'lat': 1, 'lon': 1},"
                 " {'name': 'b', 'nodes': 2, 'lat': 2, 'lon': 2},"
                 " {'name': 'c', 'nodes': 2, 'lat': 3, 'lon': 3}],"
                 "'network': {%s'latency': {'from': 'constant', 'one_way': '10ms'},"
                 " 'jitter': 'none', 'same_zone': '100us', 'same_region': '200us'},"
                 "'datasets': {'d': {'keys': 20, 'replication': %s}},"
                 "'clients': [{'at': 'a', 'rate': 5, 'mix': {'read': 0.5, 'write': 0.5}},"
                 " {'at': 'b', 'rate': 5}, {'at': 'c', 'rate': 5}],\n"
                 "'faults': [\n%s]}",
                 extra, network, replication, faults);
    assert_true(length > 0 && (size_t)length < sizeof lab->text);
    for (char *at = lab->text; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    const struct load_options options = {
        .file_name = "t", .text = lab->text, .length = (size_t)length};
    lab->scenario = scenario_load(&options, &lab->arena, &lab->diags, &lab->loaded);
    return lab;
}

static inline struct lab *lab_open(const char *faults, const char *replication, const char *extra)
{
    return lab_open_with(faults, replication, extra, "");
}

static inline void lab_close(struct lab *lab)
{
    arena_release(&lab->arena);
    free(lab);
}

/* The lines of all messages, to be freed by text_release(). */
static inline struct text lab_messages(struct lab *lab)
{
    struct text text = {0};
    diags_put_lines(&lab->diags, &text);
    return text;
}

static inline void lab_must_load(struct lab *lab)
{
    if (lab->scenario == NULL) {
        const struct text text = lab_messages(lab);
        fail_msg("%s\n%s", text_string(&text), lab->text);
    }
}

#endif
