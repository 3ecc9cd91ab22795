/*
 * reader.h - fills a C struct from a JSON object as a table of sim/param.h says.
 *
 * Model:     every row is read, from the object or from its default_text, by the same code. A
 *            kind's finish() runs when its rows are without error.
 * Order:     reports every error it can find, not only the first; unknown keys with the nearest
 *            legal one.
 * Units:     those of sim/param.h.
 * Ownership: everything it makes is in `arena`. The tree is only read.
 * Errors:    into diags; it never prints and never exits.
 * Cost:      O(members * rows) per object.
 * Lists:     min and max of a row, when given, bound the number of items of a list, and each number
 *            of PARAM_NUMBERS.
 */
#ifndef SCENARIOS_READER_H
#define SCENARIOS_READER_H

#include "scenarios/json.h"
#include "scenarios/names.h"
#include "scenarios/rows.h"

/* Where files that a scenario names come from: the command line's business, and of tests. */
struct file_reader {
    /*
     * The whole file, followed by NUL, in `arena`; NULL when it can not be read, and then *problem
     * says why ("No such file or directory").
     */
    const char *(*read)(void *context, const char *name, struct arena *arena, size_t *length,
                        const char **problem);
    void *context;
};

struct reader {
    struct arena *arena;
    struct diags *diags;
    const struct file_reader *files; /* NULL: files can not be read here */
    struct names regions, datasets;
    struct names places; /* the regions, then the clients' own places, each once */
    /* private */
    struct ambient ambient;
    bool lenient; /* inside an absent object: required keys may be absent as well */
    unsigned depth, source_count;
    struct place mark; /* the last place that was turned into a position */
    struct position mark_position;
};

void reader_init(struct reader *reader, struct arena *arena, struct diags *diags,
                 const struct file_reader *files);

/*
 * First pass: the names that PARAM_REGION, PARAM_PLACE and PARAM_DATASET may refer to, from the
 * object's members "regions" (a list), "clients" (a list; their places are at "at") and "datasets"
 * (a map). Reports regions and datasets that appear twice.
 */
void reader_learn_names(struct reader *reader, const struct param_spec *table,
                        const struct json_value *object);

/* Second pass. `out` is zeroed. False when something was reported. */
bool reader_read(struct reader *reader, const struct param_spec *table,
                 const struct json_value *object, void *out);

/* What an absent object holds: defaults, and zeros for required rows. */
bool reader_read_absent(struct reader *reader, const struct param_spec *table,
                        const struct json_value *parent, void *out);

#endif
