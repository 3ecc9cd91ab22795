#include "analysis/report.h"

#include "analysis/number_text.h"
#include "analysis/report_cells.h"
#include "analysis/report_conflicts.h"
#include "analysis/report_failures.h"
#include "analysis/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_USUAL = 24, TRAFFIC_ROWS = 6, ESTIMATED_SHOWN = 4 };

static const struct aggregate p50 = {AGGREGATE_PERCENTILE, 50.0};
static const struct aggregate p99 = {AGGREGATE_PERCENTILE, 99.0};
static const struct aggregate p999 = {AGGREGATE_PERCENTILE, 99.9};
static const struct aggregate largest = {AGGREGATE_MAX, 0.0};
static const struct aggregate plain_value = {AGGREGATE_VALUE, 0.0};

/* One table under a heading, while it is filled. */
struct page {
    FILE *stream;
    const struct report *report;
    struct text_table table;
    bool colour;
    unsigned rows_max, rows_left_out;
};

static const char *const columns_latency[] = {"latency, ms", "",    "offered", "p50",   "p99",
                                              "p99.9",       "max", "ok",      "nines", NULL};
static const char *const columns_fresh[] = {
    "staleness, ms",   "stale reads",      "p99",       "p99.9", "max",
    "99 % seen after", "own write missed", "went back", NULL};
static const char *const columns_lag[] = {
    "replication lag, ms", "mean",      "p50",       "p99", "max",
    "versions p99",        "apply p50", "apply p99", NULL};
static const char *const columns_loss[] = {
    "acknowledged writes", "lost",          "gone", "on a down node",
    "keys that differ",    "caught up, ms", NULL};
static const char *const columns_loss_led[] = {
    "acknowledged writes", "lost",          "gone", "on a down node", "discarded",
    "keys that differ",    "caught up, ms", NULL};
static const char *const columns_traffic[] = {
    "wide-area traffic", "messages", "repeated", "dropped", "bytes", "share", NULL};
static const char *const columns_faults[] = {
    "faults", "", "from", "to", "ok before", "ok during", "ok after", "writes lost", NULL};

static void page_begin(struct page *page, const char *const *columns)
{
    text_table_init(&page->table);
    page->rows_left_out = 0;
    for (size_t i = 0; columns[i] != NULL; i++) {
        text_table_cell(&page->table, columns[i]);
    }
    text_table_row(&page->table);
}

/* Whether one more row has room; counts it when it has none. */
static bool page_room(struct page *page)
{
    if (text_table_rows(&page->table) <= page->rows_max) {
        return true;
    }
    page->rows_left_out++;
    return false;
}

static void page_end(struct page *page)
{
    if (text_table_rows(&page->table) > 1) {
        fputc('\n', page->stream);
        text_table_print(&page->table, page->stream, page->colour);
        if (page->rows_left_out > 0) {
            fprintf(page->stream, "  ... and %u more in metrics.csv\n", page->rows_left_out);
        }
    }
    text_table_release(&page->table);
}

static const struct metric *row_of(const struct page *page, const char *metric, const char *key,
                                   const char *value)
{
    const struct row_key row = {.metric = metric, .keys = {key}, .values = {value}};
    return report_row(page->report, &row);
}

static const struct metric *row_of_two(const struct page *page, const char *metric,
                                       const char *const keys[2], const char *const values[2])
{
    const struct row_key row = {
        .metric = metric, .keys = {keys[0], keys[1]}, .values = {values[0], values[1]}};
    return report_row(page->report, &row);
}

static void latency_row(struct page *page, const char *place, const char *operation, bool first)
{
    static const char *const keys[2] = {"region", "operation"};
    const char *const values[2] = {place, operation};
    const struct metric *offered = row_of_two(page, "operations_offered", keys, values);
    if (offered == NULL || offered->count == 0 || !page_room(page)) {
        return;
    }
    struct text_table *table = &page->table;
    const struct metric *latency = row_of_two(page, "latency_ms", keys, values);
    text_table_cell(table, first ? place : "");
    text_table_cell(table, strcmp(operation, "read") == 0 ? "reads" : "writes");
    cell_count(table, offered);
    cell_aggregate(table, page->report, latency, p50);
    cell_aggregate(table, page->report, latency, p99);
    cell_aggregate_plain(table, page->report, latency, p999);
    cell_aggregate_plain(table, page->report, latency, largest);
    cell_share(table, row_of_two(page, "availability_ratio", keys, values));
    cell_aggregate_plain(table, page->report, row_of_two(page, "availability_nines", keys, values),
                         plain_value);
    text_table_row(table);
}

static void write_latency(struct page *page)
{
    const struct record_layout *layout = page->report->layout;
    page_begin(page, columns_latency);
    text_table_left(&page->table, 1);
    for (uint32_t i = 0; i < layout->place_count; i++) {
        const size_t before = text_table_rows(&page->table);
        latency_row(page, layout->places[i].name, "read", true);
        latency_row(page, layout->places[i].name, "write", text_table_rows(&page->table) == before);
    }
    page_end(page);
}

static void write_fresh(struct page *page)
{
    const struct record_layout *layout = page->report->layout;
    page_begin(page, columns_fresh);
    for (uint32_t i = 0; i < layout->place_count; i++) {
        const char *name = layout->places[i].name;
        const struct metric *stale = row_of(page, "stale_ratio", "reader", name);
        if (stale == NULL || stale->total == 0 || !page_room(page)) {
            continue;
        }
        const struct metric *age = row_of(page, "staleness_ms", "reader", name);
        struct text_table *table = &page->table;
        text_table_cell(table, name);
        cell_share(table, stale);
        cell_aggregate(table, page->report, age, p99);
        cell_aggregate_plain(table, page->report, age, p999);
        cell_aggregate_plain(table, page->report, age, largest);
        cell_aggregate_plain(table, page->report,
                             row_of(page, "t_visibility_p99_ms", "reader", name), plain_value);
        cell_share(table, row_of(page, "read_your_writes_violation_ratio", "reader", name));
        cell_share(table, row_of(page, "monotonic_reads_violation_ratio", "reader", name));
        text_table_row(table);
    }
    page_end(page);
}

static void lag_row(struct page *page, const char *dataset, const char *replica)
{
    static const char *const keys[2] = {"dataset", "replica"};
    const char *const values[2] = {dataset, replica};
    const struct metric *lag = row_of_two(page, "replication_lag_ms", keys, values);
    if (lag == NULL || !page_room(page)) {
        return;
    }
    struct text_table *table = &page->table;
    const struct metric *apply = row_of_two(page, "apply_delay_ms", keys, values);
    const bool named = page->report->layout->dataset_count > 1;
    text_table_cell(table,
                    named ? arena_printf(&table->arena, "%s  %s", dataset, replica) : replica);
    cell_aggregate(table, page->report, row_of_two(page, "replication_lag_mean_ms", keys, values),
                   plain_value);
    cell_aggregate_plain(table, page->report, lag, p50);
    cell_aggregate_plain(table, page->report, lag, p99);
    cell_aggregate_plain(table, page->report, lag, largest);
    cell_aggregate_plain(table, page->report,
                         row_of_two(page, "replication_lag_versions", keys, values), p99);
    cell_aggregate_plain(table, page->report, apply, p50);
    cell_aggregate_plain(table, page->report, apply, p99);
    text_table_row(table);
}

static void write_lag(struct page *page)
{
    const struct record_layout *layout = page->report->layout;
    page_begin(page, columns_lag);
    for (uint32_t i = 0; i < layout->dataset_count; i++) {
        const struct record_dataset *dataset = &layout->datasets[i];
        for (uint32_t j = 0; j < dataset->replica_count; j++) {
            lag_row(page, dataset->name, layout->nodes[dataset->replicas[j]].name);
        }
    }
    page_end(page);
}

/* Leaders can change, and what an old one took alone is thrown away. */
static bool any_discarded(const struct page *page)
{
    const struct record_layout *layout = page->report->layout;
    bool any = false;
    for (uint32_t i = 0; i < layout->dataset_count; i++) {
        const struct metric *discarded =
            row_of(page, "acked_discarded", "dataset", layout->datasets[i].name);
        any = any || (discarded != NULL && discarded->count > 0);
    }
    return any;
}

static void write_loss(struct page *page)
{
    const struct record_layout *layout = page->report->layout;
    const bool discarded = any_discarded(page);
    page_begin(page, discarded ? columns_loss_led : columns_loss);
    for (uint32_t i = 0; i < layout->dataset_count; i++) {
        const char *name = layout->datasets[i].name;
        const struct metric *lost = row_of(page, "acked_lost", "dataset", name);
        if (lost == NULL || !page_room(page)) {
            continue;
        }
        struct text_table *table = &page->table;
        text_table_cell(table, name);
        cell_count(table, lost);
        cell_count(table, row_of(page, "acked_lost_gone", "dataset", name));
        cell_count(table, row_of(page, "acked_lost_down", "dataset", name));
        if (discarded) {
            cell_count(table, row_of(page, "acked_discarded", "dataset", name));
        }
        cell_count(table, row_of(page, "divergent_keys", "dataset", name));
        cell_aggregate(table, page->report, row_of(page, "convergence_ms", "dataset", name),
                       plain_value);
        text_table_row(table);
    }
    page_end(page);
}

/* The places of one directed pair and what went over it. */
struct traffic {
    const char *from, *to;
    uint64_t bytes;
    uint32_t index; /* of the pair: the order of equals */
};

static int compare_traffic(const void *left, const void *right)
{
    const struct traffic *a = left, *b = right;
    if (a->bytes != b->bytes) {
        return a->bytes > b->bytes ? -1 : 1;
    }
    return a->index < b->index ? -1 : a->index > b->index ? 1 : 0;
}

static void traffic_row(struct page *page, const struct traffic *traffic, uint64_t total)
{
    static const char *const keys[2] = {"from", "to"};
    const char *const values[2] = {traffic->from, traffic->to};
    char share[CELL_TEXT_MAX];
    struct text_table *table = &page->table;
    text_table_cell(table, arena_printf(&table->arena, "%s > %s", traffic->from, traffic->to));
    cell_count(table, row_of_two(page, "messages", keys, values));
    cell_count(table, row_of_two(page, "messages_retransmitted", keys, values));
    cell_count(table, row_of_two(page, "messages_dropped", keys, values));
    cell_bytes(table, (double)traffic->bytes);
    text_table_cell(table, cell_share_text((double)traffic->bytes / (double)total, share));
    text_table_row(table);
}

/* Collects the pairs of different places from the rows of the set, in their order. */
static size_t traffic_collect(const struct page *page, struct arena *arena, struct traffic **list)
{
    const struct metric_set *set = page->report->results.merged;
    size_t count = 0;
    *list = arena_alloc(arena, set->metric_count + 1, sizeof **list);
    for (size_t i = 0; i < set->metric_count; i++) {
        const struct metric *metric = &set->metrics[i];
        const char *from = metric_label_value(metric, "from"),
                   *to = metric_label_value(metric, "to");
        if (strcmp(metric->definition->name, "message_bytes") == 0 && from != NULL && to != NULL &&
            strcmp(from, to) != 0 && metric->count > 0) {
            const struct traffic traffic = {
                .from = from, .to = to, .bytes = metric->count, .index = (uint32_t)i};
            (*list)[count++] = traffic;
        }
    }
    qsort(*list, count, sizeof **list, compare_traffic);
    return count;
}

static void write_traffic(struct page *page)
{
    struct arena arena;
    struct traffic *list = NULL;
    arena_init(&arena);
    const size_t count = traffic_collect(page, &arena, &list);
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += list[i].bytes;
    }
    page_begin(page, columns_traffic);
    for (size_t i = 0; i < count && i < TRAFFIC_ROWS; i++) {
        traffic_row(page, &list[i], total);
    }
    page->rows_left_out = count > TRAFFIC_ROWS ? (unsigned)(count - TRAFFIC_ROWS) : 0;
    page_end(page);
    if (count > 0) {
        char text[CELL_TEXT_MAX];
        fprintf(page->stream, "  %s over %zu directed pairs of places\n",
                cell_bytes_text((double)total, text), count);
    }
    arena_release(&arena);
}

static void fault_row(struct page *page, const struct record_fault *fault)
{
    static const char *const keys[2] = {"fault", "phase"};
    static const char *const phases[] = {"before", "during", "after"};
    struct text_table *table = &page->table;
    char text[SIM_TIME_TEXT_MAX];
    text_table_cell(table, fault->id);
    text_table_cell(table, strcmp(fault->text, fault->id) == 0 ? fault->kind : fault->text);
    text_table_cell(table, fault->begin_ns >= SIM_NS_MAX ? "another"
                                                         : sim_time_text(fault->begin_ns, text));
    text_table_cell(table,
                    fault->end_ns >= SIM_NS_MAX ? "the end" : sim_time_text(fault->end_ns, text));
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        const char *const values[2] = {fault->id, phases[i]};
        cell_share(table, row_of_two(page, "availability_ratio", keys, values));
    }
    cell_count(table, row_of(page, "rpo_writes", "fault", fault->id));
    text_table_row(table);
}

static void write_faults(struct page *page)
{
    const struct record_layout *layout = page->report->layout;
    page_begin(page, columns_faults);
    text_table_left(&page->table, 1);
    for (uint32_t i = 0; i < layout->fault_count; i++) {
        if (page_room(page)) {
            fault_row(page, &layout->faults[i]);
        }
    }
    page_end(page);
}

/* Free text of a scenario, which must not steer the terminal. */
static void print_clean(FILE *stream, const char *text)
{
    for (uint32_t code = utf8_next(&text); code != 0; code = utf8_next(&text)) {
        char bytes[4];
        fwrite(bytes, 1, utf8_write(utf8_is_control(code) ? UTF8_REPLACEMENT : code, bytes),
               stream);
    }
}

/* Reads that a scenario sends after its own writes; other reads' freshness stands above. */
static void write_probes(const struct page *page)
{
    const struct row_key key = {.metric = "probe_fresh_ratio"};
    const struct metric *probes = report_row(page->report, &key);
    if (probes == NULL || probes->total == 0) {
        return;
    }
    char share[CELL_TEXT_MAX], count[NUMBER_TEXT_MAX];
    fprintf(page->stream, "\n  probes: %s of %s saw the write they asked for (probe_fresh_ratio)\n",
            cell_share_text((double)probes->count / (double)probes->total, share),
            number_text_count(probes->total, count));
}

static void write_inversions(const struct page *page)
{
    const struct record_layout *layout = page->report->layout;
    for (uint32_t i = 0; i < layout->dataset_count; i++) {
        const struct metric *inversions =
            row_of(page, "clock_inversions", "dataset", layout->datasets[i].name);
        /* Under a leader the order is its log's: what a clock says decides nothing. */
        if (inversions != NULL && inversions->count > 0 && !layout->datasets[i].leader) {
            fputc('\n', page->stream);
            print_clean(page->stream, layout->datasets[i].name);
            fprintf(page->stream,
                    ": acknowledged writes lost to an earlier one with a later clock: %" PRIu64
                    " (clock_inversions)\n",
                    inversions->count);
        }
    }
}

static void write_estimates(const struct page *page)
{
    const struct record_layout *layout = page->report->layout;
    unsigned estimated = 0;
    for (uint32_t i = 0; i < layout->pair_count; i++) {
        estimated += layout->pairs[i].measured ? 0 : 1;
    }
    if (estimated == 0) {
        return;
    }
    fprintf(page->stream,
            "\n%u of %" PRIu32 " network paths are estimated, not measured:", estimated,
            layout->pair_count);
    unsigned shown = 0;
    for (uint32_t i = 0; i < layout->pair_count && shown < ESTIMATED_SHOWN; i++) {
        const struct record_pair *pair = &layout->pairs[i];
        if (!pair->measured) {
            fputs(shown == 0 ? " " : ", ", page->stream);
            print_clean(page->stream, layout->places[pair->from].name);
            fputs(" > ", page->stream);
            print_clean(page->stream, layout->places[pair->to].name);
            shown++;
        }
    }
    fputs(estimated > shown ? ", ...\n" : "\n", page->stream);
}

static void write_verdict(const struct page *page, const struct expect_verdict *verdict)
{
    static const char *const colours[] = {[EXPECT_PASS] = "\033[32m",
                                          [EXPECT_FAIL] = "\033[1;31m",
                                          [EXPECT_INCONCLUSIVE] = "\033[33m",
                                          [EXPECT_NO_SAMPLES] = "\033[1;31m"};
    char number[NUMBER_TEXT_MAX], low[NUMBER_TEXT_MAX], high[NUMBER_TEXT_MAX];
    enum { DIGITS = 4, STATE_WIDTH = 12 };
    FILE *stream = page->stream;
    fprintf(stream, "  %s%-*s%s  ", page->colour ? colours[verdict->state] : "", STATE_WIDTH,
            expect_state_text(verdict->state), page->colour ? "\033[0m" : "");
    print_clean(stream, verdict->expect->selector);
    fputs("  ", stream);
    print_clean(stream, verdict->expect->threshold);
    if (verdict->observed_defined) {
        const char *unit = verdict->expect->definition->unit;
        const bool plain = strcmp(unit, "count") == 0 || strcmp(unit, "ratio") == 0;
        fprintf(stream, "  (%s%s%s", number_text_rounded(verdict->observed, DIGITS, number),
                plain ? "" : " ", plain ? "" : unit);
        if (verdict->interval.count >= 2) {
            fprintf(stream, ", 95 %% in %s .. %s",
                    number_text_rounded(verdict->interval.low, DIGITS, low),
                    number_text_rounded(verdict->interval.high, DIGITS, high));
        }
        fputc(')', stream);
    }
    fputc('\n', stream);
}

static void write_verdicts(const struct page *page)
{
    const struct report *report = page->report;
    if (report->verdict_count == 0) {
        return;
    }
    fputs("\nexpectations\n", page->stream);
    for (size_t i = 0; i < report->verdict_count; i++) {
        write_verdict(page, &report->verdicts[i]);
    }
}

static void write_head(const struct page *page)
{
    const struct report *report = page->report;
    const struct record_layout *layout = report->layout;
    const struct metric_set *set = report->results.merged;
    char duration[SIM_TIME_TEXT_MAX], warmup[SIM_TIME_TEXT_MAX], events[NUMBER_TEXT_MAX];
    fputs(page->colour ? "\033[1m" : "", page->stream);
    print_clean(page->stream, layout->name);
    fputs(page->colour ? "\033[0m" : "", page->stream);
    if (*layout->summary != '\0') {
        fputs(": ", page->stream);
        print_clean(page->stream, layout->summary);
    }
    fputc('\n', page->stream);
    if (set->end_ns < set->duration_ns) {
        fprintf(page->stream, "%.3fs of ", (double)set->end_ns / (double)SIM_NS_PER_S);
    }
    fprintf(page->stream, "%s simulated", sim_time_text(set->duration_ns, duration));
    if (layout->warmup_ns > 0) {
        fprintf(page->stream, ", the first %s not measured",
                sim_time_text(layout->warmup_ns, warmup));
    }
    fprintf(page->stream, "; %s events; seed %" PRIu64, number_text_count(set->events, events),
            set->seed);
    if (report->results.replication_count > 1) {
        fprintf(page->stream, "; %zu replications, ± is the 95 %% interval",
                report->results.replication_count);
    }
    fputc('\n', page->stream);
}

static void write_reproduce(const struct page *page)
{
    const struct report *report = page->report;
    fputs("\nreproduce: ", page->stream);
    print_clean(page->stream, report->reproduce == NULL ? "" : report->reproduce);
    fprintf(page->stream, "   # fingerprint %016" PRIx64 "\n", report->results.merged->fingerprint);
}

void report_table(FILE *stream, const struct report *report,
                  const struct report_table_options *options)
{
    struct page page = {.stream = stream,
                        .report = report,
                        .colour = options->colour,
                        .rows_max = options->rows_max == 0 ? ROWS_USUAL : options->rows_max};
    write_head(&page);
    write_latency(&page);
    write_fresh(&page);
    write_probes(&page);
    write_lag(&page);
    write_loss(&page);
    write_inversions(&page);
    report_conflicts(stream, report, page.colour, page.rows_max);
    write_traffic(&page);
    write_faults(&page);
    report_failures(stream, report, page.colour, page.rows_max);
    write_estimates(&page);
    write_verdicts(&page);
    write_reproduce(&page);
}
