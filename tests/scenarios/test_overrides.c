#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scenarios/path.h"
#include "tests/scenarios/fixture.h"

#include <stdlib.h>
#include <string.h>

static struct fixture_load *open_with(const char *text, const char *variant,
                                      const char *const *sets)
{
    struct fixture_load *load = malloc(sizeof *load);
    assert_non_null(load);
    size_t count = 0;
    while (sets[count] != NULL) {
        count++;
    }
    const struct load_options options = {.file_name = "t.json",
                                         .text = text,
                                         .length = strlen(text),
                                         .variant = variant,
                                         .overrides = sets,
                                         .override_count = count,
                                         .files = &fixture_files};
    fixture_open_with(load, &options);
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

static void values_replace_and_appear(void **state)
{
    (void)state;
    const char *sets[] = {"seed=7",
                          "rate=2/min",
                          "jitter.cv=0.5",
                          "regions[1].nodes=9",
                          "datasets.users.replication.r=3",
                          NULL};
    struct fixture_load *load = open_with(fixture_full, NULL, sets);
    const struct fixture *f = &load->fixture;
    assert_int_equal(f->seed, 7);
    assert_true(f->rate == 2.0 / 60.0);
    assert_true(f->jitter.cv == 0.5);
    assert_int_equal(f->jitter.model, 2); /* "relative" was a bare word and is kept */
    assert_int_equal(((const struct fixture_region *)f->regions.items)[1].nodes, 9);
    const struct fixture_dataset *datasets = f->datasets.items;
    assert_int_equal(((const struct fixture_quorum *)datasets[1].replication.params)->r, 3);
    close_load(load);
}

static void bare_values_become_objects(void **state)
{
    (void)state;
    const char *sets[] = {"regions[0].nodes=4", "think_s.value=250ms",
                          "datasets.orders.replication.replicas=[\"b\"]", NULL};
    struct fixture_load *load = open_with(fixture_full, NULL, sets);
    const struct fixture *f = &load->fixture;
    const struct fixture_region *regions = f->regions.items;
    assert_string_equal(regions[0].name, "a");
    assert_int_equal(regions[0].nodes, 4);
    assert_true(distribution_mean(f->think_s) == 250e6);
    const struct fixture_dataset *datasets = f->datasets.items;
    const struct fixture_common *common = datasets[0].replication.common;
    assert_string_equal(datasets[0].replication.kind->name, "primary");
    assert_int_equal(common->replicas.count, 1);
    close_load(load);
}

static void defaults_are_opened(void **state)
{
    (void)state;
    const char *sets[] = {"delay.sd=2ms",       "retry.tries=2",
                          "by_hour[1]=3",       "datasets={\"d\": {\"replication\": \"primary\"}}",
                          "datasets.d.keys=77", NULL};
    struct fixture_load *load = open_with(fixture_least, NULL, sets);
    const struct fixture *f = &load->fixture;
    assert_true(distribution_mean(f->delay) == 5e6);
    assert_int_equal(f->retry.tries, 2);
    assert_true(((const double *)f->by_hour.items)[0] == 1.0);
    assert_true(((const double *)f->by_hour.items)[1] == 3.0);
    assert_int_equal(((const struct fixture_dataset *)f->datasets.items)[0].keys, 77);
    close_load(load);
}

static void a_strategy_can_be_changed(void **state)
{
    (void)state;
    const char *sets[] = {"datasets.orders.replication.strategy=quorum",
                          "datasets.orders.replication.r=2",
                          "datasets.new={\"replication\": "
                          "\"primary\"}",
                          "expect.more=count<5", NULL};
    struct fixture_load *load = open_with(fixture_full, NULL, sets);
    const struct fixture_dataset *datasets = load->fixture.datasets.items;
    assert_string_equal(datasets[0].replication.kind->name, "quorum");
    assert_int_equal(load->fixture.datasets.count, 3);
    assert_string_equal(datasets[2].id, "new");
    assert_int_equal(load->fixture.expect.count, 5);
    close_load(load);
}

static void strings_need_no_quotes(void **state)
{
    (void)state;
    const char *sets[] = {"summary=true story", "name=\"quoted\"", "duration=5min", NULL};
    struct fixture_load *load = open_with(fixture_least, NULL, sets);
    assert_string_equal(load->fixture.summary, "true story");
    assert_string_equal(load->fixture.name, "quoted");
    assert_int_equal(load->fixture.duration, INT64_C(300000000000));
    close_load(load);
}

static void variants_come_before_options(void **state)
{
    (void)state;
    const char *none[] = {NULL};
    struct fixture_load *load = open_with(fixture_full, "small", none);
    const struct fixture_dataset *datasets = load->fixture.datasets.items;
    assert_int_equal(datasets[1].keys, 3);
    assert_int_equal(load->loaded.variant_count, 2);
    assert_string_equal(load->loaded.variants[0], "small");
    assert_string_equal(load->loaded.variants[1], "none");
    close_load(load);
    const char *sets[] = {"datasets.users.keys=4", NULL};
    load = open_with(fixture_full, "small", sets);
    datasets = load->fixture.datasets.items;
    assert_int_equal(datasets[1].keys, 4);
    close_load(load);
    load = open_with(fixture_full, NULL, none);
    datasets = load->fixture.datasets.items;
    assert_int_equal(datasets[1].keys, 1000);
    close_load(load);
}

static void paths_are_read_as_they_are_printed(void **state)
{
    (void)state;
    static const char *const texts[] = {"a",           "a.b",
                                        "a[0].b",      "a[\"x.y\"].b[12][3]",
                                        "[\"]\\\"\"]", "expect[\"m{a:b,c=\\\"d\\\"}\"][0]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct arena arena;
        arena_init(&arena);
        struct path path;
        assert_null(path_parse(&path, texts[i], strlen(texts[i]), &arena));
        const struct source source = {.name = "t", .text = ""};
        const struct place place = {&source, 0};
        struct json_value *value = json_new(&arena, JSON_OBJECT, place);
        for (size_t k = 0; k < path.count; k++) {
            value->type = path.steps[k].key != NULL ? JSON_OBJECT : JSON_ARRAY;
            struct json_value *child = json_new(&arena, JSON_OBJECT, place);
            json_append(value, path.steps[k].key, child);
            child->index = path.steps[k].index;
            value = child;
        }
        assert_string_equal(json_path(value, NULL, &arena), texts[i]);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_replace_and_appear),
        cmocka_unit_test(bare_values_become_objects),
        cmocka_unit_test(defaults_are_opened),
        cmocka_unit_test(a_strategy_can_be_changed),
        cmocka_unit_test(strings_need_no_quotes),
        cmocka_unit_test(variants_come_before_options),
        cmocka_unit_test(paths_are_read_as_they_are_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
