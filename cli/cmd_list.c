#include "analysis/metric.h"
#include "analysis/metric_splits.h"
#include "cli/command.h"
#include "models/geography/geography.h"
#include "models/replication/strategy.h"
#include "models/scenario.h"
#include "models/world_place.h"
#include "scenarios/describe.h"
#include "sim/arena.h"
#include "sim/nearest_word.h"

#include <string.h>

static const struct option_spec list_options[] = {
    {.name = "help", .letter = 'h', .help = "this help"}, {0}};

enum { TOPICS_MAX = 32, NAME_WIDTH = 30 };

static void list_regions(void)
{
    for (size_t i = 0; i < geography_count(); i++) {
        const struct geography_region *region = geography_at(i);
        printf("%-*s %-6s %s, %s (%s)%s\n", NAME_WIDTH, region->name, region->provider,
               region->city, region->country, region->jurisdiction,
               region->in_matrix ? "" : "; no published latencies");
    }
}

static void list_metrics(void)
{
    for (const struct metric_definition *m = metric_catalogue; m->name != NULL; m++) {
        printf("%-*s %s\n", NAME_WIDTH, m->name, m->summary);
    }
}

static void list_messages(void)
{
    struct arena arena;
    arena_init(&arena);
    printf("%-*s a client asks a node\n%-*s a node answers a client\n", NAME_WIDTH,
           "client.request", NAME_WIDTH, "client.reply");
    for (size_t i = 0; i < strategy_registry.count; i++) {
        const struct strategy_ops *ops = (const struct strategy_ops *)strategy_registry.kinds[i];
        for (uint32_t kind = 0; ops->messages != NULL && ops->messages[kind] != NULL; kind++) {
            printf("%s\n", world_message_name(&arena, ops, MESSAGE_STRATEGY + kind));
        }
    }
    arena_release(&arena);
}

static const struct {
    const char *name, *summary;
    void (*list)(void);
} own_topics[] = {
    {"regions", "places of the catalogue, with provider and jurisdiction", list_regions},
    {"metrics", "what a run measures", list_metrics},
    {"messages", "kinds of messages, for network.message_delays", list_messages},
};

enum { OWN_TOPICS = sizeof own_topics / sizeof own_topics[0] };

static void list_topics(FILE *stream)
{
    for (size_t i = 0; scenario_registries[i] != NULL; i++) {
        fprintf(stream, "%-*s %s\n", NAME_WIDTH, scenario_registries[i]->name,
                scenario_registries[i]->summary);
    }
    for (size_t i = 0; i < OWN_TOPICS; i++) {
        fprintf(stream, "%-*s %s\n", NAME_WIDTH, own_topics[i].name, own_topics[i].summary);
    }
}

static enum exit_code unknown_topic(const char *name)
{
    const char *names[TOPICS_MAX];
    size_t count = 0;
    for (size_t i = 0; scenario_registries[i] != NULL; i++) {
        names[count++] = scenario_registries[i]->name;
    }
    for (size_t i = 0; i < OWN_TOPICS; i++) {
        names[count++] = own_topics[i].name;
    }
    const char *near = nearest_word(name, names, count);
    fprintf(stderr, "geodes list: nothing is called \"%s\"", name);
    if (near != NULL) {
        fprintf(stderr, " (did you mean \"%s\"?)", near);
    }
    fputs("\nThere are:\n", stderr);
    list_topics(stderr);
    return EXIT_CODE_USAGE;
}

static enum exit_code run_list(const struct arguments *arguments)
{
    if (arguments->operand_count == 0) {
        list_topics(stdout);
        return EXIT_CODE_OK;
    }
    const char *name = arguments->operands[0];
    for (size_t i = 0; scenario_registries[i] != NULL; i++) {
        if (strcmp(scenario_registries[i]->name, name) == 0) {
            struct text text = {0};
            describe_put_registry(scenario_registries[i], &text);
            fputs(text_string(&text), stdout);
            text_release(&text);
            return EXIT_CODE_OK;
        }
    }
    for (size_t i = 0; i < OWN_TOPICS; i++) {
        if (strcmp(own_topics[i].name, name) == 0) {
            own_topics[i].list();
            return EXIT_CODE_OK;
        }
    }
    return unknown_topic(name);
}

static void describe_metric(const struct metric_definition *metric)
{
    struct arena arena;
    arena_init(&arena);
    printf("%s [%s]\n%s\n\n%s\n", metric->name, metric->unit, metric->summary, metric->definition);
    for (size_t i = 0; metric->labels[i] != NULL; i++) {
        printf("%s%s", i == 0 ? "labels: " : ", ", metric->labels[i]);
    }
    puts(metric->labels[0] != NULL ? "" : "no labels");
    if (metric->labels[0] != NULL) {
        printf("rows: %s\n", metric_splits_text(metric, &arena));
    }
    arena_release(&arena);
}

static void describe_region(const struct geography_region *region)
{
    char latitude[32], longitude[32];
    snprintf(latitude, sizeof latitude, "%.4f", region->latitude_deg);
    snprintf(longitude, sizeof longitude, "%.4f", region->longitude_deg);
    printf("%s (%s)\n%s, %s (%s), jurisdiction %s%s\nlatitude %s, longitude %s (%s)\n%s\n",
           region->name, region->provider, region->city, region->country, region->country_code,
           region->jurisdiction, region->gdpr ? ", GDPR applies" : "", latitude, longitude,
           region->provenance,
           region->in_matrix ? "round-trip times are published"
                             : "no published round-trip times: estimated by the fibre model");
}

static enum exit_code run_describe(const struct arguments *arguments)
{
    const char *name = arguments->operands[0];
    for (const struct metric_definition *m = metric_catalogue; m->name != NULL; m++) {
        if (strcmp(m->name, name) == 0) {
            describe_metric(m);
            return EXIT_CODE_OK;
        }
    }
    const struct geography_region *region = geography_find(name);
    if (region != NULL) {
        describe_region(region);
        return EXIT_CODE_OK;
    }
    const struct describe describe = {.registries = scenario_registries, .table = scenario_table};
    struct text text = {0};
    const char *suggestion = NULL;
    const bool found = describe_put_name(&describe, name, &text, &suggestion);
    fputs(text_string(&text), stdout);
    text_release(&text);
    if (found) {
        return EXIT_CODE_OK;
    }
    fprintf(stderr, "geodes describe: nothing is called \"%s\"", name);
    if (suggestion != NULL) {
        fprintf(stderr, " (did you mean \"%s\"?)", suggestion);
    }
    fputs("\nTry a word from \"geodes list TOPIC\" or a path such as clients.retry\n", stderr);
    return EXIT_CODE_USAGE;
}

const struct command command_list = {
    .name = "list",
    .operands = "[TOPIC]",
    .summary = "what there is: strategies, faults, clocks, distributions, regions, metrics, ...",
    .text = "Without a topic, the topics; with one, its entries with one line each.",
    .examples = "geodes list\ngeodes list strategies\ngeodes list metrics",
    .operands_max = 1,
    .operand_words = "strategies faults clocks distributions regions metrics messages",
    .options = list_options,
    .run = run_list};

const struct command command_describe = {
    .name = "describe",
    .operands = "NAME",
    .summary = "explain a strategy, fault, distribution, metric, region or key of a scenario",
    .text =
        "Prints parameters with type, unit, range and default, definitions and sources. NAME is a "
        "word from `geodes list TOPIC` or the path of a key, such as network.latency.",
    .examples =
        "geodes describe quorum\ngeodes describe staleness_ms\ngeodes describe clients.retry",
    .operands_min = 1,
    .operands_max = 1,
    .options = list_options,
    .run = run_describe};
