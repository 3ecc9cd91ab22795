#include "models/workload/trace.h"

#include "sim/arena.h"
#include "sim/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct scenario_dataset dataset = {.keys = {.count = 100}};
static const struct scenario scenario = {.datasets = {.items = &dataset, .count = 1}};

struct heard {
    char text[4096];
    int count;
};

static void hear(void *context, int line, const char *message)
{
    struct heard *heard = context;
    const size_t used = strlen(heard->text);
    snprintf(heard->text + used, sizeof heard->text - used, "%d: %s\n", line, message);
    heard->count++;
}

/* Reads a table given as cells; its rows stand in lines 2, 3, ... */
static bool read_cells(struct trace *trace, struct arena *arena, const char *const *header,
                       const char *const *cells, size_t rows, struct heard *heard)
{
    size_t columns = 0;
    while (header[columns] != NULL) {
        columns++;
    }
    int *lines = arena_alloc(arena, rows + 1, sizeof *lines);
    for (size_t i = 0; i < rows; i++) {
        lines[i] = (int)i + 2;
    }
    const struct scenario_client client = {.sessions = 10,
                                           .trace = {.file = "trace.csv",
                                                     .header = header,
                                                     .cells = cells,
                                                     .lines = lines,
                                                     .columns = columns,
                                                     .rows = rows}};
    *heard = (struct heard){0};
    return trace_read(trace, &scenario, &client, arena, hear, heard);
}

static void test_good(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct trace trace;
    struct heard heard;
    const char *const header[] = {"key", "time_ms", "bytes", "operation", "session", NULL};
    const char *const cells[] = {"0",  "0",          "",    "read",  "9", /**/
                                 "99", "0.000001",   "700", "write", "",  /**/
                                 "5",  "0.000001",   "",    "write", "0", /**/
                                 "7",  "12345.6789", "0",   "read",  ""};
    assert_true(read_cells(&trace, &arena, header, cells, 4, &heard));
    assert_int_equal(trace.count, 4);
    const struct trace_row expected[] = {
        {.at_ns = 0, .key = 0, .session = 9, .bytes = TRACE_UNSAID, .type = RECORD_READ},
        {.at_ns = 1, .key = 99, .session = TRACE_UNSAID, .bytes = 700, .type = RECORD_WRITE},
        {.at_ns = 1, .key = 5, .session = 0, .bytes = TRACE_UNSAID, .type = RECORD_WRITE},
        {.at_ns = 12345678900, .key = 7, .session = TRACE_UNSAID, .type = RECORD_READ},
    };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(trace.rows[i].at_ns, expected[i].at_ns);
        assert_int_equal(trace.rows[i].key, expected[i].key);
        assert_int_equal(trace.rows[i].session, expected[i].session);
        assert_int_equal(trace.rows[i].bytes, expected[i].bytes);
        assert_int_equal(trace.rows[i].type, expected[i].type);
        assert_int_equal(trace.rows[i].action, VALUE_WRITE);
        assert_int_equal(trace.rows[i].element, TRACE_UNSAID);
        assert_int_equal(trace.rows[i].amount, TRACE_UNSAID);
    }
    arena_release(&arena);
}

static void test_every_row_error(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct trace trace;
    struct heard heard;
    const char *const header[] = {"time_ms", "operation", "key", "session", "bytes", NULL};
    const char *const cells[] = {"5",
                                 "read",
                                 "0",
                                 "",
                                 "", /* fine */
                                 "4.9",
                                 "read",
                                 "0",
                                 "",
                                 "", /* back */
                                 "5.1234567",
                                 "read",
                                 "0",
                                 "",
                                 "", /* decimals */
                                 "-1",
                                 "read",
                                 "0",
                                 "",
                                 "", /* sign */
                                 "6.",
                                 "read",
                                 "0",
                                 "",
                                 "", /* no digit */
                                 "7",
                                 "update",
                                 "0",
                                 "",
                                 "", /* word */
                                 "8",
                                 "write",
                                 "100",
                                 "",
                                 "", /* key */
                                 "9",
                                 "write",
                                 "",
                                 "",
                                 "", /* key */
                                 "10",
                                 "write",
                                 "1",
                                 "10",
                                 "", /* session */
                                 "11",
                                 "write",
                                 "1",
                                 "",
                                 "1000000001", /* bytes */
                                 "99999999999999",
                                 "write",
                                 "1",
                                 "",
                                 ""}; /* range */
    assert_false(read_cells(&trace, &arena, header, cells, 11, &heard));
    assert_int_equal(trace.count, 0);
    assert_string_equal(
        heard.text,
        "3: time_ms must not be before that of the row above (got \"4.9\")\n"
        "4: time_ms must be >= 0 with at most six decimals (got \"5.1234567\")\n"
        "5: time_ms must be >= 0 with at most six decimals (got \"-1\")\n"
        "6: time_ms must be >= 0 with at most six decimals (got \"6.\")\n"
        "7: operation must be read, write, read_modify_write, set, increment, decrement, add, "
        "remove or delete (got "
        "\"update\")\n"
        "8: key must be an integer from 0 to 99 (got \"100\")\n"
        "9: key must be an integer from 0 to 99 (got \"\")\n"
        "10: session must be an integer from 0 to 9 (got \"10\")\n"
        "11: bytes must be an integer from 0 to 1000000000 (got \"1000000001\")\n"
        "12: time_ms must be >= 0 with at most six decimals (got \"99999999999999\")\n");
    arena_release(&arena);
}

static void test_columns(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct trace trace;
    struct heard heard;
    const char *const cells[] = {"1", "read", "1", "1"};
    const char *const missing[] = {"time_ms", "operation", NULL};
    assert_false(read_cells(&trace, &arena, missing, cells, 1, &heard));
    assert_string_equal(heard.text, "0: must have a column \"key\"\n");
    const char *const unknown[] = {"time_ms", "operation", "key", "user", NULL};
    assert_false(read_cells(&trace, &arena, unknown, cells, 1, &heard));
    assert_string_equal(heard.text, "0: must not have the column \"user\": known are time_ms, "
                                    "operation, key, session, bytes, element, amount\n");
    const char *const twice[] = {"time_ms", "operation", "key", "key", NULL};
    assert_false(read_cells(&trace, &arena, twice, cells, 1, &heard));
    assert_string_equal(heard.text, "0: must not have the column \"key\" twice\n");
    const char *const fine[] = {"time_ms", "operation", "key", "session", NULL};
    assert_false(read_cells(&trace, &arena, fine, cells, 0, &heard));
    assert_string_equal(heard.text, "0: must have at least one row\n");
    assert_true(read_cells(&trace, &arena, fine, cells, 1, &heard));
    arena_release(&arena);
}

static void test_not_a_million_messages(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct trace trace;
    struct heard heard;
    const char *const header[] = {"time_ms", "operation", "key", NULL};
    static const char *cells[3000];
    for (int i = 0; i < 1000; i++) {
        cells[3 * i] = "1";
        cells[3 * i + 1] = "read";
        cells[3 * i + 2] = "x";
    }
    assert_false(read_cells(&trace, &arena, header, cells, 1000, &heard));
    assert_int_equal(heard.count, TRACE_ERRORS_MAX + 1);
    assert_non_null(strstr(heard.text, "0: has 980 more errors of this kind\n"));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_every_row_error),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_not_a_million_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
