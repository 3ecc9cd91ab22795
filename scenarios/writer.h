/*
 * writer.h - a struct back into JSON: the expanded scenario with every default filled in.
 *
 * Model:     keys in the order of their tables, quantities with their unit as the shortest text
 *            that reads back as the same value. Reading the text gives the same struct.
 * Left out:  what is zero, NULL or empty and has no default (absent and zero are the same there),
 *            and variants, which loading has applied or not.
 * Ownership: text is the caller's to release.
 * Errors:    none.
 */
#ifndef SCENARIOS_WRITER_H
#define SCENARIOS_WRITER_H

#include "scenarios/names.h"
#include "scenarios/sha256.h"
#include "scenarios/text.h"
#include "sim/param.h"

struct writer {
    const struct names *regions, *places, *datasets; /* for references; may be NULL */
    bool contents; /* CSV tables with their cells, for a digest, instead of their file's name */
};

void writer_put(const struct writer *writer, const struct param_spec *table, const void *base,
                struct text *out);

/* SHA-256 over that text with the contents of CSV tables. */
void writer_digest(const struct writer *writer, const struct param_spec *table, const void *base,
                   char digest[SHA256_TEXT_MAX]);

#endif
