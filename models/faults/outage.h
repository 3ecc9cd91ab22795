/*
 * outage.h - what outages of a machine, a zone and a region have in common.
 */
#ifndef MODELS_FAULTS_OUTAGE_H
#define MODELS_FAULTS_OUTAGE_H

#include "models/faults/fault_target.h"
#include "sim/param.h"

#include <stddef.h>

enum outage_disk { OUTAGE_DISK_KEPT, OUTAGE_DISK_LOST };

extern const char *const outage_disk_names[];

#define OUTAGE_DISK_ROW(params, member)                                                            \
    {                                                                                              \
        .key = "disk", .type = PARAM_ENUM, .offset = offsetof(params, member),                     \
        .names = outage_disk_names, .default_text = "kept",                                        \
        .help = "what was on the disks: kept, or lost, so that the machines come back empty"       \
    }

/* One machine loses power (+1), and its disk when that is lost, or gets it back (-1). */
void outage_of(struct world *world, uint32_t region, uint32_t node, uint32_t disk, int change);

#endif
