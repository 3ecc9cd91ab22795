#include "tests/conformance/audit.h"

#include "models/world_internal.h"

static void wrong(const struct audit *audit, const struct record *row, const char *rule)
{
    if (audit->scenario != NULL) {
        print_error("%s\n", audit->scenario);
    }
    fail_msg(
        "%s: %s (row kind %u at %lld ns, operation %llu, node %u, key %u, stamp %lld, write %llu)",
        audit->name, rule, row->kind, (long long)row->at_ns, (unsigned long long)row->operation,
        row->node, row->key, (long long)row->stamp, (unsigned long long)row->write);
}

static void must(const struct audit *audit, bool holds, const struct record *row, const char *rule)
{
    if (!holds) {
        wrong(audit, row, rule);
    }
}

static struct version version_of(const struct record *row)
{
    return (struct version){.stamp = row->stamp, .write = row->write};
}

void audit_init(struct audit *audit, const char *name, const struct lab *lab, sim_ns settle_ns)
{
    const struct record_layout *layout = world_layout(lab->world);
    *audit = (struct audit){.name = name, .layout = layout, .settle_ns = settle_ns};
    assert_int_equal(layout->dataset_count, 1);
    audit->key_count = layout->datasets[0].key_count;
    audit->total_order = layout->datasets[0].total_order;
    audit->held = memory_alloc((size_t)layout->node_count * audit->key_count, sizeof *audit->held);
    audit->acked = memory_alloc(audit->key_count, sizeof *audit->acked);
    audit->settled = memory_alloc(audit->key_count, sizeof *audit->settled);
    const size_t pairs = (size_t)layout->session_count * audit->key_count;
    audit->own = memory_alloc(pairs, sizeof *audit->own);
    audit->seen = memory_alloc(pairs, sizeof *audit->seen);
    audit->down = memory_alloc(layout->node_count, sizeof *audit->down);
    audit->traffic =
        memory_alloc((size_t)layout->place_count * layout->place_count, sizeof *audit->traffic);
}

void audit_release(struct audit *audit)
{
    memory_release(audit->operations);
    memory_release(audit->held);
    memory_release(audit->acked);
    memory_release(audit->settled);
    memory_release(audit->own);
    memory_release(audit->seen);
    memory_release(audit->log);
    memory_release(audit->down);
    memory_release(audit->traffic);
}

static void mix(struct audit *audit, uint64_t word)
{
    audit->workload = (audit->workload ^ word) * UINT64_C(0x100000001b3);
    audit->workload ^= audit->workload >> 29;
}

static size_t pair_of(const struct audit *audit, uint32_t session, uint32_t key)
{
    return (size_t)session * audit->key_count + key;
}

static void raise(struct version *newest, struct version version)
{
    *newest = version_newer(version, *newest) ? version : *newest;
}

static void on_invoked(struct audit *audit, const struct record *row)
{
    void *items = audit->operations;
    memory_grow(&items, &audit->operation_capacity, row->operation + 1, sizeof *audit->operations);
    audit->operations = items;
    must(audit, row->operation == audit->operation_count + 1, row, "operations are numbered 1, 2");
    must(audit, row->key < audit->key_count, row, "a key of the dataset");
    audit->operation_count = row->operation;
    const size_t pair = pair_of(audit, row->session, row->key);
    audit->operations[row->operation] =
        (struct audit_operation){.begun_ns = row->at_ns,
                                 .expected = audit->acked[row->key],
                                 .own = audit->own[pair],
                                 .seen = audit->seen[pair],
                                 .key = row->key,
                                 .session = row->session,
                                 .type = row->type,
                                 .probe = (row->flags & RECORD_FLAG_PROBE) != 0};
    audit->invoked++;
    mix(audit, (uint64_t)row->at_ns);
    mix(audit, (uint64_t)row->key << 33 | (uint64_t)row->session << 1 | row->type);
    mix(audit, row->bytes);
}

static struct audit_operation *operation_of(struct audit *audit, const struct record *row)
{
    must(audit, row->operation >= 1 && row->operation <= audit->operation_count, row,
         "an operation that has begun");
    return &audit->operations[row->operation];
}

static void on_read_ok(struct audit *audit, const struct audit_operation *operation,
                       const struct record *row)
{
    if (row->write != 0) {
        must(audit, row->write <= audit->operation_count, row, "a read returns what was written");
        const struct audit_operation *write = &audit->operations[row->write];
        must(audit, write->type == RECORD_WRITE, row, "a read returns a write's value");
        must(audit, write->key == operation->key, row, "a read returns its own key's value");
    }
    const struct version got = version_of(row);
    audit->stale_reads += version_newer(operation->expected, got);
    if (operation->probe) {
        return;
    }
    struct audit_reads *reads = &audit->reads;
    reads->ok++;
    reads->stale += version_newer(operation->expected, got);
    reads->with_own += operation->own.write != 0;
    reads->missed_own += operation->own.write != 0 && version_newer(operation->own, got);
    reads->with_seen += operation->seen.write != 0;
    reads->went_back += operation->seen.write != 0 && version_newer(operation->seen, got);
    raise(&audit->seen[pair_of(audit, operation->session, operation->key)], got);
}

static void on_completed(struct audit *audit, const struct record *row)
{
    struct audit_operation *operation = operation_of(audit, row);
    must(audit, operation->ended == 0, row, "an operation ends once");
    must(audit, operation->key == row->key && operation->type == row->type, row,
         "an operation keeps its key and type");
    must(audit, row->at_ns - operation->begun_ns <= audit->layout->operation_max_ns, row,
         "an operation ends by its deadline");
    operation->ended = 1;
    operation->outcome = row->outcome;
    operation->answer = version_of(row);
    audit->ended++;
    if (row->outcome != RECORD_OK) {
        return;
    }
    audit->ok++;
    if (row->type == RECORD_READ) {
        on_read_ok(audit, operation, row);
        return;
    }
    must(audit, operation->committed, row, "a write is committed before it is acknowledged");
    must(audit, row->write == row->operation, row, "a write is acknowledged with its own version");
    raise(&audit->acked[row->key], version_of(row));
    raise(&audit->own[pair_of(audit, operation->session, operation->key)], version_of(row));
}

static void on_committed(struct audit *audit, const struct record *row)
{
    struct audit_operation *operation = operation_of(audit, row);
    must(audit, operation->type == RECORD_WRITE && operation->key == row->key, row,
         "what commits is a write of that key");
    must(audit, !audit->down[row->node], row, "a node that is down commits nothing");
    operation->committed = true;
    if (row->at_ns < audit->settle_ns) {
        raise(&audit->settled[row->key], version_of(row));
    }
}

/* One log: a position holds the same write for ever, at every node. */
static void on_position(struct audit *audit, const struct record *row)
{
    void *items = audit->log;
    memory_grow(&items, &audit->log_capacity, (size_t)row->stamp + 1, sizeof *audit->log);
    audit->log = items;
    if (audit->log[row->stamp] == 0) {
        audit->log[row->stamp] = row->write;
    }
    must(audit, audit->log[row->stamp] == row->write, row, "one position of the log, one write");
    audit->log_end = (uint64_t)row->stamp > audit->log_end ? (uint64_t)row->stamp : audit->log_end;
}

static void on_applied(struct audit *audit, const struct record *row)
{
    must(audit, row->node < audit->layout->node_count && row->key < audit->key_count, row,
         "a node and a key of the dataset");
    struct version *held = &audit->held[(size_t)row->node * audit->key_count + row->key];
    const bool reverted = (row->flags & RECORD_FLAG_REVERTED) != 0;
    if (reverted) {
        must(audit, version_newer(*held, version_of(row)), row, "a crash takes back, not forward");
        must(audit, audit->down[row->node], row, "only a crash takes back");
    } else {
        must(audit, version_newer(version_of(row), *held), row, "versions of a copy increase");
        must(audit, !audit->down[row->node], row, "a node that is down applies nothing");
    }
    if (row->write != 0) {
        must(audit, row->write <= audit->operation_count, row, "what is applied was written");
        must(audit, audit->operations[row->write].key == row->key, row, "to that key");
        if (audit->total_order) {
            on_position(audit, row);
        }
    }
    *held = version_of(row);
}

/* Every copy holds a prefix of the log: of each key the newest write up to its last position. */
static void check_prefixes(const struct audit *audit, const struct record *row)
{
    struct version *prefix = memory_alloc(audit->key_count, sizeof *prefix);
    const struct record_dataset *dataset = &audit->layout->datasets[0];
    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        const struct version *held = &audit->held[(size_t)dataset->replicas[i] * audit->key_count];
        int64_t last = 0;
        for (uint32_t key = 0; key < audit->key_count; key++) {
            last = held[key].stamp > last ? held[key].stamp : last;
            prefix[key] = (struct version){0};
        }
        for (int64_t position = 1; position <= last; position++) {
            const uint64_t write = audit->log[position];
            must(audit, write != 0, row, "no position of the log is skipped");
            prefix[audit->operations[write].key] = (struct version){position, write};
        }
        must(audit, memcmp(prefix, held, audit->key_count * sizeof *held) == 0, row,
             "a copy holds a prefix of the log");
    }
    memory_release(prefix);
}

static void on_message(struct audit *audit, const struct record *row)
{
    must(audit, row->from_place < audit->layout->place_count, row, "a place");
    must(audit, row->to_place < audit->layout->place_count, row, "a place");
    struct audit_traffic *traffic =
        &audit->traffic[row->from_place * audit->layout->place_count + row->to_place];
    if (row->kind == RECORD_SENT) {
        must(audit, row->node == RECORD_NONE || !audit->down[row->node], row,
             "a node that is down sends nothing");
        traffic->sent++;
        return;
    }
    must(audit, row->a <= row->at_ns, row, "a message arrives after it was sent");
    if (row->kind == RECORD_DELIVERED) {
        traffic->delivered++;
        must(audit, traffic->delivered <= traffic->sent, row, "what arrives was sent");
    } else {
        traffic->dropped++;
    }
}

static void on_power(struct audit *audit, const struct record *row)
{
    must(audit, audit->down[row->node] == (row->kind == RECORD_NODE_UP), row,
         "a node goes down, then up");
    audit->down[row->node] = row->kind == RECORD_NODE_DOWN;
    audit->crashes += row->kind == RECORD_NODE_DOWN;
}

void audit_row(void *state, const struct record *row)
{
    struct audit *audit = state;
    must(audit, row->at_ns >= audit->last_ns, row, "rows are in the order of time");
    if (audit->total_order && row->at_ns > audit->last_ns && row->at_ns >= audit->next_check_ns) {
        check_prefixes(audit, row);
        audit->next_check_ns = row->at_ns + SIM_NS_PER_S;
    }
    audit->last_ns = row->at_ns;
    switch ((enum record_kind)row->kind) {
    case RECORD_INVOKED:
        on_invoked(audit, row);
        break;
    case RECORD_COMPLETED:
        on_completed(audit, row);
        break;
    case RECORD_COMMITTED:
        on_committed(audit, row);
        break;
    case RECORD_APPLIED:
        on_applied(audit, row);
        break;
    case RECORD_SENT:
    case RECORD_DELIVERED:
    case RECORD_DROPPED:
        on_message(audit, row);
        break;
    case RECORD_NODE_DOWN:
    case RECORD_NODE_UP:
        on_power(audit, row);
        break;
    case RECORD_FAULT_BEGIN:
    case RECORD_FAULT_END:
    case RECORD_MODE:
    case RECORD_LEADER:
    case RECORD_DISCARDED:
    case RECORD_STEP:
    case RECORD_HEALTH:
    case RECORD_ROUTED:
    case RECORD_CONNECTED:
    case RECORD_CACHE:
    case RECORD_SUPERSEDED:
    case RECORD_VALUE:
    case RECORD_RETURNED:
    case RECORD_DISPLACED:
    case RECORD_REJECTED:
    case RECORD_CONFIRMED:
    case RECORD_KIND_COUNT:
        break;
    }
}

void audit_finish(struct audit *audit, const struct lab *lab)
{
    const sim_ns end_ns = lab->scenario->duration;
    const struct record last = {.at_ns = end_ns};
    uint64_t in_flight = 0;
    for (size_t i = 1; i <= audit->operation_count; i++) {
        const struct audit_operation *operation = &audit->operations[i];
        in_flight += operation->ended == 0;
        must(audit,
             operation->ended != 0 ||
                 end_ns - operation->begun_ns <= audit->layout->operation_max_ns,
             &last, "every operation answers or times out");
    }
    must(audit, audit->invoked == audit->ended + in_flight, &last,
         "invoked = completed + in flight");
    if (audit->total_order) {
        check_prefixes(audit, &last);
    }
    const struct world_dataset *dataset = &lab->world->datasets[0];
    for (uint32_t member = 0; dataset->ops->invariant != NULL && member < dataset->count;
         member++) {
        must(audit, dataset->ops->invariant(&dataset->replicas[dataset->member_nodes[member]]),
             &last, "the strategy's own invariant");
    }
}

static uint64_t lacking(const struct audit *audit, const struct version *wanted)
{
    const struct record_dataset *dataset = &audit->layout->datasets[0];
    uint64_t count = 0;
    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        const uint32_t node = dataset->replicas[i];
        for (uint32_t key = 0; key < audit->key_count && !audit->down[node]; key++) {
            count += version_newer(wanted[key], audit->held[(size_t)node * audit->key_count + key]);
        }
    }
    return count;
}

uint64_t audit_behind(const struct audit *audit)
{
    return lacking(audit, audit->settled);
}

uint64_t audit_missing(const struct audit *audit)
{
    return lacking(audit, audit->acked);
}

uint64_t audit_acked_lost(const struct audit *audit)
{
    const struct record_dataset *dataset = &audit->layout->datasets[0];
    uint64_t lost = 0;
    for (size_t i = 1; i <= audit->operation_count; i++) {
        const struct audit_operation *write = &audit->operations[i];
        bool saved =
            write->type != RECORD_WRITE || write->ended == 0 || write->outcome != RECORD_OK;
        for (uint32_t r = 0; r < dataset->replica_count && !saved; r++) {
            const uint32_t node = dataset->replicas[r];
            const size_t at = (size_t)node * audit->key_count + write->key;
            saved = !audit->down[node] && !version_newer(write->answer, audit->held[at]);
        }
        lost += !saved;
    }
    return lost;
}

uint64_t audit_divergent(const struct audit *audit)
{
    const struct record_dataset *dataset = &audit->layout->datasets[0];
    uint64_t divergent = 0;
    for (uint32_t key = 0; key < audit->key_count; key++) {
        const struct version *first = NULL;
        bool differ = false;
        for (uint32_t r = 0; r < dataset->replica_count; r++) {
            const uint32_t node = dataset->replicas[r];
            const struct version *held = &audit->held[(size_t)node * audit->key_count + key];
            if (!audit->down[node]) {
                differ = differ || (first != NULL && !version_equal(*first, *held));
                first = held;
            }
        }
        divergent += differ;
    }
    return divergent;
}
