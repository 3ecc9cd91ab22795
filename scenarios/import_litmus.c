/*
 * import_litmus.c - LitmusChaos: the experiments of a ChaosEngine, one after the other.
 *
 * Source: LitmusChaos documentation, "ChaosEngine", and the tunables of each experiment. Kubernetes
 *         writes an engine as JSON with `kubectl get chaosengine NAME -o json`.
 */
#include "scenarios/import_parts.h"

#include "sim/arena.h"

#include <string.h>

enum effect {
    EFFECT_OUTAGE,  /* for the experiment's duration */
    EFFECT_RESTART, /* killed again and again, each time away for restart_after */
    EFFECT_ISOLATE,
    EFFECT_LINK
};

struct experiment {
    const char *name;
    enum effect effect;
    const char *variable; /* link: how much */
    const char *format;   /* link: the fault's key */
    double scale;
};

static const struct experiment experiments[] = {
    {"pod-network-latency", EFFECT_LINK, "NETWORK_LATENCY", "\"extra\": \"%.15gms\"", 1.0},
    {"pod-network-loss", EFFECT_LINK, "NETWORK_PACKET_LOSS_PERCENTAGE", "\"loss\": %.15g", 0.01},
    {"pod-network-corruption", EFFECT_LINK, "NETWORK_PACKET_CORRUPTION_PERCENTAGE",
     "\"corrupt\": %.15g", 0.01},
    {"pod-network-duplication", EFFECT_LINK, "NETWORK_PACKET_DUPLICATION_PERCENTAGE",
     "\"duplicate\": %.15g", 0.01},
    {"node-network-latency", EFFECT_LINK, "NETWORK_LATENCY", "\"extra\": \"%.15gms\"", 1.0},
    {"node-network-loss", EFFECT_LINK, "NETWORK_PACKET_LOSS_PERCENTAGE", "\"loss\": %.15g", 0.01},
    {"pod-network-partition", EFFECT_ISOLATE, NULL, NULL, 0.0},
    {"pod-delete", EFFECT_RESTART, NULL, NULL, 0.0},
    {"container-kill", EFFECT_RESTART, NULL, NULL, 0.0},
    {"node-restart", EFFECT_RESTART, NULL, NULL, 0.0},
    {"node-poweroff", EFFECT_OUTAGE, NULL, NULL, 0.0},
    {"ec2-terminate-by-id", EFFECT_OUTAGE, NULL, NULL, 0.0},
    {"ec2-terminate-by-tag", EFFECT_OUTAGE, NULL, NULL, 0.0},
    {"gcp-vm-instance-stop", EFFECT_OUTAGE, NULL, NULL, 0.0},
    {"azure-instance-stop", EFFECT_OUTAGE, NULL, NULL, 0.0},
};

struct engine {
    struct importer *importer;
    struct import_target target;
    sim_ns now_ns;
};

static const struct json_value *variable_of(const struct json_value *environment, const char *name)
{
    for (const struct json_value *item = environment != NULL ? environment->first : NULL;
         item != NULL; item = item->next) {
        const struct json_value *key = json_member(item, "name");
        if (key != NULL && key->type == JSON_STRING && strcmp(key->text, name) == 0) {
            return json_member(item, "value");
        }
    }
    return NULL;
}

/* The number in a variable, else `otherwise`. */
static bool number_of(struct importer *importer, const struct json_value *environment,
                      const char *name, double otherwise, double *number)
{
    const struct json_value *value = variable_of(environment, name);
    *number = otherwise;
    return value == NULL || import_number(importer, value, value->text, number);
}

static void refuse(struct importer *importer, const struct json_value *where, const char *message)
{
    import_error(importer, where->place, json_path(where, NULL, importer->arena), "not-mapped",
                 message);
}

/* Variables that narrow an experiment in a way that faults can not follow. */
static bool narrowed(struct importer *importer, const struct json_value *environment)
{
    static const char *const names[] = {"JITTER",
                                        "DESTINATION_IPS",
                                        "DESTINATION_PORTS",
                                        "PODS_AFFECTED_PERC",
                                        "NODES_AFFECTED_PERC",
                                        NULL};
    for (size_t i = 0; names[i] != NULL; i++) {
        const struct json_value *value = variable_of(environment, names[i]);
        if (value != NULL && value->text != NULL && strcmp(value->text, "") != 0 &&
            strcmp(value->text, "0") != 0 && strcmp(value->text, "100") != 0) {
            refuse(importer, value,
                   arena_printf(importer->arena, "%s has no counterpart (got \"%s\")", names[i],
                                value->text));
            return true;
        }
    }
    return false;
}

static void restarts(struct engine *engine, const struct json_value *item, const char *name,
                     const struct json_value *environment, sim_ns lasts_ns)
{
    struct importer *importer = engine->importer;
    double interval_s = 0.0;
    if (importer->options->restart_after_ns < 0) {
        refuse(importer, item,
               arena_printf(importer->arena,
                            "says how often \"%s\" kills, not how long a restart takes: give "
                            "--restart-after",
                            name));
        return;
    }
    if (!number_of(importer, environment, "CHAOS_INTERVAL", 10.0, &interval_s)) {
        return;
    }
    const sim_ns interval_ns = sim_ns_from_double(interval_s * 1e9);
    sim_ns away_ns = importer->options->restart_after_ns;
    away_ns = interval_ns > 0 && away_ns > interval_ns ? interval_ns : away_ns;
    for (sim_ns after_ns = 0; after_ns < lasts_ns; after_ns += interval_ns) {
        const struct import_span span = {engine->now_ns + after_ns, away_ns};
        import_outage(importer, name, &engine->target, span, false);
        if (interval_ns <= 0) {
            break;
        }
    }
}

static void link_effect(struct engine *engine, const struct experiment *known,
                        const struct json_value *item, const struct json_value *environment,
                        struct import_span span)
{
    struct importer *importer = engine->importer;
    const struct json_value *value = variable_of(environment, known->variable);
    double amount = 0.0;
    if (value == NULL) {
        refuse(importer, item, arena_printf(importer->arena, "must say %s", known->variable));
        return;
    }
    if (!import_number(importer, value, value->text, &amount)) {
        return;
    }
    const struct json_value *hosts = variable_of(environment, "DESTINATION_HOSTS");
    const char *other = NULL;
    if (hosts != NULL && hosts->text != NULL && hosts->text[0] != '\0') {
        struct import_target host;
        bool mapped = false;
        if (!import_target_mapped(importer, hosts, hosts->text, &host, &mapped)) {
            return;
        }
        if (!mapped) {
            refuse(importer, hosts,
                   arena_printf(importer->arena, "\"%s\" is not known: give --map %s=REGION",
                                hosts->text, hosts->text));
            return;
        }
        other = host.region;
    }
    /* The format is one of the table's own. */
    struct text effect = {0};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    text_format(&effect, known->format, amount * known->scale);
#pragma GCC diagnostic pop
    import_link(importer, known->name, &engine->target, other, text_string(&effect), span);
    text_release(&effect);
}

static void one_experiment(struct engine *engine, const struct json_value *item)
{
    struct importer *importer = engine->importer;
    const char *name = import_text(importer, item, "name");
    if (name == NULL) {
        refuse(importer, item, "must have a \"name\"");
        return;
    }
    const struct json_value *spec = json_member(item, "spec");
    const struct json_value *components = spec != NULL ? json_member(spec, "components") : NULL;
    const struct json_value *environment =
        components != NULL ? json_member(components, "env") : NULL;
    double seconds = 0.0, ramp_s = 0.0;
    if (import_skipped(importer, name)) {
        return;
    }
    if (!number_of(importer, environment, "TOTAL_CHAOS_DURATION", 60.0, &seconds) ||
        !number_of(importer, environment, "RAMP_TIME", 0.0, &ramp_s) ||
        narrowed(importer, environment)) {
        return;
    }
    const struct experiment *known = NULL;
    for (size_t i = 0; i < sizeof experiments / sizeof experiments[0]; i++) {
        known = strcmp(experiments[i].name, name) == 0 ? &experiments[i] : known;
    }
    if (known == NULL) {
        refuse(importer, json_member(item, "name"),
               arena_printf(importer->arena,
                            "\"%s\" has no counterpart among the faults; leave it out with --skip "
                            "%s",
                            name, name));
        return;
    }
    engine->now_ns += sim_ns_from_double(ramp_s * 1e9);
    const struct import_span span = {engine->now_ns, sim_ns_from_double(seconds * 1e9)};
    switch (known->effect) {
    case EFFECT_OUTAGE:
        import_outage(importer, name, &engine->target, span, false);
        break;
    case EFFECT_ISOLATE:
        import_isolate(importer, name, &engine->target, span);
        break;
    case EFFECT_RESTART:
        restarts(engine, item, name, environment, span.lasts_ns);
        break;
    case EFFECT_LINK:
        link_effect(engine, known, item, environment, span);
        break;
    }
    engine->now_ns += span.lasts_ns + sim_ns_from_double(ramp_s * 1e9);
}

bool import_litmus(struct importer *importer, const struct json_value *root)
{
    const struct json_value *spec = json_member(root, "spec");
    const struct json_value *list = spec != NULL ? json_member(spec, "experiments") : NULL;
    const struct json_value *application = spec != NULL ? json_member(spec, "appinfo") : NULL;
    const char *label = application != NULL ? import_text(importer, application, "applabel") : NULL;
    if (list == NULL || list->type != JSON_ARRAY) {
        import_error(importer, root->place, "spec.experiments", "missing",
                     "must be a list of experiments");
        return false;
    }
    struct engine engine = {.importer = importer, .now_ns = importer->options->at_ns};
    bool known = false;
    if (label == NULL) {
        import_error(importer, root->place, "spec.appinfo.applabel", "missing",
                     "must say what the experiments aim at");
        return false;
    }
    const struct json_value *where = json_member(application, "applabel");
    if (!import_target_mapped(importer, where, label, &engine.target, &known)) {
        return false;
    }
    if (!known) {
        refuse(importer, where,
               arena_printf(importer->arena,
                            "\"%s\" is not known to the scenario: give --map %s=PLACE", label,
                            label));
        return false;
    }
    for (const struct json_value *item = list->first; item != NULL; item = item->next) {
        one_experiment(&engine, item);
    }
    return true;
}
