/*
 * mend.h - a document with errors, as it would be with them out of the way.
 *
 * Model:     rules that look at several values (a client at a region that does not exist) can only
 * be checked where every value could be read. So that a user sees those errors together with the
 * others, what is plainly meant is put in: the word or key that was nearest. Another value is left
 * out, where nothing else hangs on it: of a client, a fault or an expectation. Nothing of this is
 * ever run. Order:     errors in the order of `diags`. Ownership: the copy lives in the arena.
 * Errors:    false when something is not plain; what follows from a guess would mislead.
 */
#ifndef SCENARIOS_MEND_H
#define SCENARIOS_MEND_H

#include "scenarios/diag.h"
#include "scenarios/json.h"

enum { MEND_PATHS_MAX = 4 * DIAGS_MAX };

struct mended {
    struct json_value *root;           /* a copy of the document, changed */
    const char *paths[MEND_PATHS_MAX]; /* what was changed */
    size_t path_count;
};

void mend_init(struct mended *mended, const struct json_value *root, struct arena *arena);

/* Changes the copy as these errors of it want. May be called again with what is still wrong. */
bool mend_errors(struct mended *mended, const struct diags *diags);

/* Whether the path leads to something that was changed, into it, or to what it is in. */
bool mend_concerns(const struct mended *mended, const char *path);

#endif
