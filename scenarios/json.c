#include "scenarios/json.h"

#include "scenarios/json_scan.h"
#include "sim/arena.h"
#include "sim/check.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { DESCRIBE_BYTES_MAX = 60 };

struct json_value *json_new(struct arena *arena, enum json_type type, struct place place)
{
    struct json_value *value = arena_alloc(arena, 1, sizeof *value);
    value->type = type;
    value->place = place;
    value->key_place = place;
    return value;
}

struct json_value *json_new_text(struct arena *arena, struct place place, const char *text)
{
    struct json_value *value = json_new(arena, JSON_STRING, place);
    value->text = text;
    return value;
}

void json_append(struct json_value *parent, const char *key, struct json_value *child)
{
    CHECK(child->parent == NULL);
    CHECK((parent->type == JSON_OBJECT) == (key != NULL));
    child->key = key;
    child->parent = parent;
    child->index = parent->count++;
    if (parent->last != NULL) {
        parent->last->next = child;
    } else {
        parent->first = child;
    }
    parent->last = child;
}

/* The pointer that points to the child: its parent's first or its older sibling's next. */
static struct json_value **link_to(struct json_value *parent, const struct json_value *child)
{
    CHECK(child->parent == parent);
    struct json_value **link = &parent->first;
    while (*link != child) {
        link = &(*link)->next;
    }
    return link;
}

void json_replace(struct json_value *parent, struct json_value *old, struct json_value *by)
{
    CHECK(by->parent == NULL);
    by->key = old->key;
    by->key_place = old->key_place;
    by->parent = parent;
    by->index = old->index;
    by->next = old->next;
    *link_to(parent, old) = by;
    if (parent->last == old) {
        parent->last = by;
    }
    old->parent = NULL;
}

void json_remove(struct json_value *parent, struct json_value *child)
{
    struct json_value *before = NULL;
    for (struct json_value *sibling = parent->first; sibling != child; sibling = sibling->next) {
        before = sibling;
    }
    *link_to(parent, child) = child->next;
    if (parent->last == child) {
        parent->last = before;
    }
    for (struct json_value *later = child->next; later != NULL; later = later->next) {
        later->index--;
    }
    parent->count--;
    child->parent = NULL;
    child->next = NULL;
}

struct json_value *json_copy(struct arena *arena, const struct json_value *value)
{
    struct json_value *copy = json_new(arena, value->type, value->place);
    copy->boolean = value->boolean;
    copy->text = value->text;
    /* Recursion is as deep as the document, at most JSON_DEPTH_MAX. */
    for (const struct json_value *child = value->first; child != NULL; child = child->next) {
        struct json_value *child_copy = json_copy(arena, child);
        json_append(copy, child->key, child_copy);
        child_copy->key_place = child->key_place;
    }
    return copy;
}

struct json_value *json_member(const struct json_value *object, const char *key)
{
    for (struct json_value *child = object->first; child != NULL; child = child->next) {
        if (child->key != NULL && strcmp(child->key, key) == 0) {
            return child;
        }
    }
    return NULL;
}

/* Length of the number that begins there; the scanner has checked it. */
static size_t number_length(const char *text)
{
    return strspn(text, "+-0123456789.eE");
}

struct builder {
    const struct source *source;
    const struct json_scan *scan;
    size_t next; /* offset to take */
    struct arena *arena;
    struct diags *diags;
};

static struct place take_place(struct builder *builder)
{
    CHECK(builder->next < builder->scan->count);
    return (struct place){builder->source, builder->scan->offsets[builder->next++]};
}

/* Our value for one of cJSON's, without children; NULL when its number is too large. */
static struct json_value *convert(struct builder *builder, const cJSON *item,
                                  struct json_value *parent)
{
    const struct place key_place =
        item->string != NULL ? take_place(builder) : (struct place){builder->source, 0};
    const struct place place = take_place(builder);
    const char *written = builder->source->text + place.offset;
    enum json_type type = JSON_NULL;
    const char *text = NULL;
    if (cJSON_IsObject(item) || cJSON_IsArray(item)) {
        type = cJSON_IsObject(item) ? JSON_OBJECT : JSON_ARRAY;
        CHECK(*written == (type == JSON_OBJECT ? '{' : '['));
    } else if (cJSON_IsString(item)) {
        type = JSON_STRING;
        CHECK(*written == '"');
        text = arena_text(builder->arena, item->valuestring, strlen(item->valuestring));
    } else if (cJSON_IsNumber(item)) {
        type = JSON_NUMBER;
        text = arena_text(builder->arena, written, number_length(written));
        if (item->valuedouble - item->valuedouble != 0.0) { /* infinite */
            diags_add(builder->diags, place, "json", "number %s is too large", text);
            return NULL;
        }
    } else if (cJSON_IsBool(item)) {
        type = JSON_BOOL;
    }
    struct json_value *value = json_new(builder->arena, type, place);
    value->boolean = cJSON_IsTrue(item) != 0;
    value->text = text;
    if (parent != NULL) {
        const char *key = item->string;
        json_append(parent, key != NULL ? arena_text(builder->arena, key, strlen(key)) : NULL,
                    value);
        value->key_place = key != NULL ? key_place : place;
    }
    return value;
}

/* Walks cJSON's tree in document order, in lock step with the scanned offsets. */
static struct json_value *build(struct builder *builder, const cJSON *root)
{
    struct {
        const cJSON *item;
        struct json_value *parent;
    } open[JSON_DEPTH_MAX];
    size_t depth = 0;
    struct json_value *parent = NULL;
    struct json_value *top = NULL;
    const cJSON *item = root;
    while (item != NULL) {
        struct json_value *value = convert(builder, item, parent);
        if (value == NULL) {
            return NULL;
        }
        top = top == NULL ? value : top;
        if (item->child != NULL) {
            CHECK(depth < JSON_DEPTH_MAX);
            open[depth].item = item;
            open[depth++].parent = parent;
            parent = value;
            item = item->child;
            continue;
        }
        while (item != NULL && item->next == NULL) {
            item = depth > 0 ? open[--depth].item : NULL;
            parent = item != NULL ? open[depth].parent : NULL;
        }
        item = item != NULL ? item->next : NULL;
    }
    CHECK(builder->next == builder->scan->count);
    return top;
}

static int compare_keys(const void *left, const void *right)
{
    const struct json_value *a = *(const struct json_value *const *)left;
    const struct json_value *b = *(const struct json_value *const *)right;
    const int order = strcmp(a->key, b->key);
    if (order != 0) {
        return order;
    }
    return a->index < b->index ? -1 : a->index > b->index;
}

static void report_duplicate(const struct json_value *first, const struct json_value *second,
                             struct diags *diags)
{
    const bool kept = !diags_full(diags); /* a position costs a pass over the text */
    const struct position position = kept ? place_position(first->key_place) : (struct position){0};
    struct diag *diag =
        diags_add(diags, second->key_place, "duplicate-key",
                  "duplicate key, first at line %zu, column %zu", position.line, position.column);
    diag->path = kept ? json_path(second, NULL, diags->arena) : "";
}

static bool check_duplicates(const struct json_value *object, struct diags *diags)
{
    bool ok = true;
    struct json_value **members = memory_alloc(object->count, sizeof(struct json_value *));
    size_t count = 0;
    for (struct json_value *child = object->first; child != NULL; child = child->next) {
        members[count++] = child;
    }
    qsort(members, count, sizeof members[0], compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(members[i - 1]->key, members[i]->key) == 0) {
            report_duplicate(members[i - 1], members[i], diags);
            ok = false;
        }
    }
    memory_release(members);
    return ok;
}

/* The value behind this one in document order, or NULL. */
static const struct json_value *following(const struct json_value *value)
{
    if (value->first != NULL) {
        return value->first;
    }
    while (value != NULL && value->next == NULL) {
        value = value->parent;
    }
    return value != NULL ? value->next : NULL;
}

static struct json_value *parse_scanned(const struct source *source, const struct json_scan *scan,
                                        struct arena *arena, struct diags *diags)
{
    cJSON *root = cJSON_ParseWithLengthOpts(source->text, source->length + 1, NULL, 1);
    if (root == NULL) {
        diags_add(diags, (struct place){source, 0}, "json", "there is no memory to parse it");
        return NULL;
    }
    struct builder builder = {source, scan, 0, arena, diags};
    struct json_value *top = build(&builder, root);
    cJSON_Delete(root);
    bool ok = top != NULL;
    for (const struct json_value *value = top; value != NULL; value = following(value)) {
        if (value->type == JSON_OBJECT && value->count > 1) {
            ok = check_duplicates(value, diags) && ok;
        }
    }
    return ok ? top : NULL;
}

struct json_value *json_parse(const struct source *source, struct arena *arena, struct diags *diags)
{
    struct json_scan scan = {0};
    struct json_value *top = NULL;
    if (json_scan(source, &scan, diags)) {
        top = parse_scanned(source, &scan, arena, diags);
    }
    memory_release(scan.offsets);
    return top;
}

struct json_value *json_from_word(struct arena *arena, struct place place)
{
    const char *text = place.source->text + place.offset;
    if (text[0] == '\0' || strchr("{[\"-0123456789tfn", text[0]) == NULL) {
        return json_new_text(arena, place, text);
    }
    const struct source copy = {.name = place.source->name,
                                .text = text,
                                .length = place.source->length - place.offset,
                                .whole = place.source->whole,
                                .order = place.source->order};
    struct source *source = arena_alloc(arena, 1, sizeof *source);
    *source = copy;
    struct diags *unused = memory_alloc(1, sizeof *unused);
    diags_init(unused, arena);
    struct json_value *value = json_parse(source, arena, unused);
    memory_release(unused);
    return value != NULL ? value : json_new_text(arena, place, text);
}

const struct json_value *json_wrap(struct json_value pair[2], const struct json_value *value,
                                   const char *key)
{
    CHECK(value->first == NULL);
    pair[0] = *value;
    pair[0].type = JSON_OBJECT;
    pair[0].next = NULL;
    pair[0].count = 0;
    pair[1] = (struct json_value){.type = value->type,
                                  .boolean = value->boolean,
                                  .text = value->text,
                                  .place = value->place,
                                  .key_place = value->place,
                                  .hidden = true};
    json_append(&pair[0], key, &pair[1]);
    return &pair[0];
}

/* Keys that the dotted notation can hold as they are. */
static bool is_plain_key(const char *key)
{
    for (const char *at = key; *at != '\0'; at++) {
        if ((unsigned char)*at <= 0x20 || *at == 0x7f || strchr(".[]\"\\=", *at) != NULL) {
            return false;
        }
    }
    return key[0] != '\0';
}

static void put_key(struct text *out, const char *key)
{
    if (is_plain_key(key)) {
        text_format(out, "%s%s", out->length > 0 ? "." : "", key);
    } else {
        text_put(out, "[");
        text_put_json(out, key);
        text_put(out, "]");
    }
}

const char *json_path(const struct json_value *value, const char *key, struct arena *arena)
{
    const struct json_value
        *chain[4 * JSON_DEPTH_MAX]; /* overrides may nest deeper than a document */
    size_t depth = 0;
    for (; value->parent != NULL; value = value->parent) {
        CHECK(depth < sizeof chain / sizeof chain[0]);
        chain[depth++] = value;
    }
    struct text path = {0};
    while (depth > 0) {
        const struct json_value *step = chain[--depth];
        if (step->hidden) {
            continue;
        }
        if (step->key != NULL) {
            put_key(&path, step->key);
        } else {
            text_format(&path, "[%zu]", step->index);
        }
    }
    if (key != NULL) {
        put_key(&path, key);
    }
    const char *copy = arena_text(arena, text_string(&path), path.length);
    text_release(&path);
    return copy;
}

static const char *describe_string(const char *string, struct arena *arena)
{
    struct text quoted = {0};
    size_t length = strlen(string);
    const bool cut = length > DESCRIBE_BYTES_MAX;
    if (cut) {
        length = DESCRIBE_BYTES_MAX;
        while (length > 0 && ((unsigned char)string[length] & 0xc0U) == 0x80U) {
            length--;
        }
    }
    text_put_json(&quoted, arena_text(arena, string, length));
    if (cut) {
        text_put(&quoted, "...");
    }
    const char *copy = arena_text(arena, text_string(&quoted), quoted.length);
    text_release(&quoted);
    return copy;
}

const char *json_describe(const struct json_value *value, struct arena *arena)
{
    switch (value->type) {
    case JSON_NULL:
        return "null";
    case JSON_BOOL:
        return value->boolean ? "true" : "false";
    case JSON_NUMBER:
        return value->text;
    case JSON_STRING:
        return describe_string(value->text, arena);
    case JSON_ARRAY:
        return "a list";
    case JSON_OBJECT:
        return "an object";
    }
    return "";
}
