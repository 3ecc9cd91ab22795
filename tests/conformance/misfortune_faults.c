/* misfortune_faults.c - what goes wrong in a drawn world. */
#include "tests/conformance/misfortune_internal.h"
#include "tests/validation/lab.h"

struct fault_text {
    struct misfortune_fault *fault;
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void say(struct fault_text *text, const char *format,
                                                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    text->used += (size_t)vsnprintf(text->fault->json + text->used,
                                    sizeof text->fault->json - text->used, format, arguments);
    va_end(arguments);
    assert_true(text->used < sizeof text->fault->json);
}

static int first_node(const struct misfortune *m, int region)
{
    int first = 0;
    for (int r = 0; r < region; r++) {
        first += m->nodes[r];
    }
    return first;
}

/* A region, or one of its machines. */
static void say_end(struct misfortune *m, struct fault_text *text, int region)
{
    if (one_in(&m->dice, 4)) {
        say(text, "'%s/n%d'", misfortune_regions[region],
            between(&m->dice, 0, m->nodes[region] - 1));
    } else {
        say(text, "'%s'", misfortune_regions[region]);
    }
}

/* Two sets: some regions against some or all of the others. */
static void say_sets(struct misfortune *m, struct fault_text *text)
{
    const int count = between(&m->dice, 2, m->regions);
    const struct misfortune_some some = misfortune_some(m, count);
    const int cut = between(&m->dice, 1, count - 1);
    say(text, "'between': [[");
    for (int i = 0; i < count; i++) {
        say(text, "%s", i == 0 ? "" : i == cut ? "], [" : ", ");
        say_end(m, text, some.items[i]);
    }
    say(text, "]]");
}

static void say_partition(struct misfortune *m, struct fault_text *text, int region)
{
    static const char *const styles[] = {"black_hole", "reset", "jammed"};
    static const char *const splits[] = {
        "one", "halves", "minority", "minority_third", "majority", "majorities_ring", "primaries"};
    struct dice *dice = &m->dice;
    say(text, "'kind': 'partition', 'style': '%s', ", PICK(dice, styles));
    const int shape = m->family == MISFORTUNE_SEMI_SYNC ? 0 : between(dice, 0, 3);
    if (shape == 0) {
        say(text, "'isolate': [");
        if (m->family == MISFORTUNE_SEMI_SYNC) {
            say(text, "'%s'", misfortune_regions[region]);
        } else {
            say_end(m, text, region);
        }
        say(text, "], 'one_way': %s", misfortune_boolean(dice, 3));
    } else if (shape <= 2) {
        say_sets(m, text);
        say(text, ", 'one_way': %s", misfortune_boolean(dice, 3));
    } else {
        const bool machines = one_in(dice, 2);
        const char *const drawn = PICK(dice, splits);
        const char *const split = m->primary || strcmp(drawn, "primaries") != 0 ? drawn : "one";
        const int ends = machines ? first_node(m, m->regions) : m->regions;
        say(text, "'split': '%s', 'units': '%s'", /* some shapes need four */
            ends < 4 ? "one" : split, machines ? "machines" : "regions");
    }
}

static void say_outage(struct misfortune *m, struct fault_text *text, int region, bool lost)
{
    struct dice *dice = &m->dice;
    const bool whole = m->family == MISFORTUNE_SEMI_SYNC || one_in(dice, 2);
    if (whole) {
        say(text, "'kind': 'region_outage', 'region': '%s', 'in_flight': '%s'",
            misfortune_regions[region], one_in(dice, 2) ? "lost" : "delivered");
    } else if (one_in(dice, 2)) {
        say(text, "'kind': 'zone_outage', 'region': '%s'", misfortune_regions[region]);
    } else {
        say(text, "'kind': 'node_outage', 'region': '%s', 'node': %d", misfortune_regions[region],
            between(dice, 0, m->nodes[region] - 1));
    }
    if (lost) {
        say(text, ", 'disk': 'lost'");
        m->loses_disk = true;
    }
}

static void say_pause(struct misfortune *m, struct fault_text *text, int region)
{
    const uint32_t first = (uint32_t)first_node(m, region);
    if (m->family == MISFORTUNE_SEMI_SYNC || one_in(&m->dice, 2)) {
        say(text, "'kind': 'pause', 'region': '%s'", misfortune_regions[region]);
        text->fault->pauses = ((UINT32_C(1) << m->nodes[region]) - 1) << first;
    } else {
        const int node = between(&m->dice, 0, m->nodes[region] - 1);
        say(text, "'kind': 'pause', 'region': '%s', 'node': %d", misfortune_regions[region], node);
        text->fault->pauses = UINT32_C(1) << (first + (uint32_t)node);
    }
}

static void say_link(struct misfortune *m, struct fault_text *text)
{
    struct dice *dice = &m->dice;
    say(text, "'kind': 'link', ");
    const struct misfortune_some two = misfortune_some(m, 2);
    const bool narrow = one_in(dice, 5); /* pairs of regions only have a bandwidth */
    say(text, "'between': [[");
    if (narrow) {
        say(text, "'%s'], ['%s'", misfortune_regions[two.items[0]],
            misfortune_regions[two.items[1]]);
    } else {
        say_end(m, text, two.items[0]);
        say(text, "], [");
        say_end(m, text, two.items[1]);
    }
    say(text, "]], 'one_way': %s", misfortune_boolean(dice, 3));
    switch (narrow ? 0 : between(dice, 1, 4)) {
    case 1:
        say(text, ", 'delay_factor': %d, 'extra': '%dms'", between(dice, 2, 5),
            between(dice, 0, 200));
        break;
    case 2:
        say(text, ", 'loss': 0.%d, 'corrupt': 0.%d", between(dice, 1, 9), between(dice, 0, 3));
        break;
    case 3:
        say(text, ", 'duplicate': 0.%d", between(dice, 1, 9));
        break;
    case 4:
        say(text,
            ", 'duplicate': 0.3, 'reorder': 0.%d, 'reorder_by': {'distribution': 'exponential',"
            " 'mean': '%dms'}",
            between(dice, 1, 9), between(dice, 1, 200));
        break;
    default:
        say(text, ", 'bandwidth': '%dkbps'", between(dice, 2000, 9000));
        break;
    }
}

static void say_clock(struct misfortune *m, struct fault_text *text, int region)
{
    struct dice *dice = &m->dice;
    const int sign = one_in(dice, 2) ? -1 : 1;
    const char *name = misfortune_regions[region];
    switch (between(dice, 1, 4)) {
    case 1:
        say(text, "'kind': 'clock_step', 'region': '%s', 'by': '%dms'", name,
            sign * between(dice, 1, 5000));
        break;
    case 2:
        say(text, "'kind': 'clock_drift', 'region': '%s', 'ppm': %d", name,
            sign * between(dice, 1, 900));
        break;
    case 3:
        say(text, "'kind': 'clock_strobe', 'region': '%s', 'by': '%dms', 'period': '%dms'", name,
            between(dice, 1, 500), between(dice, 20, 300));
        break;
    default:
        say(text, "'kind': 'clock_unsynchronised', 'region': '%s'", name);
        m->corrected = true;
        break;
    }
}

static void say_what(struct misfortune *m, struct fault_text *text, int region)
{
    struct dice *dice = &m->dice;
    if (m->family == MISFORTUNE_DISKS) {
        say_outage(m, text, region, one_in(dice, 2));
        return;
    }
    const int kind = between(dice, 0, m->family == MISFORTUNE_SEMI_SYNC ? 7 : 13);
    if (kind <= 3) {
        say_partition(m, text, region);
    } else if (kind <= 5) {
        say_outage(m, text, region, m->family == MISFORTUNE_ANYTHING && one_in(dice, 3));
    } else if (kind <= 7) {
        say_pause(m, text, region);
    } else if (kind <= 10) {
        say_link(m, text);
    } else if (kind == 11) {
        say(text, "'kind': 'slow_node', 'region': '%s', 'factor': %d, 'extra': '%dms'",
            misfortune_regions[region], between(dice, 1, 5), between(dice, 1, 8));
    } else if (kind == 12) {
        say(text, "'kind': 'slow_disk', 'region': '%s', 'factor': %d, 'extra': '%dms'",
            misfortune_regions[region], between(dice, 1, 10), between(dice, 1, 50));
    } else {
        say_clock(m, text, region);
    }
}

void misfortune_draw_fault(struct misfortune *m, int primary, int *at_ms)
{
    struct dice *dice = &m->dice;
    const int number = m->fault_count++;
    struct fault_text text = {.fault = &m->faults[number]};
    const bool in_turn = m->family == MISFORTUNE_SEMI_SYNC || m->family == MISFORTUNE_DISKS;
    const int region = one_in(dice, 3) ? primary : between(dice, 0, m->regions - 1);
    const int for_ms = one_in(dice, 4) ? between(dice, 1, 300) : between(dice, 300, 3000);
    const int begin_ms = in_turn ? *at_ms : between(dice, 1000, 7000);
    int end_ms = begin_ms + for_ms;
    text.fault->pauses = 0;
    say(&text, "{'id': 'f%d', 'at': '%dms', 'for': '%dms', ", number, begin_ms, for_ms);
    if (!in_turn && one_in(dice, 6)) {
        const int every_ms = for_ms + between(dice, 50, 500), times = between(dice, 2, 3);
        say(&text, "'repeat': {'every': '%dms', 'times': %d}, ", every_ms, times);
        end_ms += (times - 1) * every_ms;
    }
    say_what(m, &text, region);
    say(&text, "}");
    *at_ms = end_ms + (m->family == MISFORTUNE_DISKS ? 5000 + between(dice, 0, 500)
                                                     : between(dice, 1, 1500));
    m->faults_end_ms = end_ms > m->faults_end_ms ? end_ms : m->faults_end_ms;
}
