/*
 * overrides.h - values put into a scenario's tree before it is read: --set PATH=VALUE and variants.
 *
 * Model:     a path is legal when the tables know its keys; what is not there yet is made on the
 *            way (objects from their defaults). Entries of lists must exist; an entry of a map is
 *            made when it is the last step. "5ms" on the way becomes the object that it stands for.
 * Order:     one after the other: a later one sees what an earlier one did.
 * Ownership: new values live in the arena.
 * Errors:    into diags, at the option or at the variant's key.
 */
#ifndef SCENARIOS_OVERRIDES_H
#define SCENARIOS_OVERRIDES_H

#include "scenarios/json.h"
#include "sim/param.h"

struct overrides {
    const struct param_spec *table; /* of the root */
    struct json_value *root;
    struct arena *arena;
    struct diags *diags;
    unsigned count; /* of options so far: orders their messages */
};

/* The code of errors that are the command line's: an option that is not PATH=VALUE. */
#define OVERRIDES_MALFORMED "malformed-option"

/*
 * "PATH=VALUE"; VALUE is JSON when it parses as such, else a string; what begins as an object, a
 * list or a quoted string must be one.
 */
bool overrides_set(struct overrides *overrides, const char *option);

/* The root's member "variants" has the name; `option` is what a message about it is named after. */
bool overrides_variant(struct overrides *overrides, const char *name);

/* Tries every variant on a copy of the tree. */
bool overrides_check_variants(struct overrides *overrides);

#endif
