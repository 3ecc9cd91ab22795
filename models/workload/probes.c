/*
 * Reads that follow an acknowledged write by a known time, to measure t-visibility (Bailis et al.,
 * VLDB 2012, section 2.3). All choices of a probe are addressed by the draw number of its write.
 */
#include "models/workload/clients_state.h"

#include "sim/arena.h"

#include <string.h>

enum { DRAW_READER = 1, DRAW_AFTER = 2 };

/* Groups that use the dataset and are in the named region; NULL: anywhere. */
static struct probe_region readers_in(const struct clients *clients, const struct group *group,
                                      const char *region, struct arena *arena)
{
    const struct record_layout *layout = clients->host.layout;
    uint32_t *groups = arena_alloc(arena, layout->group_count, sizeof *groups);
    uint32_t count = 0;
    for (uint32_t i = 0; i < layout->group_count; i++) {
        const struct record_place *place = &layout->places[layout->groups[i].place];
        const bool here = region == NULL || (place->is_region && strcmp(place->name, region) == 0);
        if (here && layout->groups[i].dataset == group->dataset) {
            groups[count++] = i;
        }
    }
    return (struct probe_region){.groups = groups, .count = count};
}

void probes_init(struct clients *clients, struct group *group, struct arena *arena)
{
    const struct scenario_probe *probe = &group->client->probe;
    if (probe->share <= 0.0) {
        return;
    }
    const struct scenario_region *regions = clients->host.scenario->regions.items;
    const uint32_t *readers = probe->readers.items;
    const size_t listed = probe->readers.count > 0 ? probe->readers.count : 1;
    struct probe_region *found = arena_alloc(arena, listed, sizeof *found);
    uint32_t count = 0;
    for (size_t i = 0; i < listed; i++) {
        const char *region = probe->readers.count > 0 ? regions[readers[i]].name : NULL;
        found[count] = readers_in(clients, group, region, arena);
        count += found[count].count > 0;
    }
    group->probe_regions = found;
    group->probe_region_count = count;
}

static uint32_t below(uint64_t word, uint32_t count)
{
    return (uint32_t)(random_unit_from(word) * (double)count);
}

void probes_follow(struct clients *clients, struct group *group, const struct operation *write,
                   uint64_t number)
{
    if (group->probe_region_count == 0) {
        return;
    }
    const struct scenario_probe *plan = &group->client->probe;
    struct random_stream stream = group->probe_stream;
    stream.count = write->draw;
    const struct random_block choice = random_block_next(&stream);
    if (random_unit_from(choice.word[0]) >= plan->share) {
        return;
    }
    const struct probe_region *region =
        &group->probe_regions[below(choice.word[1], group->probe_region_count)];
    const struct random_block reader = random_block_more(&stream, write->draw, DRAW_READER);
    const struct random_block after = random_block_more(&stream, write->draw, DRAW_AFTER);
    struct random_stream after_stream = random_stream_nested(&stream, after.word[0]);
    const uint32_t index = pool_take(&clients->probes);
    CHECK(index != POOL_NONE);
    struct probe *probe = pool_at(&clients->probes, index);
    probe->group = region->groups[below(reader.word[0], region->count)];
    const struct group *asks = &clients->groups[probe->group];
    probe->session = asks->session_first + below(reader.word[1], asks->session_count);
    probe->key = write->key;
    probe->write = number;
    probe->after_ns = plan->after == NULL ? 0 : distribution_sample_ns(plan->after, &after_stream);
    engine_after(
        clients->host.engine, probe->after_ns,
        (struct event){.kind = clients->host.event_kind, .small = CLIENT_PROBE, .target = index});
}

struct group *probes_take(struct clients *clients, uint32_t index, struct operation_start *start)
{
    const struct probe *probe = pool_at(&clients->probes, index);
    struct group *group = &clients->groups[probe->group];
    *start = (struct operation_start){.type = RECORD_READ,
                                      .flags = OPERATION_PROBE,
                                      .key = probe->key,
                                      .session = probe->session,
                                      .probed_write = probe->write,
                                      .probed_after_ns = probe->after_ns};
    pool_give(&clients->probes, index);
    return group;
}
