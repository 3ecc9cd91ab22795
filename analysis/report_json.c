#include "analysis/json_writer.h"
#include "analysis/report.h"

#include "sim/check.h"

#include <inttypes.h>
#include <string.h>

static const char *const shape_names[] = {[METRIC_COUNT] = "count",
                                          [METRIC_RATIO] = "ratio",
                                          [METRIC_VALUE] = "value",
                                          [METRIC_DISTRIBUTION] = "distribution"};

/* The statistics of a distribution, in the order in which they are written. */
static const struct {
    const char *key;
    struct aggregate aggregate;
    bool has_interval;
} statistics[] = {
    {"mean", {AGGREGATE_AVG, 0.0}, true},        {"min", {AGGREGATE_MIN, 0.0}, false},
    {"p50", {AGGREGATE_PERCENTILE, 50.0}, true}, {"p90", {AGGREGATE_PERCENTILE, 90.0}, true},
    {"p99", {AGGREGATE_PERCENTILE, 99.0}, true}, {"p99.9", {AGGREGATE_PERCENTILE, 99.9}, true},
    {"max", {AGGREGATE_MAX, 0.0}, false}};

enum { STATISTIC_COUNT = sizeof statistics / sizeof statistics[0] };

static void write_seconds(struct json_writer *writer, const char *key, sim_ns ns)
{
    if (ns >= SIM_NS_MAX) {
        json_write_string(writer, key, NULL);
    } else {
        json_write_number(writer, key, (double)ns / (double)SIM_NS_PER_S);
    }
}

/* Integers that JavaScript can not hold are strings, as the scenario writes them. */
static void write_seed(struct json_writer *writer, uint64_t seed)
{
    char text[24];
    if (seed <= UINT64_C(1) << 53) {
        json_write_natural(writer, "seed", seed);
    } else {
        snprintf(text, sizeof text, "%" PRIu64, seed);
        json_write_string(writer, "seed", text);
    }
}

static void write_fingerprint(struct json_writer *writer, uint64_t fingerprint)
{
    char text[24];
    snprintf(text, sizeof text, "%016" PRIx64, fingerprint);
    json_write_string(writer, "fingerprint", text);
}

static void write_runs(struct json_writer *writer, const struct metric_results *results)
{
    json_write_array(writer, "runs");
    for (size_t i = 0; i < results->replication_count; i++) {
        const struct metric_set *set =
            results->replications == NULL ? results->merged : results->replications[i];
        json_write_object(writer, NULL);
        write_seed(writer, set->seed);
        write_fingerprint(writer, set->fingerprint);
        json_write_natural(writer, "events", set->events);
        json_write_end(writer);
    }
    json_write_end(writer);
}

static void write_places(struct json_writer *writer, const struct record_layout *layout)
{
    json_write_array(writer, "places");
    for (uint32_t i = 0; i < layout->place_count; i++) {
        const struct record_place *place = &layout->places[i];
        json_write_object(writer, NULL);
        json_write_string(writer, "name", place->name);
        json_write_string(writer, "provider", place->provider);
        json_write_string(writer, "city", place->city);
        json_write_string(writer, "country", place->country);
        json_write_string(writer, "jurisdiction", place->jurisdiction);
        json_write_number(writer, "latitude", place->latitude);
        json_write_number(writer, "longitude", place->longitude);
        json_write_boolean(writer, "region", place->is_region);
        json_write_end(writer);
    }
    json_write_end(writer);
}

/* When the fault really was active, in the first replication; null: to the end of the run. */
static void write_windows(struct json_writer *writer, const struct metric_events *events,
                          uint32_t fault)
{
    json_write_array(writer, "windows_s");
    for (size_t i = 0; i < events->window_count; i++) {
        if (events->windows[i].fault == fault) {
            json_write_array(writer, NULL);
            write_seconds(writer, NULL, events->windows[i].begin_ns);
            write_seconds(writer, NULL, events->windows[i].end_ns);
            json_write_end(writer);
        }
    }
    json_write_end(writer);
}

static void write_faults(struct json_writer *writer, const struct record_layout *layout,
                         const struct metric_events *events)
{
    json_write_array(writer, "faults");
    for (uint32_t i = 0; i < layout->fault_count; i++) {
        const struct record_fault *fault = &layout->faults[i];
        json_write_object(writer, NULL);
        json_write_string(writer, "id", fault->id);
        json_write_string(writer, "kind", fault->kind);
        json_write_string(writer, "text", fault->text);
        write_seconds(writer, "begin_s", fault->begin_ns);
        write_seconds(writer, "end_s", fault->end_ns);
        write_windows(writer, events, i);
        json_write_end(writer);
    }
    json_write_end(writer);
}

/* The members of the header, before the lists. */
static void write_header(struct json_writer *writer, const struct report *report)
{
    const struct record_layout *layout = report->layout;
    const struct metric_results *results = &report->results;
    json_write_string(writer, "tool", report->tool);
    json_write_string(writer, "version", report->version);
    json_write_string(writer, "name", layout->name);
    json_write_string(writer, "summary", layout->summary);
    json_write_string(writer, "scenario_sha256", report->scenario_sha256);
    write_seed(writer, results->merged->seed);
    json_write_natural(writer, "replications", results->replication_count);
    write_fingerprint(writer, results->merged->fingerprint);
    json_write_string(writer, "reproduce", report->reproduce);
    write_seconds(writer, "duration_s", results->merged->duration_ns);
    write_seconds(writer, "warmup_s", layout->warmup_ns);
    json_write_number(writer, "measured_s",
                      metric_set_measured_s(results->merged) / (double)results->replication_count);
    json_write_natural(writer, "events", results->merged->events);
    write_runs(writer, results);
    write_places(writer, layout);
    write_faults(writer, layout, &results->merged->failures);
    json_write_array(writer, "notes");
    for (size_t i = 0; i < report->note_count; i++) {
        json_write_string(writer, NULL, report->notes[i]);
    }
    json_write_end(writer);
    if (report->scenario_json == NULL) {
        json_write_string(writer, "scenario", NULL);
    } else {
        json_write_raw(writer, "scenario", report->scenario_json);
    }
}

static void write_labels(struct json_writer *writer, const struct metric_label *labels,
                         uint32_t label_count)
{
    json_write_object(writer, "labels");
    for (uint32_t i = 0; i < label_count; i++) {
        json_write_string(writer, labels[i].key, labels[i].value);
    }
    json_write_end(writer);
}

static void write_aggregate(struct json_writer *writer, const char *key,
                            const struct metric *metric, struct aggregate aggregate)
{
    double value = 0.0;
    if (aggregate_of(metric, aggregate, 0.0, &value)) {
        json_write_number(writer, key, value);
    } else {
        json_write_string(writer, key, NULL);
    }
}

static void write_interval(struct json_writer *writer, const struct report *report, size_t index,
                           const char *key, struct aggregate aggregate)
{
    const struct aggregate_interval interval = aggregate_across(&report->results, index, aggregate);
    if (interval.count >= 2) {
        json_write_array(writer, key);
        json_write_number(writer, NULL, interval.low);
        json_write_number(writer, NULL, interval.high);
        json_write_end(writer);
    }
}

static void write_intervals(struct json_writer *writer, const struct report *report, size_t index)
{
    const struct metric *metric = &report->results.merged->metrics[index];
    const struct aggregate value = {AGGREGATE_VALUE, 0.0};
    if (report->results.replication_count < 2) {
        return;
    }
    json_write_object(writer, "ci95");
    if (metric->definition->shape != METRIC_DISTRIBUTION) {
        write_interval(writer, report, index, "value", value);
    }
    for (size_t i = 0; metric->definition->shape == METRIC_DISTRIBUTION && i < STATISTIC_COUNT;
         i++) {
        if (statistics[i].has_interval) {
            write_interval(writer, report, index, statistics[i].key, statistics[i].aggregate);
        }
    }
    json_write_end(writer);
}

static void write_metric(struct json_writer *writer, const struct report *report, size_t index)
{
    const struct metric *metric = &report->results.merged->metrics[index];
    const struct metric_definition *definition = metric->definition;
    const struct histogram *histogram = metric->histogram;
    json_write_string(writer, "name", definition->name);
    json_write_string(writer, "unit", definition->unit);
    write_labels(writer, metric->labels, metric->label_count);
    json_write_string(writer, "shape", shape_names[definition->shape]);
    if (definition->shape == METRIC_DISTRIBUTION) {
        json_write_natural(writer, "count", histogram == NULL ? 0 : histogram->count);
        for (size_t i = 0; i < STATISTIC_COUNT; i++) {
            write_aggregate(writer, statistics[i].key, metric, statistics[i].aggregate);
        }
    } else {
        const struct aggregate value = {AGGREGATE_VALUE, 0.0};
        json_write_natural(writer, "count", metric->count);
        if (definition->shape == METRIC_RATIO) {
            json_write_natural(writer, "total", metric->total);
        }
        write_aggregate(writer, "value", metric, value);
    }
    write_intervals(writer, report, index);
}

static void write_numbers(struct json_writer *writer, const char *key, const double *values,
                          size_t count)
{
    json_write_array(writer, key);
    for (size_t i = 0; i < count; i++) {
        json_write_number(writer, NULL, values[i]);
    }
    json_write_end(writer);
}

static void write_curve(struct json_writer *writer, const struct metric_curve *curve)
{
    char end_name[64];
    json_write_string(writer, "name", curve->name);
    write_labels(writer, curve->labels, curve->label_count);
    write_numbers(writer, curve->x_name, curve->x, curve->point_count);
    if (curve->x_end != NULL) {
        /* Point i is about the bin from x[i] to here. */
        snprintf(end_name, sizeof end_name, "end_%s", curve->x_name);
        write_numbers(writer, end_name, curve->x_end, curve->point_count);
    }
    write_numbers(writer, curve->y_name, curve->y, curve->point_count);
    if (curve->samples != NULL) {
        json_write_array(writer, "samples");
        for (size_t i = 0; i < curve->point_count; i++) {
            json_write_natural(writer, NULL, curve->samples[i]);
        }
        json_write_end(writer);
    }
}

static void write_pair(struct json_writer *writer, const struct record_layout *layout,
                       const struct record_pair *pair)
{
    const double ms = (double)SIM_NS_PER_MS;
    CHECK(pair->from < layout->place_count);
    CHECK(pair->to < layout->place_count);
    json_write_string(writer, "from", layout->places[pair->from].name);
    json_write_string(writer, "to", layout->places[pair->to].name);
    json_write_number(writer, "one_way_floor_ms", (double)pair->floor_ns / ms);
    json_write_number(writer, "one_way_p50_ms", (double)pair->p50_ns / ms);
    json_write_number(writer, "one_way_p99_ms", (double)pair->p99_ns / ms);
    json_write_number(writer, "distance_km", pair->distance_km);
    json_write_boolean(writer, "measured", pair->measured);
    json_write_string(writer, "source", pair->source);
}

static void write_verdict(struct json_writer *writer, const struct expect_verdict *verdict)
{
    const struct expect *expect = verdict->expect;
    json_write_string(writer, "metric", expect->selector);
    json_write_string(writer, "threshold", expect->threshold);
    json_write_string(writer, "unit", expect->definition->unit);
    json_write_boolean(writer, "ok", verdict->state == EXPECT_PASS);
    json_write_string(writer, "verdict", expect_state_text(verdict->state));
    if (verdict->observed_defined) {
        json_write_number(writer, "observed", verdict->observed);
    } else {
        json_write_string(writer, "observed", NULL);
    }
    if (verdict->interval.count >= 2) {
        json_write_array(writer, "ci95");
        json_write_number(writer, NULL, verdict->interval.low);
        json_write_number(writer, NULL, verdict->interval.high);
        json_write_end(writer);
    }
}

void report_json(FILE *stream, const struct report *report)
{
    const struct metric_set *set = report->results.merged;
    struct json_writer writer = json_writer_on(stream, 2);
    json_write_object(&writer, NULL);
    write_header(&writer, report);
    json_write_array(&writer, "metrics");
    for (size_t i = 0; i < set->metric_count; i++) {
        json_write_object(&writer, NULL);
        write_metric(&writer, report, i);
        json_write_end(&writer);
    }
    json_write_end(&writer);
    json_write_array(&writer, "curves");
    for (size_t i = 0; i < set->curve_count; i++) {
        json_write_object(&writer, NULL);
        write_curve(&writer, &set->curves[i]);
        json_write_end(&writer);
    }
    json_write_end(&writer);
    json_write_array(&writer, "pairs");
    for (uint32_t i = 0; i < report->layout->pair_count; i++) {
        json_write_object(&writer, NULL);
        write_pair(&writer, report->layout, &report->layout->pairs[i]);
        json_write_end(&writer);
    }
    json_write_end(&writer);
    json_write_array(&writer, "expectations");
    for (size_t i = 0; i < report->verdict_count; i++) {
        json_write_object(&writer, NULL);
        write_verdict(&writer, &report->verdicts[i]);
        json_write_end(&writer);
    }
    json_write_end(&writer);
    json_write_end(&writer);
}

static struct json_writer line_begin(FILE *stream, const char *type)
{
    struct json_writer writer = json_writer_on(stream, 0);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "type", type);
    return writer;
}

void report_jsonl(FILE *stream, const struct report *report)
{
    const struct metric_set *set = report->results.merged;
    struct json_writer writer = line_begin(stream, "header");
    write_header(&writer, report);
    json_write_end(&writer);
    for (size_t i = 0; i < set->metric_count; i++) {
        writer = line_begin(stream, "metric");
        write_metric(&writer, report, i);
        json_write_end(&writer);
    }
    for (size_t i = 0; i < set->curve_count; i++) {
        writer = line_begin(stream, "curve");
        write_curve(&writer, &set->curves[i]);
        json_write_end(&writer);
    }
    for (uint32_t i = 0; i < report->layout->pair_count; i++) {
        writer = line_begin(stream, "pair");
        write_pair(&writer, report->layout, &report->layout->pairs[i]);
        json_write_end(&writer);
    }
    for (size_t i = 0; i < report->verdict_count; i++) {
        writer = line_begin(stream, "expectation");
        write_verdict(&writer, &report->verdicts[i]);
        json_write_end(&writer);
    }
    /* A reader of a pipe knows by this line that nothing is missing. */
    writer = line_begin(stream, "end");
    json_write_natural(&writer, "metrics", set->metric_count);
    json_write_natural(&writer, "expectations", report->verdict_count);
    json_write_end(&writer);
}
