/*
 * import_fis.c - AWS Fault Injection Service: the actions of an experiment template.
 *
 * Model:  an action begins with the experiment, or when all that it starts after have ended. A
 *         target's region is what the caller's map says, else what its ARNs or its availability
 *         zone name; a zone's letter is its number (a = 0).
 * Source: AWS FIS user guide, "Actions for AWS FIS", "Targets for AWS FIS", "Actions reference"
 *         (2024-2026); AWSFIS documents for Systems Manager: AWSFIS-Run-Network-Latency,
 *         AWSFIS-Run-Network-Packet-Loss.
 */
#include "scenarios/import_parts.h"

#include "sim/arena.h"

#include <string.h>

enum { ROUNDS_MAX = 1000 };

enum effect {
    EFFECT_WAIT,
    EFFECT_STOP,      /* until startInstancesAfterDuration */
    EFFECT_TERMINATE, /* for good, with its disk */
    EFFECT_RESTART,   /* away for restart_after */
    EFFECT_POWER,     /* for the duration */
    EFFECT_CONNECTIVITY,
    EFFECT_CROSS_REGION,
    EFFECT_LATENCY,
    EFFECT_LOSS,
    EFFECT_COMMAND /* a document of Systems Manager says which */
};

struct action_kind {
    const char *id;
    enum effect effect;
};

static const struct action_kind kinds[] = {
    {"aws:fis:wait", EFFECT_WAIT},
    {"aws:ec2:stop-instances", EFFECT_STOP},
    {"aws:ec2:terminate-instances", EFFECT_TERMINATE},
    {"aws:ec2:reboot-instances", EFFECT_RESTART},
    {"aws:rds:reboot-db-instances", EFFECT_RESTART},
    {"aws:elasticache:interrupt-cluster-az-power", EFFECT_POWER},
    {"aws:network:disrupt-connectivity", EFFECT_CONNECTIVITY},
    {"aws:network:route-table-disrupt-cross-region-connectivity", EFFECT_CROSS_REGION},
    {"aws:network:transit-gateway-disrupt-cross-region-connectivity", EFFECT_CROSS_REGION},
    {"aws:eks:pod-network-latency", EFFECT_LATENCY},
    {"aws:ecs:task-network-latency", EFFECT_LATENCY},
    {"aws:eks:pod-network-packet-loss", EFFECT_LOSS},
    {"aws:ecs:task-network-packet-loss", EFFECT_LOSS},
    {"aws:ssm:send-command", EFFECT_COMMAND},
};

struct action {
    const struct json_value *json;
    const char *name;
    bool done;
    sim_ns end_ns;
};

struct template
{
    struct importer *importer;
    const struct json_value *targets;
    struct action *actions;
    size_t count;
};

static void refuse(struct importer *importer, const struct json_value *where, const char *message)
{
    import_error(importer, where->place, json_path(where, NULL, importer->arena), "not-mapped",
                 message);
}

/* "PT1H30M", "P1DT2S" (ISO 8601): false when it is none. Months and years have no fixed length. */
static bool iso_duration(const char *text, sim_ns *duration_ns)
{
    static const struct {
        char letter;
        bool time;
        sim_ns unit_ns;
    } units[] = {{'W', false, 7 * 24 * SIM_NS_PER_H},
                 {'D', false, 24 * SIM_NS_PER_H},
                 {'H', true, SIM_NS_PER_H},
                 {'M', true, SIM_NS_PER_MIN},
                 {'S', true, SIM_NS_PER_S}};
    bool time = false;
    sim_ns sum_ns = 0;
    if (text == NULL || text[0] != 'P' || text[1] == '\0') {
        return false;
    }
    for (const char *at = text + 1; *at != '\0';) {
        if (*at == 'T' && !time && at[1] != '\0') {
            time = true;
            at++;
            continue;
        }
        const int64_t number = import_digits(&at);
        sim_ns unit_ns = 0;
        for (size_t i = 0; number >= 0 && i < sizeof units / sizeof units[0]; i++) {
            unit_ns = units[i].letter == *at && units[i].time == time ? units[i].unit_ns : unit_ns;
        }
        if (unit_ns == 0 || number > 100000) {
            return false;
        }
        sum_ns += number * unit_ns;
        at++;
    }
    *duration_ns = sum_ns;
    return true;
}

/* A parameter of the action that is a duration; absent: false without an error when `optional`. */
static bool duration_of(struct importer *importer, const struct json_value *action,
                        const char *name, bool optional, sim_ns *duration_ns)
{
    const struct json_value *parameters = json_member(action, "parameters");
    const struct json_value *value = parameters != NULL ? json_member(parameters, name) : NULL;
    if (value == NULL && optional) {
        return false;
    }
    if (value == NULL || value->type != JSON_STRING || !iso_duration(value->text, duration_ns)) {
        refuse(importer, value != NULL ? value : action,
               arena_printf(importer->arena,
                            "must have %s as an ISO 8601 duration, as \"PT5M\" (got %s)", name,
                            value != NULL ? json_describe(value, importer->arena) : "none"));
        return false;
    }
    return true;
}

/* A region by name, or by an availability zone of it ("us-east-1b"). */
static bool region_named(const struct importer *importer, const char *text, size_t length,
                         struct import_target *target)
{
    const char *name = arena_text(importer->arena, text, length);
    if (import_target_parse(importer, name, target)) {
        return true;
    }
    if (length < 2 || text[length - 1] < 'a' || text[length - 1] > 'z') {
        return false;
    }
    const int zone = text[length - 1] - 'a';
    name = arena_printf(importer->arena, "%.*s/z%d", (int)(length - 1), text, zone);
    return import_target_parse(importer, name, target);
}

/* arn:aws:ec2:us-east-1:111122223333:instance/i-1 */
static bool region_of_arn(const struct importer *importer, const char *arn,
                          struct import_target *target)
{
    const char *at = arn;
    for (int field = 0; field < 3; field++) {
        at = strchr(at, ':');
        if (at == NULL) {
            return false;
        }
        at++;
    }
    const char *end = strchr(at, ':');
    return end != NULL && region_named(importer, at, (size_t)(end - at), target);
}

static bool find_region(const struct importer *importer, const struct json_value *json,
                        struct import_target *target)
{
    const struct json_value *parameters = json_member(json, "parameters");
    const struct json_value *zone =
        parameters != NULL ? json_member(parameters, "availabilityZoneIdentifier") : NULL;
    if (zone != NULL && zone->type == JSON_STRING &&
        region_named(importer, zone->text, strlen(zone->text), target)) {
        return true;
    }
    const struct json_value *filters = json_member(json, "filters");
    for (const struct json_value *f = filters != NULL ? filters->first : NULL; f != NULL;
         f = f->next) {
        const struct json_value *path = json_member(f, "path"), *values = json_member(f, "values");
        if (path != NULL && path->text != NULL && strstr(path->text, "AvailabilityZone") != NULL &&
            values != NULL && values->first != NULL && values->first->text != NULL &&
            region_named(importer, values->first->text, strlen(values->first->text), target)) {
            return true;
        }
    }
    const struct json_value *arns = json_member(json, "resourceArns");
    const struct json_value *arn = arns != NULL ? arns->first : NULL;
    return arn != NULL && arn->text != NULL && region_of_arn(importer, arn->text, target);
}

/* The number of "COUNT(2)"; -1: it is none. */
static int64_t in_brackets(const char *text, const char *word)
{
    const size_t length = strlen(word);
    const char *at = text + length;
    if (strncmp(text, word, length) != 0) {
        return -1;
    }
    const int64_t number = import_digits(&at);
    return strcmp(at, ")") == 0 ? number : -1;
}

/* ALL, COUNT(n), PERCENT(n) of the region's machines. */
static bool select_of(struct importer *importer, const struct json_value *json,
                      struct import_target *target)
{
    const struct json_value *mode = json_member(json, "selectionMode");
    if (mode == NULL || mode->text == NULL || strcmp(mode->text, "ALL") == 0) {
        return true;
    }
    const struct scenario_region *region =
        (const struct scenario_region *)importer->options->scenario->regions.items + target->index;
    int64_t number = in_brackets(mode->text, "COUNT(");
    if (number > 0) {
        target->at_most = number;
        return true;
    }
    number = in_brackets(mode->text, "PERCENT(");
    if (number > 0 && number <= 100) {
        const int64_t count = region->nodes * number / 100;
        target->at_most = count > 0 ? count : 1;
        return true;
    }
    refuse(importer, mode,
           arena_printf(importer->arena, "must be ALL, COUNT(n) or PERCENT(n) (got \"%s\")",
                        mode->text));
    return false;
}

/* What an action aims at: its one target. */
static bool target_of(const struct template *template, const struct json_value *action,
                      struct import_target *target)
{
    struct importer *importer = template->importer;
    const struct json_value *named = json_member(action, "targets");
    const struct json_value *name = named != NULL ? named->first : NULL;
    if (name == NULL || name->type != JSON_STRING) {
        refuse(importer, action, "must have a target");
        return false;
    }
    const struct json_value *json =
        template->targets != NULL ? json_member(template->targets, name->text) : NULL;
    bool known = false;
    if (!import_target_mapped(importer, name, name->text, target, &known)) {
        return false;
    }
    if (!known && (json == NULL || !find_region(importer, json, target))) {
        refuse(importer, name,
               arena_printf(importer->arena,
                            "target \"%s\" names no region of the scenario: give --map %s=PLACE",
                            name->text, name->text));
        return false;
    }
    return json == NULL || select_of(importer, json, target);
}

static const char *parameter(struct importer *importer, const struct json_value *action,
                             const char *name)
{
    const struct json_value *parameters = json_member(action, "parameters");
    return parameters != NULL ? import_text(importer, parameters, name) : NULL;
}

static void connectivity(const struct template *template, const struct action *action,
                         const struct import_target *target, struct import_span span)
{
    const char *scope = parameter(template->importer, action->json, "scope");
    if (scope == NULL || strcmp(scope, "all") != 0) {
        refuse(template->importer, action->json,
               arena_printf(template->importer->arena,
                            "scope \"%s\" has no counterpart: only \"all\" has",
                            scope != NULL ? scope : ""));
        return;
    }
    import_isolate(template->importer, action->name, target, span);
}

static void cross_region(const struct template *template, const struct action *action,
                         const struct import_target *target, struct import_span span)
{
    const char *region = parameter(template->importer, action->json, "region");
    struct import_target other;
    if (region == NULL || !import_target_parse(template->importer, region, &other) ||
        other.index == target->index) {
        refuse(template->importer, action->json,
               arena_printf(template->importer->arena,
                            "parameter \"region\" must be another region of the scenario (got "
                            "\"%s\")",
                            region != NULL ? region : ""));
        return;
    }
    import_cut(template->importer, action->name, target, other.region, span);
}

/* `value` may be in `action` or in the text of a document's parameters. */
static void network_effect(const struct template *template, const struct action *action,
                           const struct import_target *target, struct import_span span,
                           enum effect effect, const char *value)
{
    struct importer *importer = template->importer;
    double amount = 0.0;
    if (!import_number(importer, action->json, value, &amount)) {
        return;
    }
    const char *text = effect == EFFECT_LATENCY
                           ? arena_printf(importer->arena, "\"extra\": \"%.15gms\"", amount)
                           : arena_printf(importer->arena, "\"loss\": %.15g", amount / 100.0);
    import_link(importer, action->name, target, NULL, text, span);
}

/* A document of Systems Manager: its parameters are JSON in a text. */
static bool command(const struct template *template, struct action *action,
                    const struct import_target *target, struct import_span *span)
{
    struct importer *importer = template->importer;
    const char *document = parameter(importer, action->json, "documentArn");
    const char *inner = parameter(importer, action->json, "documentParameters");
    const bool latency = document != NULL && strstr(document, "AWSFIS-Run-Network-Latency") != NULL;
    const bool loss =
        document != NULL && strstr(document, "AWSFIS-Run-Network-Packet-Loss") != NULL;
    if (!latency && !loss) {
        refuse(importer, action->json,
               arena_printf(importer->arena,
                            "document \"%s\" has no counterpart among the faults; leave the action "
                            "out with --skip %s",
                            document != NULL ? document : "", action->name));
        return false;
    }
    const struct source source = {.name = "documentParameters",
                                  .text = inner != NULL ? inner : "",
                                  .length = inner != NULL ? strlen(inner) : 0,
                                  .order = 1};
    struct source *kept = arena_alloc(importer->arena, 1, sizeof *kept);
    *kept = source;
    const struct json_value *parameters = json_parse(kept, importer->arena, importer->diags);
    if (parameters == NULL) {
        return false;
    }
    double seconds = 0.0;
    const char *duration = import_text(importer, parameters, "DurationSeconds");
    if (!import_number(importer, action->json, duration, &seconds)) {
        return false;
    }
    span->lasts_ns = sim_ns_from_double(seconds * 1e9);
    network_effect(
        template, action, target, *span, latency ? EFFECT_LATENCY : EFFECT_LOSS,
        import_text(importer, parameters, latency ? "DelayMilliseconds" : "LossPercent"));
    return true;
}

static void restart(const struct template *template, const struct action *action,
                    const struct import_target *target, struct import_span *span)
{
    struct importer *importer = template->importer;
    if (importer->options->restart_after_ns < 0) {
        refuse(importer, action->json,
               "does not say how long a restart takes: give --restart-after");
        return;
    }
    span->lasts_ns = importer->options->restart_after_ns;
    import_outage(importer, action->name, target, *span, false);
}

/* Adds the action's faults; span->lasts_ns becomes its length. */
static void act(const struct template *template, struct action *action, enum effect effect,
                struct import_span *span)
{
    struct importer *importer = template->importer;
    struct import_target target = {0};
    sim_ns lasts_ns = 0;
    if (effect == EFFECT_WAIT) {
        duration_of(importer, action->json, "duration", false, &span->lasts_ns);
        return;
    }
    if (!target_of(template, action->json, &target)) {
        return;
    }
    switch (effect) {
    case EFFECT_STOP:
        if (duration_of(importer, action->json, "startInstancesAfterDuration", true, &lasts_ns)) {
            span->lasts_ns = lasts_ns;
        }
        import_outage(importer, action->name, &target, *span, false);
        break;
    case EFFECT_TERMINATE:
        import_outage(importer, action->name, &target, *span, true);
        break;
    case EFFECT_RESTART:
        restart(template, action, &target, span);
        break;
    case EFFECT_COMMAND:
        command(template, action, &target, span);
        break;
    case EFFECT_WAIT:
    case EFFECT_POWER:
    case EFFECT_CONNECTIVITY:
    case EFFECT_CROSS_REGION:
    case EFFECT_LATENCY:
    case EFFECT_LOSS:
    default:
        if (!duration_of(importer, action->json, "duration", false, &span->lasts_ns)) {
            return;
        }
        if (effect == EFFECT_POWER) {
            import_outage(importer, action->name, &target, *span, false);
        } else if (effect == EFFECT_CONNECTIVITY) {
            connectivity(template, action, &target, *span);
        } else if (effect == EFFECT_CROSS_REGION) {
            cross_region(template, action, &target, *span);
        } else {
            network_effect(
                template, action, &target, *span, effect,
                parameter(importer, action->json,
                          effect == EFFECT_LATENCY ? "delayMilliseconds" : "lossPercent"));
        }
        break;
    }
}

/* When the action can start; false: not yet known. */
static bool ready(const struct template *template, const struct action *action, sim_ns *at_ns)
{
    *at_ns = template->importer->options->at_ns;
    const struct json_value *after = json_member(action->json, "startAfter");
    for (const struct json_value *item = after != NULL ? after->first : NULL; item != NULL;
         item = item->next) {
        const struct action *before = NULL;
        for (size_t i = 0; i < template->count; i++) {
            if (item->text != NULL && strcmp(template->actions[i].name, item->text) == 0) {
                before = &template->actions[i];
            }
        }
        if (before == NULL) {
            refuse(template->importer, item, "is no action of the template");
            continue;
        }
        if (!before->done) {
            return false;
        }
        *at_ns = before->end_ns > *at_ns ? before->end_ns : *at_ns;
    }
    return true;
}

static void one_action(const struct template *template, struct action *action, sim_ns at_ns)
{
    struct importer *importer = template->importer;
    const char *id = import_text(importer, action->json, "actionId");
    struct import_span span = {.at_ns = at_ns};
    action->done = true;
    if (!import_skipped(importer, action->name)) {
        size_t kind = 0;
        const size_t count = sizeof kinds / sizeof kinds[0];
        while (kind < count && (id == NULL || strcmp(kinds[kind].id, id) != 0)) {
            kind++;
        }
        if (kind == count) {
            refuse(importer, action->json,
                   arena_printf(importer->arena,
                                "action \"%s\" has no counterpart among the faults; leave it out "
                                "with --skip %s",
                                id != NULL ? id : "", action->name));
        } else {
            act(template, action, kinds[kind].effect, &span);
        }
    }
    action->end_ns = at_ns + span.lasts_ns;
}

static void stop_conditions(struct importer *importer, const struct json_value *root)
{
    const struct json_value *list = json_member(root, "stopConditions");
    for (const struct json_value *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next) {
        const char *source = import_text(importer, item, "source");
        if (source != NULL && strcmp(source, "none") != 0 &&
            !import_skipped(importer, "stopConditions")) {
            refuse(importer, item,
                   "a stop condition by an alarm has no counterpart; leave it out with --skip "
                   "stopConditions");
        }
    }
}

bool import_fis(struct importer *importer, const struct json_value *root)
{
    const struct json_value *list = json_member(root, "actions");
    if (list->type != JSON_OBJECT) {
        import_error(importer, list->place, "actions", "wrong-type", "must be an object");
        return false;
    }
    struct template template = {.importer = importer, .targets = json_member(root, "targets")};
    template.actions = arena_alloc(importer->arena, list->count + 1, sizeof *template.actions);
    for (const struct json_value *item = list->first; item != NULL; item = item->next) {
        template.actions[template.count++] = (struct action){.json = item, .name = item->key};
    }
    size_t done = 0;
    for (int round = 0; round < ROUNDS_MAX && done < template.count; round++) {
        for (size_t i = 0; i < template.count; i++) {
            struct action *action = &template.actions[i];
            sim_ns at_ns = 0;
            if (!action->done && ready(&template, action, &at_ns)) {
                one_action(&template, action, at_ns);
                done++;
            }
        }
    }
    for (size_t i = 0; i < template.count; i++) {
        if (!template.actions[i].done) {
            refuse(importer, template.actions[i].json, "waits for an action that waits for it");
        }
    }
    stop_conditions(importer, root);
    return true;
}
