/*
 * json_scan.h - the grammar of RFC 8259, exactly: where each key and value begins, or the first
 * error. Part of json.c.
 *
 * Order:     document order; the key of a member comes before its value.
 * Ownership: the caller releases `offsets` with memory_release().
 * Cost:      one pass, no recursion.
 */
#ifndef SCENARIOS_JSON_SCAN_H
#define SCENARIOS_JSON_SCAN_H

#include "scenarios/diag.h"

#include <stdint.h>

struct json_scan {
    uint32_t *offsets; /* of keys and values */
    size_t count;
    size_t capacity; /* private */
};

bool json_scan(const struct source *source, struct json_scan *scan, struct diags *diags);

#endif
