/*
 * gnuplot.h - finds gnuplot and runs one script of ours, as carefully as a stranger's file
 * deserves.
 *
 * Model:   the script stands as plot.gp in a private directory; the child gets argv {gnuplot, -d,
 *          plot.gp} (-d: no start-up files), that directory as working directory and HOME, PATH and
 *          LC_ALL=C.UTF-8 and no other variable, /dev/null as stdin, and the opened output file as
 *          stdout, so that no file name ever enters a script. No shell is involved.
 *          sandbox_enter() bounds what it can do.
 * Success: exit code 0 and an output that ends as its format ends: gnuplot says 0 on a full disk.
 * Errors:  the reason with gnuplot's own first line; the output file is then left as it was.
 * Cost:    one process; at most timeout_s seconds.
 */
#ifndef PLOTS_GNUPLOT_H
#define PLOTS_GNUPLOT_H

#include "analysis/output_file.h"

#include <stdbool.h>

enum gnuplot_format { GNUPLOT_SVG, GNUPLOT_PNG, GNUPLOT_FORMAT_COUNT };

enum { GNUPLOT_TALK_MAX = 1024 };

struct gnuplot_job {
    const char *program;   /* absolute path */
    const char *directory; /* private, holds plot.gp and its data */
    const char *output;    /* path of the picture */
    enum gnuplot_format format;
    unsigned timeout_s;
};

/* The executable `wanted`, or when NULL the first gnuplot on PATH. False: there is none. */
bool gnuplot_find(const char *wanted, char program[OUTPUT_PATH_MAX]);

/* `talk` gets what gnuplot printed on stderr (also when it succeeded): warnings, or the error. */
bool gnuplot_run(const struct gnuplot_job *job, char talk[GNUPLOT_TALK_MAX],
                 struct output_error *error);

/* A new private directory in TMPDIR or /tmp, and its removal with all that is in it. */
bool gnuplot_directory_make(char directory[OUTPUT_PATH_MAX], struct output_error *error);
void gnuplot_directory_remove(const char *directory);

#endif
