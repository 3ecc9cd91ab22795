#include "tests/conformance/misfortune_internal.h"
#include "tests/validation/lab.h"

const char *const misfortune_regions[MISFORTUNE_REGIONS_MAX] = {
    "us-east-1", "eu-west-1", "us-west-2", "eu-central-1", "ca-central-1"};

__attribute__((format(printf, 2, 3))) static void put(struct misfortune *m, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    m->used += (size_t)vsnprintf(m->head + m->used, sizeof m->head - m->used, format, arguments);
    va_end(arguments);
    assert_true(m->used < sizeof m->head);
}

struct misfortune_some misfortune_some(struct misfortune *m, int count)
{
    struct misfortune_some some = {.count = count};
    int order[MISFORTUNE_REGIONS_MAX];
    for (int r = 0; r < m->regions; r++) {
        order[r] = r;
    }
    for (int i = 0; i < count; i++) {
        const int j = between(&m->dice, i, m->regions - 1);
        some.items[i] = order[j];
        order[j] = order[i];
    }
    return some;
}

static void put_some(struct misfortune *m, const char *key, const struct misfortune_some *some)
{
    put(m, "'%s': [", key);
    for (int i = 0; i < some->count; i++) {
        put(m, "%s'%s'", i > 0 ? ", " : "", misfortune_regions[some->items[i]]);
    }
    put(m, "]");
}

/* World. */

static void put_regions(struct misfortune *m)
{
    const bool plain = m->family == MISFORTUNE_SEMI_SYNC || m->family == MISFORTUNE_DISKS;
    m->regions = between(&m->dice, 3, 5);
    m->copies = !plain && one_in(&m->dice, 4) ? 2 : 1;
    put(m, "'regions': [");
    for (int r = 0; r < m->regions; r++) {
        m->nodes[r] = plain ? 1 : between(&m->dice, m->copies, 2);
        put(m, "%s{'name': '%s', 'nodes': %d, 'zones': %d}", r > 0 ? ", " : "",
            misfortune_regions[r], m->nodes[r], between(&m->dice, 1, 2));
    }
    put(m, "],\n");
}

static void put_network(struct misfortune *m)
{
    static const char *const latencies[] = {"'catalogue'", "{'from': 'constant', 'one_way': '5ms'}",
                                            "{'from': 'constant', 'one_way': '30ms'}",
                                            "{'from': 'constant', 'one_way': '0ms'}"};
    static const char *const jitters[] = {
        "'published'", "'none'", "'none'",
        "{'model': 'added', 'extra': {'distribution': 'exponential', 'mean': '5ms'}}"};
    static const char *const losses[] = {"0", "0", "0.001", "0.02"};
    static const char *const clocks[] = {"perfect", "ntp", "free_running", "bounded"};
    static const char *const disks[] = {"'0ms'", "'1ms'",
                                        "{'distribution': 'exponential', 'mean': '4ms'}"};
    struct dice *dice = &m->dice;
    put(m, "'network': {'latency': %s, ", PICK(dice, latencies));
    put(m, "'jitter': %s, ", PICK(dice, jitters));
    const char *const loss = PICK(dice, losses);
    put(m, "'loss': %s, 'retransmit_max': '1s', 'bandwidth': '%s', 'transport': '%s'},\n",
        m->datagrams ? "0" : loss, one_in(dice, 4) ? "20Mbps" : "0bps",
        m->datagrams ? "datagram" : "stream");
    const char *const clock = m->corrected ? "ntp" : PICK(dice, clocks);
    put(m, "'clocks': '%s', 'nodes': {'workers': %d, 'disk_sync': %s", clock, between(dice, 1, 3),
        PICK(dice, disks));
    if (one_in(dice, 2)) {
        put(m, ", 'service': '%dus'", between(dice, 1, 200));
    }
    put(m, "},\n");
}

static void put_primary(struct misfortune *m, int primary)
{
    static const char *const reads[] = {"nearest", "primary", "primary_after_write"};
    struct dice *dice = &m->dice;
    const int followers = m->regions * m->copies - 1;
    const bool semi = m->family == MISFORTUNE_SEMI_SYNC;
    const int acks = semi ? 2 : m->family == MISFORTUNE_ANYTHING ? between(dice, 1, 3) : 3;
    put(m, "'strategy': 'primary', 'primary': '%s', 'reads': '%s', 'topology': '%s'",
        misfortune_regions[primary], PICK(dice, reads),
        !semi && one_in(dice, 3) ? "cascade" : "star");
    if (acks == 2) {
        put(m, ", 'acks': 'semi_sync', 'wait_for': %d", semi ? 1 : between(dice, 1, followers));
    } else if (acks == 3) {
        put(m, ", 'acks': 'all'");
    }
    m->claims_no_loss = acks == 3;
    if (acks != 1 && m->family == MISFORTUNE_ANYTHING && one_in(dice, 2)) {
        put(m, ", 'fallback_after': '%dms'", between(dice, 0, 2000));
        m->claims_no_loss = false;
    }
    put(m, ", 'heartbeat': '%dms', 'resend_after': '%dms'", between(dice, 100, 300),
        between(dice, 200, 600));
    if (one_in(dice, 3)) {
        put(m, ", 'batch_max': %d, 'batch_wait': '%dms', 'window': %d", between(dice, 1, 5),
            between(dice, 0, 20), between(dice, 20, 40));
    }
    if (one_in(dice, 4)) {
        put(m, ", 'replay_rate': '%d/s'", between(dice, 100, 1000));
    }
}

static void put_quorum(struct misfortune *m)
{
    static const char *const reads[] = {"one", "quorum", "all"};
    static const char *const repairs[] = {"none", "blocking", "background"};
    struct dice *dice = &m->dice;
    put(m, "'strategy': 'quorum', 'read': '%s', 'write': '%s', 'read_repair': '%s'",
        PICK(dice, reads), PICK(dice, reads), PICK(dice, repairs));
    put(m,
        ", 'anti_entropy': '300ms', 'write_timeout': '800ms', 'read_timeout': '800ms',"
        " 'heartbeat': '200ms', 'suspect_after': '%dms'",
        between(dice, 1000, 2000));
}

static void put_health(struct misfortune *m)
{
    const int interval_ms = between(&m->dice, 350, 500);
    const struct misfortune_some from =
        misfortune_some(m, m->family == MISFORTUNE_SEMI_SYNC ? 3 : between(&m->dice, 1, 3));
    put(m, ", 'health': {");
    put_some(m, "from", &from);
    put(m, ", 'interval': '%dms', 'timeout': '%dms', 'threshold': %d, 'recover_threshold': %d,",
        interval_ms, between(&m->dice, 300, interval_ms), between(&m->dice, 2, 3),
        between(&m->dice, 1, 2));
    put(m, " 'agree': 0.5}");
}

static void put_lease(struct misfortune *m)
{
    const int retry_ms = between(&m->dice, 750, 900), loop_ms = between(&m->dice, 300, 500);
    put(m,
        ", 'by': 'lease', 'lease': {'loop_wait': '%dms', 'retry_timeout': '%dms', 'ttl': '%dms',"
        " 'back_off': '200ms'",
        loop_ms, retry_ms, loop_ms + 2 * retry_ms + between(&m->dice, 0, 1) * 300);
    if (m->family == MISFORTUNE_SEMI_SYNC || one_in(&m->dice, 2)) {
        const struct misfortune_some members = misfortune_some(m, 3);
        put(m, ", ");
        put_some(m, "members", &members);
    }
    put(m, "}");
    m->by_lease = true;
}

static void put_phases(struct misfortune *m)
{
    static const char *const phases[] = {"page",   "acknowledge", "diagnose", "decide",
                                         "verify", "dns",         "warm_up"};
    const struct misfortune_some at = misfortune_some(m, 1);
    put(m, "'policy': 'operator', ");
    put_some(m, "at", &at);
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        put(m, ", '%s': '%dms'", phases[i], between(&m->dice, 0, 100));
    }
    put(m, ", 'stop_if_recovered': %s, 'promotion': '%dms'", misfortune_boolean(&m->dice, 2),
        between(&m->dice, 0, 200));
    put_health(m);
}

/* What policies by health and by people share. */
static void put_fencing(struct misfortune *m)
{
    static const char *const fencings[] = {"none", "best_effort", "required"};
    struct dice *dice = &m->dice;
    m->fenced = m->family != MISFORTUNE_ANYTHING || one_in(dice, 2);
    put(m, ", 'fencing': '%s', 'fence_after': '%dms'",
        m->fenced ? "required" : fencings[between(dice, 0, 1)], between(dice, 600, 1000));
    if (m->family != MISFORTUNE_SEMI_SYNC && one_in(dice, 3)) {
        put(m, ", 'fail_back': '%dms'", between(dice, 300, 1000));
    }
}

static void put_failover(struct misfortune *m, int primary)
{
    struct dice *dice = &m->dice;
    const bool ordinary = m->family == MISFORTUNE_SEMI_SYNC || m->family == MISFORTUNE_DISKS;
    const int policy = ordinary ? between(dice, 3, 6) : between(dice, 0, 8);
    m->claims_one_leader = true;
    if (policy == 0) {
        if (one_in(dice, 2)) {
            put(m, "'failover': 'none',\n");
        }
        return;
    }
    put(m, "'failover': {");
    if (policy == 1) {
        const int to = (primary + between(dice, 1, m->regions - 1)) % m->regions;
        put(m, "'policy': 'switchover', 'at': '%dms', 'to': '%s', 'timeout': '%dms'",
            between(dice, 1000, 6000), misfortune_regions[to], between(dice, 500, 3000));
    } else if (policy == 2 || policy >= 7) {
        put_phases(m);
        put_fencing(m);
        m->decides = true;
    } else {
        put(m, "'policy': 'automatic', 'promotion': '%dms'", between(dice, 0, 200));
        if (policy <= 4) {
            put_lease(m);
        } else {
            const int count = m->family == MISFORTUNE_SEMI_SYNC ? 3 : between(dice, 1, 3);
            const struct misfortune_some orchestrators = misfortune_some(m, count);
            m->several = count > 1;
            put(m, ", ");
            put_some(m, "orchestrators", &orchestrators);
            put_health(m);
            put_fencing(m);
        }
        m->decides = true;
    }
    m->claims_one_leader = !m->decides || m->by_lease || m->fenced;
    if (!ordinary && one_in(dice, 4)) {
        put(m, ", 'choose': 'in_order'");
    }
    put(m, ", 'ask_timeout': '400ms', 'retry': '%dms'},\n", m->several ? 2500 : 500);
}

static void put_routing(struct misfortune *m)
{
    static const char *const modes[] = {"none", "ttl_only", "write_through", "invalidate"};
    struct dice *dice = &m->dice;
    put(m,
        "'routing': {'policy': '%s', 'connections': {'connect_timeout': '500ms', 'timeout':"
        " '1200ms'}, 'gateways': {'db_timeout': '500ms', 'db_retries': 2}, 'cache': {'mode': '%s',"
        " 'entries': %d, 'ttl': '500ms', 'flush_on_failover': %s}},\n",
        one_in(dice, 2) ? "nearest" : "home", PICK(dice, modes), between(dice, 1, 30),
        misfortune_boolean(dice, 2));
}

/* Workload. */

static void draw_trace(struct misfortune *m, int group)
{
    struct dice *dice = &m->dice;
    char *text = m->traces[group];
    size_t used = (size_t)snprintf(text, MISFORTUNE_TRACE_BYTES, "time_ms,operation,key\n");
    const int gap_ms = m->long_tail ? between(dice, 150, 400) : between(dice, 40, 200);
    for (int at_ms = between(dice, 1, 300); at_ms < m->operations_end_ms;
         at_ms += between(dice, 1, 2 * gap_ms)) {
        used += (size_t)snprintf(text + used, MISFORTUNE_TRACE_BYTES - used, "%d,%s,%d\n", at_ms,
                                 one_in(dice, 3) ? "read" : "write", between(dice, 0, m->keys - 1));
        assert_true(used < MISFORTUNE_TRACE_BYTES);
    }
}

static void put_clients(struct misfortune *m)
{
    struct dice *dice = &m->dice;
    put(m, "'clients': [");
    for (int group = 0; group < MISFORTUNE_GROUPS; group++) {
        put(m,
            "%s{'at': '%s', 'trace': '%d.csv', 'sessions': %d, 'deadline': '2500ms', 'retry': "
            "{'tries': %d, 'timeout': '%dms', 'backoff': '%dms'}%s}",
            group > 0 ? ",\n  " : "", misfortune_regions[group], group, between(dice, 1, 6),
            between(dice, 5, 8), between(dice, 300, 500), between(dice, 0, 50),
            one_in(dice, 4) ? ", 'hedge_after': '150ms'" : "");
        draw_trace(m, group);
    }
    put(m, "],\n");
}

static void draw_scenario(struct misfortune *m, int primary)
{
    m->keys = one_in(&m->dice, 4) ? 1 : between(&m->dice, 2, 24);
    put_network(m);
    put(m, "'datasets': {'d': {'keys': %d, 'value_bytes': '%dB', 'replication': {'copies': %d, ",
        m->keys, between(&m->dice, 10, 2000), m->copies);
    if (m->primary) {
        put_primary(m, primary);
    } else {
        put_quorum(m);
        m->claims_no_loss = true;
    }
    put(m, "}}},\n");
    if (m->primary) {
        put_failover(m, primary);
    }
    if (one_in(&m->dice, 4)) {
        put_routing(m);
    }
    put_clients(m);
}

void misfortune_draw(struct misfortune *m, uint64_t number)
{
    static const enum misfortune_family families[] = {
        MISFORTUNE_ALL, MISFORTUNE_ALL,      MISFORTUNE_ALL,       MISFORTUNE_ALL,
        MISFORTUNE_ALL, MISFORTUNE_ANYTHING, MISFORTUNE_ANYTHING,  MISFORTUNE_ANYTHING,
        MISFORTUNE_ALL, MISFORTUNE_DISKS,    MISFORTUNE_SEMI_SYNC, MISFORTUNE_SEMI_SYNC};
    *m = (struct misfortune){.dice = {.state = number * 5 + 1}, .number = number};
    struct dice *dice = &m->dice;
    m->family = families[number % (sizeof families / sizeof families[0])];
    m->long_tail = number % 16 == 7;
    m->datagrams = one_in(dice, 4);
    m->primary = m->family != MISFORTUNE_ANYTHING || !one_in(dice, 4);
    put_regions(m);
    const int primary = between(dice, 0, m->regions - 1);
    const int count = m->family == MISFORTUNE_DISKS ? between(dice, 1, 3)
                                                    : between(dice, 1, MISFORTUNE_FAULTS_MAX);
    int at_ms = between(dice, 1000, 2000);
    while (m->fault_count < count && at_ms < 20000) {
        misfortune_draw_fault(m, primary, &at_ms);
    }
    m->operations_end_ms = m->faults_end_ms + (m->long_tail ? 42000 : m->datagrams ? 13000 : 8500);
    m->end_ms = m->operations_end_ms + 4000;
    draw_scenario(m, primary);
    if (m->family == MISFORTUNE_SEMI_SYNC) {
        m->claims_no_loss = true;
    } else if (m->family == MISFORTUNE_ANYTHING) {
        m->claims_no_loss = m->claims_no_loss && !m->loses_disk;
    }
    m->claims_recovery = !m->loses_disk || m->decides || !m->primary;
}

void misfortune_text(const struct misfortune *m, uint32_t dropped, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "{'name': 'misfortune', 'duration': '%dms',\n%s",
                                   m->end_ms, m->head);
    used += (size_t)snprintf(text + used, size - used, "'faults': [");
    const char *between_two = "";
    for (int i = 0; i < m->fault_count; i++) {
        if ((dropped >> i & 1u) == 0) {
            used +=
                (size_t)snprintf(text + used, size - used, "%s%s", between_two, m->faults[i].json);
            between_two = ",\n  ";
        }
    }
    used += (size_t)snprintf(text + used, size - used, "]}");
    assert_true(used < size);
}
