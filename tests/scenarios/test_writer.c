/* test_writer.c - the expanded scenario reads back as the same struct, and the digest names it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scenarios/writer.h"
#include "tests/scenarios/fixture.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

struct written {
    struct text text;
    char digest[SHA256_TEXT_MAX];
};

static struct written write_text(const char *source)
{
    struct written written = {0};
    struct fixture_load *load = malloc(sizeof *load);
    assert_non_null(load);
    fixture_open(load, source);
    if (!load->ok) {
        struct text messages = fixture_messages(load);
        fail_msg("%s%s", source, text_string(&messages));
    }
    const struct writer writer = {.regions = &load->loaded.reader.regions,
                                  .places = &load->loaded.reader.places,
                                  .datasets = &load->loaded.reader.datasets};
    writer_put(&writer, fixture_table, &load->fixture, &written.text);
    writer_digest(&writer, fixture_table, &load->fixture, written.digest);
    fixture_close(load);
    free(load);
    return written;
}

static void check_round_trip(const char *source)
{
    struct written first = write_text(source);
    struct written second = write_text(text_string(&first.text));
    assert_string_equal(text_string(&first.text), text_string(&second.text));
    text_release(&first.text);
    text_release(&second.text);
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    check_round_trip(fixture_full);
    check_round_trip(fixture_least);
    check_round_trip(
        "{\"name\": \"n\", \"duration\": 0.1, \"regions\": [\"a\"], \"scale\": "
        "0.30000000000000004, \"loss\": 1e-300, \"hedge\": \"none\", \"rate\": "
        "\"1/day\", \"bandwidth\": 0.1, \"think_s\": {\"distribution\": \"mixture\", "
        "\"parts\": [{\"weight\": 1, \"of\": 1}, {\"weight\": 0.5, \"of\": "
        "{\"distribution\": \"empirical\", \"values\": \"two.csv#rtt_ms\"}}]}, \"size\": "
        "{\"distribution\": \"empirical\", \"values\": [1.5, 2]}, \"limit\": 9, \"retry\": "
        "{\"tries\": 1, \"backoff\": 0}}");
}

static void the_least_scenario_shows_every_default(void **state)
{
    (void)state;
    struct written written = write_text(fixture_least);
    assert_string_equal(text_string(&written.text), "{\n"
                                                    "  \"name\": \"least\",\n"
                                                    "  \"seed\": 1,\n"
                                                    "  \"strict\": true,\n"
                                                    "  \"scale\": 1.5,\n"
                                                    "  \"loss\": 0.01,\n"
                                                    "  \"hedge\": \"none\",\n"
                                                    "  \"rate\": \"50/s\",\n"
                                                    "  \"bandwidth\": \"10Gbps\",\n"
                                                    "  \"duration\": \"1s\",\n"
                                                    "  \"offset\": \"-3ms\",\n"
                                                    "  \"interval_s\": \"5s\",\n"
                                                    "  \"buffer\": \"4KiB\",\n"
                                                    "  \"regions\": [\n"
                                                    "    {\n"
                                                    "      \"name\": \"a\",\n"
                                                    "      \"nodes\": 1\n"
                                                    "    }\n"
                                                    "  ],\n"
                                                    "  \"home\": \"a\",\n"
                                                    "  \"jitter\": {\n"
                                                    "    \"model\": \"published\",\n"
                                                    "    \"cv\": 0.03\n"
                                                    "  },\n"
                                                    "  \"by_hour\": [1, 2.5],\n"
                                                    "  \"delay\": {\n"
                                                    "    \"distribution\": \"normal\",\n"
                                                    "    \"mean\": \"5ms\",\n"
                                                    "    \"sd\": \"1ms\"\n"
                                                    "  },\n"
                                                    "  \"clocks\": {\n"
                                                    "    \"model\": \"perfect\"\n"
                                                    "  }\n"
                                                    "}\n");
    text_release(&written.text);
}

static void the_digest_is_of_the_meaning(void **state)
{
    (void)state;
    struct written plain = write_text(fixture_least);
    struct written same = write_text("{\"regions\":[{\"nodes\":1,\"name\":\"a\"}],\"duration\":1e3,"
                                     "\"name\":\"least\",\"rate\":50,"
                                     "\"variants\":{}}");
    struct written other = write_text(
        "{\"name\": \"least\", \"duration\": \"1s\", \"regions\": [\"a\"], \"seed\": 2}");
    assert_string_equal(plain.digest, same.digest);
    assert_string_not_equal(plain.digest, other.digest);
    text_release(&plain.text);
    text_release(&same.text);
    text_release(&other.text);
}

/* German writes a decimal comma. Only when the machine has such a locale. */
static void a_locale_changes_nothing(void **state)
{
    struct written before = write_text(fixture_full);
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) {
        text_release(&before.text);
        skip();
    }
    struct written after = write_text(fixture_full);
    what_is_written_reads_back(state);
    setlocale(LC_ALL, "C");
    assert_string_equal(text_string(&before.text), text_string(&after.text));
    assert_string_equal(before.digest, after.digest);
    text_release(&before.text);
    text_release(&after.text);
}

/* Two files of the same name are not the same scenario; the digest covers the cells. */
static void the_digest_covers_tables(void **state)
{
    (void)state;
    struct fixture_load *load = malloc(sizeof *load);
    assert_non_null(load);
    fixture_open(load, "{\"name\": \"n\", \"duration\": \"1s\", \"regions\": [\"a\"], \"trace\": "
                       "\"trace.csv\"}");
    assert_true(load->ok);
    char before[SHA256_TEXT_MAX];
    char after[SHA256_TEXT_MAX];
    const struct writer writer = {.regions = &load->loaded.reader.regions};
    writer_digest(&writer, fixture_table, &load->fixture, before);
    static const char *const cells[] = {"0", "other", "1", "c"};
    load->fixture.trace.cells = cells;
    writer_digest(&writer, fixture_table, &load->fixture, after);
    assert_string_not_equal(before, after);
    fixture_close(load);
    free(load);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(the_least_scenario_shows_every_default),
        cmocka_unit_test(the_digest_is_of_the_meaning),
        cmocka_unit_test(a_locale_changes_nothing),
        cmocka_unit_test(the_digest_covers_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
