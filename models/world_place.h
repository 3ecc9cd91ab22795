/*
 * world_place.h - where the scenario's places are, and the delay between two of them.
 *
 * Places: the regions first, in scenario order; then the clients' own places, each once by name.
 * Model: delay = the scenario's override for the pair, else what network.latency says: the user's
 *        matrix, one constant, the catalogue's measurement, or the fibre model. Two machines of one
 *        region: zones.
 * Units: ns, one way.
 */
#ifndef MODELS_WORLD_PLACE_H
#define MODELS_WORLD_PLACE_H

#include "models/geography/jitter.h"
#include "models/replication/strategy.h"
#include "models/scenario.h"
#include "models/scenario_matrix.h"

struct world_pair {
    uint32_t from, to; /* places */
    bool same_zone;    /* of two machines in one region */
};

struct world_delay {
    sim_ns p50_ns;
    bool published;                 /* `jitter` holds for this pair */
    bool measured;                  /* not estimated by the fibre model */
    struct geography_jitter jitter; /* when published */
    const char *source, *date;
};

/* The place of a client group: a region's index, a place of an earlier group, or `next` for a new
 * one. */
uint32_t world_place_of_client(const struct scenario *scenario, uint32_t group,
                               const uint32_t *earlier, uint32_t next);

/* All places of a world, looked up once. */
struct world_places {
    const struct scenario *scenario;
    const char **names;
    struct geography_place *at;
    struct scenario_matrix_at *in_matrix;
    uint32_t count;
};

/* `group_places` as built by world_place_of_client; `count` places in all. */
void world_places_find(struct world_places *places, const struct scenario *scenario,
                       const uint32_t *group_places, uint32_t count, struct arena *arena);

/* The geography of a name; without both coordinates the catalogue's. False: unknown. */
bool world_place_find(const struct scenario_place *at, struct geography_place *place);

struct scenario_place world_place_of_region(const struct scenario_region *region);

/* The same name and the same coordinates, or none. */
bool world_place_same(const struct scenario_place *a, const struct scenario_place *b);

void world_delay_between(const struct world_places *places, struct world_pair pair,
                         struct world_delay *delay);

/* "quorum.write", "client.request": the name of a message kind of a strategy. */
const char *world_message_name(struct arena *arena, const struct strategy_ops *ops, uint32_t kind);

#endif
