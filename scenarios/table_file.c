#include "scenarios/table_file.h"

#include "sim/arena.h"
#include "sim/check.h"

#include <csv.h>
#include <string.h>

enum { CHUNK_BYTES = 64 * 1024 };

struct parsing {
    const struct source *source;
    const char *path;
    struct diags *diags;
    char **cells; /* grown */
    size_t cell_count, cell_capacity;
    int *lines;
    size_t row_count, line_capacity;
    size_t columns, row_cells;
    int line, row_line; /* being fed; at which the current row began */
    bool failed;
};

struct place table_file_place(const struct source *source, int line)
{
    const char *at = source->text;
    for (int i = 1; i < line; i++) {
        const char *end = strchr(at, '\n');
        at = end != NULL ? end + 1 : at;
    }
    return (struct place){source, (size_t)(at - source->text)};
}

#define FAIL(parsing, line, ...)                                                                   \
    do {                                                                                           \
        if (!(parsing)->failed) { /* what follows the first error is seldom true */                \
            diags_add((parsing)->diags, table_file_place((parsing)->source, (line)), "csv",        \
                      __VA_ARGS__)                                                                 \
                ->path = (parsing)->path;                                                          \
        }                                                                                          \
        (parsing)->failed = true;                                                                  \
    } while (0)

static void on_cell(void *bytes, size_t length, void *context)
{
    struct parsing *parsing = context;
    if (parsing->failed) {
        return;
    }
    parsing->row_cells++;
    if (length > TABLE_FILE_CELL_MAX) {
        FAIL(parsing, parsing->row_line, "cell is longer than %d bytes", TABLE_FILE_CELL_MAX);
    } else if (parsing->row_cells > TABLE_FILE_COLUMNS_MAX) {
        FAIL(parsing, parsing->row_line, "has more than %d columns", TABLE_FILE_COLUMNS_MAX);
    } else if (parsing->cell_count == TABLE_FILE_CELLS_MAX) {
        FAIL(parsing, parsing->row_line, "has more than %d cells", TABLE_FILE_CELLS_MAX);
    } else {
        void *cells = parsing->cells;
        memory_grow(&cells, &parsing->cell_capacity, parsing->cell_count + 1, sizeof(char *));
        parsing->cells = cells;
        parsing->cells[parsing->cell_count++] =
            arena_text(parsing->diags->arena, bytes != NULL ? bytes : "", length);
    }
}

static void on_row(int terminator, void *context)
{
    struct parsing *parsing = context;
    (void)terminator;
    if (parsing->failed) {
        return;
    }
    if (parsing->row_count == 0) {
        parsing->columns = parsing->row_cells;
    } else if (parsing->row_cells != parsing->columns) {
        FAIL(parsing, parsing->row_line, "row has %zu cell%s, the first row has %zu",
             parsing->row_cells, parsing->row_cells == 1 ? "" : "s", parsing->columns);
    }
    void *lines = parsing->lines;
    memory_grow(&lines, &parsing->line_capacity, parsing->row_count + 1, sizeof(int));
    parsing->lines = lines;
    parsing->lines[parsing->row_count++] = parsing->row_line;
    parsing->row_cells = 0;
    parsing->row_line = parsing->line + 1;
}

/* Bytes that no cell may hold, whatever the quotes. */
static void check_bytes(struct parsing *parsing, const char *text, size_t length)
{
    int line = 1;
    for (size_t i = 0; i < length && !parsing->failed; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if (byte == '\n') {
            line++;
        } else if (byte == '\r') {
            if (i + 1 == length || text[i + 1] != '\n') {
                FAIL(parsing, line, "carriage return without a line feed");
            }
        } else if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            FAIL(parsing, line, "control character 0x%02x", byte);
        } else if (byte >= 0x80) {
            const size_t bytes = text_utf8_length(text + i, length - i);
            if (bytes == 0) {
                FAIL(parsing, line, "byte 0x%02x is not valid UTF-8", byte);
            }
            i += bytes > 0 ? bytes - 1 : 0;
        }
    }
}

static bool is_blank(const char *line, size_t length)
{
    return strspn(line, " \t\r\n") >= length;
}

static void feed_line(struct parsing *parsing, struct csv_parser *parser, const char *text,
                      size_t length)
{
    size_t fed = 0;
    while (fed < length && !parsing->failed) {
        const size_t rest = length - fed;
        const size_t chunk = rest < CHUNK_BYTES ? rest : (size_t)CHUNK_BYTES;
        if (csv_parse(parser, text + fed, chunk, on_cell, on_row, parsing) != chunk) {
            FAIL(parsing, parsing->line, "quote in the middle of a cell");
        }
        if (csv_get_buffer_size(parser) > TABLE_FILE_CELL_MAX + CHUNK_BYTES) {
            FAIL(parsing, parsing->row_line, "cell is longer than %d bytes", TABLE_FILE_CELL_MAX);
        }
        fed += chunk;
    }
}

/* Line by line, so that the callbacks know where they are. */
static void feed(struct parsing *parsing, struct csv_parser *parser, const char *text,
                 size_t length)
{
    bool quoted = false;
    size_t at = 0;
    int blank_line = 0;
    while (at < length && !parsing->failed) {
        const char *newline = memchr(text + at, '\n', length - at);
        const size_t end = newline != NULL ? (size_t)(newline - text) + 1 : length;
        parsing->line++;
        if (!quoted && is_blank(text + at, end - at)) {
            blank_line = blank_line == 0 ? parsing->line : blank_line;
            parsing->row_line = parsing->line + 1;
        } else if (blank_line != 0) {
            FAIL(parsing, blank_line, "blank line");
        } else {
            feed_line(parsing, parser, text + at, end - at);
            for (size_t i = at; i < end; i++) {
                quoted = text[i] == '"' ? !quoted : quoted;
            }
        }
        at = end;
    }
    if (!parsing->failed && csv_fini(parser, on_cell, on_row, parsing) != 0) {
        FAIL(parsing, parsing->row_line, "cell without a closing quote");
    }
}

static void check_header(struct parsing *parsing)
{
    for (size_t i = 0; i < parsing->columns && !parsing->failed; i++) {
        for (size_t k = 0; k < i && !parsing->failed; k++) {
            if (strcmp(parsing->cells[i], parsing->cells[k]) == 0) {
                FAIL(parsing, parsing->lines[0], "column \"%s\" appears twice", parsing->cells[i]);
            }
        }
    }
}

static void deliver(const struct parsing *parsing, bool header, struct param_csv *out)
{
    struct arena *arena = parsing->diags->arena;
    const size_t skipped = header ? parsing->columns : 0;
    char **cells = arena_alloc(arena, parsing->cell_count, sizeof(char *));
    int *lines = arena_alloc(arena, parsing->row_count, sizeof(int));
    memcpy(cells, parsing->cells, parsing->cell_count * sizeof(char *));
    memcpy(lines, parsing->lines, parsing->row_count * sizeof(int));
    *out = (struct param_csv){.file = parsing->source->name,
                              .header = header ? (const char *const *)cells : NULL,
                              .cells = (const char *const *)cells + skipped,
                              .lines = lines + (header ? 1 : 0),
                              .columns = parsing->columns,
                              .rows = parsing->row_count - (header ? 1 : 0)};
}

bool table_file_parse(const struct source *source, bool header, const char *path,
                      struct param_csv *out, struct diags *diags)
{
    struct parsing parsing = {.source = source, .path = path, .diags = diags, .row_line = 1};
    const char *text = source->text;
    size_t length = source->length;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        length -= 3;
    }
    if (length > TABLE_FILE_BYTES_MAX) {
        FAIL(&parsing, 1, "file is larger than %d bytes", TABLE_FILE_BYTES_MAX);
    }
    check_bytes(&parsing, text, length);
    struct csv_parser parser;
    if (!parsing.failed) {
        const int opened = csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
        CHECK(opened == 0);
        feed(&parsing, &parser, text, length);
        csv_free(&parser);
    }
    if (!parsing.failed && parsing.row_count == 0) {
        FAIL(&parsing, 1, "file is empty");
    }
    if (!parsing.failed && header) {
        check_header(&parsing);
    }
    if (!parsing.failed) {
        deliver(&parsing, header, out);
    }
    memory_release(parsing.cells);
    memory_release(parsing.lines);
    return !parsing.failed;
}
