#include "scenarios/import_parts.h"

#include "scenarios/units.h"
#include "sim/arena.h"

#include <inttypes.h>
#include <string.h>

enum { ID_MAX = 60, DIGITS_MAX = 9 };

void import_error(struct importer *importer, struct place place, const char *path, const char *code,
                  const char *message)
{
    struct diag *diag = diags_add(importer->diags, place, code, "%s", message);
    diag->path = path;
}

bool import_skipped(const struct importer *importer, const char *name)
{
    for (size_t i = 0; i < importer->options->skip_count; i++) {
        if (strcmp(importer->options->skips[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static const struct scenario_region *region_at(const struct importer *importer, uint32_t index)
{
    return (const struct scenario_region *)importer->options->scenario->regions.items + index;
}

int64_t import_digits(const char **text)
{
    const char *at = *text;
    int64_t number = 0;
    while (*at >= '0' && *at <= '9' && at - *text < DIGITS_MAX) {
        number = 10 * number + (*at++ - '0');
    }
    if (at == *text || (*at >= '0' && *at <= '9')) {
        return -1;
    }
    *text = at;
    return number;
}

bool import_target_parse(const struct importer *importer, const char *text,
                         struct import_target *target)
{
    const char *slash = strchr(text, '/');
    const size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
    const size_t regions = importer->options->scenario->regions.count;
    for (uint32_t i = 0; i < regions; i++) {
        const struct scenario_region *region = region_at(importer, i);
        if (strlen(region->name) != length || strncmp(region->name, text, length) != 0) {
            continue;
        }
        *target =
            (struct import_target){.region = region->name, .index = i, .node = -1, .zone = -1};
        if (slash == NULL) {
            return true;
        }
        const char kind = slash[1], *end = kind != '\0' ? slash + 2 : slash + 1;
        const int64_t number = import_digits(&end);
        if (number < 0 || *end != '\0') {
            return false;
        }
        target->node = kind == 'n' ? number : -1;
        target->zone = kind == 'z' ? number : -1;
        return (target->node >= 0 && number < region->nodes) ||
               (target->zone >= 0 && number < region->zones);
    }
    return false;
}

bool import_target_mapped(struct importer *importer, const struct json_value *where,
                          const char *name, struct import_target *target, bool *known)
{
    *known = false;
    for (size_t i = 0; i < importer->options->map_count; i++) {
        const char *map = importer->options->maps[i];
        const char *equals = strrchr(map, '=');
        if (equals == NULL || strlen(name) != (size_t)(equals - map) ||
            strncmp(map, name, strlen(name)) != 0) {
            continue;
        }
        *known = true;
        if (!import_target_parse(importer, equals + 1, target)) {
            import_error(importer, where->place, json_path(where, NULL, importer->arena),
                         "unknown-place",
                         arena_printf(importer->arena,
                                      "is mapped to \"%s\", which is no region, region/nN or "
                                      "region/zN of the scenario",
                                      equals + 1));
            return false;
        }
        return true;
    }
    return true;
}

const char *import_text(struct importer *importer, const struct json_value *object, const char *key)
{
    const struct json_value *member = json_member(object, key);
    if (member == NULL) {
        return NULL;
    }
    if (member->type != JSON_STRING && member->type != JSON_NUMBER) {
        import_error(importer, member->place, json_path(member, NULL, importer->arena),
                     "wrong-type", "must be text");
        return NULL;
    }
    return member->text;
}

bool import_number(struct importer *importer, const struct json_value *value, const char *text,
                   double *number)
{
    struct decimal decimal;
    const struct unit *unit = NULL;
    const char *rest = NULL;
    if (text != NULL && units_split(DIMENSION_NUMBER, text, &decimal, &unit, &rest) == UNITS_OK &&
        units_to_real(decimal, units_of(DIMENSION_NUMBER), number) == UNITS_OK) {
        return true;
    }
    import_error(
        importer, value->place, json_path(value, NULL, importer->arena), "not-a-number",
        arena_printf(importer->arena, "must be a number (got \"%s\")", text != NULL ? text : ""));
    return false;
}

/* Ids have a narrow alphabet, and two faults may not share one. */
static void put_head(struct importer *importer, const char *name, const char *kind,
                     struct import_span span)
{
    char id[ID_MAX + 1];
    size_t length = 0;
    for (; name[length] != '\0' && length < ID_MAX - 12; length++) {
        const char c = name[length];
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (length > 0 && ((c >= '0' && c <= '9') || c == '.' || c == '_'));
        id[length] = plain ? c : '-';
    }
    id[length] = '\0';
    char at[DECIMAL_TEXT_MAX];
    text_put(importer->out, importer->count == 0 ? "[\n  {\"id\": " : ",\n  {\"id\": ");
    importer->count++;
    text_put_json(importer->out, arena_printf(importer->arena, "%s%s-%zu", id[0] == '-' ? "f" : "",
                                              id, importer->count));
    text_format(importer->out, ", \"kind\": \"%s\", \"at\": \"%s\"", kind,
                units_integer_text(DIMENSION_DURATION, span.at_ns, at));
    if (span.lasts_ns > 0) {
        text_format(importer->out, ", \"for\": \"%s\"",
                    units_integer_text(DIMENSION_DURATION, span.lasts_ns, at));
    }
}

static void outage_of_node(struct importer *importer, const char *id, const char *region,
                           int64_t node, struct import_span span)
{
    put_head(importer, id, "node_outage", span);
    text_format(importer->out, ", \"region\": \"%s\", \"node\": %" PRId64, region, node);
}

static void put_disk(struct importer *importer, bool disk_lost)
{
    text_put(importer->out, disk_lost ? ", \"disk\": \"lost\"}" : "}");
}

void import_outage(struct importer *importer, const char *id, const struct import_target *target,
                   struct import_span span, bool disk_lost)
{
    if (target->node >= 0) {
        outage_of_node(importer, id, target->region, target->node, span);
        put_disk(importer, disk_lost);
        return;
    }
    const int64_t nodes = region_at(importer, target->index)->nodes;
    if (target->at_most > 0 && target->at_most < nodes) {
        for (int64_t node = 0; node < target->at_most; node++) {
            outage_of_node(importer, id, target->region, node, span);
            put_disk(importer, disk_lost);
        }
        return;
    }
    put_head(importer, id, target->zone >= 0 ? "zone_outage" : "region_outage", span);
    text_format(importer->out, ", \"region\": \"%s\"", target->region);
    if (target->zone >= 0) {
        text_format(importer->out, ", \"zone\": %" PRId64, target->zone);
    }
    put_disk(importer, disk_lost);
}

/* The target as a list of places: a region, a machine, or the machines of a zone. */
static void put_target(struct importer *importer, const struct import_target *target)
{
    const struct scenario_region *region = region_at(importer, target->index);
    if (target->node < 0 && target->zone < 0 &&
        (target->at_most == 0 || target->at_most >= region->nodes)) {
        text_format(importer->out, "[\"%s\"]", target->region);
        return;
    }
    const char *separator = "[";
    int64_t used = 0;
    for (int64_t node = 0; node < region->nodes; node++) {
        const bool meant = (target->node < 0 || target->node == node) &&
                           (target->zone < 0 || target->zone == node % region->zones) &&
                           (target->at_most == 0 || used < target->at_most);
        if (meant) {
            text_format(importer->out, "%s\"%s/n%" PRId64 "\"", separator, target->region, node);
            separator = ", ";
            used++;
        }
    }
    text_put(importer->out, "]");
}

void import_isolate(struct importer *importer, const char *id, const struct import_target *target,
                    struct import_span span)
{
    put_head(importer, id, "partition", span);
    text_put(importer->out, ", \"isolate\": ");
    put_target(importer, target);
    text_put(importer->out, "}");
}

static void put_between(struct importer *importer, const struct import_target *target,
                        const char *other)
{
    text_put(importer->out, ", \"between\": [");
    put_target(importer, target);
    const char *separator = ", [";
    const size_t regions = importer->options->scenario->regions.count;
    for (uint32_t i = 0; other == NULL && i < regions; i++) {
        if (i != target->index) {
            text_format(importer->out, "%s\"%s\"", separator, region_at(importer, i)->name);
            separator = ", ";
        }
    }
    if (other != NULL) {
        text_format(importer->out, ", [\"%s\"", other);
    }
    text_put(importer->out, "]]");
}

void import_link(struct importer *importer, const char *id, const struct import_target *target,
                 const char *other, const char *effect, struct import_span span)
{
    put_head(importer, id, "link", span);
    put_between(importer, target, other);
    text_format(importer->out, ", %s}", effect);
}

void import_cut(struct importer *importer, const char *id, const struct import_target *target,
                const char *other, struct import_span span)
{
    put_head(importer, id, "partition", span);
    put_between(importer, target, other);
    text_put(importer->out, "}");
}

bool import_faults(const struct json_value *root, const struct import_options *options,
                   struct arena *arena, struct diags *diags, struct text *out)
{
    struct importer importer = {.options = options, .arena = arena, .diags = diags, .out = out};
    const struct json_value *kind = root->type == JSON_OBJECT ? json_member(root, "kind") : NULL;
    if (root->type == JSON_OBJECT && json_member(root, "actions") != NULL) {
        import_fis(&importer, root);
    } else if (kind != NULL && kind->type == JSON_STRING &&
               strcmp(kind->text, "ChaosEngine") == 0) {
        import_litmus(&importer, root);
    } else {
        import_error(&importer, root->place, "", "unknown-format",
                     "must be an AWS FIS experiment template (with \"actions\") or a LitmusChaos "
                     "ChaosEngine (with \"kind\": \"ChaosEngine\")");
    }
    text_put(out, importer.count == 0 ? "[]\n" : "\n]\n");
    return diags->total == 0;
}
