#include "tests/scenarios/fixture.h"

#include <stdio.h>
#include <string.h>

#define AT(structure, field) .offset = offsetof(struct structure, field)

static const struct param_spec region_table[] = {
    {.key = "name", .type = PARAM_ID, AT(fixture_region, name), .required = true, .help = "id"},
    {.key = "nodes",
     .type = PARAM_INT,
     AT(fixture_region, nodes),
     .min = 1,
     .max = 9,
     .default_text = "1",
     .help = "machines"},
    {0}};

static const char *const models[] = {"published", "none", "relative", NULL};

static const struct param_spec jitter_table[] = {{.key = "model",
                                                  .type = PARAM_ENUM,
                                                  AT(fixture_jitter, model),
                                                  .names = models,
                                                  .default_text = "published",
                                                  .help = "model"},
                                                 {.key = "cv",
                                                  .type = PARAM_REAL,
                                                  AT(fixture_jitter, cv),
                                                  .min = 0.001,
                                                  .max = 10,
                                                  .default_text = "0.03",
                                                  .help = "coefficient of variation"},
                                                 {0}};

static const struct param_spec link_table[] = {
    {.key = "from", .type = PARAM_REGION, AT(fixture_link, from), .required = true, .help = "a"},
    {.key = "to", .type = PARAM_REGION, AT(fixture_link, to), .required = true, .help = "b"},
    {.key = "one_way",
     .type = PARAM_DURATION,
     AT(fixture_link, one_way),
     .min = 0,
     .max = 3600e9,
     .default_text = "none",
     .help = "delay"},
    {0}};

static const struct param_spec retry_table[] = {{.key = "tries",
                                                 .type = PARAM_INT,
                                                 AT(fixture_retry, tries),
                                                 .min = 1,
                                                 .max = 5,
                                                 .required = true,
                                                 .help = "in all"},
                                                {.key = "backoff",
                                                 .type = PARAM_DURATION,
                                                 AT(fixture_retry, backoff),
                                                 .default_text = "100ms",
                                                 .help = "pause"},
                                                {0}};

static const struct param_spec common_table[] = {{.key = "replicas",
                                                  .type = PARAM_REGIONS,
                                                  AT(fixture_common, replicas),
                                                  .help = "regions that hold the data"},
                                                 {0}};

static const struct param_spec quorum_table[] = {{.key = "r",
                                                  .type = PARAM_INT,
                                                  AT(fixture_quorum, r),
                                                  .min = 1,
                                                  .max = 100,
                                                  .required = true,
                                                  .help = "replies of a read"},
                                                 {.key = "w",
                                                  .type = PARAM_INT,
                                                  AT(fixture_quorum, w),
                                                  .min = 1,
                                                  .max = 100,
                                                  .default_text = "2",
                                                  .help = "replies of a write"},
                                                 {.key = "window",
                                                  .type = PARAM_DURATION,
                                                  AT(fixture_quorum, window),
                                                  .default_text = "3h",
                                                  .help = "of hints"},
                                                 {0}};

static const char *finish_quorum(void *params, struct arena *arena, const char **key)
{
    const struct fixture_quorum *quorum = params;
    (void)arena;
    if (quorum->w > quorum->r + 5) {
        *key = "w";
        return "must be at most r + 5";
    }
    return quorum->r == 13 ? "brings bad luck" : NULL;
}

static const struct param_kind quorum_kind = {.name = "quorum",
                                              .summary = "leaderless",
                                              .source = "assumption: a test",
                                              .params_bytes = sizeof(struct fixture_quorum),
                                              .params = quorum_table,
                                              .finish = finish_quorum};
static const struct param_kind primary_kind = {
    .name = "primary", .summary = "one leader", .source = "assumption: a test"};
static const struct param_kind *const strategies[] = {&primary_kind, &quorum_kind};
const struct param_registry fixture_strategies = {"strategies", "strategy", "how data is copied", 2,
                                                  strategies,   NULL};

static const struct param_kind perfect_kind = {
    .name = "perfect", .summary = "no error", .source = "assumption: a test"};
static const struct param_kind *const clock_kinds[] = {&perfect_kind};
static const struct param_registry clocks = {"clocks", "model", "clocks", 1, clock_kinds, NULL};

static const struct param_spec partition_table[] = {{.key = "between",
                                                     .type = PARAM_REGION_SETS,
                                                     AT(fixture_partition, between),
                                                     .min = 2,
                                                     .max = 3,
                                                     .required = true,
                                                     .help = "sides"},
                                                    {0}};
static const struct param_kind partition_kind = {.name = "partition",
                                                 .summary = "a cut",
                                                 .source = "assumption: a test",
                                                 .params_bytes = sizeof(struct fixture_partition),
                                                 .params = partition_table};
static const struct param_kind *const fault_kinds[] = {&partition_kind};
static const struct param_registry faults = {"faults", "kind", "what fails", 1, fault_kinds, NULL};

static const struct param_spec fault_table[] = {
    {.key = "id", .type = PARAM_ID, AT(fixture_fault, id), .required = true, .help = "its name"},
    {.key = "at", .type = PARAM_DURATION, AT(fixture_fault, at), .required = true, .help = "when"},
    {0}};

static const struct param_spec dataset_table[] = {{.key = "keys",
                                                   .type = PARAM_INT,
                                                   AT(fixture_dataset, keys),
                                                   .min = 1,
                                                   .max = 1e6,
                                                   .default_text = "1000",
                                                   .help = "number of keys"},
                                                  {.key = "value_bytes",
                                                   .type = PARAM_DISTRIBUTION,
                                                   AT(fixture_dataset, value_bytes),
                                                   .unit = PARAM_UNIT_BYTES,
                                                   .default_text = "512B",
                                                   .help = "size"},
                                                  {.key = "replication",
                                                   .type = PARAM_CHOICE,
                                                   AT(fixture_dataset, replication),
                                                   .registry = &fixture_strategies,
                                                   .table = common_table,
                                                   .item_bytes = sizeof(struct fixture_common),
                                                   .required = true,
                                                   .help = "strategy"},
                                                  {0}};

const struct param_spec fixture_table[] = {
    {.key = "name", .type = PARAM_ID, AT(fixture, name), .required = true, .help = "name"},
    {.key = "summary", .type = PARAM_TEXT, AT(fixture, summary), .help = "one line"},
    {.key = "seed",
     .type = PARAM_INT,
     AT(fixture, seed),
     .min = 0,
     .max = 9007199254740991.0,
     .default_text = "1",
     .help = "seed"},
    {.key = "strict", .type = PARAM_BOOL, AT(fixture, strict), .default_text = "true", .help = "x"},
    {.key = "scale", .type = PARAM_REAL, AT(fixture, scale), .default_text = "1.5", .help = "x"},
    {.key = "loss", .type = PARAM_RATIO, AT(fixture, loss), .default_text = "1%", .help = "x"},
    {.key = "hedge",
     .type = PARAM_RATIO,
     AT(fixture, hedge),
     .max = 0.5,
     .default_text = "none",
     .help = "x"},
    {.key = "rate",
     .type = PARAM_RATE,
     AT(fixture, rate),
     .max = 1e6,
     .default_text = "50/s",
     .help = "x"},
    {.key = "bandwidth",
     .type = PARAM_BANDWIDTH,
     AT(fixture, bandwidth),
     .default_text = "10Gbps",
     .help = "x"},
    {.key = "duration",
     .type = PARAM_DURATION,
     AT(fixture, duration),
     .min = 1000,
     .max = 86400e9,
     .required = true,
     .help = "simulated time"},
    {.key = "offset",
     .type = PARAM_DURATION,
     AT(fixture, offset),
     .min = -1e9,
     .max = 1e9,
     .default_text = "-3ms",
     .help = "x"},
    {.key = "interval_s",
     .type = PARAM_DURATION,
     AT(fixture, interval_s),
     .default_text = "5",
     .help = "in seconds"},
    {.key = "buffer",
     .type = PARAM_BYTES,
     AT(fixture, buffer),
     .max = 1e9,
     .default_text = "4KiB",
     .help = "x"},
    {.key = "limit",
     .type = PARAM_INT,
     AT(fixture, limit),
     .min = 1,
     .max = 9,
     .help = "absent: 0"},
    {.key = "regions",
     .type = PARAM_LIST,
     AT(fixture, regions),
     .min = 1,
     .max = 4,
     .table = region_table,
     .item_bytes = sizeof(struct fixture_region),
     .required = true,
     .shorthand = "name",
     .help = "places"},
    {.key = "home", .type = PARAM_REGION, AT(fixture, home), .help = "a region"},
    {.key = "main", .type = PARAM_DATASET, AT(fixture, main), .help = "a dataset"},
    {.key = "jitter",
     .type = PARAM_OBJECT,
     AT(fixture, jitter),
     .table = jitter_table,
     .shorthand = "model",
     .help = "noise"},
    {.key = "retry", .type = PARAM_OBJECT, AT(fixture, retry), .table = retry_table, .help = "x"},
    {.key = "links",
     .type = PARAM_LIST,
     AT(fixture, links),
     .table = link_table,
     .item_bytes = sizeof(struct fixture_link),
     .help = "overrides"},
    {.key = "datasets",
     .type = PARAM_MAP,
     AT(fixture, datasets),
     .table = dataset_table,
     .item_bytes = sizeof(struct fixture_dataset),
     .help = "tables"},
    {.key = "by_hour",
     .type = PARAM_NUMBERS,
     AT(fixture, by_hour),
     .max = 10,
     .default_text = "[1, 2.5]",
     .help = "factors"},
    {.key = "samples",
     .type = PARAM_CSV_NUMBERS,
     AT(fixture, samples),
     .max = 1000,
     .help = "measured"},
    {.key = "trace", .type = PARAM_CSV_TABLE, AT(fixture, trace), .help = "recorded"},
    {.key = "delay",
     .type = PARAM_DISTRIBUTION,
     AT(fixture, delay),
     .unit = PARAM_UNIT_DURATION,
     .default_text = "{\"distribution\": \"normal\", \"mean\": \"5ms\", \"sd\": 1}",
     .help = "x"},
    {.key = "think_s",
     .type = PARAM_DISTRIBUTION,
     AT(fixture, think_s),
     .unit = PARAM_UNIT_DURATION,
     .help = "plain numbers are seconds"},
    {.key = "size", .type = PARAM_DISTRIBUTION, AT(fixture, size), .help = "without unit"},
    {.key = "clocks",
     .type = PARAM_CHOICE,
     AT(fixture, clocks),
     .registry = &clocks,
     .default_text = "perfect",
     .help = "x"},
    {.key = "faults",
     .type = PARAM_CHOICES,
     AT(fixture, faults),
     .registry = &faults,
     .table = fault_table,
     .item_bytes = sizeof(struct fixture_fault),
     .max = 3,
     .help = "timeline"},
    {.key = "expect", .type = PARAM_EXPECT, AT(fixture, expect), .help = "thresholds"},
    {.key = "variants", .type = PARAM_VARIANTS, .help = "named overrides"},
    {0}};

const char fixture_least[] = "{\"name\": \"least\", \"duration\": \"1s\", \"regions\": [\"a\"]}";

const char fixture_full[] =
    "{\n"
    "  \"$schema\": \"x.json\",\n"
    "  \"name\": \"full\", \"summary\": \"it says \\\"\\u00e9\\\"\", \"seed\": 9007199254740991,\n"
    "  \"strict\": false, \"scale\": -2.385e-3, \"loss\": \"12.5%\", \"hedge\": 0.25,\n"
    "  \"rate\": \"3/min\", \"bandwidth\": \"2.5Mbps\", \"duration\": \"20min\",\n"
    "  \"offset\": \"-0.1ms\", \"interval_s\": 0.25, \"buffer\": \"1.5kB\", \"limit\": 7,\n"
    "  \"regions\": [\"a\", {\"name\": \"b\", \"nodes\": 3}, \"c\"], \"home\": \"b\",\n"
    "  \"main\": \"users\", \"jitter\": \"relative\", \"retry\": {\"tries\": 3},\n"
    "  \"links\": [{\"from\": \"c\", \"to\": \"a\", \"one_way\": 12.5},\n"
    "            {\"from\": \"a\", \"to\": \"b\"}],\n"
    "  \"datasets\": {\n"
    "    \"orders\": {\"keys\": 5, \"value_bytes\": 100, \"replication\": \"primary\"},\n"
    "    \"users\": {\"replication\": {\"strategy\": \"quorum\", \"r\": 1,\n"
    "                              \"replicas\": [\"c\", \"a\"]}}},\n"
    "  \"by_hour\": [0.1, 10], \"samples\": \"delays.csv\", \"trace\": \"trace.csv\",\n"
    "  \"delay\": {\"distribution\": \"mixture\", \"parts\": [\n"
    "      {\"weight\": 1, \"of\": \"2ms\"},\n"
    "      {\"weight\": 3, \"of\": {\"distribution\": \"exponential\", \"mean\": 0.3}}]},\n"
    "  \"think_s\": 1.5, \"size\": 7,\n"
    "  \"faults\": [{\"kind\": \"partition\", \"id\": \"cable\", \"at\": \"5min\",\n"
    "              \"between\": [[\"a\"], [\"b\", \"c\"]]}],\n"
    "  \"expect\": {\"stale_ms{reader:b}\": [\"p(99)<500\", \"avg<80\"], \"lost\": \"count==0\",\n"
    "             \"rare\": [{\"threshold\": \"count<1\", \"allow_empty\": true}]},\n"
    "  \"variants\": {\"small\": {\"datasets.users.keys\": 3}, \"none\": {}}\n"
    "}\n";

static const struct {
    const char *name, *text;
} files[] = {
    {"delays.csv", "delay_ms\n1.5\n2\n1e1\n"},
    {"plain.csv", "1\n2\n3.25\n"},
    {"two.csv", "from,rtt_ms\r\na,10\r\nb,20.5\r\n"},
    {"words.csv", "rtt_ms\n1\nfast\n2000\n"},
    {"trace.csv", "\xef\xbb\xbftime_ms,key\n0,\"a,\"\"b\"\n1, c \n"},
    {"ragged.csv", "a,b\n1,2\n3\n"},
    {"quote.csv", "a,b\n1,x\"y\n"},
    {"open.csv", "a,b\n1,\"x\n"},
    {"blank.csv", "a\n1\n\n2\n"},
    {"control.csv", "a\n1\x01\n"},
    {"return.csv", "a\r1\r"},
    {"latin.csv", "a\ncaf\xe9\n"},
    {"twice.csv", "a,a\n1,2\n"},
    {"empty.csv", "\n"},
};

static const char *read_fixture_file(void *context, const char *name, struct arena *arena,
                                     size_t *length, const char **problem)
{
    (void)context;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strcmp(files[i].name, name) == 0) {
            *length = strlen(files[i].text);
            return arena_text(arena, files[i].text, *length);
        }
    }
    *problem = "no such file";
    return NULL;
}

const struct file_reader fixture_files = {read_fixture_file, NULL};

void fixture_open_with(struct fixture_load *load, const struct load_options *options)
{
    memset(load, 0, sizeof *load);
    arena_init(&load->arena);
    diags_init(&load->diags, &load->arena);
    load->ok = load_table(options, fixture_table, &load->fixture, &load->loaded, &load->diags);
}

void fixture_open(struct fixture_load *load, const char *text)
{
    const struct load_options options = {
        .file_name = "t.json", .text = text, .length = strlen(text), .files = &fixture_files};
    fixture_open_with(load, &options);
}

struct text fixture_messages(struct fixture_load *load)
{
    struct text text = {0};
    diags_put_lines(&load->diags, &text);
    return text;
}

void fixture_close(struct fixture_load *load)
{
    arena_release(&load->arena);
}
