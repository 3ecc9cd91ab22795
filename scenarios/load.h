/*
 * load.h - a scenario file's text in, a const struct scenario out, or every error with its place.
 *
 * Order:     parse, variant, --set options in their order, names, rows, scenario_check(). After
 *            errors in rows, it looks at the document without them (scenarios/mend.h), so that a
 *            user sees both at once.
 * Ownership: everything lives in the arena; the caller's text may go.
 * Errors:    into diags; NULL is returned then. Nothing is printed.
 * Determinism: no clock, locale, environment or file is read but through `files`.
 */
#ifndef SCENARIOS_LOAD_H
#define SCENARIOS_LOAD_H

#include "models/scenario.h"
#include "scenarios/load_table.h"

/* A scenario. `loaded` may be NULL. */
const struct scenario *scenario_load(const struct load_options *options, struct arena *arena,
                                     struct diags *diags, struct loaded *loaded);

#endif
