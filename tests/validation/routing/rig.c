#include "tests/validation/routing/rig.h"

static void add_group(struct lab *lab, const struct rig *rig, int group, char *text, size_t size)
{
    static char traces[2][8192];
    const char *rows = group == US ? rig->us : rig->eu;
    if (rows == NULL) {
        return;
    }
    snprintf(traces[group], sizeof traces[group], "time_ms,operation,key,session\n%s", rows);
    lab->traces[group] = traces[group];
    const size_t used = strlen(text);
    snprintf(text + used, size - used,
             "%s{'at': '%s', 'name': '%s', 'sessions': 4, 'trace': '%d.csv' %s}",
             text[used - 1] == '[' ? "" : ", ", group == US ? "us-east-1" : "eu-west-1",
             group == US ? "us" : "eu", group, rig->client != NULL ? rig->client : "");
}

void rig_run(struct lab *lab, const struct rig *rig)
{
    static char text[16384];
    snprintf(text, sizeof text,
             "{'name': 'rig', 'duration': '%ds', 'regions': ['us-east-1', 'eu-west-1'],"
             " 'network': {'latency': {'from': 'constant', 'one_way': '40ms'}, 'jitter': 'none',"
             "   'same_zone': '1ms', 'same_region': '1ms'},"
             " 'datasets': {'d': {'keys': 8, 'replication': {'strategy': 'primary',"
             "   'primary': 'us-east-1'}}},"
             " 'routing': {%s}, 'faults': [%s], 'clients': [",
             rig->seconds, rig->routing, rig->faults != NULL ? rig->faults : "");
    *lab = (struct lab){0};
    add_group(lab, rig, US, text, sizeof text);
    add_group(lab, rig, EU, text, sizeof text);
    const size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "]}");
    lab_write(lab, text);
    lab_run(lab, 1, 0);
}

static const struct record *of_operation(const struct lab *lab, enum record_kind kind,
                                         uint64_t operation)
{
    for (size_t i = 0; i < lab->row_count; i++) {
        if (lab->rows[i].kind == kind && lab->rows[i].operation == operation) {
            return &lab->rows[i];
        }
    }
    fail_msg("operation %llu has no row of kind %d", (unsigned long long)operation, (int)kind);
    return NULL;
}

static void same_time(const char *what, uint64_t number, sim_ns is_ns, double must_ms)
{
    if (is_ns != MS(must_ms)) {
        fail_msg("%s of %llu: at %.6f ms, must be at %.6f ms", what, (unsigned long long)number,
                 (double)is_ns / 1e6, must_ms);
    }
}

const struct record *rig_takes(const struct lab *lab, uint64_t number, double begin_ms,
                               double end_ms, enum record_outcome outcome)
{
    same_time("begin", number, of_operation(lab, RECORD_INVOKED, number)->at_ns, begin_ms);
    const struct record *end = of_operation(lab, RECORD_COMPLETED, number);
    same_time("end", number, end->at_ns, end_ms);
    if (end->outcome != outcome) {
        fail_msg("operation %llu ended with %d, must with %d", (unsigned long long)number,
                 end->outcome, (int)outcome);
    }
    return end;
}

const struct record *rig_row(const struct lab *lab, enum record_kind kind, uint32_t session,
                             uint32_t n)
{
    for (size_t i = 0; i < lab->row_count; i++) {
        const struct record *row = &lab->rows[i];
        if (row->kind == kind && row->session == session && --n == 0) {
            return row;
        }
    }
    return NULL;
}

const struct record *rig_has(const struct lab *lab, enum record_kind kind, uint32_t session,
                             uint32_t n, double at_ms, uint32_t region)
{
    const struct record *row = rig_row(lab, kind, session, n);
    assert_non_null(row);
    same_time("route or connection", n, row->at_ns, at_ms);
    assert_int_equal(row->to_place, region);
    return row;
}

uint32_t rig_count(const struct lab *lab, enum record_kind kind)
{
    uint32_t count = 0;
    for (size_t i = 0; i < lab->row_count; i++) {
        count += lab->rows[i].kind == kind;
    }
    return count;
}
