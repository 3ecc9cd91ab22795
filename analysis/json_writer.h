/*
 * json_writer.h - JSON text from nested begin and end calls, straight into a stream.
 *
 * Model:  cJSON's printer loses the last digits of doubles and changes numbers above 2^53, so
 *         results are written here: doubles in the shortest form that reads back the same, integers
 *         as integers, what is not finite as null. The output is valid JSON in UTF-8 whatever the
 *         strings hold: control characters are escaped, invalid UTF-8 becomes U+FFFD.
 * Layout: `indent` 0 writes one line; else members stand on lines of their own down to `indent`
 *         levels, and deeper ones on one line, so that a metric is one line of the file.
 * Errors: stay in the stream (ferror). Nesting that is too deep or unbalanced is a CHECK.
 */
#ifndef ANALYSIS_JSON_WRITER_H
#define ANALYSIS_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH_MAX = 16 };

struct json_writer {
    FILE *stream;
    unsigned indent; /* levels that are broken into lines */
    /* private */
    unsigned depth;
    bool filled[JSON_DEPTH_MAX];
    char closing[JSON_DEPTH_MAX];
};

struct json_writer json_writer_on(FILE *stream, unsigned indent);

/* `key` is NULL inside an array and for the outermost value. */
void json_write_object(struct json_writer *writer, const char *key);
void json_write_array(struct json_writer *writer, const char *key);
void json_write_end(
    struct json_writer *writer); /* of the innermost object or array; newline at the end */
void json_write_string(struct json_writer *writer, const char *key,
                       const char *text); /* NULL: null */
void json_write_number(struct json_writer *writer, const char *key, double value);
void json_write_integer(struct json_writer *writer, const char *key, int64_t value);
void json_write_natural(struct json_writer *writer, const char *key, uint64_t value);
void json_write_boolean(struct json_writer *writer, const char *key, bool value);
void json_write_raw(struct json_writer *writer, const char *key,
                    const char *json); /* trusted; put on one line */

#endif
