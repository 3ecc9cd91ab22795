/* scenario_routing.c - the rows of "routing", and what single rows can not check. */
#include "models/scenario_routing.h"
#include "models/routing/router.h"
#include "models/scenario_check.h"
#include "sim/arena.h"

#define ROW(structure, field) offsetof(struct structure, field)

enum { CACHE_ENTRIES_MAX = 100000000, WORKERS_MAX = 4096 };

static const struct param_spec connections_table[] = {
    {.key = "handshake_round_trips",
     .type = PARAM_INT,
     .offset = ROW(scenario_connections, round_trips),
     .min = 1,
     .max = 10,
     .default_text = "2",
     .help = "of a new connection: TCP 1 (RFC 9293), TLS 1.3 one more (RFC 8446, section 2)"},
    {.key = "connect_timeout",
     .type = PARAM_DURATION,
     .offset = ROW(scenario_connections, connect_timeout),
     .min = 1000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "5s",
     .help = "a handshake that takes longer has failed (Envoy's default)"},
    {.key = "timeout",
     .type = PARAM_DURATION,
     .offset = ROW(scenario_connections, timeout),
     .min = 1000,
     .max = 24.0 * (double)SIM_NS_PER_H,
     .default_text = "20s",
     .help = "requests sent and nothing heard for so long: the connection is dead (gRPC proposal "
             "A18: TCP_USER_TIMEOUT 20 s; without it Linux waits some 15 minutes)"},
    {.key = "idle_timeout",
     .type = PARAM_DURATION,
     .offset = ROW(scenario_connections, idle_timeout),
     .min = 0,
     .max = 24.0 * (double)SIM_NS_PER_H,
     .default_text = "60s",
     .help = "an unused connection is closed (AWS Application Load Balancer's default); 0: never"},
    {.key = "keep_alive",
     .type = PARAM_DURATION,
     .offset = ROW(scenario_connections, keep_alive),
     .min = 1000000,
     .max = 24.0 * (double)SIM_NS_PER_H,
     .default_text = "none",
     .help = "pause between pings of a connection, which find it dead after `timeout`"},
    {.key = "lifetime",
     .type = PARAM_DISTRIBUTION,
     .offset = ROW(scenario_connections, lifetime),
     .unit = PARAM_UNIT_DURATION,
     .default_text = "1h",
     .help = "of a connection; then the next request makes a new one (nginx keepalive_time: 1 h)"},
    {.key = "backoff",
     .type = PARAM_DURATION,
     .offset = ROW(scenario_connections, backoff),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "1s",
     .help = "from the begin of an attempt to connect that failed to the next; doubles, and a "
             "fifth more or less (gRPC connection back-off)"},
    {.key = "backoff_max",
     .type = PARAM_DURATION,
     .offset = ROW(scenario_connections, backoff_max),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "10s",
     .help = "greatest back-off (gRPC: 120 s; people press reload sooner)"},
    {.key = "sticky",
     .type = PARAM_BOOL,
     .offset = ROW(scenario_connections, sticky),
     .default_text = "false",
     .help = "a session keeps its region as long as the policy allows it"},
    {0}};

static const struct param_spec gateway_table[] = {
    {.key = "region",
     .type = PARAM_REGION,
     .offset = ROW(scenario_gateway, region),
     .required = true,
     .help = "with a gateway"},
    {.key = "capacity",
     .type = PARAM_RATE,
     .offset = ROW(scenario_gateway, capacity),
     .min = 0.001,
     .max = 1e9,
     .default_text = "none",
     .help = "as gateways.capacity, for this region"},
    {.key = "provisioned",
     .type = PARAM_REAL,
     .offset = ROW(scenario_gateway, provisioned),
     .min = 0.01,
     .max = 1000,
     .default_text = "none",
     .help = "as gateways.provisioned, for this region"},
    {.key = "service",
     .type = PARAM_DISTRIBUTION,
     .offset = ROW(scenario_gateway, service),
     .unit = PARAM_UNIT_DURATION,
     .help = "as gateways.service, for this region"},
    {.key = "workers",
     .type = PARAM_INT,
     .offset = ROW(scenario_gateway, workers),
     .min = 1,
     .max = WORKERS_MAX,
     .default_text = "none",
     .help = "as gateways.workers, for this region"},
    {0}};

static const struct param_spec gateways_table[] = {
    {.key = "at",
     .type = PARAM_REGIONS,
     .offset = ROW(scenario_gateways, at),
     .help = "regions with a gateway; default: all with nodes"},
    {.key = "capacity",
     .type = PARAM_RATE,
     .offset = ROW(scenario_gateways, capacity),
     .min = 0.001,
     .max = 1e9,
     .default_text = "none",
     .help = "requests per second that each region can serve; none: no limit"},
    {.key = "provisioned",
     .type = PARAM_REAL,
     .offset = ROW(scenario_gateways, provisioned),
     .min = 0.01,
     .max = 1000,
     .default_text = "none",
     .help = "capacity as a multiple of the load of the users who are nearest to the region "
             "(usually 1.5 to 2)"},
    {.key = "service",
     .type = PARAM_DISTRIBUTION,
     .offset = ROW(scenario_gateways, service),
     .unit = PARAM_UNIT_DURATION,
     .help = "time of a worker for a request, in place of a capacity; default: workers / capacity"},
    {.key = "workers",
     .type = PARAM_INT,
     .offset = ROW(scenario_gateways, workers),
     .min = 1,
     .max = WORKERS_MAX,
     .default_text = "1",
     .help = "requests that a region serves at the same time"},
    {.key = "queue_max",
     .type = PARAM_INT,
     .offset = ROW(scenario_gateways, queue_max),
     .min = 0,
     .max = 1e9,
     .default_text = "4096",
     .help =
         "requests that wait for a worker before more are refused; 0: no limit (Linux somaxconn)"},
    {.key = "handshake_cost",
     .type = PARAM_REAL,
     .offset = ROW(scenario_gateways, handshake_cost),
     .min = 0,
     .max = 1000,
     .default_text = "1",
     .help = "service times that each round trip of a handshake takes"},
    {.key = "db_timeout",
     .type = PARAM_DURATION,
     .offset = ROW(scenario_gateways, db_timeout),
     .min = 1000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "5s",
     .help = "for an answer of the database (half of a user's default deadline)"},
    {.key = "db_retries",
     .type = PARAM_INT,
     .offset = ROW(scenario_gateways, db_retries),
     .min = 0,
     .max = 7,
     .default_text = "1",
     .help = "how often the database is asked again (Envoy's default)"},
    {.key = "deep",
     .type = PARAM_BOOL,
     .offset = ROW(scenario_gateways, deep),
     .default_text = "false",
     .help = "a health probe is answered only after the databases have answered a read"},
    {.key = "region",
     .type = PARAM_LIST,
     .offset = ROW(scenario_gateways, region),
     .table = gateway_table,
     .item_bytes = sizeof(struct scenario_gateway),
     .help = "regions that are different"},
    {0}};

static const char *const mode_names[] = {"none", "ttl_only", "write_through", "invalidate", NULL};

static const struct param_spec cache_table[] = {
    {.key = "mode",
     .type = PARAM_ENUM,
     .offset = ROW(scenario_cache, mode),
     .names = mode_names,
     .default_text = "none",
     .help = "what a write does: ttl_only: nothing; write_through: renews the entry of the region "
             "it came by; invalidate: drops the key there and, by messages, everywhere"},
    {.key = "entries",
     .type = PARAM_INT,
     .offset = ROW(scenario_cache, entries),
     .min = 1,
     .max = CACHE_ENTRIES_MAX,
     .default_text = "10000",
     .help = "keys of each dataset in each region's cache; the least recently used leaves"},
    {.key = "ttl",
     .type = PARAM_DURATION,
     .offset = ROW(scenario_cache, ttl),
     .min = 0,
     .max = 366.0 * 24 * 3600e9,
     .default_text = "60s",
     .help = "for which an entry is used; 0: as long as it is there"},
    {.key = "flush_on_failover",
     .type = PARAM_BOOL,
     .offset = ROW(scenario_cache, flush_on_failover),
     .default_text = "false",
     .help = "a gateway that hears of a new leader empties the dataset's cache"},
    {0}};

const struct param_spec scenario_routing_table[] = {
    {.key = "connections",
     .type = PARAM_OBJECT,
     .offset = ROW(scenario_routing, connections),
     .table = connections_table,
     .help = "of users to gateways"},
    {.key = "gateways",
     .type = PARAM_OBJECT,
     .offset = ROW(scenario_routing, gateways),
     .table = gateways_table,
     .help = "the regions' stateless tier: capacity, time-outs"},
    {.key = "cache",
     .type = PARAM_OBJECT,
     .offset = ROW(scenario_routing, cache),
     .table = cache_table,
     .shorthand = "mode",
     .help = "in front of each region"},
    {.key = "health",
     .type = PARAM_OBJECT,
     .offset = ROW(scenario_routing, health),
     .table = scenario_health_table,
     .help = "checks of the gateways, for policies that go by them"},
    {0}};

static const struct scenario_region *region_of(const struct checking *checking, uint32_t region)
{
    return (const struct scenario_region *)checking->scenario->regions.items + region;
}

static void check_at(struct checking *checking, const struct scenario_gateways *gateways)
{
    const uint32_t *at = gateways->at.items;
    for (size_t i = 0; i < gateways->at.count; i++) {
        const char *path = arena_printf(checking->arena, "routing.gateways.at[%zu]", i);
        const struct scenario_region *region = region_of(checking, at[i]);
        if (region->nodes == 0) {
            complain(checking, path,
                     arena_printf(checking->arena, "\"%s\" has no nodes to run a gateway beside",
                                  region->name));
        }
        for (size_t j = 0; j < i; j++) {
            if (at[i] == at[j]) {
                complain(
                    checking, path,
                    arena_printf(checking->arena, "\"%s\" is already in the list", region->name));
            }
        }
    }
}

/* A load that is not known beforehand can not be multiplied. */
static void check_provisioned(struct checking *checking, const char *path)
{
    const struct scenario_client *clients = checking->scenario->clients.items;
    for (size_t c = 0; c < checking->scenario->clients.count; c++) {
        if (clients[c].rate <= 0.0) {
            complain(checking, path,
                     arena_printf(checking->arena,
                                  "needs clients with a \"rate\" (\"%s\" has none); give a "
                                  "capacity instead",
                                  clients[c].name));
            return;
        }
    }
}

static void check_capacity(struct checking *checking, const char *path,
                           const struct scenario_gateway *gateway)
{
    const int ways =
        (gateway->capacity > 0.0) + (gateway->provisioned > 0.0) + (gateway->service != NULL);
    if (ways > 1) {
        complain(checking, path,
                 "takes one of \"capacity\", \"provisioned\" and \"service\", not more");
    }
    if (gateway->provisioned > 0.0) {
        check_provisioned(checking, arena_printf(checking->arena, "%s.provisioned", path));
    }
}

static void check_gateways(struct checking *checking, const struct scenario_gateways *gateways)
{
    const struct scenario_gateway all = {.capacity = gateways->capacity,
                                         .provisioned = gateways->provisioned,
                                         .service = gateways->service};
    check_at(checking, gateways);
    check_capacity(checking, "routing.gateways", &all);
    const struct scenario_gateway *items = gateways->region.items;
    for (size_t i = 0; i < gateways->region.count; i++) {
        const char *path = arena_printf(checking->arena, "routing.gateways.region[%zu]", i);
        check_capacity(checking, path, &items[i]);
        const char *name = region_of(checking, items[i].region)->name;
        if (!router_has_gateway(checking->scenario, items[i].region)) {
            complain(checking, arena_printf(checking->arena, "%s.region", path),
                     arena_printf(checking->arena, "\"%s\" has no gateway", name));
        }
        for (size_t j = 0; j < i; j++) {
            if (items[i].region == items[j].region) {
                complain(checking, arena_printf(checking->arena, "%s.region", path),
                         arena_printf(checking->arena, "\"%s\" is already region[%zu]", name, j));
            }
        }
    }
}

static void check_cache(struct checking *checking, const struct scenario_routing *config)
{
    const double all = (double)config->cache.entries * (double)checking->scenario->datasets.count *
                       (double)checking->scenario->regions.count;
    if (config->cache.mode != SCENARIO_CACHE_NONE && all > CACHE_ENTRIES_MAX) {
        complain(checking, "routing.cache.entries",
                 arena_printf(checking->arena,
                              "of all datasets in all regions must be at most %d together",
                              (int)CACHE_ENTRIES_MAX));
    }
}

void scenario_check_routing(struct checking *checking)
{
    const struct param_choice *choice = &checking->scenario->routing;
    if (choice->kind == NULL) {
        return;
    }
    const struct scenario_routing *config = choice->common;
    const size_t before = checking->errors;
    if (config->connections.backoff_max < config->connections.backoff) {
        complain(checking, "routing.connections.backoff_max", "must be at least backoff");
    }
    check_gateways(checking, &config->gateways);
    check_cache(checking, config);
    bool any = false;
    for (uint32_t r = 0; r < checking->scenario->regions.count; r++) {
        any = any || router_has_gateway(checking->scenario, r);
    }
    if (!any) {
        complain(checking, "routing.gateways.at", "no region of the scenario has nodes");
    }
    const struct router_ops *ops = (const struct router_ops *)choice->kind;
    if (checking->errors > before || ops->check == NULL) {
        return;
    }
    const char *key = NULL;
    const char *wrong = ops->check(choice->params, checking->scenario, &key, checking->arena);
    if (wrong != NULL) {
        complain(checking,
                 key != NULL ? arena_printf(checking->arena, "routing.%s", key) : "routing", wrong);
    }
}
