#include "analysis/expect.h"

#include "analysis/metric_splits.h"
#include "analysis/number_text.h"
#include "sim/check.h"
#include "sim/nearest_word.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 4096 };

/* One parse: a text that is read from left to right, and where errors go. */
struct reader {
    const char *text, *at;
    bool in_threshold;
    const struct expect_scope *scope;
    struct arena *arena;
    struct expect_error *error;
};

struct words {
    const char **items;
    size_t count;
};

__attribute__((format(printf, 3, 4))) static bool fail(const struct reader *reader, const char *at,
                                                       const char *format, ...)
{
    struct expect_error *error = reader->error;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    for (char *letter = error->text; *letter != '\0'; letter++) {
        /* The text quotes a stranger's scenario and goes to a terminal. */
        *letter = (unsigned char)*letter < ' ' || *letter == 0x7F ? '?' : *letter;
    }
    error->in_threshold = reader->in_threshold;
    error->offset = (size_t)(at - reader->text);
    return false;
}

/* Adds what was probably meant, or what there is when that is short. */
static bool fail_word(const struct reader *reader, const char *at, const char *problem,
                      const struct words *words)
{
    enum { LISTED_MAX = 12, ROOM = 200 };
    const char *word = strchr(problem, '"') + 1;
    char bare[NEAREST_WORD_MAX + 1];
    const size_t length = strcspn(word, "\"");
    snprintf(bare, sizeof bare, "%.*s", (int)length, word);
    const char *near = nearest_word(bare, words->items, words->count);
    if (near != NULL) {
        return fail(reader, at, "%s; did you mean \"%s\"?", problem, near);
    }
    char list[ROOM] = "";
    size_t used = 0;
    for (size_t i = 0; i < words->count && words->count <= LISTED_MAX; i++) {
        const int more =
            snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ", words->items[i]);
        if (more < 0 || used + (size_t)more >= sizeof list) {
            return fail(reader, at, "%s", problem);
        }
        used += (size_t)more;
    }
    return used == 0 ? fail(reader, at, "%s", problem)
                     : fail(reader, at, "%s (there is: %s)", problem, list);
}

static void words_add(struct words *words, const char *word)
{
    if (words->count < WORDS_MAX) {
        words->items[words->count++] = word;
    }
}

static struct words words_new(struct arena *arena)
{
    const struct words words = {.items = arena_alloc(arena, WORDS_MAX, sizeof(char *))};
    return words;
}

static void skip_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t\r\n");
}

/* The text up to one of `ends`, without blanks at its end. */
static const char *take_word(struct reader *reader, const char *ends)
{
    skip_blanks(reader);
    size_t length = strcspn(reader->at, ends);
    const char *start = reader->at;
    reader->at += length;
    while (length > 0 && strchr(" \t\r\n", start[length - 1]) != NULL) {
        length--;
    }
    return arena_text(reader->arena, start, length);
}

static bool parse_name(struct reader *reader, struct expect *expect)
{
    skip_blanks(reader);
    const char *start = reader->at;
    const char *name = take_word(reader, "{");
    struct words words = words_new(reader->arena);
    for (size_t i = 0; reader->scope->catalogue[i].name != NULL; i++) {
        if (strcmp(reader->scope->catalogue[i].name, name) == 0) {
            expect->definition = &reader->scope->catalogue[i];
            return true;
        }
        words_add(&words, reader->scope->catalogue[i].name);
    }
    if (*name == '\0') {
        return fail(reader, start, "must begin with the name of a metric");
    }
    return fail_word(reader, start, arena_printf(reader->arena, "unknown metric \"%.80s\"", name),
                     &words);
}

static const char *const operation_names[] = {"read", "write", NULL};
static const char *const phase_names[] = {"before", "during", "after", NULL};
static const char *const cause_names[] = {"concurrent", "clock", "failover", NULL};

static void add_all(struct words *words, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        words_add(words, names[i]);
    }
}

/* Labels whose value is the name of a place: a region or a client's coordinates. */
static bool is_place_key(const char *key)
{
    static const char *const keys[] = {"region", "reader", "writer", "from", "to"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The values that a label can have in this scenario; none means that they are not known here. */
static struct words label_values(const struct reader *reader, const char *key)
{
    const struct record_layout *layout = reader->scope->layout;
    struct words words = words_new(reader->arena);
    for (uint32_t i = 0; is_place_key(key) && i < layout->place_count; i++) {
        words_add(&words, layout->places[i].name);
    }
    for (uint32_t i = 0; strcmp(key, "group") == 0 && i < layout->group_count; i++) {
        words_add(&words, layout->groups[i].name);
    }
    for (uint32_t i = 0; strcmp(key, "replica") == 0 && i < layout->node_count; i++) {
        words_add(&words, layout->nodes[i].name);
    }
    for (uint32_t i = 0; strcmp(key, "dataset") == 0 && i < layout->dataset_count; i++) {
        words_add(&words, layout->datasets[i].name);
    }
    for (uint32_t i = 0; strcmp(key, "fault") == 0 && i < layout->fault_count; i++) {
        words_add(&words, layout->faults[i].id);
    }
    for (uint32_t i = 0; strcmp(key, "mode") == 0 && i < layout->dataset_count; i++) {
        if (layout->datasets[i].modes != NULL) {
            add_all(&words, layout->datasets[i].modes);
        }
    }
    if (strcmp(key, "operation") == 0) {
        add_all(&words, operation_names);
    } else if (strcmp(key, "phase") == 0) {
        add_all(&words, phase_names);
    } else if (strcmp(key, "cause") == 0) {
        add_all(&words, cause_names);
    }
    return words;
}

static bool words_contain(const struct words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->items[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static bool parse_label_key(struct reader *reader, const struct expect *expect, const char **key)
{
    const struct metric_definition *definition = expect->definition;
    struct words words = words_new(reader->arena);
    skip_blanks(reader);
    const char *start = reader->at;
    *key = take_word(reader, ":,}");
    add_all(&words, definition->labels);
    if (*reader->at != ':') {
        return fail(reader, start, "a label must be written as key:value");
    }
    if (words.count == 0) {
        return fail(reader, start, "metric \"%s\" has no labels", definition->name);
    }
    if (!words_contain(&words, *key)) {
        return fail_word(reader, start,
                         arena_printf(reader->arena, "unknown label \"%.60s\" of metric \"%s\"",
                                      *key, definition->name),
                         &words);
    }
    for (uint32_t i = 0; i < expect->label_count; i++) {
        if (strcmp(expect->labels[i].key, *key) == 0) {
            return fail(reader, start, "label \"%s\" is given twice", *key);
        }
    }
    reader->at++;
    return true;
}

static bool parse_label(struct reader *reader, struct expect *expect)
{
    const char *key = NULL;
    if (!parse_label_key(reader, expect, &key)) {
        return false;
    }
    skip_blanks(reader);
    const char *start = reader->at;
    const char *value = take_word(reader, ",}");
    const struct words words = label_values(reader, key);
    if (*value == '\0') {
        return fail(reader, start, "label \"%s\" must have a value", key);
    }
    if (!words_contain(&words, value)) {
        return fail_word(reader, start,
                         arena_printf(reader->arena, "unknown %s \"%.60s\"", key, value), &words);
    }
    if (expect->label_count == METRIC_LABELS_MAX) {
        return fail(reader, start, "at most %d labels", METRIC_LABELS_MAX);
    }
    expect->labels[expect->label_count].key = key;
    expect->labels[expect->label_count].value = value;
    expect->label_count++;
    return true;
}

/* A row with just these labels must be among those that the metric has. */
static bool check_split(const struct reader *reader, const char *at, const struct expect *expect)
{
    if (metric_splits_allow(expect->definition, expect->labels, expect->label_count)) {
        return true;
    }
    const char *keys = "";
    for (uint32_t i = 0; i < expect->label_count; i++) {
        keys =
            arena_printf(reader->arena, "%s%s%s", keys, i > 0 ? ", " : "", expect->labels[i].key);
    }
    return fail(reader, at, "metric \"%s\" has no row {%s} (there is: %s)",
                expect->definition->name, keys,
                metric_splits_text(expect->definition, reader->arena));
}

static bool parse_selector(struct reader *reader, struct expect *expect)
{
    if (!parse_name(reader, expect)) {
        return false;
    }
    const char *start = reader->at;
    if (*reader->at == '\0') {
        return check_split(reader, start, expect);
    }
    do {
        reader->at++; /* the brace or the comma */
        if (!parse_label(reader, expect)) {
            return false;
        }
    } while (*reader->at == ',');
    if (*reader->at != '}') {
        return fail(reader, reader->at, "must end with \"}\"");
    }
    reader->at++;
    skip_blanks(reader);
    if (*reader->at != '\0') {
        return fail(reader, reader->at, "must end after \"}\" (got \"%.40s\")", reader->at);
    }
    return check_split(reader, start, expect);
}

static bool parse_percent(struct reader *reader, struct expect *expect)
{
    skip_blanks(reader);
    const char *start = reader->at;
    const unsigned length = number_text_read(start, &expect->aggregate.percent);
    const double percent = expect->aggregate.percent;
    if (length == 0 || !(percent >= 0.0 && percent <= 100.0)) {
        const char *got = take_word(reader, ")");
        return fail(reader, start, "p(N) must have N from 0 to 100 (got \"%.40s\")", got);
    }
    reader->at += length;
    skip_blanks(reader);
    if (*reader->at != ')') {
        return fail(reader, reader->at, "must have \")\" after p(N's number (got \"%.20s\")",
                    reader->at);
    }
    reader->at++;
    return true;
}

static bool parse_aggregate(struct reader *reader, struct expect *expect)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    skip_blanks(reader);
    const char *start = reader->at;
    const size_t length = strspn(start, letters);
    const char *word = arena_text(reader->arena, start, length);
    reader->at += length;
    struct words words = words_new(reader->arena);
    unsigned kind = 0;
    for (; kind < AGGREGATE_KIND_COUNT; kind++) {
        const bool percentile = kind == AGGREGATE_PERCENTILE;
        if (strcmp(word, percentile ? "p" : aggregate_name((enum aggregate_kind)kind)) == 0) {
            break;
        }
        words_add(&words, aggregate_name((enum aggregate_kind)kind));
    }
    if (kind == AGGREGATE_KIND_COUNT) {
        return fail_word(reader, start,
                         arena_printf(reader->arena, "unknown aggregation \"%.40s\"", word),
                         &words);
    }
    expect->aggregate.kind = (enum aggregate_kind)kind;
    if (!aggregate_fits(expect->aggregate.kind, expect->definition->shape)) {
        struct words fitting = words_new(reader->arena);
        for (unsigned i = 0; i < AGGREGATE_KIND_COUNT; i++) {
            if (aggregate_fits((enum aggregate_kind)i, expect->definition->shape)) {
                words_add(&fitting, aggregate_name((enum aggregate_kind)i));
            }
        }
        return fail_word(reader, start,
                         arena_printf(reader->arena, "\"%s\" does not apply to metric %s", word,
                                      expect->definition->name),
                         &fitting);
    }
    if (expect->aggregate.kind != AGGREGATE_PERCENTILE) {
        return true;
    }
    skip_blanks(reader);
    if (*reader->at != '(') {
        return fail(reader, reader->at, "must have \"(\" after p, as in p(99)");
    }
    reader->at++;
    return parse_percent(reader, expect);
}

static bool parse_operator(struct reader *reader, struct expect *expect)
{
    static const struct {
        const char *text;
        enum expect_operator comparison;
    } operators[] = {{"<=", EXPECT_LESS_EQUAL}, {">=", EXPECT_GREATER_EQUAL}, {"===", EXPECT_EQUAL},
                     {"==", EXPECT_EQUAL},      {"!=", EXPECT_NOT_EQUAL},     {"<", EXPECT_LESS},
                     {">", EXPECT_GREATER}};
    skip_blanks(reader);
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        const size_t length = strlen(operators[i].text);
        if (strncmp(reader->at, operators[i].text, length) == 0) {
            expect->comparison = operators[i].comparison;
            reader->at += length;
            return true;
        }
    }
    return fail(reader, reader->at,
                "must have one of < <= > >= == != after the aggregation (got \"%.20s\")",
                reader->at);
}

static bool parse_bound(struct reader *reader, struct expect *expect)
{
    skip_blanks(reader);
    const char *start = reader->at;
    const unsigned length = number_text_read(start, &expect->bound);
    if (length == 0) {
        return fail(reader, start, "must end with a number in %s (got \"%.40s\")",
                    expect->definition->unit, start);
    }
    reader->at += length;
    skip_blanks(reader);
    return *reader->at == '\0' ||
           fail(reader, reader->at, "must end after the number, which is in %s (got \"%.40s\")",
                expect->definition->unit, reader->at);
}

bool expect_parse(struct expect *expect, const struct expect_source *source,
                  const struct expect_scope *scope, struct arena *arena, struct expect_error *error)
{
    struct arena scratch; /* the word lists; what stays is copied */
    memset(expect, 0, sizeof *expect);
    memset(error, 0, sizeof *error);
    arena_init(&scratch);
    struct reader reader = {
        .text = source->selector, .scope = scope, .arena = &scratch, .error = error};
    reader.at = reader.text;
    bool good = parse_selector(&reader, expect);
    if (good) {
        reader.text = reader.at = source->threshold;
        reader.in_threshold = true;
        good = parse_aggregate(&reader, expect) && parse_operator(&reader, expect) &&
               parse_bound(&reader, expect);
    }
    for (uint32_t i = 0; good && i < expect->label_count; i++) {
        struct metric_label *label = &expect->labels[i];
        label->key = arena_text(arena, label->key, strlen(label->key));
        label->value = arena_text(arena, label->value, strlen(label->value));
    }
    if (good) {
        expect->selector = arena_text(arena, source->selector, strlen(source->selector));
        expect->threshold = arena_text(arena, source->threshold, strlen(source->threshold));
        expect->allow_empty = source->allow_empty;
    }
    arena_release(&scratch);
    return good;
}
