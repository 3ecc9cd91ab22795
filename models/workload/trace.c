#include "models/workload/trace.h"

#include "models/workload/actions.h"
#include "models/workload/mix.h"
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
    COLUMN_ELEMENT,
    COLUMN_AMOUNT,
    COLUMN_COUNT
};

enum { TIME_DECIMALS = 6 };

static const char *const column_names[COLUMN_COUNT] = {"time_ms", "operation", "key",   "session",
                                                       "bytes",   "element",   "amount"};

struct bounds {
    uint64_t least, most;
};

struct reader {
    const struct param_csv *csv;
    size_t columns[COLUMN_COUNT]; /* csv->columns: not there */
    const struct scenario_dataset *dataset;
    uint64_t key_count, session_count, element_count;
    struct arena *arena;
    trace_report report;
    void *context;
    int errors;
};

static bool is_optional(int column)
{
    return column >= COLUMN_SESSION;
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

/* A cell of least .. most; an empty one of an optional column is TRACE_UNSAID. */
static uint32_t read_cell(struct reader *reader, size_t row, enum column column,
                          struct bounds bounds)
{
    const char *text = cell(reader, row, column);
    uint64_t value = 0;
    if (is_optional((int)column) && text[0] == '\0') {
        return TRACE_UNSAID;
    }
    if (!read_integer(text, bounds.most, &value) || value < bounds.least) {
        complain(reader, reader->csv->lines[row],
                 arena_printf(reader->arena,
                              "%s must be an integer from %" PRIu64 " to %" PRIu64
                              " (got \"%.40s\")",
                              column_names[column], bounds.least, bounds.most, text));
    }
    return (uint32_t)value;
}

/* What the row does: a read, or a write with its action. */
static void read_operation(struct reader *reader, size_t row, struct trace_row *out)
{
    const char *text = cell(reader, row, COLUMN_OPERATION);
    const int line = reader->csv->lines[row];
    out->type = RECORD_READ;
    out->action = VALUE_WRITE;
    out->then_write = strcmp(text, "read_modify_write") == 0;
    if (out->then_write || strcmp(text, "read") == 0) {
        return;
    }
    out->type = RECORD_WRITE;
    for (uint32_t action = VALUE_WRITE; action < MIX_ACTIONS_END; action++) {
        if (strcmp(text, value_action_names[action]) != 0) {
            continue;
        }
        out->action = (uint8_t)action;
        if (!actions_allow(value_ops_of(&reader->dataset->value), (enum value_action)action)) {
            complain(reader, line,
                     actions_refusal(reader->arena, reader->dataset, (enum value_action)action,
                                     1u << action));
        }
        return;
    }
    complain(reader, line,
             arena_printf(reader->arena,
                          "operation must be read, write, read_modify_write, set, increment, "
                          "decrement, add, remove or delete (got \"%.40s\")",
                          text));
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
    read_operation(reader, row, out);
    out->key = read_cell(reader, row, COLUMN_KEY, (struct bounds){0, reader->key_count - 1});
    out->session =
        read_cell(reader, row, COLUMN_SESSION, (struct bounds){0, reader->session_count - 1});
    out->bytes = read_cell(reader, row, COLUMN_BYTES, (struct bounds){0, SCENARIO_BYTES_MAX});
    out->element =
        read_cell(reader, row, COLUMN_ELEMENT, (struct bounds){0, reader->element_count - 1});
    out->amount = read_cell(reader, row, COLUMN_AMOUNT, (struct bounds){1, SCENARIO_AMOUNT_MAX});
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
                                  "operation, key, session, bytes, element, amount",
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
    const struct scenario_dataset *dataset = &datasets[client->dataset];
    struct reader reader = {.csv = &client->trace,
                            .dataset = dataset,
                            .element_count = actions_elements(dataset),
                            .key_count = (uint64_t)dataset->keys.count,
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
