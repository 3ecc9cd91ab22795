#include "analysis/csv_writer.h"

#include "analysis/number_text.h"
#include "sim/arena.h"

#include <csv.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

struct sheet sheet_on(FILE *stream)
{
    const struct sheet sheet = {.stream = stream, .row_begun = false};
    return sheet;
}

static void cell_begin(struct sheet *sheet)
{
    if (sheet->row_begun) {
        fputc(',', sheet->stream);
    }
    sheet->row_begun = true;
}

static bool needs_quotes(const char *text, size_t length)
{
    return strpbrk(text, ",\"\r\n\t") != NULL ||
           (length > 0 && (text[0] == ' ' || text[length - 1] == ' '));
}

void sheet_text(struct sheet *sheet, const char *text)
{
    cell_begin(sheet);
    const size_t length = strlen(text);
    const bool formula = length > 0 && strchr("=+-@\t\r", text[0]) != NULL;
    if (!formula && !needs_quotes(text, length)) {
        fputs(text, sheet->stream);
        return;
    }
    /* Quoting doubles every byte at worst and adds the two quotes. */
    struct arena arena;
    arena_init(&arena);
    const char *source = formula ? arena_printf(&arena, "'%s", text) : text;
    const size_t room = 2 * (length + 1) + 2;
    char *quoted = arena_alloc(&arena, room, 1);
    const size_t used = csv_write(quoted, room, source, strlen(source));
    fwrite(quoted, 1, used, sheet->stream);
    arena_release(&arena);
}

void sheet_number(struct sheet *sheet, double value)
{
    char text[NUMBER_TEXT_MAX];
    cell_begin(sheet);
    if (isfinite(value)) {
        fputs(number_text(value, text), sheet->stream);
    }
}

void sheet_integer(struct sheet *sheet, uint64_t value)
{
    cell_begin(sheet);
    fprintf(sheet->stream, "%" PRIu64, value);
}

void sheet_empty(struct sheet *sheet)
{
    cell_begin(sheet);
}

void sheet_end(struct sheet *sheet)
{
    fputc('\n', sheet->stream);
    sheet->row_begun = false;
}
