/* world_layout.c - the names behind the numbers of the record rows. */
#include "models/geography/distance.h"
#include "models/geography/geography.h"
#include "models/world_internal.h"
#include "models/world_place.h"
#include "sim/check.h"

static void layout_places(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    const uint32_t count = world->network.place_count;
    struct record_place *places = arena_alloc(&world->arena, count, sizeof *places);
    for (uint32_t p = 0; p < count; p++) {
        const struct geography_place at = world->places.at[p];
        const struct geography_region *known = at.region;
        const char *jurisdiction = known != NULL ? known->jurisdiction : "";
        if (p < world->region_count) {
            const struct scenario_region *region =
                (const struct scenario_region *)scenario->regions.items + p;
            jurisdiction = region->jurisdiction != NULL ? region->jurisdiction : jurisdiction;
        }
        places[p] = (struct record_place){.name = world->places.names[p],
                                          .provider = known != NULL ? known->provider : "",
                                          .city = known != NULL ? known->city : "",
                                          .country = known != NULL ? known->country : "",
                                          .jurisdiction = jurisdiction,
                                          .latitude = at.latitude_deg,
                                          .longitude = at.longitude_deg,
                                          .is_region = p < world->region_count};
    }
    world->layout.places = places;
    world->layout.place_count = count;
}

static void layout_nodes(struct world *world)
{
    struct record_node *nodes = arena_alloc(&world->arena, world->node_count, sizeof *nodes);
    for (uint32_t n = 0; n < world->node_count; n++) {
        const struct node *node = &world->nodes[n];
        nodes[n] = (struct record_node){
            .name = arena_printf(&world->arena, "%s/n%u", world->layout.places[node->place].name,
                                 n - world->region_first_node[node->region]),
            .place = node->place,
            .zone = node->zone};
    }
    world->layout.nodes = nodes;
    world->layout.node_count = world->node_count;
}

static void layout_groups(struct world *world)
{
    const struct scenario_client *clients = world->scenario->clients.items;
    struct record_group *groups = arena_alloc(&world->arena, world->group_count, sizeof *groups);
    uint32_t session = 0;
    for (uint32_t g = 0; g < world->group_count; g++) {
        groups[g] = (struct record_group){.name = clients[g].name,
                                          .place = world->network.group_places[g],
                                          .dataset = clients[g].dataset,
                                          .session_first = session,
                                          .session_count = (uint32_t)clients[g].sessions};
        session += (uint32_t)clients[g].sessions;
    }
    world->layout.groups = groups;
    world->layout.group_count = world->group_count;
    world->layout.session_count = session;
}

/* What the observer must know of values that merge. */
static void layout_value(const struct world_dataset *dataset, struct record_dataset *row)
{
    const struct value_ops *ops = dataset->value.ops;
    if (ops == NULL) {
        return;
    }
    row->merges = true;
    row->value = ops->kind.name;
    row->actions = value_action_names;
    row->meeting = (uint8_t)ops->meeting;
    row->by_element = ops->by_element;
    row->is_number = ops->is_number;
    if (ops->minimum != NULL) {
        row->minimum = ops->minimum(dataset->value.params, &row->has_minimum);
    }
}

static bool has_transactions(const struct world *world, uint32_t dataset)
{
    const struct scenario_client *clients = world->scenario->clients.items;
    bool any = false;
    for (size_t i = 0; i < world->scenario->clients.count; i++) {
        any = any || (clients[i].dataset == dataset && clients[i].mix.transaction_keys > 1);
    }
    return any;
}

static void layout_datasets(struct world *world)
{
    struct record_dataset *datasets =
        arena_alloc(&world->arena, world->dataset_count, sizeof *datasets);
    for (uint32_t d = 0; d < world->dataset_count; d++) {
        const struct world_dataset *dataset = &world->datasets[d];
        datasets[d] = (struct record_dataset){
            .name = dataset->config->id,
            .strategy = dataset->ops->kind.name,
            .key_count = (uint32_t)dataset->config->keys.count,
            .value_bytes = dataset->replicas[dataset->member_nodes[0]].storage->value_bytes,
            .replicas = dataset->member_nodes,
            .replica_count = dataset->count,
            .modes = dataset->ops->modes,
            .leader = dataset->ops->leadership != NULL,
            .total_order = dataset->ops->total_order,
            .transactions = has_transactions(world, d)};
        layout_value(dataset, &datasets[d]);
    }
    world->layout.datasets = datasets;
    world->layout.dataset_count = world->dataset_count;
}

static void layout_faults(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    const struct param_choice *choices = scenario->faults.items;
    const uint32_t count = (uint32_t)scenario->faults.count;
    struct record_fault *faults = arena_alloc(&world->arena, count, sizeof *faults);
    const uint32_t place_count = world->network.place_count;
    for (uint32_t f = 0; f < count; f++) {
        const struct fault_ops *ops = (const struct fault_ops *)choices[f].kind;
        const struct scenario_fault *common = choices[f].common;
        uint32_t *places = arena_alloc(&world->arena, place_count, sizeof(uint32_t));
        faults[f] = (struct record_fault){
            .id = common->id,
            .kind = ops->kind.name,
            .text = common->summary != NULL ? common->summary
                                            : ops->text(choices[f].params, scenario, &world->arena),
            .places = places,
            .place_count = ops->places(choices[f].params, scenario, places)};
        world_schedule_plan(world, f, &faults[f]);
    }
    world->layout.faults = faults;
    world->layout.fault_count = count;
}

/* Pairs that can talk: two regions with machines, or a client's place and a region with machines.
 */
static void layout_pairs(struct world *world)
{
    const uint32_t count = world->network.place_count;
    struct record_pair *pairs = arena_alloc(&world->arena, (size_t)count * count, sizeof *pairs);
    uint32_t used = 0;
    for (uint32_t from = 0; from < count; from++) {
        for (uint32_t to = 0; to < count; to++) {
            if (from == to || (from >= world->region_count && to >= world->region_count)) {
                continue;
            }
            const struct world_delay *delay = &world->delays[from * count + to];
            const struct network_link *link = &world->network.links[from * count + to];
            const struct record_place *a = &world->layout.places[from];
            const struct record_place *b = &world->layout.places[to];
            pairs[used++] = (struct record_pair){
                .from = from,
                .to = to,
                .floor_ns = link->base_ns,
                .p50_ns = link->p50_ns,
                .p99_ns = delay->published && link->published
                              ? sim_ns_from_double(geography_jitter_at(&delay->jitter, 0.99))
                              : link->p50_ns,
                .distance_km =
                    geography_distance_km(a->latitude, a->longitude, b->latitude, b->longitude),
                .measured = delay->measured,
                .source = delay->date[0] != '\0'
                              ? arena_printf(&world->arena, "%s, %s", delay->source, delay->date)
                              : delay->source};
        }
    }
    world->layout.pairs = pairs;
    world->layout.pair_count = used;
}

void world_build_layout(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    struct record_layout *layout = &world->layout;
    layout->name = scenario->name;
    layout->summary = scenario->summary != NULL ? scenario->summary : "";
    layout->duration_ns = scenario->duration;
    layout->warmup_ns = scenario->warmup;
    layout->bucket_ns = scenario->bucket;
    layout->seed = world->seed;
    layout->operation_max_ns = world->network.give_up_ns;
    layout_places(world);
    layout_nodes(world);
    layout_groups(world);
    layout_datasets(world);
    layout_faults(world);
    layout_pairs(world);
}
