/* scenario_check.c - what single rows of the tables can not check, and values from others. */
#include "models/scenario_check.h"
#include "models/geography/geography.h"
#include "models/replication/strategy.h"
#include "models/workload/mix.h"
#include "models/workload/trace.h"
#include "models/world_place.h"
#include "sim/arena.h"

#include <string.h>

enum { BUCKETS_MAX = 100000 };

void complain(struct checking *checking, const char *path, const char *message)
{
    checking->report(checking->context, path, message);
    checking->errors++;
}

void scenario_note(struct checking *checking, const char *message)
{
    struct param_list *notes = &checking->scenario->notes;
    const char **items = arena_alloc(checking->arena, notes->count + 1, sizeof *items);
    for (size_t i = 0; i < notes->count; i++) {
        items[i] = ((const char *const *)notes->items)[i];
    }
    items[notes->count++] = message;
    notes->items = items;
}

static struct scenario_region *regions_of(const struct checking *checking)
{
    return checking->scenario->regions.items;
}

static struct scenario_client *clients_of(const struct checking *checking)
{
    return checking->scenario->clients.items;
}

static void check_times(struct checking *checking)
{
    const struct scenario *scenario = checking->scenario;
    char text[SIM_TIME_TEXT_MAX];
    if (scenario->warmup >= scenario->duration) {
        complain(checking, "warmup",
                 arena_printf(checking->arena, "must be shorter than duration (%s)",
                              sim_time_text(scenario->duration, text)));
    }
    if (scenario->duration / scenario->bucket > BUCKETS_MAX) {
        complain(checking, "bucket",
                 arena_printf(checking->arena, "makes more than %d buckets of the duration (%s)",
                              BUCKETS_MAX, sim_time_text(scenario->duration, text)));
    }
}

static const char *unknown_place(struct checking *checking, const char *name)
{
    return arena_printf(checking->arena,
                        "\"%s\" is not a region of the catalogue; give it \"lat\" and \"lon\", or "
                        "choose one of `geodes list regions`",
                        name);
}

/* Half a coordinate would put a region of the catalogue on the equator or at Greenwich. */
static void check_place(struct checking *checking, const char *path,
                        const struct scenario_place *at)
{
    struct geography_place place;
    if (at->latitude_given != at->longitude_given && geography_find(at->name) != NULL) {
        complain(checking, path,
                 arena_printf(checking->arena,
                              "\"%s\" is in the catalogue; give it both lat and lon, or neither",
                              at->name));
    } else if (at->latitude_given != at->longitude_given) {
        complain(checking, path,
                 arena_printf(checking->arena, "\"%s\" needs both lat and lon", at->name));
    } else if (!world_place_find(at, &place)) {
        complain(checking, path, unknown_place(checking, at->name));
    }
}

static void check_regions(struct checking *checking)
{
    const struct scenario_region *regions = regions_of(checking);
    const size_t count = checking->scenario->regions.count;
    int64_t nodes = 0;
    if (count == 0 || count > SCENARIO_PLACES_MAX) {
        complain(checking, "regions",
                 arena_printf(checking->arena, "must have 1 to %d regions (got %zu)",
                              SCENARIO_PLACES_MAX, count));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *path = arena_printf(checking->arena, "regions[%zu].name", i);
        const struct scenario_place at = world_place_of_region(&regions[i]);
        check_place(checking, path, &at);
        for (size_t j = 0; j < i; j++) {
            if (strcmp(regions[i].name, regions[j].name) == 0) {
                complain(checking, path,
                         arena_printf(checking->arena, "\"%s\" is already regions[%zu]",
                                      regions[i].name, j));
            }
        }
        nodes += regions[i].nodes;
    }
    if (nodes > SCENARIO_NODES_MAX) {
        complain(checking, "regions",
                 arena_printf(checking->arena, "have more than %d nodes together (got %lld)",
                              SCENARIO_NODES_MAX, (long long)nodes));
    }
}

static bool message_exists(struct checking *checking, const char *name)
{
    const struct scenario_dataset *datasets = checking->scenario->datasets.items;
    for (size_t d = 0; d < checking->scenario->datasets.count; d++) {
        const struct strategy_ops *ops = (const struct strategy_ops *)datasets[d].replication.kind;
        for (uint32_t kind = 0;
             kind < MESSAGE_STRATEGY ||
             (ops->messages != NULL && ops->messages[kind - MESSAGE_STRATEGY] != NULL);
             kind++) {
            if (strcmp(world_message_name(checking->arena, ops, kind), name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void check_network(struct checking *checking)
{
    const struct scenario_network *network = &checking->scenario->network;
    if ((network->jitter.model == SCENARIO_JITTER_ADDED) != (network->jitter.extra != NULL)) {
        complain(checking, "network.jitter",
                 "model \"added\" and the distribution \"extra\" belong together");
    }
    if (network->retransmit_max < network->retransmit_min) {
        complain(checking, "network.retransmit_max", "must be at least retransmit_min");
    }
    const struct scenario_link *links = network->links.items;
    for (size_t i = 0; i < network->links.count; i++) {
        if (links[i].from == links[i].to) {
            complain(checking, arena_printf(checking->arena, "network.links[%zu]", i),
                     "joins a region with itself; use same_zone and same_region for that");
        }
    }
    const struct scenario_message_delay *delays = network->message_delays.items;
    for (size_t i = 0; i < network->message_delays.count; i++) {
        if (!message_exists(checking, delays[i].message)) {
            complain(checking,
                     arena_printf(checking->arena, "network.message_delays.%s", delays[i].message),
                     arena_printf(checking->arena,
                                  "no strategy of this scenario sends \"%s\"; see `geodes list "
                                  "messages`",
                                  delays[i].message));
        }
    }
}

static void fill_replicas(struct checking *checking, struct scenario_replication *placement)
{
    if (placement->replicas.count > 0) {
        return;
    }
    uint32_t *all =
        arena_alloc(checking->arena, checking->scenario->regions.count, sizeof(uint32_t));
    for (uint32_t r = 0; r < checking->scenario->regions.count; r++) {
        if (regions_of(checking)[r].nodes > 0) {
            all[placement->replicas.count++] = r;
        }
    }
    placement->replicas.items = all;
}

static void check_placement(struct checking *checking, const char *path,
                            const struct scenario_replication *placement)
{
    const uint32_t *replicas = placement->replicas.items;
    for (size_t i = 0; i < placement->replicas.count; i++) {
        const struct scenario_region *region = &regions_of(checking)[replicas[i]];
        if (region->nodes < placement->copies) {
            complain(
                checking, arena_printf(checking->arena, "%s.copies", path),
                arena_printf(checking->arena, "%lld copies need as many nodes; \"%s\" has %lld",
                             (long long)placement->copies, region->name, (long long)region->nodes));
        }
        for (size_t j = 0; j < i; j++) {
            if (replicas[i] == replicas[j]) {
                complain(
                    checking, arena_printf(checking->arena, "%s.replicas[%zu]", path, i),
                    arena_printf(checking->arena, "\"%s\" is already in the list", region->name));
            }
        }
    }
    if (placement->replicas.count == 0) {
        complain(checking, arena_printf(checking->arena, "%s.replicas", path),
                 "no region of the scenario has nodes");
    }
}

/* Messages count their bytes in 32 bits. */
static double mean_bytes(const struct scenario_dataset *dataset)
{
    return dataset->value_bytes->ops->mean(dataset->value_bytes->params);
}

static void check_bytes(struct checking *checking, const struct scenario_dataset *dataset)
{
    if (!(mean_bytes(dataset) <= SCENARIO_BYTES_MAX)) {
        complain(checking, arena_printf(checking->arena, "datasets.%s.value_bytes", dataset->id),
                 "must be at most 1GB on average");
    }
}

static void check_scan(struct checking *checking, const char *path,
                       const struct scenario_client *client)
{
    const struct scenario_dataset *datasets = checking->scenario->datasets.items;
    const bool scans = client->mix.scan > 0.0 || client->ycsb == SCENARIO_YCSB_E;
    if (scans && client->dataset < checking->scenario->datasets.count &&
        mean_bytes(&datasets[client->dataset]) * (double)client->mix.scan_keys >
            SCENARIO_BYTES_MAX) {
        complain(checking, arena_printf(checking->arena, "%s.mix.scan_keys", path),
                 "values of one scan must be at most 1GB together on average");
    }
}

static void check_datasets(struct checking *checking)
{
    struct scenario_dataset *datasets = checking->scenario->datasets.items;
    if (checking->scenario->datasets.count == 0) {
        complain(checking, "datasets", "must have at least one dataset");
    }
    for (size_t d = 0; d < checking->scenario->datasets.count; d++) {
        struct scenario_dataset *dataset = &datasets[d];
        const char *path = arena_printf(checking->arena, "datasets.%s.replication", dataset->id);
        struct scenario_replication *placement = dataset->replication.common;
        check_bytes(checking, dataset);
        fill_replicas(checking, placement);
        const size_t before = checking->errors;
        check_placement(checking, path, placement);
        const struct strategy_ops *ops = (const struct strategy_ops *)dataset->replication.kind;
        if (checking->errors > before || ops->check == NULL) {
            continue;
        }
        const char *key = NULL;
        const char *wrong =
            ops->check(dataset->replication.params, dataset, checking->scenario, &key);
        if (wrong != NULL) {
            complain(checking,
                     key != NULL ? arena_printf(checking->arena, "%s.%s", path, key) : path, wrong);
        }
    }
}

struct trace_complaint {
    struct checking *checking;
    const char *path, *file;
};

static void complain_trace(void *context, int line, const char *message)
{
    const struct trace_complaint *complaint = context;
    complain(complaint->checking,
             arena_printf(complaint->checking->arena, "%s.trace", complaint->path),
             arena_printf(complaint->checking->arena, "%s:%d: %s", complaint->file,
                          line > 0 ? line : 1, message)); /* of the whole file: its header */
}

static void check_load(struct checking *checking, const char *path, struct scenario_client *client)
{
    const int loops = (client->rate > 0.0) + (client->think != NULL) + (client->trace.columns > 0) +
                      (client->feed.latency != NULL);
    if (loops != 1) {
        complain(checking, path,
                 "needs exactly one of \"rate\" (open loop), \"think\" (closed loop), \"trace\" "
                 "and \"feed\"");
    }
    const double sum = mix_sum(&client->mix);
    if (client->ycsb != SCENARIO_YCSB_NONE && sum > 0.0) {
        complain(checking, arena_printf(checking->arena, "%s.mix", path),
                 "\"ycsb\" sets the mix; give only one of them");
    }
    if (client->ycsb == SCENARIO_YCSB_NONE && sum == 0.0) {
        client->mix.read = client->feed.latency == NULL ? 1.0 : 0.0;
    } else if (client->ycsb == SCENARIO_YCSB_NONE && (sum < 1.0 - 1e-9 || sum > 1.0 + 1e-9)) {
        complain(checking, arena_printf(checking->arena, "%s.mix", path),
                 arena_printf(checking->arena, "shares must add up to 1 (got %lld.%04lld)",
                              (long long)(sum + 0.00005), (long long)(sum * 1e4 + 0.5) % 10000));
    }
    if (client->by_hour.count != 0 && client->by_hour.count != 24) {
        complain(
            checking, arena_printf(checking->arena, "%s.by_hour", path),
            arena_printf(checking->arena, "must have 24 factors (got %zu)", client->by_hour.count));
    }
    if (client->by_hour.count != 0 && client->rate <= 0.0) {
        complain(checking, arena_printf(checking->arena, "%s.by_hour", path),
                 "shapes the rate of an open loop: it needs \"rate\"");
    }
    if (client->retry.timeout > client->deadline) {
        complain(checking, arena_printf(checking->arena, "%s.retry.timeout", path),
                 "must not exceed the deadline");
    }
    if (client->trace.columns > 0) {
        struct trace_complaint complaint = {checking, path, client->trace.file};
        struct trace trace;
        trace_read(&trace, checking->scenario, client, checking->arena, complain_trace, &complaint);
    }
}

static void check_probe(struct checking *checking, const char *path,
                        const struct scenario_client *client)
{
    if (client->probe.share <= 0.0) {
        return;
    }
    if (client->probe.after == NULL) {
        complain(checking, arena_printf(checking->arena, "%s.probe", path),
                 "needs \"after\": the time from acknowledgement to read");
    }
    const uint32_t *readers = client->probe.readers.items;
    for (size_t i = 0; i < client->probe.readers.count; i++) {
        const char *region = regions_of(checking)[readers[i]].name;
        bool found = false;
        for (size_t c = 0; c < checking->scenario->clients.count; c++) {
            const struct scenario_client *other = &clients_of(checking)[c];
            found =
                found || (strcmp(other->at.name, region) == 0 && other->dataset == client->dataset);
        }
        if (!found) {
            complain(
                checking, arena_printf(checking->arena, "%s.probe.readers[%zu]", path, i),
                arena_printf(checking->arena, "no clients at \"%s\" use this dataset", region));
        }
    }
}

/* Notes a client's place that is no region; one name is one place, said where once is enough. */
static void note_client_place(struct checking *checking, const char *path,
                              struct scenario_place *at)
{
    struct param_list *own = &checking->scenario->client_places;
    struct scenario_place *places = own->items;
    for (size_t i = 0; i < own->count; i++) {
        if (strcmp(places[i].name, at->name) == 0) {
            if (!at->latitude_given && !at->longitude_given) {
                *at = places[i];
            } else if (!world_place_same(&places[i], at)) {
                complain(checking, path,
                         arena_printf(checking->arena,
                                      "must be where \"%s\" was before; one name is one place",
                                      at->name));
            }
            return;
        }
    }
    places[own->count++] = *at;
}

static void check_clients(struct checking *checking)
{
    struct scenario_client *clients = clients_of(checking);
    checking->scenario->client_places =
        (struct param_list){.items = arena_alloc(checking->arena, checking->scenario->clients.count,
                                                 sizeof(struct scenario_place))};
    if (checking->scenario->clients.count == 0) {
        complain(checking, "clients", "must have at least one group");
    }
    if (checking->scenario->clients.count > SCENARIO_CLIENTS_MAX) {
        complain(checking, "clients",
                 arena_printf(checking->arena, "must have at most %d groups (got %zu)",
                              SCENARIO_CLIENTS_MAX, checking->scenario->clients.count));
        return;
    }
    for (size_t i = 0; i < checking->scenario->clients.count; i++) {
        struct scenario_client *client = &clients[i];
        const char *path = arena_printf(checking->arena, "clients[%zu]", i);
        if (client->name == NULL) {
            client->name = client->at.name;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(client->name, clients[j].name) == 0) {
                complain(checking, path,
                         arena_printf(checking->arena,
                                      "is called \"%s\" like clients[%zu]; give it a \"name\"",
                                      client->name, j));
            }
        }
        bool known = false;
        for (size_t r = 0; r < checking->scenario->regions.count; r++) {
            known = known || strcmp(regions_of(checking)[r].name, client->at.name) == 0;
        }
        const char *at = arena_printf(checking->arena, "%s.at", path);
        if (!known) {
            note_client_place(checking, at, &client->at);
        }
        if (!known || client->at.latitude_given != client->at.longitude_given) {
            check_place(checking, at, &client->at);
        }
        check_load(checking, path, client);
        check_scan(checking, path, client);
        check_probe(checking, path, client);
        scenario_check_client_values(checking, path, client);
    }
    const size_t places =
        checking->scenario->regions.count + checking->scenario->client_places.count;
    if (places > SCENARIO_PLACES_MAX) {
        complain(checking, "clients",
                 arena_printf(checking->arena,
                              "and regions stand at more than %d places together (got %zu)",
                              SCENARIO_PLACES_MAX, places));
    }
}

bool scenario_check(struct scenario *scenario, struct arena *arena, scenario_report report,
                    void *context)
{
    struct checking checking = {
        .scenario = scenario, .arena = arena, .report = report, .context = context};
    check_times(&checking);
    check_regions(&checking);
    check_datasets(&checking);
    scenario_check_values(&checking);
    check_network(&checking);
    check_clients(&checking);
    if (scenario->network.latency.from == SCENARIO_LATENCY_MATRIX) {
        scenario_check_matrix(&checking); /* of clients' own places as well */
    }
    scenario_check_routing(&checking);
    scenario_check_failover(&checking);
    scenario_check_faults(&checking);
    return checking.errors == 0;
}
