/*
 * output_file.h - files that are complete or not there.
 *
 * Model:     a file is written under a temporary name in its own folder, flushed to the disk, and
 *            renamed; a reader never sees half of it, and a crash leaves the old one. A path that
 *            exists and is no regular file (a terminal, a pipe, /dev/full) is written in place.
 * Errors:    every open, write, flush, sync and close is checked, so that a full disk is noticed. A
 *            failed call returns false and fills `error` with "path: what: reason"; the caller ends
 *            with the exit code for I/O. Nothing is left behind but a file that was there before.
 * Ownership: from open to commit or abandon the struct owns the stream and the temporary file.
 */
#ifndef ANALYSIS_OUTPUT_FILE_H
#define ANALYSIS_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

enum { OUTPUT_PATH_MAX = 4096, OUTPUT_ERROR_MAX = OUTPUT_PATH_MAX + 256 };

struct output_error {
    char text[OUTPUT_ERROR_MAX]; /* one line without newline; "" when nothing failed */
};

struct output_file {
    FILE *stream;                    /* write here */
    char path[OUTPUT_PATH_MAX];      /* private */
    char temporary[OUTPUT_PATH_MAX]; /* private; "" when written in place */
};

bool output_file_open(struct output_file *file, const char *path, struct output_error *error);

/* Opens "directory/name". */
bool output_file_open_in(struct output_file *file, const char *directory, const char *name,
                         struct output_error *error);

/* Flush, sync, close, rename. After false the file is closed and the temporary one is gone. */
bool output_file_commit(struct output_file *file, struct output_error *error);

/* Closes and removes what was written. Allowed after commit (does nothing then). */
void output_file_abandon(struct output_file *file);

/* Flushes a stream that stays open, such as stdout; `name` stands for it in the error. */
bool output_stream_flush(FILE *stream, const char *name, struct output_error *error);

/* Creates the directory and its parents; one that exists is fine. */
bool output_directory_make(const char *path, struct output_error *error);

/* Fills error with "path: what: strerror(number)" and returns false. */
bool output_error_set(struct output_error *error, const char *path, const char *what, int number);

#endif
