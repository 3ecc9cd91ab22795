/*
 * Lost writes against an observer that keeps every write, on random streams of a dataset with a
 * leader: leaders that overlap, restart and come back, writes that reach some replicas, crashes,
 * answers that are late or never come, entries that are thrown away by several nodes.
 *
 * Everything happens within a second, for which the collector forgets nothing.
 */
#include "tests/analysis/script.h"

enum { WRITES_MAX = 400, NODES = 3, KEYS = 4, OPEN = 1, AT_LEADER = 2, DIVERGENT = 4 };

struct write {
    uint64_t number; /* and its stamp */
    uint32_t key;
    bool committed, acked, failed;
    sim_ns commit_ns, ack_ns, fail_ns;
    /* what the definitions say about it */
    uint32_t state; /* 0: not lost */
    uint32_t event, fault, overlap;
    bool discarded;
};

struct world {
    struct stream stream;
    struct record_layout layout;
    uint64_t random;
    sim_ns now_ns;
    struct write writes[WRITES_MAX];
    uint32_t write_count;
    uint64_t held[NODES][KEYS];
    bool down[NODES], accepting[NODES];
    int64_t epochs[NODES], epoch;
    uint32_t leader, events, fault;
    sim_ns fault_ns;
    bool begun;
    /* results */
    uint64_t lost[3], recovered[3], thrown[3]; /* by fault; the last: without */
    uint64_t divergent, acked_discarded;
    sim_ns age_ns[3];
    sim_ns first_ns[200], last_ns[200];
    uint32_t overlaps;
};

static uint32_t draw(struct world *world, uint32_t below)
{
    uint64_t z = world->random += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) >> 33) % below;
}

static void emit(struct world *world, struct record row)
{
    world->now_ns += 1 + draw(world, 400 * 1000);
    row.at_ns = world->now_ns;
    row.a = row.kind == RECORD_INVOKED ? row.at_ns : row.a;
    record_emit(&world->stream.sink, &row);
}

static struct record row_of(const struct write *write, enum record_kind kind, uint32_t node)
{
    return (struct record){.kind = (uint8_t)kind,
                           .type = RECORD_WRITE,
                           .key = write->key,
                           .slot = (uint32_t)write->number,
                           .node = node,
                           .operation = write->number,
                           .stamp = (int64_t)write->number,
                           .write = write->number,
                           .a = 1};
}

/* ---- the definitions ---- */

static void count_lost(struct world *world, struct write *write)
{
    const sim_ns age_ns = write->fail_ns - write->ack_ns;

    world->lost[write->fault]++;
    world->age_ns[write->fault] =
        age_ns > world->age_ns[write->fault] ? age_ns : world->age_ns[write->fault];
}

/* Everything newer than what `least` says is there, key by key, is missing. */
static void judge(struct world *world, const uint64_t *least, uint32_t kind)
{
    world->events++;
    for (uint32_t i = 0; i < world->write_count; i++) {
        struct write *write = &world->writes[i];

        if (write->number <= least[write->key] ||
            !(write->acked || (kind == AT_LEADER && write->committed))) {
            continue;
        }
        if (write->state == 0) {
            write->state = OPEN | kind;
            write->event = world->events;
            write->fault = world->fault;
            write->fail_ns = world->fault == 2 ? world->now_ns : world->fault_ns;
            if (write->acked) {
                count_lost(world, write);
            }
        } else if (kind == AT_LEADER && (write->state & AT_LEADER) == 0) {
            write->state |= AT_LEADER;
            write->event = world->events;
        }
    }
}

static void forget(struct write *write)
{
    write->state = 0;
    write->event = 0;
    write->discarded = false;
}

static void back(struct world *world, struct write *found)
{
    const uint32_t event = found->event;

    if ((found->state & DIVERGENT) != 0 && found->event == 0) {
        forget(found);
        return;
    }
    for (uint32_t i = 0; i < world->write_count; i++) {
        struct write *write = &world->writes[i];

        if (write->state != 0 && write->key == found->key && write->event == event &&
            write->number <= found->number && !(write->acked && write->discarded)) {
            const bool divergent = (write->state & DIVERGENT) != 0;

            world->recovered[write->fault] += write->acked && !divergent ? 1u : 0u;
            forget(write);
        }
    }
}

static struct write *find(struct world *world, uint64_t number)
{
    return number == 0 ? NULL : &world->writes[number - 1];
}

static void judge_leader(struct world *world, uint32_t node)
{
    for (uint32_t key = 0; key < KEYS; key++) {
        struct write *write = find(world, world->held[node][key]);

        if (write != NULL && write->state != 0 && !(write->acked && write->discarded)) {
            back(world, write);
        }
    }
    judge(world, world->held[node], AT_LEADER);
}

static void judge_crash(struct world *world)
{
    uint64_t newest[KEYS] = {0};

    for (uint32_t node = 0; node < NODES; node++) {
        for (uint32_t key = 0; key < KEYS && !world->down[node]; key++) {
            newest[key] =
                world->held[node][key] > newest[key] ? world->held[node][key] : newest[key];
        }
    }
    judge(world, newest, 0);
}

static uint32_t accepting_count(const struct world *world, int64_t *newest)
{
    uint32_t count = 0;

    *newest = 0;
    for (uint32_t node = 0; node < NODES; node++) {
        if (world->accepting[node]) {
            count++;
            *newest = world->epochs[node] > *newest ? world->epochs[node] : *newest;
        }
    }
    return count;
}

/* ---- what happens ---- */

static void apply(struct world *world, uint32_t node, struct write *write)
{
    const bool leads = world->begun && node == world->leader;

    if (world->down[node] || world->held[node][write->key] >= write->number) {
        return;
    }
    world->held[node][write->key] = write->number;
    emit(world, row_of(write, RECORD_APPLIED, node));
    if (write->state != 0 && !(write->acked && write->discarded) &&
        ((write->state & (AT_LEADER | DIVERGENT)) == 0 || leads)) {
        back(world, write);
    }
}

static void commit(struct world *world, uint32_t node)
{
    struct write *write = &world->writes[world->write_count];
    int64_t newest;

    if (world->write_count == WRITES_MAX || !world->accepting[node]) {
        return;
    }
    *write = (struct write){.number = ++world->write_count, .key = draw(world, KEYS)};
    emit(world, row_of(write, RECORD_INVOKED, node));
    apply(world, node, write);
    emit(world, row_of(write, RECORD_COMMITTED, node));
    write->committed = true;
    write->commit_ns = world->now_ns;
    if (accepting_count(world, &newest) > 1 && world->epochs[node] < newest) {
        write->state = OPEN | DIVERGENT;
        write->fault = world->fault;
        write->overlap = world->overlaps;
    }
}

static void answer(struct world *world, struct write *write)
{
    const bool ok = draw(world, 4) > 0;
    struct record row = row_of(write, RECORD_COMPLETED, 0);

    if (write->acked || write->failed) {
        return;
    }
    row.outcome = ok ? RECORD_OK : RECORD_INFO;
    emit(world, row);
    write->acked = ok;
    write->failed = !ok;
    write->ack_ns = world->now_ns;
    if (!ok && write->state == (OPEN | DIVERGENT)) {
        forget(write);
    }
    if (!ok || write->state == 0) {
        return;
    }
    if ((write->state & DIVERGENT) == 0) {
        count_lost(world, write);
    } else {
        sim_ns *first_ns = &world->first_ns[write->overlap];
        sim_ns *last_ns = &world->last_ns[write->overlap];

        world->divergent++;
        *first_ns = *first_ns == 0 || write->commit_ns < *first_ns ? write->commit_ns : *first_ns;
        *last_ns = write->commit_ns > *last_ns ? write->commit_ns : *last_ns;
    }
    if (write->discarded) {
        world->acked_discarded++;
        world->thrown[write->fault] += (write->state & DIVERGENT) == 0 ? 1u : 0u;
    }
}

static void discard(struct world *world, struct write *write)
{
    emit(world, row_of(write, RECORD_DISCARDED, draw(world, NODES)));
    if (write->state == 0 || write->discarded) {
        return;
    }
    write->discarded = true;
    if (write->acked) {
        world->acked_discarded++;
        world->thrown[write->fault] += (write->state & DIVERGENT) == 0 ? 1u : 0u;
    }
}

static void lead(struct world *world, uint32_t node, bool begins)
{
    int64_t newest;
    const bool several = accepting_count(world, &newest) > 1;
    /* Mostly a new epoch; now and then a leader of the past begins again. */
    const bool old = begins && draw(world, 5) == 0 && world->epochs[node] > 0;

    if (world->accepting[node] == begins || (begins && world->down[node])) {
        return;
    }
    if (begins && !old) {
        world->epochs[node] = ++world->epoch;
    }
    world->accepting[node] = begins;
    emit(world,
         (struct record){
             .kind = RECORD_LEADER, .node = node, .a = begins ? 1 : 0, .b = world->epochs[node]});
    world->overlaps += !several && accepting_count(world, &newest) > 1 ? 1u : 0u;
    if (!begins || (world->begun && world->epochs[node] < world->epochs[world->leader])) {
        return;
    }
    world->leader = node;
    if (world->begun) {
        judge_leader(world, node);
    }
    world->begun = true;
}

static void fault(struct world *world, uint32_t number)
{
    emit(world, (struct record){.kind = RECORD_FAULT_BEGIN, .slot = number});
    world->fault = number;
    world->fault_ns = world->now_ns;
}

static void crash(struct world *world, uint32_t node)
{
    if (!world->down[node]) {
        lead(world, node, false);
        world->down[node] = true;
        emit(world, (struct record){.kind = RECORD_NODE_DOWN, .node = node});
        judge_crash(world);
        return;
    }
    world->down[node] = false;
    emit(world, (struct record){.kind = RECORD_NODE_UP, .node = node});
    for (uint32_t key = 0; key < KEYS; key++) {
        struct write *write = find(world, world->held[node][key]);

        if (write != NULL && write->state == OPEN && !(write->acked && write->discarded)) {
            back(world, write);
        }
    }
}

static void step(struct world *world)
{
    const uint32_t choice = draw(world, 100);
    struct write *write =
        world->write_count == 0 ? NULL : &world->writes[draw(world, world->write_count)];

    if (choice < 30) {
        commit(world, draw(world, NODES));
    } else if (choice < 35) {
        lead(world, draw(world, NODES), draw(world, 2) == 0);
    } else if (choice < 39) {
        crash(world, draw(world, NODES));
    } else if (choice < 41) {
        fault(world, draw(world, 2));
    } else if (write != NULL && choice < 70) {
        apply(world, draw(world, NODES), write);
    } else if (write != NULL && choice < 95) {
        answer(world, write);
    } else if (write != NULL) {
        discard(world, write);
    }
}

static void same(uint64_t seed, const struct metric_set *set, const char *text, uint64_t expected)
{
    const double found = metric_number(metric_at(set, text));

    if (fabs(found - (double)expected) > 1e-6) {
        fail_msg("seed %llu: %s: collector %.9g, reference %llu", (unsigned long long)seed, text,
                 found, (unsigned long long)expected);
    }
}

static sim_ns lost_age(const struct world *world, uint32_t number)
{
    sim_ns age_ns = 0;

    for (uint32_t i = 0; i < world->write_count; i++) {
        const struct write *write = &world->writes[i];

        if (write->state != 0 && (write->state & DIVERGENT) == 0 && write->acked &&
            write->fault == number && write->fail_ns - write->ack_ns > age_ns) {
            age_ns = write->fail_ns - write->ack_ns;
        }
    }
    return age_ns;
}

static uint64_t compare(struct world *world, uint64_t seed, const struct metric_set *set)
{
    static const char *const faults[] = {"crash", "cut"};
    uint64_t lost = 0, split_ns = 0, gone = 0;
    char text[100];

    for (uint32_t f = 0; f < 3; f++) {
        lost += world->lost[f];
        gone += world->lost[f] - world->recovered[f] - world->thrown[f];
        if (f < 2) {
            snprintf(text, sizeof(text), "rpo_writes{fault=%s}", faults[f]);
            same(seed, set, text, world->lost[f]);
            snprintf(text, sizeof(text), "rpo_writes_recovered{fault=%s}", faults[f]);
            same(seed, set, text, world->recovered[f]);
            snprintf(text, sizeof(text), "rpo_writes_discarded{fault=%s}", faults[f]);
            same(seed, set, text, world->thrown[f]);
            snprintf(text, sizeof(text), "rpo_ms{fault=%s}", faults[f]);
            assert_int_equal((sim_ns)metric_at(set, text)->value, world->age_ns[f]);
            snprintf(text, sizeof(text), "rpo_lost_ms{fault=%s}", faults[f]);
            assert_int_equal((sim_ns)metric_at(set, text)->value, lost_age(world, f));
        }
    }
    for (uint32_t i = 1; i <= world->overlaps; i++) {
        split_ns += (uint64_t)(world->last_ns[i] - world->first_ns[i]);
    }
    same(seed, set, "rpo_writes{dataset=orders}", lost);
    same(seed, set, "rpo_writes_gone", gone);
    same(seed, set, "divergent_writes", world->divergent);
    same(seed, set, "acked_discarded", world->acked_discarded);
    assert_int_equal((uint64_t)metric_at(set, "split_brain_ms{dataset=orders}")->value, split_ns);
    return split_ns;
}

static void test_random(void **state)
{
    uint64_t lost = 0, recovered = 0, thrown = 0, divergent = 0, split_ns = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct world *world = calloc(1, sizeof(*world));
        struct metric_set set;

        assert_non_null(world);
        world->random = seed;
        world->fault = 2;
        world->layout = stream_layout();
        stream_begin(&world->stream, &world->layout);
        lead(world, 0, true);
        while (world->now_ns < 990 * MS) {
            step(world);
        }
        collector_finish(&world->stream.collector, 1000 * MS, &set);
        split_ns += compare(world, seed, &set);
        for (uint32_t f = 0; f < 3; f++) {
            lost += world->lost[f];
            recovered += world->recovered[f];
            thrown += world->thrown[f];
        }
        divergent += world->divergent;
        metric_set_release(&set);
        collector_release(&world->stream.collector);
        free(world);
    }
    print_message("%llu lost, %llu recovered, %llu thrown away, %llu divergent\n",
                  (unsigned long long)lost, (unsigned long long)recovered,
                  (unsigned long long)thrown, (unsigned long long)divergent);
    assert_true(recovered > 1000);
    assert_true(thrown > 1000);
    assert_true(lost > recovered + thrown + 1000);
    assert_true(divergent > 1000);
    assert_true(split_ns > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
