/*
 * import.h - faults from other tools' experiments: AWS FIS experiment templates, LitmusChaos
 * ChaosEngines (as JSON).
 *
 * Model:   what an experiment does to its targets becomes faults of a scenario, at the times that
 *          the experiment would do it; what it aims at (instances, subnets, pods) becomes the
 *          places of the scenario by the caller's map, or by the region that the target names
 *          itself.
 * Refused: whatever has no counterpart, by name and position; the caller may leave it out by name.
 * Source:  AWS FIS user guide, "Actions reference" and "Action syntax"; LitmusChaos documentation,
 *          ChaosEngine and the experiments' tunables.
 * Ownership: texts are in the arena; the result is the caller's to release.
 */
#ifndef SCENARIOS_IMPORT_H
#define SCENARIOS_IMPORT_H

#include "models/scenario.h"
#include "scenarios/diag.h"
#include "scenarios/json.h"
#include "scenarios/text.h"

struct import_options {
    const struct scenario *scenario;
    const char *const *maps; /* "NAME=PLACE": a region, "region/n0" or "region/z1" */
    size_t map_count;
    const char *const *skips; /* names of actions and experiments to leave out */
    size_t skip_count;
    sim_ns at_ns;            /* when the experiment begins */
    sim_ns restart_after_ns; /* how long what is killed or rebooted is away; -1: not given */
};

/*
 * Adds the faults to `out` as a JSON array, for "faults". False when there were errors, which are
 * in `diags`.
 */
bool import_faults(const struct json_value *root, const struct import_options *options,
                   struct arena *arena, struct diags *diags, struct text *out);

#endif
