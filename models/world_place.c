#include "models/world_place.h"

#include "models/csv_number.h"
#include "models/geography/geography.h"
#include "models/geography/latency.h"
#include "sim/arena.h"
#include "sim/check.h"

#include <string.h>

static const struct scenario_region *region_at(const struct scenario *scenario, uint32_t region)
{
    CHECK(region < scenario->regions.count);
    return (const struct scenario_region *)scenario->regions.items + region;
}

static const struct scenario_client *client_at(const struct scenario *scenario, uint32_t group)
{
    CHECK(group < scenario->clients.count);
    return (const struct scenario_client *)scenario->clients.items + group;
}

uint32_t world_place_of_client(const struct scenario *scenario, uint32_t group,
                               const uint32_t *earlier, uint32_t next)
{
    const struct scenario_place *at = &client_at(scenario, group)->at;
    for (uint32_t r = 0; r < scenario->regions.count; r++) {
        if (strcmp(region_at(scenario, r)->name, at->name) == 0) {
            return r;
        }
    }
    for (uint32_t g = 0; g < group; g++) {
        const struct scenario_place *other = &client_at(scenario, g)->at;
        if (world_place_same(other, at)) {
            return earlier[g];
        }
    }
    return next;
}

/* The first client group at a place of its own: every place beyond the regions has one. */
static const struct scenario_place *own_place(const struct scenario *scenario,
                                              const uint32_t *group_places, uint32_t place)
{
    uint32_t group = 0;
    while (group < scenario->clients.count && group_places[group] != place) {
        group++;
    }
    return &client_at(scenario, group)->at;
}

struct scenario_place world_place_of_region(const struct scenario_region *region)
{
    return (struct scenario_place){.name = region->name,
                                   .latitude = region->latitude,
                                   .longitude = region->longitude,
                                   .latitude_given = region->latitude_given,
                                   .longitude_given = region->longitude_given};
}

bool world_place_same(const struct scenario_place *a, const struct scenario_place *b)
{
    return strcmp(a->name, b->name) == 0 && a->latitude_given == b->latitude_given &&
           a->longitude_given == b->longitude_given && a->latitude == b->latitude &&
           a->longitude == b->longitude;
}

bool world_place_find(const struct scenario_place *at, struct geography_place *place)
{
    if (at->latitude_given && at->longitude_given) {
        *place =
            (struct geography_place){.latitude_deg = at->latitude, .longitude_deg = at->longitude};
        return true;
    }
    const struct geography_region *region = geography_find(at->name);
    if (region == NULL) {
        return false;
    }
    *place = geography_place_of(region);
    return true;
}

void world_places_find(struct world_places *places, const struct scenario *scenario,
                       const uint32_t *group_places, uint32_t count, struct arena *arena)
{
    *places = (struct world_places){.scenario = scenario, .count = count};
    places->names = arena_alloc(arena, count, sizeof *places->names);
    places->at = arena_alloc(arena, count, sizeof *places->at);
    places->in_matrix = arena_alloc(arena, count, sizeof *places->in_matrix);
    for (uint32_t place = 0; place < count; place++) {
        const struct scenario_place at = place < scenario->regions.count
                                             ? world_place_of_region(region_at(scenario, place))
                                             : *own_place(scenario, group_places, place);
        places->names[place] = at.name;
        CHECK(world_place_find(&at, &places->at[place]));
        places->in_matrix[place] = scenario_matrix_find(&scenario->network.latency.file, at.name);
    }
}

/* The user's matrix: the number in the row of `from`, column of `to`, as one-way ns; false when it
 * has none. */
static bool matrix_delay(const struct world_places *places, struct world_pair pair,
                         sim_ns *one_way_ns)
{
    static const double to_ns[] = {[SCENARIO_MATRIX_UNDECLARED] = 0.0,
                                   [SCENARIO_MATRIX_RTT_MS] = 0.5e6,
                                   [SCENARIO_MATRIX_RTT_US] = 0.5e3,
                                   [SCENARIO_MATRIX_ONE_WAY_MS] = 1e6,
                                   [SCENARIO_MATRIX_ONE_WAY_US] = 1e3};
    const struct scenario_latency *latency = &places->scenario->network.latency;
    const struct param_csv *file = &latency->file;
    const size_t row = places->in_matrix[pair.from].row;
    const size_t column = places->in_matrix[pair.to].column;
    double number = 0.0;
    if (row == file->rows || column == file->columns ||
        !csv_number(file->cells[row * file->columns + column], &number)) {
        return false;
    }
    *one_way_ns = sim_ns_from_double(number * to_ns[latency->unit]);
    return true;
}

static bool link_override(const struct scenario_network *config, uint32_t from, uint32_t to,
                          sim_ns *one_way_ns)
{
    const struct scenario_link *links = config->links.items;
    bool found = false;
    for (size_t i = 0; i < config->links.count; i++) {
        const bool forward = links[i].from == from && links[i].to == to;
        const bool backward = !links[i].one_direction && links[i].from == to && links[i].to == from;
        if ((forward || backward) && links[i].one_way >= 0) {
            *one_way_ns = links[i].one_way;
            found = true;
        }
    }
    return found;
}

static void from_latency(const struct geography_latency *latency, struct world_delay *delay)
{
    delay->p50_ns = latency->rtt_p50_ns / 2;
    delay->measured = latency->measured;
    delay->source = latency->source;
    delay->date = latency->date;
}

static void local_delay(const struct world_places *places, struct world_pair pair,
                        struct world_delay *delay)
{
    const struct scenario_network *config = &places->scenario->network;
    const sim_ns given_ns = pair.same_zone ? config->same_zone : config->same_region;
    if (given_ns >= 0) {
        *delay = (struct world_delay){
            .p50_ns = given_ns, .measured = true, .source = "scenario", .date = ""};
        return;
    }
    const struct geography_place *at = &places->at[pair.from];
    const struct geography_latency latency = geography_zone_latency(at, pair.same_zone);
    from_latency(&latency, delay);
    delay->published = true;
    delay->jitter = geography_zone_jitter(at, pair.same_zone);
}

void world_delay_between(const struct world_places *places, struct world_pair pair,
                         struct world_delay *delay)
{
    *delay = (struct world_delay){.measured = true, .source = "scenario", .date = ""};
    const struct scenario_network *config = &places->scenario->network;
    if (pair.from == pair.to) {
        local_delay(places, pair, delay);
        return;
    }
    if (link_override(config, pair.from, pair.to, &delay->p50_ns)) {
        return;
    }
    if (config->latency.from == SCENARIO_LATENCY_CONSTANT) {
        delay->p50_ns = config->latency.one_way;
        return;
    }
    if (config->latency.from == SCENARIO_LATENCY_MATRIX &&
        matrix_delay(places, pair, &delay->p50_ns)) {
        delay->source = config->latency.file.file;
        return;
    }
    struct geography_place from = places->at[pair.from], to = places->at[pair.to];
    if (config->latency.from == SCENARIO_LATENCY_FIBRE) {
        /* Without their regions the places are mere coordinates, which nobody has measured. */
        from.region = NULL;
        to.region = NULL;
    }
    const struct geography_latency latency = geography_latency(&from, &to);
    from_latency(&latency, delay);
    delay->published = true;
    delay->jitter = geography_jitter_of(&from, &to, &latency);
}

const char *world_message_name(struct arena *arena, const struct strategy_ops *ops, uint32_t kind)
{
    if (kind == MESSAGE_REQUEST) {
        return "client.request";
    }
    if (kind == MESSAGE_REPLY) {
        return "client.reply";
    }
    return arena_printf(arena, "%s.%s", ops->kind.name, ops->messages[kind - MESSAGE_STRATEGY]);
}
