#include "tests/validation/timelines/timeline.h"

static const char *or_else(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static const char network_text[] =
    " 'network': {'latency': {'from': 'constant', 'one_way': '500ms'}, 'jitter': 'none',"
    "   'links': [{'from': 'us-east-1', 'to': 'eu-west-1', 'one_way': '40ms'},"
    "     {'from': 'us-east-1', 'to': 'ap-northeast-1', 'one_way': '75.5ms'},"
    "     {'from': 'eu-west-1', 'to': 'ap-northeast-1', 'one_way': '110.25ms'}";
static const char fourth_text[] =
    ",   {'from': 'us-east-1', 'to': 'us-west-2', 'one_way': '30ms'},"
    "     {'from': 'eu-west-1', 'to': 'us-west-2', 'one_way': '65ms'},"
    "     {'from': 'ap-northeast-1', 'to': 'us-west-2', 'one_way': '50ms'}";

void timeline_run(struct lab *lab, const struct plan *plan)
{
    static const char *const regions[] = {"us-east-1", "eu-west-1", "ap-northeast-1", "us-west-2"};
    static char traces[3][2048];
    static char text[8192];
    const int machines = plan->per_region > 0 ? plan->per_region : 1;
    size_t used = (size_t)snprintf(text, sizeof text,
                                   "{'name': 'timeline', 'duration': '%ds', 'bucket': '1s',"
                                   " 'regions': [",
                                   plan->seconds);
    for (int r = 0; r < (plan->fourth ? 4 : 3); r++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s{'name': '%s', 'nodes': %d}",
                                 r > 0 ? ", " : "", regions[r], machines);
    }
    used += (size_t)snprintf(
        text + used, sizeof text - used,
        "],%s%s], 'same_zone': '%s', 'same_region': '%s'%s}, 'nodes': {%s},"
        " 'datasets': {'d': {'keys': 8, 'replication': {'replicas': ['us-east-1', 'eu-west-1',"
        "   'ap-northeast-1'], %s}, 'value': {%s}}}, 'clients': [",
        network_text, plan->fourth ? fourth_text : "", or_else(plan->inside, "0ms"),
        or_else(plan->inside, "0ms"), or_else(plan->network, ""), or_else(plan->nodes, ""),
        plan->replication, or_else(plan->value, "'type': 'register'"));
    *lab = (struct lab){0};
    bool first = true;
    for (int g = 0; g < 3; g++) {
        if (plan->operations[g] == NULL) {
            continue;
        }
        snprintf(traces[g], sizeof traces[g], "time_ms,operation,key,session%s\n%s",
                 plan->value != NULL ? ",element,amount" : "", plan->operations[g]);
        lab->traces[g] = traces[g];
        used +=
            (size_t)snprintf(text + used, sizeof text - used,
                             "%s{'at': '%s', 'sessions': 4, 'trace': '%d.csv', 'deadline': '%s',"
                             " 'retry': {%s}}",
                             first ? "" : ", ", regions[g], g, or_else(plan->deadline, "10s"),
                             or_else(plan->retry, ""));
        first = false;
    }
    used += (size_t)snprintf(text + used, sizeof text - used, "], 'faults': [%s]}",
                             or_else(plan->faults, ""));
    assert_true(used < sizeof text);
    lab_write(lab, text);
    lab->world = world_create(lab->scenario, 1);
    if (plan->prepare != NULL) {
        plan->prepare(lab->world);
    }
    const struct record_sink sink = {.state = lab, .row = lab_keep, .mask = UINT32_MAX};
    const enum engine_stop stop = world_run(lab->world, &sink, NULL);
    assert_true(stop == ENGINE_UNTIL || stop == ENGINE_DONE);
}

static const struct record *find(const struct lab *lab, enum record_kind kind, uint64_t operation)
{
    for (size_t i = 0; i < lab->row_count; i++) {
        if (lab->rows[i].kind == kind && lab->rows[i].operation == operation) {
            return &lab->rows[i];
        }
    }
    return NULL;
}

static void same_time(const char *what, uint64_t number, sim_ns is_ns, double must_ms)
{
    if (is_ns != MS(must_ms)) {
        fail_msg("%s of %llu: at %.6f ms, must be at %.6f ms", what, (unsigned long long)number,
                 (double)is_ns / 1e6, must_ms);
    }
}

void timeline_takes(const struct lab *lab, uint64_t number, double begin_ms, double end_ms,
                    enum record_outcome outcome)
{
    const struct record *begun = find(lab, RECORD_INVOKED, number);
    const struct record *ended = find(lab, RECORD_COMPLETED, number);
    if (begun == NULL || ended == NULL) {
        fail_msg("operation %llu has not %s", (unsigned long long)number,
                 begun == NULL ? "begun" : "ended");
        return;
    }
    same_time("begin", number, begun->at_ns, begin_ms);
    same_time("end", number, ended->at_ns, end_ms);
    if (ended->outcome != outcome) {
        fail_msg("outcome of %llu: %d, must be %d", (unsigned long long)number, ended->outcome,
                 (int)outcome);
    }
}

void timeline_returns(const struct lab *lab, uint64_t number, uint64_t write)
{
    const struct record *ended = find(lab, RECORD_COMPLETED, number);
    assert_non_null(ended);
    assert_int_equal(ended->type, RECORD_READ);
    assert_int_equal(ended->outcome, RECORD_OK);
    if (ended->write != write) {
        fail_msg("read %llu returned write %llu, must be %llu", (unsigned long long)number,
                 (unsigned long long)ended->write, (unsigned long long)write);
    }
}

void timeline_has(const struct lab *lab, uint32_t node, uint64_t write, double at_ms)
{
    for (size_t i = 0; i < lab->row_count; i++) {
        const struct record *row = &lab->rows[i];
        if (row->kind == RECORD_APPLIED && row->node == node && row->write == write) {
            if (at_ms < 0.0) {
                fail_msg("node %u must never have write %llu", node, (unsigned long long)write);
            }
            same_time("arrival", write, row->at_ns, at_ms);
            return;
        }
    }
    if (at_ms >= 0.0) {
        fail_msg("node %u never has write %llu", node, (unsigned long long)write);
    }
}

void timeline_mode(const struct lab *lab, int n, int mode, double at_ms)
{
    for (size_t i = 0; i < lab->row_count; i++) {
        if (lab->rows[i].kind == RECORD_MODE && --n == 0) {
            assert_int_equal(lab->rows[i].a, mode);
            same_time("change to mode", (uint64_t)mode, lab->rows[i].at_ns, at_ms);
            return;
        }
    }
    assert_int_equal(mode, -1);
}
