#include "models/workload/trace.h"

#include "sim/arena.h"
#include "sim/check.h"
#include "sim/record.h"

#include <inttypes.h>
#include <string.h>

enum column {
    COLUMN_TIME,
    COLUMN_OPERATION,
    COLUMN_KEY,
    COLUMN_SESSION,
    COLUMN_BYTES,
    COLUMN_COUNT
};

enum { TIME_DECIMALS = 6 };

static const char *const column_names[COLUMN_COUNT] = {"time_ms", "operation", "key", "session",
                                                       "bytes"};

struct reader {
    const struct param_csv *csv;
    size_t columns[COLUMN_COUNT]; /* csv->columns: not there */
    uint64_t key_count, session_count;
    struct arena *arena;
    trace_report report;
    void *context;
    int errors;
};

static bool is_optional(int column)
{
    return column == COLUMN_SESSION || column == COLUMN_BYTES;
}

static void complain(struct reader *reader, int line, const char *message)
{
    if (reader->errors < TRACE_ERRORS_MAX) {
        reader->report(reader->context, line, message);
    }
    reader->errors++;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Plain digits up to `max`; false for anything else. */
static bool read_integer(const char *text, uint64_t max, uint64_t *value)
{
    if (*text == '\0') {
        return false;
    }
    *value = 0;
    for (; is_digit(*text); text++) {
        const uint64_t digit = (uint64_t)(*text - '0');
        if (*value > (max - digit) / 10) {
            return false;
        }
        *value = *value * 10 + digit;
    }
    return *text == '\0' && *value <= max;
}

/* "12.5" milliseconds as nanoseconds, exactly; false with more than six decimals. */
static bool read_time(const char *text, sim_ns *at_ns)
{
    uint64_t ns = 0;
    int decimals = -1; /* -1: before the point */
    int digits = 0;
    for (; is_digit(*text) || (*text == '.' && decimals < 0); text++) {
        if (*text == '.') {
            decimals = 0;
            continue;
        }
        if (ns > (uint64_t)SIM_NS_MAX / 10 || decimals == TIME_DECIMALS) {
            return false;
        }
        ns = ns * 10 + (uint64_t)(*text - '0');
        digits++;
        decimals += decimals >= 0;
    }
    if (*text != '\0' || digits == 0 || decimals == 0) {
        return false;
    }
    for (int i = decimals < 0 ? 0 : decimals; i < TIME_DECIMALS; i++) {
        if (ns > (uint64_t)SIM_NS_MAX / 10) {
            return false;
        }
        ns *= 10;
    }
    *at_ns = (sim_ns)ns;
    return ns <= (uint64_t)SIM_NS_MAX;
}

static const char *cell(const struct reader *reader, size_t row, enum column column)
{
    const size_t at = reader->columns[column];
    return at == reader->csv->columns ? "" : reader->csv->cells[row * reader->csv->columns + at];
}

/* A cell below `limit`; an empty one of an optional column is TRACE_UNSAID. */
static uint32_t read_cell(struct reader *reader, size_t row, enum column column, uint64_t limit)
{
    const char *text = cell(reader, row, column);
    uint64_t value = 0;
    if (is_optional((int)column) && text[0] == '\0') {
        return TRACE_UNSAID;
    }
    if (!read_integer(text, limit - 1, &value)) {
        complain(reader, reader->csv->lines[row],
                 arena_printf(reader->arena,
                              "%s must be an integer from 0 to %" PRIu64 " (got \"%.40s\")",
                              column_names[column], limit - 1, text));
    }
    return (uint32_t)value;
}

static void read_row(struct reader *reader, size_t row, sim_ns *last_ns, struct trace_row *out)
{
    const int line = reader->csv->lines[row];
    const char *time = cell(reader, row, COLUMN_TIME);
    if (!read_time(time, &out->at_ns)) {
        complain(reader, line,
                 arena_printf(reader->arena,
                              "time_ms must be >= 0 with at most six decimals (got \"%.40s\")",
                              time));
    } else if (out->at_ns < *last_ns) {
        complain(reader, line,
                 arena_printf(reader->arena,
                              "time_ms must not be before that of the row above (got \"%.40s\")",
                              time));
    } else {
        *last_ns = out->at_ns;
    }
    const char *operation = cell(reader, row, COLUMN_OPERATION);
    out->type = strcmp(operation, "write") == 0 ? RECORD_WRITE : RECORD_READ;
    if (out->type == RECORD_READ && strcmp(operation, "read") != 0) {
        complain(reader, line,
                 arena_printf(reader->arena,
                              "operation must be \"read\" or \"write\" (got \"%.40s\")",
                              operation));
    }
    out->key = read_cell(reader, row, COLUMN_KEY, reader->key_count);
    out->session = read_cell(reader, row, COLUMN_SESSION, reader->session_count);
    out->bytes = read_cell(reader, row, COLUMN_BYTES, SCENARIO_BYTES_MAX + UINT64_C(1));
}

static void find_columns(struct reader *reader)
{
    const struct param_csv *csv = reader->csv;
    for (int column = 0; column < COLUMN_COUNT; column++) {
        reader->columns[column] = csv->columns;
        for (size_t i = 0; i < csv->columns; i++) {
            if (strcmp(csv->header[i], column_names[column]) != 0) {
                continue;
            }
            if (reader->columns[column] != csv->columns) {
                complain(reader, 0,
                         arena_printf(reader->arena, "must not have the column \"%s\" twice",
                                      column_names[column]));
            }
            reader->columns[column] = i;
        }
        if (!is_optional(column) && reader->columns[column] == csv->columns) {
            complain(
                reader, 0,
                arena_printf(reader->arena, "must have a column \"%s\"", column_names[column]));
        }
    }
    for (size_t i = 0; i < csv->columns; i++) {
        bool known = false;
        for (int column = 0; column < COLUMN_COUNT; column++) {
            known = known || strcmp(csv->header[i], column_names[column]) == 0;
        }
        if (!known) {
            complain(reader, 0,
                     arena_printf(reader->arena,
                                  "must not have the column \"%.40s\": known are time_ms, "
                                  "operation, key, session, bytes",
                                  csv->header[i]));
        }
    }
}

bool trace_read(struct trace *trace, const struct scenario *scenario,
                const struct scenario_client *client, struct arena *arena, trace_report report,
                void *context)
{
    CHECK(client->dataset < scenario->datasets.count);
    const struct scenario_dataset *datasets = scenario->datasets.items;
    struct reader reader = {.csv = &client->trace,
                            .key_count = (uint64_t)datasets[client->dataset].keys.count,
                            .session_count = (uint64_t)client->sessions,
                            .arena = arena,
                            .report = report,
                            .context = context};
    *trace = (struct trace){0};
    find_columns(&reader);
    if (reader.errors == 0 && client->trace.rows == 0) {
        complain(&reader, 0, "must have at least one row");
    }
    if (reader.errors > 0) {
        return false;
    }
    struct trace_row *rows = arena_alloc(arena, client->trace.rows, sizeof *rows);
    sim_ns last_ns = 0;
    for (size_t i = 0; i < client->trace.rows; i++) {
        read_row(&reader, i, &last_ns, &rows[i]);
    }
    if (reader.errors > TRACE_ERRORS_MAX) {
        report(context, 0,
               arena_printf(arena, "has %d more errors of this kind",
                            reader.errors - TRACE_ERRORS_MAX));
    }
    if (reader.errors > 0) {
        return false;
    }
    *trace = (struct trace){.rows = rows, .count = client->trace.rows};
    return true;
}
