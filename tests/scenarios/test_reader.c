/* test_reader.c - what every type of row stores; what is refused is in errors/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenarios/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture_load *open_load(const char *text)
{
    struct fixture_load *load = malloc(sizeof *load);
    assert_non_null(load);
    fixture_open(load, text);
    if (!load->ok) {
        struct text messages = fixture_messages(load);
        fail_msg("%s", text_string(&messages));
    }
    return load;
}

static void close_load(struct fixture_load *load)
{
    fixture_close(load);
    free(load);
}

static void written_values_are_stored(void **state)
{
    (void)state;
    struct fixture_load *load = open_load(fixture_full);
    const struct fixture *f = &load->fixture;
    assert_string_equal(f->name, "full");
    assert_string_equal(f->summary, "it says \"\xc3\xa9\"");
    assert_int_equal(f->seed, INT64_C(9007199254740991));
    assert_false(f->strict);
    assert_true(f->scale == -2.385e-3);
    assert_true(f->loss == 0.125);
    assert_true(f->hedge == 0.25);
    assert_true(f->rate == 0.05);
    assert_true(f->bandwidth == 2.5e6);
    assert_int_equal(f->duration, INT64_C(1200000000000));
    assert_int_equal(f->offset, -100000);
    assert_int_equal(f->interval_s, 250000000);
    assert_int_equal(f->buffer, 1500);
    assert_int_equal(f->limit, 7);
    assert_int_equal(f->home, 1);
    assert_int_equal(f->main, 1);
    assert_int_equal(f->jitter.model, 2);
    assert_true(f->jitter.cv == 0.03);
    assert_int_equal(f->retry.tries, 3);
    assert_int_equal(f->retry.backoff, 100000000);
    close_load(load);
}

static void lists_are_stored(void **state)
{
    (void)state;
    struct fixture_load *load = open_load(fixture_full);
    const struct fixture *f = &load->fixture;
    const struct fixture_region *regions = f->regions.items;
    assert_int_equal(f->regions.count, 3);
    assert_string_equal(regions[0].name, "a");
    assert_int_equal(regions[0].nodes, 1);
    assert_int_equal(regions[1].nodes, 3);
    const struct fixture_link *links = f->links.items;
    assert_int_equal(links[0].from, 2);
    assert_int_equal(links[0].to, 0);
    assert_int_equal(links[0].one_way, 12500000);
    assert_int_equal(links[1].one_way, -1); /* none */
    const struct fixture_dataset *datasets = f->datasets.items;
    assert_int_equal(f->datasets.count, 2);
    assert_string_equal(datasets[0].id, "orders");
    assert_int_equal(datasets[0].keys, 5);
    assert_string_equal(datasets[0].replication.kind->name, "primary");
    assert_string_equal(datasets[1].id, "users");
    const struct fixture_quorum *quorum = datasets[1].replication.params;
    assert_int_equal(quorum->r, 1);
    assert_int_equal(quorum->w, 2);
    assert_int_equal(quorum->window, INT64_C(10800000000000));
    const struct fixture_common *common = datasets[1].replication.common;
    assert_int_equal(common->replicas.count, 2);
    assert_int_equal(((const uint32_t *)common->replicas.items)[0], 2);
    const double *hours = f->by_hour.items;
    assert_true(hours[0] == 0.1);
    assert_true(hours[1] == 10.0);
    const struct param_choice *faults = f->faults.items;
    const struct fixture_partition *partition = faults[0].params;
    const struct param_list *sides = partition->between.items;
    assert_int_equal(partition->between.count, 2);
    assert_int_equal(sides[1].count, 2);
    assert_int_equal(((const uint32_t *)sides[1].items)[1], 2);
    assert_int_equal(((const struct fixture_fault *)faults[0].common)->at, INT64_C(300000000000));
    close_load(load);
}

static void files_are_read(void **state)
{
    (void)state;
    struct fixture_load *load = open_load(fixture_full);
    const struct fixture *f = &load->fixture;
    const double *samples = f->samples.items;
    assert_int_equal(f->samples.count, 3);
    assert_true(samples[0] == 1.5);
    assert_true(samples[2] == 10.0);
    assert_string_equal(f->trace.file, "trace.csv");
    assert_int_equal(f->trace.columns, 2);
    assert_int_equal(f->trace.rows, 2);
    assert_string_equal(f->trace.header[0], "time_ms"); /* without the byte order mark */
    assert_string_equal(f->trace.cells[1], "a,\"b");
    assert_string_equal(f->trace.cells[3], "c");
    assert_int_equal(f->trace.lines[0], 2);
    assert_int_equal(f->trace.lines[1], 3);
    close_load(load);
    load = open_load("{\"name\": \"n\", \"duration\": \"1s\", \"regions\": [\"a\"], "
                     "\"samples\": \"two.csv#rtt_ms\"}");
    samples = load->fixture.samples.items;
    assert_int_equal(load->fixture.samples.count, 2);
    assert_true(samples[1] == 20.5);
    close_load(load);
    load = open_load("{\"name\": \"n\", \"duration\": \"1s\", \"regions\": [\"a\"], "
                     "\"samples\": \"plain.csv\"}");
    assert_int_equal(load->fixture.samples.count, 3);
    close_load(load);
}

static double mean_of(const struct distribution *distribution)
{
    assert_non_null(distribution);
    return distribution_mean(distribution);
}

static void distributions_carry_their_unit(void **state)
{
    (void)state;
    struct fixture_load *load = open_load(fixture_full);
    const struct fixture *f = &load->fixture;
    const double expected = 0.25 * 2e6 + 0.75 * 0.3e6; /* plain numbers are ms */
    assert_true(mean_of(f->delay) > expected * (1 - 1e-12));
    assert_true(mean_of(f->delay) < expected * (1 + 1e-12));
    assert_true(mean_of(f->think_s) == 1.5e9); /* the key says seconds */
    assert_true(mean_of(f->size) == 7.0);
    const struct fixture_dataset *datasets = f->datasets.items;
    assert_true(mean_of(datasets[0].value_bytes) == 100.0);
    close_load(load);
}

static void measured_values_have_units(void **state)
{
    (void)state;
    struct fixture_load *load =
        open_load("{\"name\": \"n\", \"duration\": \"1s\", \"regions\": [\"a\"], \"think_s\": "
                  "{\"distribution\": \"empirical\", \"values\": [1, \"500ms\", 3]}, \"delay\": "
                  "{\"distribution\": \"empirical\", \"values\": \"plain.csv\"}}");
    assert_true(mean_of(load->fixture.think_s) == 1.5e9);
    const double mean = mean_of(load->fixture.delay); /* of 1, 2 and 3.25 ms */
    assert_true(mean > 2083333.3 && mean < 2083333.4);
    close_load(load);
    load = open_load("{\"name\": \"n\", \"duration\": \"1s\", \"regions\": [\"a\"], \"think_s\": "
                     "{\"distribution\": \"empirical\", \"values\": \"two.csv#rtt_ms\"}}");
    assert_true(mean_of(load->fixture.think_s) == 15.25e6); /* the column says ms */
    close_load(load);
}

static void expectations_have_their_line(void **state)
{
    (void)state;
    struct fixture_load *load = open_load(fixture_full);
    const struct param_expectation *e = load->fixture.expect.items;
    assert_int_equal(load->fixture.expect.count, 4);
    assert_string_equal(e[0].metric, "stale_ms{reader:b}");
    assert_string_equal(e[1].metric, "stale_ms{reader:b}");
    assert_string_equal(e[1].threshold, "avg<80");
    assert_string_equal(e[2].threshold, "count==0");
    assert_false(e[2].allow_empty);
    assert_true(e[3].allow_empty);
    assert_int_equal(e[0].line, 22);
    assert_int_equal(e[0].column, 37);
    close_load(load);
}

static void defaults_are_stored(void **state)
{
    (void)state;
    struct fixture_load *load = open_load(fixture_least);
    const struct fixture *f = &load->fixture;
    assert_null(f->summary);
    assert_int_equal(f->seed, 1);
    assert_true(f->strict);
    assert_true(f->scale == 1.5);
    assert_true(f->loss == 0.01);
    assert_true(f->hedge == -1.0); /* none */
    assert_true(f->rate == 50.0);
    assert_true(f->bandwidth == 1e10);
    assert_int_equal(f->offset, -3000000);
    assert_int_equal(f->interval_s, INT64_C(5000000000)); /* "5" under a key in seconds */
    assert_int_equal(f->buffer, 4096);
    assert_int_equal(f->limit, 0);
    assert_int_equal(f->retry.tries, 0); /* absent, though required inside */
    assert_int_equal(f->retry.backoff, 100000000);
    assert_int_equal(f->by_hour.count, 2);
    assert_true(((const double *)f->by_hour.items)[1] == 2.5);
    assert_true(mean_of(f->delay) == 5e6);
    assert_null(f->think_s);
    assert_string_equal(f->clocks.kind->name, "perfect");
    assert_non_null(f->clocks.params);
    assert_int_equal(f->links.count, 0);
    assert_null(f->trace.file);
    close_load(load);
}

static void unused_rows_stay_untouched(void **state)
{
    (void)state;
    struct fixture_load *load = malloc(sizeof *load);
    assert_non_null(load);
    fixture_open(load, "{\"name\": \"n\", \"duration\": 5, \"regions\": []}");
    assert_false(load->ok);
    assert_int_equal(load->fixture.duration, 5000000); /* other rows are read all the same */
    close_load(load);
}

static void hundreds_of_errors_are_counted(void **state)
{
    (void)state;
    struct text text = {0};
    text_put(&text, "{\"name\": \"n\", \"duration\": \"1s\", \"regions\": [\"a\"], \"by_hour\": [");
    for (int i = 0; i < 250; i++) {
        text_format(&text, "%s\"x\"", i > 0 ? ", " : "");
    }
    text_put(&text, "]}");
    struct fixture_load *load = malloc(sizeof *load);
    assert_non_null(load);
    fixture_open(load, text_string(&text));
    assert_int_equal(load->diags.count, DIAGS_MAX);
    assert_int_equal(load->diags.total, 250);
    struct text messages = fixture_messages(load);
    assert_non_null(strstr(text_string(&messages), "and 150 more errors\n"));
    text_release(&messages);
    text_release(&text);
    close_load(load);
}

/* Documents near the limits must not take quadratic time: seconds here would be hours there. */
static void refuse(struct text *text)
{
    struct fixture_load *load = malloc(sizeof *load);
    assert_non_null(load);
    fixture_open(load, text_string(text));
    assert_false(load->ok);
    text_release(text);
    close_load(load);
}

static void large_documents_are_refused_in_time(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    struct text keys = {0};
    text_put(&keys, "{\"name\": \"n\"");
    for (int i = 0; i < MANY; i++) {
        text_format(&keys, ", \"nam%d\": 1", i);
    }
    text_put(&keys, "}");
    refuse(&keys);
    struct text names = {0};
    text_put(&names, "{\"regions\": [\"a\"");
    for (int i = 0; i < MANY; i++) {
        text_format(&names, ", \"r%d\"", i);
    }
    text_put(&names, "], \"datasets\": {\"d\": {\"replication\": {\"strategy\": \"primary\", "
                     "\"replicas\": [\"b\"");
    for (int i = 0; i < MANY; i++) {
        text_format(&names, ", \"x%d\"", i);
    }
    text_put(&names, "]}}}}");
    refuse(&names);
    struct text thresholds = {0};
    text_put(&thresholds, "{\"expect\": {\"m\": [\"a<1\"");
    for (int i = 0; i < MANY; i++) {
        text_put(&thresholds, ", \"a<1\"");
    }
    text_put(&thresholds, "]}}");
    refuse(&thresholds);
    struct text variants = {0};
    text_put(&variants, "{\"variants\": {\"v\": {}");
    for (int i = 0; i < MANY; i++) {
        text_format(&variants, ", \"v%d\": {\"seed\": 1}", i);
    }
    text_put(&variants, "}}");
    refuse(&variants);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_values_are_stored),
        cmocka_unit_test(lists_are_stored),
        cmocka_unit_test(files_are_read),
        cmocka_unit_test(distributions_carry_their_unit),
        cmocka_unit_test(measured_values_have_units),
        cmocka_unit_test(expectations_have_their_line),
        cmocka_unit_test(defaults_are_stored),
        cmocka_unit_test(unused_rows_stay_untouched),
        cmocka_unit_test(large_documents_are_refused_in_time),
        cmocka_unit_test(hundreds_of_errors_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
