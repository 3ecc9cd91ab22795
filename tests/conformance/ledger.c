#include "tests/conformance/ledger.h"

#include "sim/arena.h"

void ledger_wrong(struct ledger *ledger, const char *format, ...)
{
    if (ledger->wrong[0] != '\0') {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(ledger->wrong, sizeof ledger->wrong, format, arguments);
    va_end(arguments);
}

void ledger_init(struct ledger *ledger, const struct lab *lab, uint32_t *pauses)
{
    const struct record_layout *layout = world_layout(lab->world);
    assert_int_equal(layout->dataset_count, 1);
    assert_true(layout->node_count <= LEDGER_NODES_MAX);
    *ledger = (struct ledger){.layout = layout,
                              .key_count = layout->datasets[0].key_count,
                              .pauses = pauses,
                              .served_from_ns = SIM_NS_MAX};
    ledger->held =
        memory_alloc((size_t)layout->node_count * ledger->key_count, sizeof *ledger->held);
}

void ledger_release(struct ledger *ledger)
{
    for (uint32_t i = 0; i < ledger->begin_count; i++) {
        memory_release(ledger->begins[i].held);
    }
    memory_release(ledger->operations);
    memory_release(ledger->held);
}

static struct version version_of(const struct record *row)
{
    return (struct version){.stamp = row->stamp, .write = row->write};
}

static double seconds(sim_ns ns)
{
    return (double)ns * 1e-9;
}

static const struct ledger_commit *commit_of(const struct ledger_operation *write)
{
    for (uint32_t i = 0; i < write->commit_count; i++) {
        if (write->commits[i].stamp == write->version.stamp) {
            return &write->commits[i];
        }
    }
    return NULL;
}

/* Does some later leader lack this write, which was acknowledged? */
static void check_kept(struct ledger *ledger, uint64_t number, uint32_t first)
{
    const struct ledger_operation *write = &ledger->operations[number];
    const struct ledger_commit *commit = commit_of(write);
    for (uint32_t i = first; commit != NULL && i < ledger->begin_count; i++) {
        const struct ledger_begin *begin = &ledger->begins[i];
        if (begin->epoch > commit->epoch &&
            version_newer(write->version, begin->held[write->key])) {
            ledger->lost++;
            if (ledger->claims_no_loss) {
                ledger_wrong(ledger,
                             "write %llu of key %u, committed in epoch %llu at %.6f s and "
                             "acknowledged, is not in the log of node %u, which began to lead in "
                             "epoch %llu at %.6f s",
                             (unsigned long long)number, write->key,
                             (unsigned long long)commit->epoch, seconds(commit->at_ns), begin->node,
                             (unsigned long long)begin->epoch, seconds(begin->at_ns));
            }
            return;
        }
    }
}

static void on_invoked(struct ledger *ledger, const struct record *row)
{
    void *items = ledger->operations;
    memory_grow(&items, &ledger->operation_capacity, row->operation + 1,
                sizeof *ledger->operations);
    ledger->operations = items;
    if (row->operation != ledger->operation_count + 1) {
        ledger_wrong(ledger, "operation %llu begins out of order",
                     (unsigned long long)row->operation);
        return;
    }
    ledger->operation_count = row->operation;
    ledger->operations[row->operation] =
        (struct ledger_operation){.begun_ns = row->at_ns, .key = row->key, .type = row->type};
}

static struct ledger_operation *operation_at(struct ledger *ledger, uint64_t number,
                                             const char *what)
{
    if (number >= 1 && number <= ledger->operation_count) {
        return &ledger->operations[number];
    }
    ledger_wrong(ledger, "%s of operation %llu, which never began", what,
                 (unsigned long long)number);
    return NULL;
}

/* The write `number` was seen in a copy, a commit or an answer. */
static void saw(struct ledger *ledger, uint64_t number, uint32_t key, const char *where)
{
    struct ledger_operation *write = operation_at(ledger, number, where);
    if (write == NULL) {
        return;
    }
    if (write->type != RECORD_WRITE || write->key != key) {
        ledger_wrong(ledger, "%s: %llu is no write of key %u", where, (unsigned long long)number,
                     key);
    }
    if (write->ended != 0 && write->outcome == RECORD_FAIL) {
        ledger_wrong(ledger, "write %llu of key %u ended as failed and is in a %s at %.6f s",
                     (unsigned long long)number, key, where, seconds(ledger->last_ns));
    }
    write->effect = true;
}

static void on_completed(struct ledger *ledger, const struct record *row)
{
    struct ledger_operation *operation = operation_at(ledger, row->operation, "the end");
    if (operation == NULL) {
        return;
    }
    if (operation->ended != 0) {
        ledger_wrong(ledger, "operation %llu ends twice", (unsigned long long)row->operation);
    }
    operation->ended = 1;
    operation->outcome = row->outcome;
    ledger->ok += row->outcome == RECORD_OK;
    if (operation->begun_ns >= ledger->served_from_ns) {
        ledger->served += row->outcome == RECORD_OK;
        ledger->refused += row->outcome != RECORD_OK;
    }
    if (row->outcome == RECORD_FAIL && operation->effect) {
        ledger_wrong(ledger, "write %llu ends as failed at %.6f s and had an effect before",
                     (unsigned long long)row->operation, seconds(row->at_ns));
    }
    if (row->outcome == RECORD_OK && row->type == RECORD_READ && row->write != 0) {
        saw(ledger, row->write, row->key, "answer");
    }
    if (row->outcome == RECORD_OK && row->type == RECORD_WRITE) {
        ledger->writes_ok++;
        operation->version = version_of(row);
        if (ledger->layout->datasets[0].leader && commit_of(operation) == NULL) {
            ledger_wrong(ledger, "write %llu is acknowledged as a version that nobody committed",
                         (unsigned long long)row->operation);
        }
        check_kept(ledger, row->operation, 0);
    }
}

static void on_committed(struct ledger *ledger, const struct record *row)
{
    saw(ledger, row->operation, row->key, "commit");
    if (!ledger->layout->datasets[0].leader || row->operation > ledger->operation_count) {
        return;
    }
    struct ledger_operation *write = &ledger->operations[row->operation];
    const uint64_t epoch = ledger->last_epoch[row->node];
    for (uint32_t i = 0; i < ledger->begin_count; i++) {
        const struct ledger_begin *begin = &ledger->begins[i];
        if (begin->epoch > epoch) {
            ledger->late_commits++;
            if (ledger->claims_one_leader) {
                ledger_wrong(ledger,
                             "node %u commits write %llu in epoch %llu at %.6f s, though node %u "
                             "leads in epoch %llu since %.6f s",
                             row->node, (unsigned long long)row->operation,
                             (unsigned long long)epoch, seconds(row->at_ns), begin->node,
                             (unsigned long long)begin->epoch, seconds(begin->at_ns));
            }
            break;
        }
    }
    for (uint32_t i = 0; i < write->commit_count; i++) {
        if (write->commits[i].stamp == row->stamp) {
            return;
        }
    }
    if (write->commit_count == LEDGER_COMMITS_MAX) {
        ledger_wrong(ledger, "write %llu is committed as more than %d versions",
                     (unsigned long long)row->operation, LEDGER_COMMITS_MAX);
        return;
    }
    write->commits[write->commit_count++] =
        (struct ledger_commit){.stamp = row->stamp, .epoch = epoch, .at_ns = row->at_ns};
}

static void on_leader(struct ledger *ledger, const struct record *row)
{
    const uint32_t node = row->node;
    if (row->a == 0) {
        if (ledger->leads[node] == 0) {
            ledger_wrong(ledger, "node %u stops to lead at %.6f s and did not", node,
                         seconds(row->at_ns));
        }
        ledger->leads[node] = 0;
        return;
    }
    const uint64_t epoch = (uint64_t)row->b;
    if (ledger->leads[node] != 0 || ledger->down[node]) {
        ledger_wrong(ledger, "node %u begins to lead at %.6f s and does already or is down", node,
                     seconds(row->at_ns));
    }
    for (uint32_t i = 0; i < ledger->begin_count; i++) {
        if (ledger->begins[i].epoch == epoch && ledger->begins[i].node != node) {
            ledger_wrong(ledger, "nodes %u and %u lead in the same epoch %llu", node,
                         ledger->begins[i].node, (unsigned long long)epoch);
        }
    }
    ledger->leads[node] = ledger->last_epoch[node] = epoch;
    if (ledger->begin_count == LEDGER_BEGINS_MAX) {
        ledger_wrong(ledger, "more than %d leaders begin", LEDGER_BEGINS_MAX);
        return;
    }
    struct ledger_begin *begin = &ledger->begins[ledger->begin_count++];
    *begin = (struct ledger_begin){.at_ns = row->at_ns, .epoch = epoch, .node = node};
    begin->held = memory_alloc(ledger->key_count, sizeof *begin->held);
    memcpy(begin->held, &ledger->held[(size_t)node * ledger->key_count],
           ledger->key_count * sizeof *begin->held);
    for (uint64_t i = 1; i <= ledger->operation_count; i++) {
        const struct ledger_operation *write = &ledger->operations[i];
        if (write->type == RECORD_WRITE && write->ended != 0 && write->outcome == RECORD_OK) {
            check_kept(ledger, i, ledger->begin_count - 1);
        }
    }
}

static void on_pause(struct ledger *ledger, const struct record *row)
{
    const uint32_t nodes = ledger->pauses[row->slot];
    for (uint32_t node = 0; node < LEDGER_NODES_MAX; node++) {
        if ((nodes >> node & 1u) != 0) {
            ledger->paused[node] += row->kind == RECORD_FAULT_BEGIN ? 1u : UINT32_MAX;
        }
    }
}

static void on_applied(struct ledger *ledger, const struct record *row)
{
    if (row->write != 0) {
        saw(ledger, row->write, row->key, "copy");
    }
    ledger->held[(size_t)row->node * ledger->key_count + row->key] = version_of(row);
}

/* What passed since the last row with several that accept. */
static void pass(struct ledger *ledger, sim_ns at_ns)
{
    if (at_ns < ledger->last_ns) {
        ledger_wrong(ledger, "rows are not in the order of time at %.6f s", seconds(at_ns));
    }
    uint32_t accepting = 0;
    for (uint32_t node = 0; node < ledger->layout->node_count; node++) {
        accepting += ledger->leads[node] != 0 && ledger->paused[node] == 0;
    }
    if (accepting > 1 && at_ns > ledger->last_ns) {
        ledger->overlap_ns += at_ns - ledger->last_ns;
        if (ledger->claims_one_leader) {
            ledger_wrong(ledger, "%u machines accept writes from %.6f s on", accepting,
                         seconds(ledger->last_ns));
        }
    }
    ledger->last_ns = at_ns;
}

static void on_power(struct ledger *ledger, const struct record *row)
{
    ledger->down[row->node] = row->kind == RECORD_NODE_DOWN;
    if ((row->flags & RECORD_FLAG_DISK_LOST) != 0 && row->kind == RECORD_NODE_DOWN) {
        memset(&ledger->held[(size_t)row->node * ledger->key_count], 0,
               ledger->key_count * sizeof *ledger->held);
    }
}

void ledger_row(void *state, const struct record *row)
{
    struct ledger *ledger = state;
    pass(ledger, row->at_ns);
    if (row->kind == RECORD_INVOKED) {
        on_invoked(ledger, row);
    } else if (row->kind == RECORD_COMPLETED) {
        on_completed(ledger, row);
    } else if (row->kind == RECORD_COMMITTED) {
        on_committed(ledger, row);
    } else if (row->kind == RECORD_APPLIED) {
        on_applied(ledger, row);
    } else if (row->kind == RECORD_LEADER) {
        on_leader(ledger, row);
    } else if (row->kind == RECORD_NODE_DOWN || row->kind == RECORD_NODE_UP) {
        on_power(ledger, row);
    } else if (row->kind == RECORD_FAULT_BEGIN || row->kind == RECORD_FAULT_END) {
        on_pause(ledger, row);
    }
}

/* Every acknowledged write, or a newer one of its key, is in a copy. */
static void check_last(struct ledger *ledger)
{
    const struct record_dataset *dataset = &ledger->layout->datasets[0];
    for (uint64_t i = 1; i <= ledger->operation_count; i++) {
        const struct ledger_operation *write = &ledger->operations[i];
        bool kept = write->type != RECORD_WRITE || write->ended == 0 || write->outcome != RECORD_OK;
        for (uint32_t r = 0; r < dataset->replica_count && !kept; r++) {
            const size_t at = (size_t)dataset->replicas[r] * ledger->key_count + write->key;
            kept = !version_newer(write->version, ledger->held[at]);
        }
        if (!kept) {
            ledger->lost++;
            if (ledger->claims_no_loss) {
                ledger_wrong(ledger, "write %llu of key %u was acknowledged and is in no copy",
                             (unsigned long long)i, write->key);
            }
        }
    }
}

void ledger_finish(struct ledger *ledger, sim_ns end_ns)
{
    pass(ledger, end_ns);
    check_last(ledger);
    for (uint64_t i = 1; i <= ledger->operation_count; i++) {
        const struct ledger_operation *operation = &ledger->operations[i];
        if (operation->ended == 0 &&
            end_ns - operation->begun_ns > ledger->layout->operation_max_ns) {
            ledger_wrong(ledger, "operation %llu never ends", (unsigned long long)i);
        }
    }
}

uint32_t ledger_leaders(const struct ledger *ledger)
{
    uint32_t count = 0;
    for (uint32_t node = 0; node < ledger->layout->node_count; node++) {
        count += ledger->leads[node] != 0;
    }
    return count;
}

uint32_t ledger_divergent(const struct ledger *ledger)
{
    const struct record_dataset *dataset = &ledger->layout->datasets[0];
    uint32_t count = 0;
    for (uint32_t key = 0; key < ledger->key_count; key++) {
        const struct version *first =
            &ledger->held[(size_t)dataset->replicas[0] * ledger->key_count + key];
        bool differ = false;
        for (uint32_t r = 1; r < dataset->replica_count; r++) {
            const size_t at = (size_t)dataset->replicas[r] * ledger->key_count + key;
            differ = differ || !version_equal(*first, ledger->held[at]);
        }
        count += differ;
    }
    return count;
}

uint32_t ledger_down(const struct ledger *ledger)
{
    uint32_t count = 0;
    for (uint32_t node = 0; node < ledger->layout->node_count; node++) {
        count += ledger->down[node];
    }
    return count;
}
