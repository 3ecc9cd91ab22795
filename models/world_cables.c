/*
 * world_cables.c - cables that are cut, and the way around.
 *
 * Model:   each pair of places has a cable of its own. While it is cut, what goes between the two
 *          travels over other places: the shortest way (sum of expected delays) over cables that
 *          are whole; the routers between hand it on, so faults of the links there do not touch it.
 *          A way around that the tables hold for shorter than the direct one takes as long as that.
 *          Without any way the pair is cut off. Each change finds all ways again, since a second
 *          cut may hit the way around the first.
 * Source:  shortest path: Dijkstra, "A note on two problems in connexion with graphs", Numerische
 *          Mathematik 1, 1959. Assumption: routing knows at once; nothing is as slow as a ship.
 * Cost:    places squared for each pair that is cut, at each begin and end.
 */
#include "models/faults/fault_target.h"
#include "models/network/network_cut.h"
#include "models/world_internal.h"
#include "sim/check.h"

static struct network_link *link_at(const struct world *world, uint32_t from, uint32_t to)
{
    return network_link_at(&world->network, from * world->network.place_count + to);
}

/* Two places of clients are not joined. */
static bool is_whole(const struct world *world, uint32_t from, uint32_t to)
{
    return from != to && (from < world->region_count || to < world->region_count) &&
           link_at(world, from, to)->cable_cuts == 0;
}

/* Expected delay of the shortest way; SIM_NS_MAX: there is none. `lengths` has room for all places,
 * `done` too. */
static sim_ns shortest(const struct world *world, uint32_t from, uint32_t to)
{
    const uint32_t count = world->network.place_count;
    sim_ns *lengths = world->cable_lengths;
    bool *done = world->cable_done;
    for (uint32_t i = 0; i < count; i++) {
        lengths[i] = i == from ? 0 : SIM_NS_MAX;
        done[i] = false;
    }
    for (;;) {
        uint32_t next = UINT32_MAX;
        for (uint32_t i = 0; i < count; i++) {
            if (!done[i] && lengths[i] < SIM_NS_MAX &&
                (next == UINT32_MAX || lengths[i] < lengths[next])) {
                next = i;
            }
        }
        if (next == UINT32_MAX || next == to) {
            return lengths[to];
        }
        done[next] = true;
        for (uint32_t i = 0; i < count; i++) {
            if (!done[i] && is_whole(world, next, i)) {
                const sim_ns length_ns = lengths[next] + link_at(world, next, i)->p50_ns;
                lengths[i] = length_ns < lengths[i] ? length_ns : lengths[i];
            }
        }
    }
}

static void reroute(struct world *world, uint32_t from, uint32_t to)
{
    struct network_link *link = link_at(world, from, to);
    const uint32_t index = from * world->network.place_count + to;
    sim_ns way_ns = link->p50_ns;
    if (link->reroutes > 0) {
        way_ns = shortest(world, from, to);
    }
    const bool stranded = way_ns >= SIM_NS_MAX;
    if (stranded != link->stranded) {
        link->stranded = stranded;
        network_link_hold(&world->network, index, NETWORK_BLACK_HOLE, stranded ? 1 : -1);
    }
    link->detour_ns = stranded || way_ns < link->p50_ns ? 0 : way_ns - link->p50_ns;
    network_link_update(link);
}

static void count_cut(struct network_link *link, bool goes_around, int change)
{
    CHECK(change == 1 || (change == -1 && link->cable_cuts > 0));
    link->cable_cuts += (uint32_t)change;
    link->reroutes += goes_around ? (uint32_t)change : 0;
}

void fault_cable_cut(struct world *world, uint32_t a_place, uint32_t b_place, bool goes_around,
                     int change)
{
    const uint32_t count = world->network.place_count;
    CHECK(a_place < count && b_place < count && a_place != b_place);
    if (world->cable_lengths == NULL) {
        world->cable_lengths = arena_alloc(&world->arena, count, sizeof *world->cable_lengths);
        world->cable_done = arena_alloc(&world->arena, count, sizeof *world->cable_done);
    }
    count_cut(link_at(world, a_place, b_place), goes_around, change);
    count_cut(link_at(world, b_place, a_place), goes_around, change);
    for (uint32_t from = 0; from < count; from++) {
        for (uint32_t to = 0; to < count; to++) {
            const struct network_link *link = link_at(world, from, to);
            const bool changed =
                (from == a_place && to == b_place) || (from == b_place && to == a_place);
            if (link->cable_cuts > 0 || changed) {
                reroute(world, from, to);
            }
        }
    }
}
