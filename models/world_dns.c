/* world_dns.c - what is wrong with names: the list that the routing reads. */
#include "models/faults/fault_target.h"
#include "models/world_internal.h"
#include "sim/check.h"

const struct fault_dns_state *world_dns_faults(const struct world *world)
{
    return &world->dns;
}

static void append(struct world *world, const struct fault_dns_hold *hold)
{
    struct fault_dns_state *dns = &world->dns;
    if (dns->count == dns->capacity) {
        const uint32_t capacity = dns->capacity == 0 ? 4 : 2 * dns->capacity;
        struct fault_dns_hold *larger = arena_alloc(&world->arena, capacity, sizeof *larger);
        for (uint32_t i = 0; i < dns->count; i++) {
            larger[i] = dns->holds[i];
        }
        dns->holds = larger;
        dns->capacity = capacity;
    }
    dns->holds[dns->count++] = *hold;
}

static void take_out(struct fault_dns_state *dns, const struct fault_dns_hold *hold)
{
    uint32_t at = 0;
    while (at < dns->count &&
           (dns->holds[at].kind != hold->kind || dns->holds[at].share != hold->share ||
            dns->holds[at].region != hold->region)) {
        at++;
    }
    CHECK(at < dns->count);
    for (uint32_t i = at + 1; i < dns->count; i++) {
        dns->holds[i - 1] = dns->holds[i];
    }
    dns->count--;
}

void fault_dns(struct world *world, enum fault_dns_kind kind, double share, uint32_t region,
               int change)
{
    const struct fault_dns_hold hold = {kind, share, region};
    CHECK(change == 1 || change == -1);
    if (change == 1) {
        append(world, &hold);
    } else {
        take_out(&world->dns, &hold);
    }
    world->dns.changes++;
}
