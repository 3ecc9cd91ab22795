/*
 * Names that want to become gnuplot code, shell commands or broken XML.
 *
 * Every name of a result (places, nodes, faults, dataset, scenario) is put together at random from
 * the pieces that did break other ways of quoting. Two walls are tested apart: the scripts are run
 * by a plain gnuplot without the sandbox, in their own folder, and then the whole driver with it.
 * In no case may a canary file or any other stray file appear, a picture fail, or an SVG be
 * malformed.
 *
 * GEODES_HOSTILE_RUNS sets the number of results (26 names each); the usual number is for every
 * build.
 */
#define _XOPEN_SOURCE 700 /* mkdtemp, nftw, setenv */

#include "plots/figure.h"
#include "plots/gnuplot.h"
#include "plots/plots.h"
#include "tests/analysis/report_fixture.h"
#include "tests/plots/conflict_fixture.h"
#include "tests/plots/failure_fixture.h"
#include "tests/plots/plot_files.h"

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { RUNS_USUAL = 8, PLACES = 8, FAULTS = 8, NODES = 8, NAME_MAX_BYTES = 400 };
enum { NAMES = PLACES + FAULTS + NODES + 2 };

static char folder[] = "/tmp/geodes-test-hostile-XXXXXX";
static char canary[128], temporary[128], work[128], program[OUTPUT_PATH_MAX];

/* A small generator of its own (Marsaglia's xorshift64, 2003): the seed of a failure is printed. */
static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % limit;
}

/* %C stands for the path of the canary, %R for a relative one. */
static const char *const pieces[] = {"\"",
                                     "'",
                                     "`",
                                     "\\",
                                     "\n",
                                     "\r",
                                     "\t",
                                     "''",
                                     "''''",
                                     "\"\"",
                                     ";",
                                     "#",
                                     "!",
                                     "|",
                                     "<",
                                     ">",
                                     "@",
                                     "@x",
                                     "$",
                                     "$x",
                                     "${x}",
                                     "{",
                                     "}",
                                     "%",
                                     "%s",
                                     "%n",
                                     "%d%d",
                                     "%%",
                                     "&",
                                     "&amp;",
                                     "<svg>",
                                     "</text>",
                                     "<script>",
                                     "]]>",
                                     "--",
                                     "/*",
                                     "*/",
                                     "^",
                                     "_",
                                     "~",
                                     "{/'X\" onload=\"alert(1)' y}",
                                     "`touch %C`",
                                     "`touch %R`",
                                     "system(\"touch %C\")",
                                     "system('touch %R')",
                                     "!touch %C",
                                     "\n!touch %C\n",
                                     "\n!touch %R\n",
                                     "\nsystem(\"touch %C\")\n",
                                     "\"; system(\"touch %C\"); \"",
                                     "'; system('touch %C'); '",
                                     "\nEOD\n!touch %C\n",
                                     "$(touch %C)",
                                     "< touch %C",
                                     "<touch %R",
                                     "| touch %C",
                                     "|touch %R",
                                     "\nset output '%C'\n",
                                     "\" ; set output \"%C\" #",
                                     "\nset print '%C'\nprint 1\n",
                                     "\nplot '<touch %C'\n",
                                     "\nload '|touch %R'\n",
                                     "\nexit\n",
                                     "\nquit\n",
                                     "\nreset\n",
                                     "eval \"!touch %C\"",
                                     "\\042; system(\\042touch %C\\042)",
                                     "\\n",
                                     "\\101",
                                     "\\0",
                                     "\\",
                                     "\377",
                                     "\303",
                                     "\342\202",
                                     "\355\240\200",
                                     "\357\277\276",
                                     "\364\220",
                                     "\300\257",
                                     "\001",
                                     "\033[31m",
                                     "\177",
                                     "\302\205",
                                     "\303\274",
                                     "\346\235\261\344\272\254",
                                     "\360\237\230\200",
                                     "e\314\201",
                                     "\342\200\256",
                                     "name",
                                     "eu-west-1",
                                     " ",
                                     "   ",
                                     "0",
                                     "-1",
                                     "NaN",
                                     "=1+1",
                                     "+1",
                                     "-e",
                                     "--help",
                                     "../../x",
                                     "/etc/passwd",
                                     ",",
                                     ",,,",
                                     "a,b",
                                     "\"a\",b",
                                     "keyentry",
                                     "title \"x\"",
                                     "noenhanced",
                                     "at 0,0",
                                     "first 0",
                                     "screen 1,1",
                                     "\nunset multiplot"};

static const char *make_name(struct arena *arena)
{
    char name[NAME_MAX_BYTES + 1] = "";
    size_t length = 0;
    const uint32_t count = 1 + random_below(6);
    for (uint32_t i = 0; i < count; i++) {
        const char *piece = pieces[random_below(sizeof pieces / sizeof pieces[0])];
        for (; *piece != '\0'; piece++) {
            const bool mark = *piece == '%' && (piece[1] == 'C' || piece[1] == 'R');
            const char *text = piece[1] == 'C' ? canary : "canary";
            if (mark && length + strlen(text) < NAME_MAX_BYTES) {
                strcpy(name + length, text);
                length += strlen(text);
                piece++;
            } else if (length < NAME_MAX_BYTES) {
                name[length++] = *piece;
            }
        }
    }
    return arena_text(arena, name, length);
}

/* A result in which every name is hostile. */
struct hostile {
    struct fixture fixture;
    struct record_place places[PLACES];
    struct record_node nodes[NODES];
    struct record_fault faults[FAULTS];
    struct record_pair pairs[PLACES * (PLACES - 1)];
    uint32_t replicas[NODES];
    const char *names[NAMES];
    size_t name_count;
};

static const char *next_name(struct hostile *hostile)
{
    const char *name = make_name(&hostile->fixture.arena);
    assert_true(hostile->name_count < NAMES);
    hostile->names[hostile->name_count++] = name;
    return name;
}

static void hostile_layout(struct hostile *hostile)
{
    struct record_layout *layout = &hostile->fixture.layout;
    uint32_t pair = 0;
    layout->name = next_name(hostile);
    hostile->fixture.datasets[0].name = next_name(hostile);
    for (uint32_t i = 0; i < PLACES; i++) {
        hostile->places[i] = hostile->fixture.places[0];
        hostile->places[i].name = next_name(hostile);
        for (uint32_t j = 0; j < PLACES; j++) {
            if (i != j) {
                hostile->pairs[pair] = hostile->fixture.pairs[0];
                hostile->pairs[pair].from = i;
                hostile->pairs[pair].to = j;
                pair++;
            }
        }
    }
    for (uint32_t i = 0; i < NODES; i++) {
        hostile->nodes[i] = hostile->fixture.nodes[0];
        hostile->nodes[i].name = next_name(hostile);
        hostile->replicas[i] = i;
    }
    for (uint32_t i = 0; i < FAULTS; i++) {
        hostile->faults[i] = hostile->fixture.faults[0];
        hostile->faults[i].id = next_name(hostile);
        hostile->faults[i].begin_ns = (sim_ns)random_below(600) * SIM_NS_PER_S;
        hostile->faults[i].end_ns =
            hostile->faults[i].begin_ns + (sim_ns)random_below(100) * SIM_NS_PER_S;
    }
    layout->places = hostile->places;
    layout->nodes = hostile->nodes;
    layout->faults = hostile->faults;
    layout->pairs = hostile->pairs;
    layout->place_count = PLACES;
    layout->node_count = NODES;
    layout->fault_count = FAULTS;
    layout->pair_count = pair;
    hostile->fixture.datasets[0].replicas = hostile->replicas;
    hostile->fixture.datasets[0].replica_count = NODES;
}

static void hostile_series(struct hostile *hostile, const char *name,
                           const struct metric_label *labels, uint32_t label_count)
{
    double *values = fixture_series(&hostile->fixture, name, "ms", labels, label_count);
    for (size_t i = 0; i < FIXTURE_BUCKETS; i++) {
        values[i] = 1.0 + random_below(1000);
    }
}

static void hostile_results(struct hostile *hostile)
{
    static const char *const series[] = {"offered_per_s", "ok_per_s", "latency_p50_ms",
                                         "latency_p99_ms"};
    static double x[] = {1.0, 2.0, 300.0}, y[] = {0.5, 0.75, 0.999};
    struct fixture *fixture = &hostile->fixture;
    for (uint32_t i = 0; i < PLACES; i++) {
        const struct metric_label labels[2] = {{"region", hostile->places[i].name},
                                               {"operation", i % 2 == 0 ? "read" : "write"}};
        const struct metric_label pair[2] = {{"reader", hostile->places[i].name},
                                             {"writer", hostile->places[(i + 1) % PLACES].name}};
        fixture_samples(fixture_metric(fixture, "latency_ms", labels, 2), 50, 1000000);
        fixture_samples(fixture_metric(fixture, "staleness_ms", pair, 2), 50, 1000000);
        for (size_t k = 0; k < sizeof series / sizeof series[0]; k++) {
            hostile_series(hostile, series[k], labels, 2);
        }
    }
    for (uint32_t i = 0; i < NODES; i++) {
        const struct metric_label labels[2] = {{"dataset", fixture->datasets[0].name},
                                               {"replica", hostile->nodes[i].name}};
        hostile_series(hostile, "replication_lag_ms", labels, 2);
    }
    failure_fixture_fill(fixture);
    conflict_fixture_fill(fixture);
    for (uint32_t i = 0; i < 4; i++) {
        struct metric_curve *curve = &fixture->curves[fixture->set.curve_count++];
        *curve = (struct metric_curve){.name = "t_visibility",
                                       .x_name = "t_ms",
                                       .y_name = "fresh_ratio",
                                       .labels = {{"reader", hostile->places[i].name}},
                                       .label_count = 1,
                                       .x = x,
                                       .y = y,
                                       .point_count = 3};
    }
}

/* Runs a plain gnuplot on a script in the folder `work`, with its stdout in `output`. */
static int run_plainly(const char *script, const char *output)
{
    int status = -1;
    const pid_t child = fork();
    if (child == 0) {
        char *const arguments[] = {strdup("gnuplot"), strdup("-d"), strdup(script), NULL};
        const int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        const int nothing = open("/dev/null", O_RDWR);
        if (out < 0 || nothing < 0 || chdir(work) != 0 || dup2(nothing, 0) < 0 ||
            dup2(out, 1) < 0 || dup2(nothing, 2) < 0) {
            _exit(126);
        }
        execv(program, arguments);
        _exit(127);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void fail_with(const struct hostile *hostile, uint64_t seed, const char *what,
                      const char *figure)
{
    print_message("seed %" PRIu64 ", figure %s: %s\n", seed, figure, what);
    for (size_t i = 0; i < hostile->name_count; i++) {
        print_message("  name %zu:", i);
        for (const char *at = hostile->names[i]; *at != '\0'; at++) {
            print_message(" %02x", (unsigned)(unsigned char)*at);
        }
        print_message("\n");
    }
    fail_msg("%s", what);
}

static void check_picture(const struct hostile *hostile, uint64_t seed, const char *directory,
                          const char *file)
{
    size_t size = 0;
    char *content = plot_file_read(directory, file, &size);
    if (content == NULL || strlen(content) != size) {
        fail_with(hostile, seed, "the SVG is missing or has a NUL", file);
    }
    const char *problem = xml_problem(content);
    if (problem != NULL) {
        print_message("not well-formed: %.200s\n", problem);
        fail_with(hostile, seed, "the SVG is not well-formed", file);
    }
    const char *tag = content;
    for (const char *at = content; *at != '\0'; at++) {
        tag = *at == '<' || *at == '>' ? at : tag;
        if (*tag == '<' && strncmp(at, "onload=", 7) == 0) {
            fail_with(hostile, seed, "an attribute was injected", file);
        }
    }
    free(content);
}

/* Wall one: what the scripts say, without any sandbox. */
static void draw_plainly(const struct hostile *hostile, uint64_t seed)
{
    const struct plot_options options = {.gnuplot = "/nonexistent/gnuplot"};
    static struct plot_report report;
    char script[64], output[256];
    int figures = 0;
    assert_true(
        plots_draw(&hostile->fixture.layout, &hostile->fixture.set, work, &options, &report));
    for (size_t i = 0; i < report.count; i++) {
        if (report.results[i].state != PLOT_SCRIPT_ONLY) {
            fail_with(hostile, seed, "the figure has no data", report.results[i].name);
        }
        snprintf(script, sizeof script, "%s.gp", report.results[i].name);
        snprintf(output, sizeof output, "%s/plain.svg", folder);
        const int status = run_plainly(script, output);
        if (access(canary, F_OK) == 0) {
            fail_with(hostile, seed, "a command ran", report.results[i].name);
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            fail_with(hostile, seed, "gnuplot failed", report.results[i].name);
        }
        check_picture(hostile, seed, folder, "plain.svg");
        figures++;
    }
    if (plot_entry_count(work) != 2 * figures) {
        fail_with(hostile, seed, "a stray file appeared", "any");
    }
}

/* Wall two: the driver with everything on. */
static void draw_by_driver(const struct hostile *hostile, uint64_t seed)
{
    const struct plot_options options = {.no_png = seed % 8 != 0};
    static struct plot_report report;
    char name[64];
    assert_true(
        plots_draw(&hostile->fixture.layout, &hostile->fixture.set, work, &options, &report));
    for (size_t i = 0; i < report.count; i++) {
        if (report.results[i].state != PLOT_DRAWN || report.results[i].text[0] != '\0') {
            fail_with(hostile, seed, report.results[i].text, report.results[i].name);
        }
        snprintf(name, sizeof name, "%s.svg", report.results[i].name);
        check_picture(hostile, seed, work, name);
    }
    if (access(canary, F_OK) == 0 || plot_entry_count(temporary) != 0) {
        fail_with(hostile, seed, "a stray file appeared", "any");
    }
}

static void one_result(uint64_t seed)
{
    struct hostile *hostile = memory_alloc(1, sizeof *hostile);
    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    fixture_init(&hostile->fixture, fixture_names);
    hostile_layout(hostile);
    hostile_results(hostile);
    snprintf(work, sizeof work, "%s/work", folder);
    draw_plainly(hostile, seed);
    if (seed % 4 == 0) {
        draw_by_driver(hostile, seed);
    }
    plot_folder_remove(work);
    /* Folder of the run: the private directories' parent and the last picture. */
    if (plot_entry_count(folder) != 2) {
        fail_with(hostile, seed, "a stray file appeared in the folder", "any");
    }
    fixture_release(&hostile->fixture);
    memory_release(hostile);
}

static void test_hostile_names(void **state)
{
    const char *wanted = getenv("GEODES_HOSTILE_RUNS");
    const uint64_t runs = wanted == NULL ? RUNS_USUAL : strtoull(wanted, NULL, 10);
    (void)state;
    if (!gnuplot_find(NULL, program)) {
        print_message("gnuplot is not installed: skipped\n");
        skip();
    }
    for (uint64_t seed = 1; seed <= runs; seed++) {
        one_result(seed);
    }
    print_message("%" PRIu64 " results with %d hostile names each\n", runs, NAMES);
}

/* The XML checker can say no. */
static void test_xml_checker(void **state)
{
    (void)state;
    assert_null(xml_problem("<?xml version=\"1.0\"?><a b='1' c = \"2\"><d/>x &amp; y</a>"));
    assert_non_null(xml_problem("<a><b></a></b>"));
    assert_non_null(xml_problem("<a>"));
    assert_non_null(xml_problem("<a b=1/>"));
    assert_non_null(xml_problem("<a>&nope;</a>"));
    assert_non_null(xml_problem("<a>\001</a>"));
    assert_non_null(xml_problem("<a>\377</a>"));
    assert_non_null(xml_problem("<a>\357\277\276</a>"));
    assert_non_null(xml_problem("plain"));
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    snprintf(canary, sizeof canary, "%s/canary", folder);
    snprintf(temporary, sizeof temporary, "%s/tmp", folder);
    return mkdir(temporary, 0700) != 0 || setenv("TMPDIR", temporary, 1) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    plot_folder_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_xml_checker),
                                       cmocka_unit_test(test_hostile_names)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
