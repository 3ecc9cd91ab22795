/*
 * diag.h - errors of the user, collected: where, what, and the nearest word that would have been
 * right.
 *
 * Order:     by source in the order of their registration, then position, then order of report.
 * Units:     lines and columns count from 1; a column is a character (code point), not a byte.
 * Ownership: sources and texts live in the arena given to diags_init.
 * Errors:    more than DIAGS_MAX are counted, not kept.
 * Nothing here prints: the texts are for the caller to write.
 */
#ifndef SCENARIOS_DIAG_H
#define SCENARIOS_DIAG_H

#include "scenarios/text.h"
#include "sim/nearest_word.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum { DIAGS_MAX = 100 };

/* A text that can be at fault: a file, or the argument of an option. */
struct source {
    const char *name; /* "scenario.json", or "--set PATH=VALUE" */
    const char *text; /* text[length] is NUL */
    size_t length;
    bool whole;     /* an argument: its name says where, without line and column */
    unsigned order; /* of sources among each other */
};

struct place {
    const struct source *source;
    size_t offset; /* in bytes */
};

struct diag {
    struct place place;
    const char *path;       /* "clients[0].rate"; "" for the file itself */
    const char *code;       /* stable word for programs: "unknown-key" */
    const char *message;    /* lower case: the rule and the value */
    const char *suggestion; /* a word that would be right; NULL: none */
    size_t sequence;        /* private */
};

struct diags {
    struct arena *arena;
    struct diag items[DIAGS_MAX];
    struct diag surplus; /* private: where further ones are written */
    size_t count;        /* kept */
    size_t total;        /* reported */
};

struct position {
    size_t line, column;
    size_t line_start, line_length; /* bytes in the source */
};

void diags_init(struct diags *diags, struct arena *arena);

/*
 * Adds an error; the caller may set path and suggestion of what it returns. The path is "" until
 * then. Never NULL.
 */
struct diag *diags_add(struct diags *diags, struct place place, const char *code,
                       const char *format, ...)
    __attribute__((format(printf, 4, 5), nonnull(1, 3, 4)));

struct position place_position(struct place place);

/* The same, from a place before it in the same source: for many places in order. */
struct position place_position_after(struct place place, struct place before,
                                     struct position position_before);

/* Further errors are only counted: no need to look for suggestions. */
bool diags_full(const struct diags *diags);

/*
 * For people: "file:line:column: path: message (did you mean "x"?)", the line and a caret, per
 * error; at the end "and N more errors" when there were more. For programs: a JSON array of objects
 * with severity, file, line, column, path, code, message and suggestion. Both sort first.
 */
void diags_put_text(struct diags *diags, struct text *out);
void diags_put_json(struct diags *diags, struct text *out);

/* Only the lines "file:line:column: path: message". */
void diags_put_lines(struct diags *diags, struct text *out);

#endif
