/*
 * fuzz_json.c - libFuzzer's entry: any bytes through scanner, parser, reader, writer and back.
 *
 * Build: clang -g -O1 -std=c17 -I. -fsanitize=fuzzer,address,undefined with this file,
 *        tests/scenarios/fixture.c, the C files of scenarios (but load.c), sim and
 * sim/distribution, and -lcjson -lcsv -lm. Run:   ./a.out -max_len=4096 -dict=tests/fuzz/json.dict
 * corpus
 *
 * The first byte says what the rest is: a document, an option on top of the full fixture, or a CSV
 * file. What is accepted must read back from its expanded form as the same text.
 */
#include "scenarios/table_file.h"
#include "scenarios/writer.h"
#include "sim/check.h"
#include "tests/scenarios/fixture.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_out(const struct fixture_load *load, struct text *out)
{
    const struct writer writer = {.regions = &load->loaded.reader.regions,
                                  .places = &load->loaded.reader.places,
                                  .datasets = &load->loaded.reader.datasets};
    writer_put(&writer, fixture_table, &load->fixture, out);
}

static void check_accepted(const struct fixture_load *first)
{
    struct text once = {0};
    struct text twice = {0};
    write_out(first, &once);
    struct fixture_load *second = malloc(sizeof *second);
    CHECK(second != NULL);
    fixture_open(second, text_string(&once));
    CHECK(second->ok);
    write_out(second, &twice);
    CHECK(strcmp(text_string(&once), text_string(&twice)) == 0);
    fixture_close(second);
    free(second);
    text_release(&once);
    text_release(&twice);
}

static void load(const struct load_options *options)
{
    struct fixture_load *one = malloc(sizeof *one);
    struct text text = {0};
    CHECK(one != NULL);
    fixture_open_with(one, options);
    CHECK(one->ok == (one->diags.total == 0));
    diags_put_text(&one->diags, &text);
    diags_put_json(&one->diags, &text);
    if (one->ok) {
        check_accepted(one);
    }
    text_release(&text);
    fixture_close(one);
    free(one);
}

static void parse_table(const char *bytes, size_t size)
{
    struct arena arena;
    struct param_csv table;
    arena_init(&arena);
    struct diags *diags = arena_alloc(&arena, 1, sizeof *diags);
    diags_init(diags, &arena);
    const struct source source = {.name = "t", .text = bytes, .length = size};
    if (table_file_parse(&source, true, "p", &table, diags)) {
        for (size_t i = 0; i < table.columns * table.rows; i++) {
            CHECK(strlen(table.cells[i]) <= TABLE_FILE_CELL_MAX);
        }
    }
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    char *bytes = malloc(size);
    CHECK(bytes != NULL);
    memcpy(bytes, data + 1, size - 1);
    bytes[size - 1] = '\0';
    const char *option = bytes;
    struct load_options options = {
        .file_name = "f", .text = bytes, .length = size - 1, .files = &fixture_files};
    if (data[0] == '=') {
        options.text = fixture_full;
        options.length = strlen(fixture_full);
        options.overrides = &option;
        options.override_count = 1;
        load(&options);
    } else if (data[0] == ',') {
        parse_table(bytes, size - 1);
    } else {
        load(&options);
    }
    free(bytes);
    return 0;
}
