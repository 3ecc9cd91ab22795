/*
 * param.h - tables that describe what a user can write: one row is the parser, the range check,
 * the default, the help, the schema and the documentation of one key.
 *
 * Model:     a scenario object is a C struct and a {0}-terminated table of rows; a plug-in
 *            (strategy, distribution, fault, ...) is a `struct param_kind` in a registry, and the
 *            discriminator key of the object ("strategy", "distribution", "kind") chooses it.
 * Units:     each type converts to one unit, named below. Text may carry any unit of its dimension
 *            ("80ms", "512B", "10Gbps", "200/s"); a plain number is in the unit that the key ends
 *            with (_ms, _s, _bytes, _ppm ...), else in the unit named below.
 * Absent:    a row whose default_text is "none" (numbers, durations, sizes, rates, ratios) stores
 *            -1 for "none", whatever its range, and users may write "none" too. Without
 *            default_text and not `required`, an absent key stores zero, NULL or an empty list.
 * Ownership: tables are static and const; what they fill lives in the scenario's arena.
 * The interpreter is in scenarios/; nothing here reads JSON.
 */
#ifndef SIM_PARAM_H
#define SIM_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum param_type {
    PARAM_END = 0,   /* ends a table */
    PARAM_BOOL,      /* bool */
    PARAM_INT,       /* int64_t */
    PARAM_REAL,      /* double, no unit */
    PARAM_RATIO,     /* double in min..max (default 0..1); "5%" is allowed */
    PARAM_DURATION,  /* sim_ns; a plain number is milliseconds unless the key says otherwise */
    PARAM_BYTES,     /* int64_t; "512B", "4KiB", "1MB"; a plain number is bytes */
    PARAM_RATE,      /* double, per second; "50/s", "3/min", "2/h"; a plain number is per second */
    PARAM_BANDWIDTH, /* double, bits per second; "10Gbps"; a plain number is bits per second */
    PARAM_QUANTITY,  /* double in the unit of the distribution around it: ns for a duration */
    PARAM_ENUM,      /* uint32_t: index into `names` */
    PARAM_TEXT,      /* const char *: free text for people, valid UTF-8, one line */
    PARAM_ID,        /* const char *: ^[A-Za-z][A-Za-z0-9._-]{0,62}$ */
    PARAM_REGION,    /* uint32_t: index into the scenario's regions; written as the name */
    PARAM_REGIONS,   /* struct param_list of uint32_t */
    PARAM_REGION_SETS, /* struct param_list of struct param_list of uint32_t: [["a"],["b","c"]] */
    PARAM_PLACE,       /* uint32_t: a region, or beyond the regions a client's own place */
    PARAM_PLACES,      /* struct param_list of uint32_t */
    PARAM_PLACE_SETS,  /* struct param_list of struct param_list of uint32_t */
    PARAM_DATASET,     /* uint32_t: index into the scenario's datasets; written as the name */
    PARAM_NUMBERS,     /* struct param_list of double */
    PARAM_CSV_NUMBERS, /* struct param_list of double, from "FILE" or "FILE#column": numbers only */
    PARAM_CSV_TABLE,   /* struct param_csv: all rows of a CSV file, as text */
    PARAM_DISTRIBUTION, /* const struct distribution *; NULL when absent and no default */
    PARAM_OBJECT,       /* the struct itself, in place; `table` describes it */
    PARAM_LIST,         /* struct param_list of `item_bytes` structs; `table` describes an item */
    PARAM_MAP,          /* the same from {"id": {...}}; an item begins with `const char *id` */
    PARAM_CHOICE,       /* struct param_choice; a bare word is that kind with its defaults */
    PARAM_CHOICES,      /* struct param_list of struct param_choice; `registry` has the kinds */
    PARAM_EXPECT,       /* struct param_list of struct param_expectation */
    PARAM_VARIANTS      /* names and overrides: read by the loader, stores nothing */
};

/*
 * A machine among places: this bit, the index of its region and, in the low bits, its number in the
 * region. That the region has so many machines is for the plug-in to check.
 */
#define PARAM_MACHINE (UINT32_C(1) << 31)
enum { PARAM_MACHINE_BITS = 12 };

/* What a PARAM_DISTRIBUTION samples: the unit in which its quantities are written and stored. */
enum param_unit { PARAM_UNIT_NONE = 0, PARAM_UNIT_DURATION, PARAM_UNIT_BYTES };

struct param_list {
    void *items; /* in the scenario's arena */
    size_t count;
};

struct param_csv {
    const char *file;
    const char *const *header; /* columns names */
    const char *const *cells;  /* rows * columns, row by row */
    const int *lines;          /* line number of each row, for messages */
    size_t columns, rows;
};

struct param_spec {
    const char *key;
    enum param_type type;
    size_t offset;
    double min, max;          /* in the stored unit; both 0: no limit beyond the type's own */
    const char *default_text; /* as a user would write it, without quotes; NULL: see `required` */
    const char *help;         /* one line: what it means */
    /* For some types only: */
    bool required;            /* error when absent; else zero / NULL / empty */
    size_t given_offset;      /* numbers: of a bool that tells 0 from absent; 0: none */
    enum param_unit unit;     /* PARAM_DISTRIBUTION */
    const char *const *names; /* PARAM_ENUM, ends with NULL */
    const struct param_spec
        *table;        /* PARAM_OBJECT, PARAM_LIST, PARAM_MAP, common rows of choices */
    size_t item_bytes; /* PARAM_LIST, PARAM_MAP, common struct of choices */
    bool machines; /* PARAM_PLACE, ..S, .._SETS: also a machine, "us-east-1/n0" (PARAM_MACHINE) */
    const struct param_registry *registry; /* PARAM_CHOICE, PARAM_CHOICES */
    /*
     * PARAM_LIST and PARAM_OBJECT: the key of the item that a bare string or number stands for
     * ("us-east-1" for {"name": "us-east-1"}). NULL: only objects.
     */
    const char *shorthand;
};

/* The common head of every plug-in: first member of struct strategy_ops, distribution_ops, ... */
struct param_kind {
    const char *name;    /* the word in the scenario: [a-z0-9_]+ */
    const char *summary; /* one line for `list` */
    const char *source;  /* paper and section, or document and date; "assumption: why" */
    size_t params_bytes;
    const struct param_spec *params; /* may be NULL */
    /*
     * Checks what single rows can not (r <= n, min < max) and prepares tables, in `arena`.
     * Returns NULL, or what is wrong; *key then names the row at fault (or NULL for the object).
     */
    const char *(*finish)(void *params, struct arena *arena, const char **key);
};

struct param_registry {
    const char *name; /* of the folder of plug-ins, plural: "strategies", "distributions" */
    const char *key;  /* the discriminator in the scenario: "strategy", "distribution", "kind" */
    const char *summary;
    size_t count;
    const struct param_kind *const *kinds;
    /* Optional: what else there is to say about a kind, in lines, for `describe`. */
    const char *(*facts)(const struct param_kind *kind, struct arena *arena);
};

/*
 * PARAM_CHOICE and PARAM_CHOICES: the object has the discriminator key, the rows of the kind, and,
 * when the row has a `table`, the common rows of that table (a struct of `item_bytes`).
 */
struct param_choice {
    const struct param_kind *kind; /* NULL when the key was absent */
    void *params; /* kind->params_bytes, zeroed and filled; never NULL with a kind */
    void *common; /* NULL without a table */
};

/* One threshold: {"staleness_ms{reader:eu-west-1}": ["p(99)<500", {"threshold": ..., ...}]} */
struct param_expectation {
    const char *metric;    /* "staleness_ms{reader:eu-west-1}" */
    const char *threshold; /* "p(99)<500" */
    bool allow_empty;      /* no samples is then a pass */
    int line, column;      /* of the threshold, for messages */
};

/* The kind of that name, or NULL. */
const struct param_kind *param_registry_find(const struct param_registry *registry,
                                             const char *name);

#endif
