/* clients_build.c - clients before and after a run. */
#include "models/workload/clients_state.h"
#include "models/workload/rows.h"
#include "sim/arena.h"

enum { PROBES_MAX = INT32_MAX };

struct clients *clients_create(const struct clients_host *host, struct arena *arena)
{
    struct clients *clients = arena_alloc(arena, 1, sizeof *clients);
    const struct record_layout *layout = host->layout;
    clients->host = *host;
    clients->group_count = layout->group_count;
    clients->groups = arena_alloc(arena, layout->group_count, sizeof *clients->groups);
    clients->sessions = arena_alloc(arena, layout->session_count, sizeof *clients->sessions);
    clients->newest = arena_alloc(arena, layout->dataset_count, sizeof *clients->newest);
    clients->zipfs = arena_alloc(arena, layout->dataset_count, sizeof *clients->zipfs);
    clients->element_zipfs =
        arena_alloc(arena, layout->dataset_count, sizeof *clients->element_zipfs);
    CHECK(layout->group_count == host->scenario->clients.count);
    CHECK((host->block_copy == NULL) == (host->block_free == NULL));
    for (uint32_t i = 0; i < layout->session_count; i++) {
        clients->sessions[i].acknowledged_ns = -1;
    }
    for (uint32_t i = 0; i < layout->group_count; i++) {
        group_init(clients, i, arena);
    }
    for (uint32_t i = 0; i < layout->group_count; i++) {
        probes_init(clients, &clients->groups[i], arena);
    }
    clients->warmup_ns = layout->warmup_ns;
    rows_init(clients);
    in_flight_init(&clients->in_flight);
    pool_init(&clients->probes, sizeof(struct probe), PROBES_MAX);
    return clients;
}

void clients_release(struct clients *clients)
{
    in_flight_release(&clients->in_flight);
    pool_release(&clients->probes);
}
