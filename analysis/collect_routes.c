/*
 * collect_routes.c - where each session's requests go, and what caches in front of regions answer.
 *
 * Model:  a session has one route at a time. How many sessions of a client place are routed to each
 *         region is sampled at the end of each timeline bucket and integrated over time.
 * Bounds: memory for this comes with the first row that needs it: 5 bytes a session, 4 a bucket,
 *         client place and region.
 */
#include "analysis/collect_failure.h"

static uint32_t *buckets_of(struct collect_state *state, size_t rows)
{
    return arena_alloc(&state->arena, rows * state->timeline.bucket_count, sizeof(uint32_t));
}

void routes_init(struct collect_state *state)
{
    const struct record_layout *layout = state->layout;
    struct routes *routes = &state->failure->routes;
    const size_t clients = state->client_place_count, places = layout->place_count;
    uint64_t **by_client[] = {&routes->changes, &routes->connections, &routes->cached_reads,
                              &routes->cached_stale, &routes->proxied_count};
    uint64_t **by_place[] = {&routes->hits, &routes->misses, &routes->health, &routes->agreed};

    routes->region_of = arena_alloc(&state->arena, places, sizeof(uint32_t));
    routes->regions = arena_alloc(&state->arena, places, sizeof(uint32_t));
    for (uint32_t i = 0; i < places; i++) {
        routes->region_of[i] = RECORD_NONE;
        if (layout->places[i].is_region) {
            routes->region_of[i] = routes->region_count;
            routes->regions[routes->region_count++] = i;
        }
    }
    for (size_t i = 0; i < sizeof(by_client) / sizeof(by_client[0]); i++) {
        *by_client[i] = arena_alloc(&state->arena, clients, sizeof(uint64_t));
    }
    for (size_t i = 0; i < sizeof(by_place) / sizeof(by_place[0]); i++) {
        *by_place[i] = arena_alloc(&state->arena, places, sizeof(uint64_t));
    }
    routes->connect = arena_alloc(&state->arena, clients, sizeof(*routes->connect));
    for (size_t i = 0; i < clients; i++) {
        histogram_init(&routes->connect[i], &state->arena);
    }
}

/* With the first session that is routed or connected. */
static void sessions_init(struct collect_state *state)
{
    const struct record_layout *layout = state->layout;
    struct routes *routes = &state->failure->routes;
    struct recovery_grid *grid = &state->failure->grid;
    const size_t pairs = (size_t)state->client_place_count * routes->region_count;
    const size_t slots = (size_t)state->client_place_count * grid->slot_count;

    routes->place_of = arena_alloc(&state->arena, layout->session_count, sizeof(uint16_t));
    routes->route_of = arena_alloc(&state->arena, layout->session_count, sizeof(uint16_t));
    routes->waiting = arena_alloc(&state->arena, layout->session_count, sizeof(bool));
    routes->sessions = arena_alloc(&state->arena, pairs, sizeof(uint32_t));
    routes->spent = arena_alloc(&state->arena, pairs, sizeof(double));
    routes->samples = buckets_of(state, pairs);
    routes->connected = buckets_of(state, state->client_place_count);
    routes->since_ns = state->now_ns;
    routes->sampled = state->timeline.bucket;
    for (uint32_t g = 0; g < layout->group_count; g++) {
        const struct record_group *group = &layout->groups[g];

        for (uint32_t i = 0; i < group->session_count; i++) {
            routes->place_of[group->session_first + i] =
                (uint16_t)state->client_place[group->place];
        }
    }
    for (uint32_t i = 0; i < layout->session_count; i++) {
        routes->route_of[i] = UINT16_MAX;
    }
    if (grid->slots != NULL) {
        grid->rerouted = arena_alloc(&state->arena, slots, sizeof(uint32_t));
        grid->reconnected = arena_alloc(&state->arena, slots, sizeof(uint32_t));
    }
}

static void routes_spend(const struct collect_state *state, sim_ns now_ns)
{
    struct routes *routes = &state->failure->routes;
    const sim_ns warmup_ns = state->layout->warmup_ns;
    const sim_ns from_ns = routes->since_ns > warmup_ns ? routes->since_ns : warmup_ns;
    const size_t pairs = (size_t)state->client_place_count * routes->region_count;

    for (size_t i = 0; now_ns > from_ns && i < pairs; i++) {
        routes->spent[i] += (double)routes->sessions[i] * (double)(now_ns - from_ns);
    }
    routes->since_ns = now_ns;
}

static void grid_count(const struct collect_state *state, uint32_t *counts, uint32_t place)
{
    const struct recovery_grid *grid = &state->failure->grid;

    if (counts != NULL) {
        counts[(size_t)place * grid->slot_count + slots_of(grid, state->now_ns)]++;
    }
}

static void routed_row(struct collect_state *state, const struct record *record)
{
    struct routes *routes = &state->failure->routes;
    const uint32_t place = routes->place_of[record->session];
    const uint16_t old = routes->route_of[record->session];

    CHECK(record->to_place < state->layout->place_count);

    const uint32_t region = routes->region_of[record->to_place];
    uint32_t *sessions = &routes->sessions[(size_t)place * routes->region_count];

    CHECK(region != RECORD_NONE);
    if (old == region) {
        return;
    }
    if (record->at_ns > routes->since_ns) {
        routes_spend(state, record->at_ns);
    }
    sessions[region]++;
    routes->route_of[record->session] = (uint16_t)region;
    if (old == UINT16_MAX) {
        return;
    }
    sessions[old]--;
    routes->waiting[record->session] = true;
    grid_count(state, state->failure->grid.rerouted, place);
    routes->changes[place] += record->at_ns >= state->layout->warmup_ns ? 1u : 0u;
}

static void connected_row(struct collect_state *state, const struct record *record)
{
    struct routes *routes = &state->failure->routes;
    const uint32_t place = routes->place_of[record->session];
    bool *waiting = &routes->waiting[record->session];

    CHECK(record->to_place < state->layout->place_count);
    CHECK(record->a <= record->at_ns);
    routes->connected[(size_t)place * state->timeline.bucket_count + state->timeline.bucket]++;
    if (record->at_ns >= state->layout->warmup_ns) {
        routes->connections[place]++;
        histogram_record(&routes->connect[place], record->at_ns - record->a);
    }
    if (*waiting && routes->region_of[record->to_place] == routes->route_of[record->session]) {
        *waiting = false;
        grid_count(state, state->failure->grid.reconnected, place);
    }
}

static void cache_row(struct collect_state *state, const struct record *record)
{
    struct routes *routes = &state->failure->routes;
    const bool hit = (record->flags & RECORD_FLAG_CACHED) != 0;
    const size_t at =
        (size_t)record->from_place * state->timeline.bucket_count + state->timeline.bucket;

    CHECK(record->from_place < state->layout->place_count);
    if (routes->cache_hits == NULL) {
        routes->cache_hits = buckets_of(state, state->layout->place_count);
        routes->cache_misses = buckets_of(state, state->layout->place_count);
    }
    (hit ? routes->cache_hits : routes->cache_misses)[at]++;
    if (record->at_ns >= state->layout->warmup_ns) {
        (hit ? routes->hits : routes->misses)[record->from_place]++;
    }
}

static void health_row(struct collect_state *state, const struct record *record)
{
    struct routes *routes = &state->failure->routes;
    const bool agreed = (record->flags & RECORD_FLAG_AGREED) != 0;

    CHECK(record->to_place < state->layout->place_count);
    if (record->at_ns >= state->layout->warmup_ns) {
        (agreed ? routes->agreed : routes->health)[record->to_place]++;
    }
}

void routes_row(struct collect_state *state, const struct record *record)
{
    if (record->kind == RECORD_CACHE) {
        cache_row(state, record);
    } else if (record->kind == RECORD_HEALTH) {
        health_row(state, record);
    } else {
        CHECK(record->session < state->layout->session_count);
        if (state->failure->routes.place_of == NULL) {
            sessions_init(state);
        }
        if (record->kind == RECORD_ROUTED) {
            routed_row(state, record);
        } else {
            connected_row(state, record);
        }
    }
}

/* An operation ended ok whose answer came from a cache, or from another region than asked. */
void routes_answered(struct collect_state *state, const struct flight *flight,
                     const struct record *record)
{
    struct routes *routes = &state->failure->routes;
    const uint32_t place = state->client_place[state->layout->groups[flight->group].place];
    const size_t at = (size_t)place * state->timeline.bucket_count + flight_bucket(state, flight);
    const uint64_t measured = (flight->flags & RECORD_FLAG_WARMUP) == 0 ? 1 : 0;

    if (routes->cached == NULL) {
        routes->cached = buckets_of(state, state->client_place_count);
        routes->proxied = buckets_of(state, state->client_place_count);
    }
    if ((record->flags & RECORD_FLAG_PROXIED) != 0) {
        routes->proxied[at]++;
        routes->proxied_count[place] += measured;
    }
    if ((record->flags & RECORD_FLAG_CACHED) != 0 && flight->type == RECORD_READ) {
        routes->cached[at]++;
        routes->cached_reads[place] += measured;
        routes->cached_stale[place] +=
            version_less(version_of(record), flight->expected) ? measured : 0;
    }
}

/* The present bucket ends. */
void routes_sample(struct collect_state *state)
{
    struct routes *routes = &state->failure->routes;
    const size_t pairs = (size_t)state->client_place_count * routes->region_count;
    const uint32_t bucket = state->timeline.bucket;

    if (routes->place_of == NULL) {
        return;
    }
    for (size_t i = 0; i < pairs; i++) {
        routes->samples[i * state->timeline.bucket_count + bucket] = routes->sessions[i];
    }
    routes->sampled = bucket + 1;
}

void routes_finish(struct collect_state *state, sim_ns end_ns)
{
    if (state->failure->routes.place_of != NULL) {
        routes_spend(state, end_ns);
    }
}

/* ---- the set ---- */

/* ok operations invoked after the warm-up of a client place; reads only, or all. */
static uint64_t answered(const struct collect_state *state, uint32_t place, bool reads)
{
    uint64_t total = 0;

    for (size_t s = 0; s < state->segment_count; s++) {
        for (uint32_t g = 0; g < state->layout->group_count; g++) {
            const struct cell *cells = &state->segments[s].cells[g * 2];

            if (state->client_place[state->layout->groups[g].place] == place) {
                total += cells[RECORD_READ].outcomes[RECORD_OK];
                total += reads ? 0 : cells[RECORD_WRITE].outcomes[RECORD_OK];
            }
        }
    }
    return total;
}

/* A row for all places together, and one for each; `totals` NULL: a count. */
static void build_by_place(const struct collect_state *state, struct set_builder *builder,
                           const char *name, const uint64_t *counts, const uint64_t *totals)
{
    const char *key = metric_definition_find(name)->labels[0]; /* "region", "reader" */
    struct label_list none = {0};
    uint64_t count = 0, total = 0;

    for (uint32_t i = 0; i < state->client_place_count; i++) {
        count += counts[i];
        total += totals == NULL ? 0 : totals[i];
    }

    struct metric *all = builder_metric(builder, name, &none);

    all->count = count;
    all->total = total;
    for (uint32_t i = 0; i < state->client_place_count; i++) {
        struct label_list labels = {0};

        label_add(&labels, key, client_place_name(state, i));

        struct metric *metric = builder_metric(builder, name, &labels);

        metric->count = counts[i];
        metric->total = totals == NULL ? 0 : totals[i];
    }
}

/* The same by region, of arrays by place. */
static void build_by_region(const struct collect_state *state, struct set_builder *builder,
                            const char *name, const uint64_t *counts, const uint64_t *misses)
{
    const struct routes *routes = &state->failure->routes;
    struct label_list none = {0};
    uint64_t count = 0, total = 0;

    for (uint32_t i = 0; i < routes->region_count; i++) {
        count += counts[routes->regions[i]];
        total += misses == NULL ? 0 : counts[routes->regions[i]] + misses[routes->regions[i]];
    }

    struct metric *all = builder_metric(builder, name, &none);

    all->count = count;
    all->total = total;
    for (uint32_t i = 0; i < routes->region_count; i++) {
        const uint32_t place = routes->regions[i];
        struct label_list labels = {0};

        label_add(&labels, "region", state->layout->places[place].name);

        struct metric *metric = builder_metric(builder, name, &labels);

        metric->count = counts[place];
        metric->total = misses == NULL ? 0 : counts[place] + misses[place];
    }
}

static void build_shares(const struct collect_state *state, struct set_builder *builder)
{
    const struct routes *routes = &state->failure->routes;

    for (uint32_t place = 0; place < state->client_place_count; place++) {
        const double *spent =
            routes->spent == NULL ? NULL : &routes->spent[(size_t)place * routes->region_count];
        double total = 0;

        for (uint32_t i = 0; spent != NULL && i < routes->region_count; i++) {
            total += spent[i];
        }
        for (uint32_t i = 0; i < routes->region_count; i++) {
            struct label_list labels = {0};

            label_add(&labels, "from", client_place_name(state, place));
            label_add(&labels, "to", state->layout->places[routes->regions[i]].name);

            struct metric *metric = builder_metric(builder, "routed_ratio", &labels);

            metric->count = total > 0 ? 1 : 0;
            metric->value = total > 0 ? spent[i] / total : 0;
        }
    }
}

static void build_connect(const struct collect_state *state, struct set_builder *builder)
{
    const struct routes *routes = &state->failure->routes;

    for (int64_t place = -1; place < state->client_place_count; place++) {
        struct label_list labels = {0};

        if (place >= 0) {
            label_add(&labels, "region", client_place_name(state, (uint32_t)place));
        }

        struct metric *metric = builder_metric(builder, "connect_ms", &labels);

        for (uint32_t i = 0; i < state->client_place_count; i++) {
            if (place < 0 || place == i) {
                histogram_merge(metric->histogram, &routes->connect[i]);
            }
        }
    }
}

void build_routes(struct collect_state *state, struct set_builder *builder)
{
    const struct routes *routes = &state->failure->routes;
    const uint32_t places = state->client_place_count;
    uint64_t *reads = arena_alloc(&state->arena, places, sizeof(*reads));
    uint64_t *all = arena_alloc(&state->arena, places, sizeof(*all));

    for (uint32_t i = 0; i < places; i++) {
        reads[i] = answered(state, i, true);
        all[i] = answered(state, i, false);
    }
    build_shares(state, builder);
    build_by_place(state, builder, "route_changes", routes->changes, NULL);
    build_by_place(state, builder, "connections", routes->connections, NULL);
    build_connect(state, builder);
    build_by_region(state, builder, "health_changes", routes->health, NULL);
    build_by_region(state, builder, "health_agreed_changes", routes->agreed, NULL);
    build_by_region(state, builder, "cache_hit_ratio", routes->hits, routes->misses);
    build_by_place(state, builder, "cached_read_ratio", routes->cached_reads, reads);
    build_by_place(state, builder, "cached_stale_ratio", routes->cached_stale,
                   routes->cached_reads);
    build_by_place(state, builder, "proxied_ratio", routes->proxied_count, all);
}
