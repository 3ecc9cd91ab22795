/*
 * collect_example.c - one real conflict from the two acceptances to the two arrivals.
 */
#include "analysis/collect_example.h"
#include "analysis/collect_torn.h"

#define EXAMPLE_MAX_NS (600 * SIM_NS_PER_S) /* for the next thing that happens to the two */

static const uint32_t example_rows =
    1u << RECORD_APPLIED | 1u << RECORD_SUPERSEDED | 1u << RECORD_DISPLACED;

static void add(struct example_state *example, sim_ns at_ns, enum metric_meeting_kind kind,
                uint32_t write, uint32_t node)
{
    struct metric_meeting *meeting = &example->meeting;

    if (meeting->event_count < METRIC_MEETING_EVENTS) {
        meeting->events[meeting->event_count++] = (struct metric_meeting_event){
            .at_ns = at_ns, .node = node, .kind = (uint8_t)kind, .write = (uint8_t)write};
    }
}

void example_begin(struct collect_state *state, uint32_t dataset, uint32_t key,
                   const struct example_write *first, const struct example_write *second)
{
    const struct example_write *const writes[2] = {first, second};
    const struct dataset_state *source = &state->datasets[dataset];
    const struct record_layout *layout = state->layout;
    struct example_state *example = state->example;

    for (uint32_t i = 0; i < 2; i++) {
        example->nodes[i] = source->replicas[writes[i]->replica].node;
        example->versions[i] = writes[i]->version;
    }
    if (layout->nodes[example->nodes[0]].place == layout->nodes[example->nodes[1]].place) {
        return;
    }
    for (uint32_t i = 0; i < 2; i++) {
        example->meeting.writes[i] = writes[i]->version.write;
        add(example, writes[i]->at_ns, METRIC_MEETING_ACCEPTED, i, example->nodes[i]);
    }
    example->meeting.dataset = dataset;
    example->meeting.key = key;
    example->open = true;
    state->extra |= example_rows;
}

static void close_example(struct collect_state *state)
{
    state->example->open = false;
    if (state->values == NULL) {
        state->extra = state->torn == NULL ? 0 : TORN_ROWS;
    }
}

/* Write `i` arrives at the replica that had accepted the other one. */
static void arrived(struct collect_state *state, const struct record *record, uint32_t i)
{
    struct example_state *example = state->example;

    if ((example->arrived >> i & 1u) != 0) {
        return; /* again */
    }
    example->arrived |= 1u << i;
    add(example, record->at_ns, METRIC_MEETING_ARRIVED, i, record->node);
    if (!state->layout->datasets[record->dataset].merges) {
        add(example, record->at_ns, METRIC_MEETING_GONE,
            version_less(example->versions[0], example->versions[1]) ? 0 : 1, record->node);
        if (example->arrived == 3) {
            close_example(state);
        }
    }
}

static bool is_write(const struct example_state *example, uint32_t i, int64_t stamp, uint64_t write)
{
    const struct record row = {.stamp = stamp, .write = write};
    const struct version version = version_of(&row);

    return example->versions[i].write == version.write &&
           example->versions[i].stamp == version.stamp;
}

static void displaced(struct example_state *example, const struct record *record)
{
    for (uint32_t i = 0; i < 2; i++) {
        if (is_write(example, i, record->stamp, record->write) &&
            is_write(example, 1 - i, record->b, (uint64_t)record->a)) {
            add(example, record->at_ns, METRIC_MEETING_GONE, i, record->node);
        }
    }
}

void example_row(struct collect_state *state, const struct record *record)
{
    struct example_state *example = state->example;
    const struct metric_meeting *meeting = &example->meeting;
    const bool at_one = record->node == example->nodes[0] || record->node == example->nodes[1];

    const sim_ns last_ns = meeting->events[meeting->event_count - 1].at_ns;

    /* After all that happened at the instant of the second arrival. */
    if (record->at_ns > last_ns + (example->arrived == 3 ? 0 : EXAMPLE_MAX_NS)) {
        close_example(state);
        return;
    }
    if ((example_rows >> record->kind & 1u) == 0 || record->dataset != meeting->dataset ||
        record->key != meeting->key || !at_one || (record->flags & RECORD_FLAG_REVERTED) != 0) {
        return;
    }
    if (record->kind == RECORD_DISPLACED) {
        displaced(example, record);
        return;
    }
    for (uint32_t i = 0; i < 2; i++) {
        if (record->node == example->nodes[1 - i] &&
            is_write(example, i, record->stamp, record->write)) {
            arrived(state, record, i);
        }
    }
}
