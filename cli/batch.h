/*
 * batch.h - one call of `geodes run`: a scenario, or a scenario and each of its variants, from
 * results to standard output, files and pictures.
 *
 * Order:     batch_report() once for each run, in the order of the variants, then batch_compare().
 * Errors:    are on stderr when a function returns; the exit code says which kind.
 * Ownership: a run and its report live in the arena of the run; the comparison copies.
 */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include "cli/compare_table.h"
#include "cli/experiment.h"
#include "cli/scenario_file.h"
#include "plots/comparison.h"

/* What one call of the program runs: a scenario, or the scenario and each of its variants. */
struct batch {
    const struct arguments *arguments;
    uint64_t seed; /* UINT64_MAX: the scenario's */
    uint64_t replications, jobs;
    const char *directory; /* NULL: none */
    const char *format;
    bool quiet;
    const char *text; /* the scenario, which may come from a pipe and is read once */
    size_t length;
    bool several;                 /* each variant in turn */
    size_t printed;               /* reports on standard output so far */
    struct compare_table compare; /* when there are several */
    struct comparison comparison; /* the same as pictures */
};

struct run {
    struct batch *batch;
    struct scenario_file file;
    struct experiment experiment;
    const char *directory; /* NULL: none */
};

/* "base" for the scenario itself. */
const char *batch_label(const char *variant);

/* What the finished run of `run->experiment` says: on standard output and in its directory. */
enum exit_code batch_report(struct run *run, struct arena *arena);

/* After the last run: what holds several together. */
enum exit_code batch_compare(const struct batch *batch, struct arena *arena);

void batch_release(struct batch *batch);

/* Prints an output error; EXIT_CODE_IO. */
enum exit_code batch_io_failed(const struct output_error *error);

#endif
