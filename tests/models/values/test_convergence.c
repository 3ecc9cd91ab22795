/*
 * Strong eventual consistency of every type of the registry: replicas that were given the same
 * writes, in whatever order and however often, hold the same words.
 *
 * Exhaustive: all histories of up to four writes on three replicas. Each write is any action of
 * the type, blind or with what a client had read here or at another replica; before it its replica
 * has been given any choice of the earlier writes; stamps ascend, descend (clocks that are wrong)
 * or tie but for the machine. Then every replica and an empty one get what they lack in every
 * order; as states and as deltas of up to three writes the empty one gets every sequence of four
 * deliveries, with repetitions; as operations every order that keeps the sender's, once each. In
 * every history the join is checked to be commutative, associative and idempotent on all its states
 * and deltas, to contain what it joins, and a delta or operation to do elsewhere what the write did
 * where it was accepted. Histories are enumerated from short to long, so the first failure is a
 * smallest one. Of types with contexts, which have many more, the histories of four writes, or of
 * three on two elements, have descending stamps, and of four nobody reads elsewhere;
 * GEODES_TEST_EXHAUSTIVE=1 runs these as well (a minute).
 */
#include "tests/models/values/value_variants.h"
#include "tests/validation/seed.h"

enum { REPLICAS = 3, WRITES_MAX = 4, OPERATIONS_MAX = 64, DEPTH_MAX = 4 };
enum { OBSERVER = REPLICAS }; /* starts with nothing */

enum stamp_order { ASCEND, DESCEND, TIE, STAMP_ORDERS };
enum reading { BLIND, READ_HERE, READ_FIRST, READING_COUNT };

struct operation {
    enum value_action action;
    uint32_t element;
    enum reading reading;
};

struct replica_state {
    struct words_buffer state;
    uint32_t known; /* bit per write */
};

struct history { /* what one number says */
    struct operation operations[WRITES_MAX];
    uint32_t choice[WRITES_MAX], given[WRITES_MAX]; /* index of the operation; earlier writes */
    uint32_t writes, stamp_order;
    enum value_form form;
};

struct bench {
    const struct value_case *value;
    struct history history;
    struct replica_state replicas[REPLICAS + 1];
    struct words_buffer messages[WRITES_MAX], read, scratch, shipped, other, third;
    struct words_buffer deep[REPLICAS + 1][DEPTH_MAX + 1];
    struct words_buffer states[REPLICAS + WRITES_MAX];
    struct words_buffer pairs[REPLICAS + WRITES_MAX][REPLICAS + WRITES_MAX];
    struct words_buffer reference;
    uint32_t done; /* bit per write that was not refused */
    uint32_t path[DEPTH_MAX];
    bool failed, has_reference;
    uint64_t histories, deliveries, laws;
};

static const char *const form_names[] = {"state", "delta", "operation"};

/* ---- telling ---- */

static void tell_words(const char *what, struct words words)
{
    printf("    %s:", what);
    for (uint32_t i = 0; i < words.count; i++) {
        printf(" %llx", (unsigned long long)words.at[i]);
    }
    printf("\n");
}

static void fail_law(struct bench *bench, const char *law, struct words a, struct words b)
{
    static const char *const readings[] = {"blind", "read here", "read at replica 0"};
    const struct history *history = &bench->history;
    if (bench->failed) {
        return;
    }
    bench->failed = true;
    printf("  %s {%s} as %s: %s\n", bench->value->name, bench->value->variant,
           form_names[history->form], law);
    for (uint32_t i = 0; i < history->writes; i++) {
        printf("    write %u at replica %u (given writes %x, %s): %s element %u%s\n", i + 1,
               i % REPLICAS, history->given[i], readings[history->operations[i].reading],
               value_action_names[history->operations[i].action], history->operations[i].element,
               (bench->done >> i & 1) != 0 ? "" : ", refused");
        tell_words("ships", words_of(&bench->messages[i]));
    }
    printf("    stamps %s\n",
           (const char *const[]){"ascend", "descend", "tie"}[history->stamp_order]);
    tell_words("one", a);
    tell_words("other", b);
}

static void expect_equal(struct bench *bench, const char *law, struct words a, struct words b)
{
    bench->laws++;
    if (!words_equal(a, b)) {
        fail_law(bench, law, a, b);
    }
}

/* ---- a history ---- */

static void give(struct bench *bench, struct words_buffer *state, struct words from,
                 enum value_form form)
{
    value_take(&bench->value->type, words_of(state), from, form, &bench->scratch, NULL);
    value_case_copy(state, words_of(&bench->scratch));
    bench->deliveries++;
}

static struct value_version version_of(const struct history *history, uint32_t write)
{
    const uint32_t replica = write % REPLICAS;
    const int64_t times[STAMP_ORDERS] = {write + 1, WRITES_MAX - write, 1};
    if (history->operations[write].action == VALUE_TRANSFER) {
        return (struct value_version){0, 0};
    }
    return (struct value_version){times[history->stamp_order] << VALUE_TIE_BITS | replica,
                                  write + 1};
}

static void do_write(struct bench *bench, uint32_t number)
{
    const struct history *history = &bench->history;
    const struct value_type *type = &bench->value->type;
    struct replica_state *replica = &bench->replicas[number % REPLICAS];
    const struct operation *operation = &history->operations[number];
    words_clear(&bench->messages[number]);
    for (uint32_t i = 0; i < number; i++) {
        if ((history->given[number] >> i & 1) != 0 && (bench->done >> i & 1) != 0) {
            give(bench, &replica->state, words_of(&bench->messages[i]), history->form);
            replica->known |= 1u << i;
        }
    }
    words_clear(&bench->read);
    const struct words read = operation->reading == READ_FIRST ? words_of(&bench->replicas[0].state)
                                                               : words_of(&replica->state);
    if (operation->reading != BLIND && read.count > 0) {
        type->ops->context(type->params, value_body(read), &bench->read);
    }
    const struct value_version version = version_of(history, number);
    const struct value_write write = {.action = operation->action,
                                      .element = operation->element,
                                      .amount = 1 + number,
                                      .bytes = 100 + number % 3,
                                      .actor = value_actor(number % REPLICAS, 0),
                                      .members = REPLICAS,
                                      .version = version,
                                      .clock_ns = (number + 1) * SIM_NS_PER_S,
                                      .context = words_of(&bench->read),
                                      .context_given = operation->reading != BLIND};
    if (value_perform(type, words_of(&replica->state), &write, history->form, &bench->scratch,
                      &bench->shipped) == VALUE_REFUSED) {
        return;
    }
    bench->done |= 1u << number;
    replica->known |= 1u << number;
    const struct words after = words_of(&bench->scratch);
    const struct words shipped = history->form == VALUE_STATE ? after : words_of(&bench->shipped);
    value_case_copy(&bench->messages[number], shipped);
    value_take(type, words_of(&replica->state), shipped, history->form, &bench->other, NULL);
    expect_equal(bench, "what is shipped does not do what the write did", words_of(&bench->other),
                 after);
    value_case_copy(&replica->state, after);
}

static void play(struct bench *bench)
{
    bench->done = 0;
    for (uint32_t i = 0; i <= REPLICAS; i++) {
        words_clear(&bench->replicas[i].state);
        bench->replicas[i].known = 0;
    }
    for (uint32_t i = 0; i < bench->history.writes; i++) {
        do_write(bench, i);
    }
}

/* ---- deliveries ---- */

static void arrived(struct bench *bench, struct words state)
{
    if (!bench->has_reference) {
        value_case_copy(&bench->reference, state);
        bench->has_reference = true;
        return;
    }
    expect_equal(bench, "replicas with the same writes differ", words_of(&bench->reference), state);
}

/* May write `i` be delivered next: as an operation once, and after what its sender sent before. */
static bool deliverable(const struct bench *bench, uint32_t known, uint32_t i, bool again)
{
    if ((bench->done >> i & 1) == 0) {
        return false;
    }
    if (bench->history.form == VALUE_OPERATION) {
        const bool earlier_missing = i >= REPLICAS && (bench->done >> (i - REPLICAS) & 1) != 0 &&
                                     (known >> (i - REPLICAS) & 1) == 0;
        return (known >> i & 1) == 0 && !earlier_missing;
    }
    return again || (known >> i & 1) == 0;
}

/* Every sequence of deliveries; `again`: four of any, else each that is missing once. */
static void deliver(struct bench *bench, uint32_t replica, uint32_t depth, uint32_t known,
                    bool again)
{
    struct words_buffer *buffers = bench->deep[replica];
    if (known == bench->done) {
        arrived(bench, words_of(&buffers[depth]));
    }
    if (depth == DEPTH_MAX) {
        return;
    }
    for (uint32_t i = 0; i < bench->history.writes && !bench->failed; i++) {
        if (deliverable(bench, known, i, again)) {
            value_take(&bench->value->type, words_of(&buffers[depth]),
                       words_of(&bench->messages[i]), bench->history.form, &buffers[depth + 1],
                       NULL);
            bench->deliveries++;
            deliver(bench, replica, depth + 1, known | 1u << i, again);
        }
    }
}

/* ---- laws ---- */

static void joined(const struct bench *bench, struct words a, struct words b,
                   struct words_buffer *out)
{
    if (a.count == 0 && b.count == 0) {
        words_clear(out);
        return;
    }
    value_take(&bench->value->type, a, b, VALUE_STATE, out, NULL);
}

static uint32_t list_states(struct bench *bench)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < REPLICAS; i++) {
        value_case_copy(&bench->states[count++], words_of(&bench->replicas[i].state));
    }
    for (uint32_t i = 0; i < bench->history.writes; i++) {
        if ((bench->done >> i & 1) != 0) {
            value_case_copy(&bench->states[count++], words_of(&bench->messages[i]));
        }
    }
    return count;
}

static void check_pairs(struct bench *bench, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct words a = words_of(&bench->states[i]);
        for (uint32_t j = 0; j < count; j++) {
            joined(bench, a, words_of(&bench->states[j]), &bench->pairs[i][j]);
        }
        expect_equal(bench, "a + a = a", words_of(&bench->pairs[i][i]), a);
        for (uint32_t j = 0; j < i; j++) {
            const struct words both = words_of(&bench->pairs[i][j]);
            expect_equal(bench, "a + b = b + a", both, words_of(&bench->pairs[j][i]));
            joined(bench, both, a, &bench->other);
            expect_equal(bench, "(a + b) + a = a + b", words_of(&bench->other), both);
        }
    }
}

/* Three ways to join three; the pairs are known to commute. */
static void check_triples(struct bench *bench, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            for (uint32_t k = 0; k < j; k++) {
                joined(bench, words_of(&bench->states[i]), words_of(&bench->pairs[j][k]),
                       &bench->third);
                joined(bench, words_of(&bench->pairs[i][j]), words_of(&bench->states[k]),
                       &bench->other);
                expect_equal(bench, "(a + b) + c = a + (b + c)", words_of(&bench->other),
                             words_of(&bench->third));
                joined(bench, words_of(&bench->pairs[i][k]), words_of(&bench->states[j]),
                       &bench->other);
                expect_equal(bench, "(a + c) + b = a + (b + c)", words_of(&bench->other),
                             words_of(&bench->third));
            }
        }
    }
}

static void check_writes(struct bench *bench)
{
    struct words_buffer *list = &bench->other;
    const struct value_type *type = &bench->value->type;
    const struct words state = words_of(&bench->reference);
    words_clear(list);
    if (state.count == 0) {
        return;
    }
    type->ops->writes(type->params, value_body(state), VALUE_STATE, list);
    for (uint32_t i = 0; i + 1 < list->count; i += 2) {
        bool found = false;
        for (uint32_t j = 0; j < bench->history.writes; j++) {
            const struct value_version version = version_of(&bench->history, j);
            found = found ||
                    (version.write == list->at[i + 1] && version.stamp == (int64_t)list->at[i]);
        }
        if (!found) {
            fail_law(bench, "a write that nobody did", words_of(list), state);
        }
    }
}

static void run_history(struct bench *bench)
{
    play(bench);
    bench->histories++;
    bench->has_reference = false;
    for (uint32_t i = 0; i <= REPLICAS && !bench->failed; i++) {
        const bool again = bench->history.writes < WRITES_MAX && i == OBSERVER;
        value_case_copy(&bench->deep[i][0], words_of(&bench->replicas[i].state));
        deliver(bench, i, 0, bench->replicas[i].known, again);
    }
    if (bench->history.form == VALUE_DELTA && !bench->failed) {
        const uint32_t count = list_states(bench);
        check_pairs(bench, count);
        check_triples(bench, count);
    }
    check_writes(bench);
}

/* ---- all histories ---- */

struct plan { /* what a history is made of */
    struct operation operations[WRITES_MAX][OPERATIONS_MAX];
    uint32_t counts[WRITES_MAX], stamp_first, stamp_beyond;
};

/*
 * What write `number` can be. Replica 0 is the one where others read, too; of a first write the
 * element's name does not matter when elements do not meet.
 */
static uint32_t list_operations(const struct value_case *value, uint32_t number, uint32_t elements,
                                uint32_t readings, struct operation *list)
{
    const struct value_ops *ops = value->type.ops;
    uint32_t count = 0;
    for (uint32_t action = VALUE_SET; action < VALUE_ACTION_COUNT; action++) {
        const bool one =
            action == VALUE_DELETE || action == VALUE_TRANSFER || (number == 0 && ops->by_element);
        for (uint32_t element = 0; element < (one ? 1 : elements); element++) {
            for (uint32_t reading = 0; reading < readings; reading++) {
                const bool same = reading == READ_FIRST && number % REPLICAS == 0;
                if (value_case_does(value, (enum value_action)action) && !same) {
                    CHECK(count < OPERATIONS_MAX);
                    list[count++] = (struct operation){(enum value_action)action,
                                                       action == VALUE_TRANSFER
                                                           ? value_actor((number + 1) % REPLICAS, 0)
                                                           : element,
                                                       (enum reading)reading};
                }
            }
        }
    }
    return count;
}

/* Types with contexts have many more histories: of the longest ones not all, unless asked for. */
static void make_plan(const struct value_case *value, uint32_t writes, uint32_t elements,
                      struct plan *plan)
{
    const bool contexts = value->type.ops->context != NULL;
    const bool all = !contexts || test_environment("GEODES_TEST_EXHAUSTIVE", 0.0) > 0.0;
    const bool longest = writes == WRITES_MAX;
    const uint32_t readings = !contexts ? 1 : all || !longest ? READING_COUNT : READ_FIRST;
    const bool every_order = all || (!longest && elements == 1);
    plan->stamp_first = every_order ? 0 : DESCEND;
    plan->stamp_beyond = every_order ? STAMP_ORDERS : DESCEND + 1;
    for (uint32_t i = 0; i < writes; i++) {
        plan->counts[i] = list_operations(value, i, elements, readings, plan->operations[i]);
    }
}

/* The next history of so many writes; false: that was the last. */
static bool next_history(struct history *history, const struct plan *plan)
{
    for (uint32_t i = 0; i < history->writes; i++) {
        const uint32_t own = i < REPLICAS ? 0 : 1u << (i - REPLICAS); /* it has that already */
        do {
            history->given[i]++;
        } while ((history->given[i] & own) != 0);
        if (history->given[i] < 1u << i) {
            return true;
        }
        history->given[i] = 0;
        if (++history->choice[i] < plan->counts[i]) {
            return true;
        }
        history->choice[i] = 0;
    }
    return ++history->stamp_order < plan->stamp_beyond;
}

static void run_histories(struct bench *bench, uint32_t writes, uint32_t elements,
                          enum value_form form)
{
    struct plan plan;
    struct history *history = &bench->history;
    make_plan(bench->value, writes, elements, &plan);
    *history = (struct history){.writes = writes, .form = form, .stamp_order = plan.stamp_first};
    do {
        for (uint32_t i = 0; i < writes; i++) {
            history->operations[i] = plan.operations[i][history->choice[i]];
        }
        run_history(bench);
    } while (!bench->failed && next_history(history, &plan));
}

static void release(struct bench *bench)
{
    struct words_buffer *singles[] = {&bench->read,  &bench->scratch, &bench->shipped,
                                      &bench->other, &bench->third,   &bench->reference};
    for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++) {
        words_release(singles[i]);
    }
    for (uint32_t i = 0; i < REPLICAS + WRITES_MAX; i++) {
        words_release(&bench->states[i]);
        for (uint32_t j = 0; j < REPLICAS + WRITES_MAX; j++) {
            words_release(&bench->pairs[i][j]);
        }
    }
    for (uint32_t i = 0; i < WRITES_MAX; i++) {
        words_release(&bench->messages[i]);
    }
    for (uint32_t i = 0; i <= REPLICAS; i++) {
        words_release(&bench->replicas[i].state);
        for (uint32_t j = 0; j <= DEPTH_MAX; j++) {
            words_release(&bench->deep[i][j]);
        }
    }
}

static bool run_variant(const struct value_case *value, uint64_t *histories)
{
    static struct bench bench;
    bench = (struct bench){.value = value};
    for (uint32_t form = 0; form < VALUE_FORM_COUNT && !bench.failed; form++) {
        if ((value->type.ops->forms >> form & 1) == 0) {
            continue;
        }
        for (uint32_t writes = 1; writes <= WRITES_MAX && !bench.failed; writes++) {
            run_histories(&bench, writes, 1, (enum value_form)form);
            if (value_case_elements(value) > 1 && writes < WRITES_MAX && !bench.failed) {
                run_histories(&bench, writes, 2, (enum value_form)form);
            }
        }
    }
    printf("  %-18s %-44s %9llu histories %10llu deliveries %10llu laws%s\n", value->name,
           value->variant, (unsigned long long)bench.histories,
           (unsigned long long)bench.deliveries, (unsigned long long)bench.laws,
           bench.failed ? " FAILED" : "");
    *histories += bench.histories;
    const bool failed = bench.failed;
    release(&bench);
    return !failed;
}

static void test_every_type_converges(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    uint64_t histories = 0;
    uint32_t failed = 0;
    const uint32_t count = value_variants_count();
    for (uint32_t i = 0; i < count; i++) {
        const struct value_case value = value_variants_at(i, &arena);
        failed += !run_variant(&value, &histories);
    }
    printf("  %u variants, %llu histories\n", count, (unsigned long long)histories);
    arena_release(&arena);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_type_converges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
