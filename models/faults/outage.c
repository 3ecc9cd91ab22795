#include "models/faults/outage.h"

const char *const outage_disk_names[] = {"kept", "lost", NULL};

void outage_of(struct world *world, uint32_t region, uint32_t node, uint32_t disk, int change)
{
    if (change > 0 && disk == OUTAGE_DISK_LOST) {
        fault_disk_lost(world, region, node);
    }
    fault_power(world, region, node, change);
}
