/*
 * Sets: what becomes of adds and removals that meet, by hand and in random histories against a list
 * of writes that knows what each had seen.
 *
 * The list has no dots. At every step a replica's elements must be what follows from the writes
 * that it was given; when all were given to all, what follows from "happened before" alone:
 *   or_set           there when an add happened before no removal of the element
 *   remove_wins_set  there when adds only are not followed by any other write of the element
 *   two_phase_set    there when added and never removed by who knew it
 *   g_set            there when added
 * So an acknowledged add to an or_set never disappears without a removal that had seen it, and what
 * a two_phase_set has lost never comes back.
 */
#include "tests/models/values/value_case.h"
#include "tests/validation/seed.h"

#include "sim/random.h"

enum { REPLICAS = 3, CLIENTS = 2, ELEMENTS = 3, WRITES = 60, HISTORIES = 400 };
enum kind { G_SET, TWO_PHASE, ADD_WINS, REMOVE_WINS, KIND_COUNT };

static const char *const names[] = {"g_set", "two_phase_set", "or_set", "remove_wins_set"};

struct bench {
    struct arena arena;
    struct value_case value;
    struct words_buffer replicas[REPLICAS], contexts[CLIENTS], scratch, shipped;
    uint64_t writes;
    enum value_form form;
};

static void begin(struct bench *bench, enum kind kind)
{
    memset(bench, 0, sizeof *bench);
    arena_init(&bench->arena);
    bench->value = value_case_of(names[kind], "", &bench->arena);
    bench->form = VALUE_DELTA;
}

static void end(struct bench *bench)
{
    for (uint32_t i = 0; i < REPLICAS; i++) {
        words_release(&bench->replicas[i]);
    }
    for (uint32_t i = 0; i < CLIENTS; i++) {
        words_release(&bench->contexts[i]);
    }
    words_release(&bench->scratch);
    words_release(&bench->shipped);
    arena_release(&bench->arena);
}

static enum value_result put(struct bench *bench, uint32_t replica, enum value_action action,
                             uint32_t element, const struct words_buffer *context)
{
    const struct value_write write = {.action = action,
                                      .element = element,
                                      .amount = 1,
                                      .bytes = 16,
                                      .actor = value_actor(replica, 0),
                                      .members = REPLICAS,
                                      .version = {10 + (int64_t)bench->writes, bench->writes + 1},
                                      .context = context != NULL ? words_of(context)
                                                                 : (struct words){NULL, 0},
                                      .context_given = context != NULL};
    bench->writes++;
    const enum value_result result =
        value_perform(&bench->value.type, words_of(&bench->replicas[replica]), &write, bench->form,
                      &bench->scratch, &bench->shipped);
    if (result == VALUE_DONE) {
        value_case_copy(&bench->replicas[replica], words_of(&bench->scratch));
    }
    return result;
}

static void take(struct bench *bench, uint32_t replica, struct words from)
{
    value_take(&bench->value.type, words_of(&bench->replicas[replica]), from, bench->form,
               &bench->scratch, NULL);
    value_case_copy(&bench->replicas[replica], words_of(&bench->scratch));
}

static void read(struct bench *bench, uint32_t replica, struct words_buffer *context)
{
    const struct value_type *type = &bench->value.type;
    const struct words state = words_of(&bench->replicas[replica]);
    words_clear(context);
    if (state.count > 0 && type->ops->context != NULL) {
        type->ops->context(type->params, value_body(state), context);
    }
}

static uint32_t count(const struct bench *bench, uint32_t replica)
{
    struct value_view view;
    value_view_of(&bench->value.type, words_of(&bench->replicas[replica]), &view);
    assert_int_equal(view.number, view.elements);
    assert_int_equal(view.siblings, view.elements > 0);
    return view.elements;
}

/* Whether an element is there: a set has no other question than how many, so one copy is asked
 * with the element removed by who holds it all, and one as it is. For g_set: with it added. */
static bool has(struct bench *bench, uint32_t replica, uint32_t element)
{
    const bool grows = (bench->value.type.ops->actions >> VALUE_REMOVE & 1) == 0;
    const struct value_write write = {.action = grows ? VALUE_ADD : VALUE_REMOVE,
                                      .element = element,
                                      .amount = 1,
                                      .actor = value_actor(replica, 9),
                                      .members = REPLICAS,
                                      .version = {1000, 1000}};
    struct value_view before, after;
    struct words_buffer copy = {0};
    value_perform(&bench->value.type, words_of(&bench->replicas[replica]), &write, VALUE_STATE,
                  &copy, &bench->scratch);
    value_view_of(&bench->value.type, words_of(&bench->replicas[replica]), &before);
    value_view_of(&bench->value.type, words_of(&copy), &after);
    words_release(&copy);
    return grows ? after.elements == before.elements : after.elements < before.elements;
}

static uint32_t elements(struct bench *bench, uint32_t replica)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < ELEMENTS; i++) {
        bits |= has(bench, replica, i) ? 1u << i : 0;
    }
    assert_int_equal(__builtin_popcount(bits), count(bench, replica));
    return bits;
}

/* ---- by hand ---- */

/* Both know 0; replica 0 adds it again while replica 1 removes it. */
static void test_add_meets_removal(void **state)
{
    (void)state;
    static const uint32_t want[] = {[TWO_PHASE] = 0, [ADD_WINS] = 1, [REMOVE_WINS] = 0};
    for (enum kind kind = TWO_PHASE; kind < KIND_COUNT; kind++) {
        struct bench bench;
        begin(&bench, kind);
        put(&bench, 0, VALUE_ADD, 0, NULL);
        take(&bench, 1, words_of(&bench.shipped));
        put(&bench, 0, VALUE_ADD, 0, NULL);
        struct words_buffer add = {0};
        value_case_copy(&add, words_of(&bench.shipped));
        put(&bench, 1, VALUE_REMOVE, 0, NULL);
        assert_int_equal(elements(&bench, 1), 0);
        take(&bench, 0, words_of(&bench.shipped));
        take(&bench, 1, words_of(&add));
        assert_int_equal(elements(&bench, 0), want[kind]);
        assert_int_equal(elements(&bench, 1), want[kind]);
        assert_true(words_equal(words_of(&bench.replicas[0]), words_of(&bench.replicas[1])));
        /* An add that has seen the removal: back, but for ever gone from the two-phase set. */
        const enum value_result result = put(&bench, 0, VALUE_ADD, 0, NULL);
        assert_int_equal(result, kind == TWO_PHASE ? VALUE_REFUSED : VALUE_DONE);
        assert_int_equal(elements(&bench, 0), kind == TWO_PHASE ? 0 : 1);
        words_release(&add);
        end(&bench);
    }
}

/* A client that read {0} elsewhere removes it here, where the add has not arrived. */
static void test_contexts(void **state)
{
    (void)state;
    for (enum kind kind = TWO_PHASE; kind < KIND_COUNT; kind++) {
        struct bench bench;
        begin(&bench, kind);
        put(&bench, 0, VALUE_ADD, 0, NULL);
        put(&bench, 0, VALUE_ADD, 1, NULL);
        read(&bench, 0, &bench.contexts[0]);
        put(&bench, 1, VALUE_REMOVE, 0, &bench.contexts[0]);
        take(&bench, 1, words_of(&bench.replicas[0]));
        assert_int_equal(elements(&bench, 1), 2); /* 1 was read, too, and not removed */
        /* A removal of what its client had not read: not in the add-wins and two-phase sets. */
        put(&bench, 1, VALUE_REMOVE, 1, &bench.contexts[1]);
        assert_int_equal(elements(&bench, 1), kind == REMOVE_WINS ? 0 : 2);
        end(&bench);
    }
}

/* In a remove-wins set an add beats the removals that its client had read, and no others. */
static void test_removal_not_read(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, REMOVE_WINS);
    put(&bench, 0, VALUE_REMOVE, 0, NULL);
    put(&bench, 0, VALUE_ADD, 0, &bench.contexts[0]);
    assert_int_equal(elements(&bench, 0), 0);
    read(&bench, 0, &bench.contexts[0]);
    put(&bench, 0, VALUE_ADD, 0, &bench.contexts[0]);
    assert_int_equal(elements(&bench, 0), 1);
    end(&bench);
}

static void expect_size(const struct bench *bench, struct words words, enum value_form form,
                        uint32_t payload, uint32_t metadata)
{
    const struct value_size size = value_size_of(&bench->value.type, words, form);
    assert_int_equal(size.payload, payload);
    assert_int_equal(size.metadata, metadata);
}

/* Elements of 16 bytes, dots of 16. */
static void test_sizes(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, ADD_WINS);
    put(&bench, 0, VALUE_ADD, 0, NULL);
    put(&bench, 0, VALUE_ADD, 1, NULL);
    expect_size(&bench, words_of(&bench.replicas[0]), VALUE_STATE, 32, 2 * 16 + 16);
    expect_size(&bench, words_of(&bench.shipped), VALUE_DELTA, 16, 16 + 16);
    expect_size(&bench, words_of(&bench.shipped), VALUE_OPERATION, 16, 16);
    put(&bench, 0, VALUE_REMOVE, 0, NULL);
    expect_size(&bench, words_of(&bench.shipped), VALUE_DELTA, 0, 16);
    for (uint32_t i = 0; i < 1000; i++) {
        put(&bench, 0, VALUE_ADD, 0, NULL);
        put(&bench, 0, VALUE_REMOVE, 0, NULL);
    }
    put(&bench, 0, VALUE_REMOVE, 1, NULL);
    expect_size(&bench, words_of(&bench.replicas[0]), VALUE_STATE, 0, 16); /* no tombstones */
    end(&bench);

    begin(&bench, REMOVE_WINS);
    put(&bench, 0, VALUE_ADD, 0, NULL);
    put(&bench, 0, VALUE_ADD, 1, NULL);
    put(&bench, 0, VALUE_REMOVE, 0, NULL); /* remembered: its name and a dot */
    expect_size(&bench, words_of(&bench.replicas[0]), VALUE_STATE, 16, 16 + 2 * 16 + 16);
    end(&bench);

    begin(&bench, TWO_PHASE);
    put(&bench, 0, VALUE_ADD, 0, NULL);
    put(&bench, 0, VALUE_ADD, 1, NULL);
    put(&bench, 0, VALUE_REMOVE, 0, NULL);
    expect_size(&bench, words_of(&bench.replicas[0]), VALUE_STATE, 16, 16);
    put(&bench, 0, VALUE_REMOVE, 2, NULL); /* not there: nothing is removed for ever */
    expect_size(&bench, words_of(&bench.replicas[0]), VALUE_STATE, 16, 16);
    end(&bench);

    begin(&bench, G_SET);
    put(&bench, 0, VALUE_ADD, 0, NULL);
    put(&bench, 0, VALUE_ADD, 1, NULL);
    put(&bench, 0, VALUE_ADD, 0, NULL);
    expect_size(&bench, words_of(&bench.replicas[0]), VALUE_STATE, 32, 0);
    end(&bench);
}

/* ---- against what each write had seen ---- */

#define BIT(write) (UINT64_C(1) << (write))

struct truth {
    uint32_t element[WRITES];
    bool removal[WRITES], without_effect[WRITES];
    uint64_t replaced[WRITES]; /* the writes in whose place it goes, or which it takes away */
    uint64_t past[WRITES];     /* of the same element: all that happened before it */
    uint64_t delivered[REPLICAS];
    uint64_t read_live[CLIENTS], read_past[CLIENTS]; /* when the client read */
    uint32_t gone[REPLICAS];                         /* elements once removed there (two-phase) */
};

static uint64_t of_element(const struct truth *truth, uint64_t writes, uint32_t element)
{
    for (uint32_t w = 0; w < WRITES; w++) {
        writes &= truth->element[w] == element && !truth->without_effect[w] ? UINT64_MAX : ~BIT(w);
    }
    return writes;
}

static uint64_t past_of(const struct truth *truth, uint64_t writes)
{
    uint64_t past = writes;
    for (uint32_t w = 0; w < WRITES; w++) {
        past |= (writes >> w & 1) != 0 ? truth->past[w] : 0;
    }
    return past;
}

static uint64_t removals(const struct truth *truth, uint64_t writes)
{
    uint64_t found = 0;
    for (uint32_t w = 0; w < WRITES; w++) {
        found |= (writes >> w & 1) != 0 && truth->removal[w] ? BIT(w) : 0;
    }
    return found;
}

/* Of these writes those that none of them has replaced. */
static uint64_t live(const struct truth *truth, uint64_t writes)
{
    uint64_t left = writes;
    for (uint32_t w = 0; w < WRITES; w++) {
        left &= (writes >> w & 1) != 0 ? ~truth->replaced[w] : UINT64_MAX;
    }
    return left;
}

static bool there(const struct truth *truth, enum kind kind, uint64_t delivered, uint32_t element)
{
    const uint64_t writes = of_element(truth, delivered, element);
    const uint64_t left = live(truth, writes), away = removals(truth, writes);
    switch (kind) {
    case ADD_WINS:
        return (left & ~away) != 0;
    case REMOVE_WINS:
        return left != 0 && (left & away) == 0;
    case TWO_PHASE:
    case G_SET:
    case KIND_COUNT:
    default:
        return (writes & ~away) != 0 && away == 0;
    }
}

/* By "happened before" alone, of all writes. */
static bool there_in_the_end(const struct truth *truth, enum kind kind, uint64_t all,
                             uint32_t element)
{
    const uint64_t writes = of_element(truth, all, element), away = removals(truth, writes);
    uint64_t before_removals = 0, before_any = 0;
    for (uint32_t w = 0; w < WRITES; w++) {
        before_removals |= (away >> w & 1) != 0 ? truth->past[w] : 0;
        before_any |= (writes >> w & 1) != 0 ? truth->past[w] : 0;
    }
    const uint64_t last = writes & ~before_any;
    return kind == ADD_WINS      ? (writes & ~away & ~before_removals) != 0
           : kind == REMOVE_WINS ? last != 0 && (last & away) == 0
                                 : (writes & ~away) != 0 && away == 0;
}

struct random_run {
    struct bench bench;
    enum kind kind;
    struct truth truth;
    struct random_stream random;
    struct words_buffer deltas[WRITES];
};

static uint32_t draw(struct random_run *run, uint32_t below)
{
    return (uint32_t)random_below(&run->random, below);
}

static void note_write(struct random_run *run, uint32_t replica, uint32_t element, bool removal,
                       uint32_t client)
{
    struct truth *truth = &run->truth;
    const uint32_t number = (uint32_t)run->bench.writes - 1;
    const uint64_t here = of_element(truth, truth->delivered[replica], element);
    uint64_t held = live(truth, here), past = past_of(truth, here);
    const bool reads = client < CLIENTS && (removal || run->kind == REMOVE_WINS);
    if (reads) {
        held = of_element(truth, truth->read_live[client], element);
        past = of_element(truth, truth->read_past[client], element);
    }
    truth->element[number] = element;
    truth->removal[number] = removal;
    truth->past[number] = past;
    truth->replaced[number] = run->kind == G_SET || run->kind == TWO_PHASE ? 0 : held;
    truth->without_effect[number] =
        run->kind == TWO_PHASE && removal && (held & ~removals(truth, held)) == 0;
    truth->delivered[replica] |= BIT(number);
}

static void random_write(struct random_run *run, uint32_t replica)
{
    const bool removal = run->kind != G_SET && draw(run, 5) < 2;
    const uint32_t element = draw(run, ELEMENTS), client = draw(run, 2 * CLIENTS);
    const struct words_buffer *context =
        client < CLIENTS && run->kind != G_SET ? &run->bench.contexts[client] : NULL;
    if (put(&run->bench, replica, removal ? VALUE_REMOVE : VALUE_ADD, element, context) ==
        VALUE_REFUSED) {
        assert_int_equal(run->kind, TWO_PHASE);
        assert_true((run->truth.gone[replica] >> element & 1) != 0);
        run->bench.writes--;
        return;
    }
    value_case_copy(&run->deltas[run->bench.writes - 1], words_of(&run->bench.shipped));
    note_write(run, replica, element, removal, context != NULL ? client : CLIENTS);
}

static void expect_elements(struct random_run *run, uint32_t number, uint32_t replica, bool in_end)
{
    struct truth *truth = &run->truth;
    const uint64_t delivered = truth->delivered[replica];
    const uint32_t have = elements(&run->bench, replica);
    uint32_t want = 0;
    for (uint32_t i = 0; i < ELEMENTS; i++) {
        const bool is = in_end ? there_in_the_end(truth, run->kind, delivered, i)
                               : there(truth, run->kind, delivered, i);
        want |= is ? 1u << i : 0;
        const uint64_t writes = of_element(truth, delivered, i);
        truth->gone[replica] |= removals(truth, writes) != 0 ? 1u << i : 0;
    }
    if (have != want) {
        fail_msg("%s, seed %llu, history %u, write %u: replica %u has %x, not %x%s",
                 names[run->kind], (unsigned long long)test_seed(), number,
                 (uint32_t)run->bench.writes, replica, have, want, in_end ? " in the end" : "");
    }
    if (run->kind == TWO_PHASE) {
        assert_int_equal(have & truth->gone[replica], 0);
    }
}

static void note_read(struct random_run *run, uint32_t replica, uint32_t client)
{
    struct truth *truth = &run->truth;
    read(&run->bench, replica, &run->bench.contexts[client]);
    truth->read_live[client] = truth->read_past[client] = 0;
    for (uint32_t i = 0; i < ELEMENTS; i++) {
        const uint64_t here = of_element(truth, truth->delivered[replica], i);
        const bool visible = run->kind != TWO_PHASE || there(truth, TWO_PHASE, here, i);
        truth->read_live[client] |= visible ? live(truth, here) : 0;
        truth->read_past[client] |= past_of(truth, here);
    }
}

static void random_step(struct random_run *run, uint32_t number)
{
    const uint32_t replica = draw(run, REPLICAS), other = draw(run, REPLICAS);
    const uint32_t what = draw(run, 8);
    if (what < 3) {
        random_write(run, replica);
    } else if (what == 3) {
        note_read(run, replica, draw(run, CLIENTS));
    } else if (what < 7 && run->bench.writes > 0) {
        const uint32_t write = draw(run, (uint32_t)run->bench.writes);
        take(&run->bench, replica, words_of(&run->deltas[write]));
        run->truth.delivered[replica] |= BIT(write);
    } else if (replica != other) {
        take(&run->bench, replica, words_of(&run->bench.replicas[other]));
        run->truth.delivered[replica] |= run->truth.delivered[other];
    }
    expect_elements(run, number, replica, false);
}

static void random_history(struct random_run *run, uint32_t number)
{
    random_stream_init(&run->random, test_seed(), 3, number);
    const uint32_t steps = 20 + draw(run, 150);
    for (uint32_t step = 0; step < steps && run->bench.writes < WRITES; step++) {
        random_step(run, number);
    }
    for (uint32_t replica = 0; replica < REPLICAS; replica++) {
        for (uint32_t write = 0; write < run->bench.writes; write++) {
            take(&run->bench, replica, words_of(&run->deltas[write]));
            run->truth.delivered[replica] |= BIT(write);
        }
        expect_elements(run, number, replica, false);
        expect_elements(run, number, replica, true);
    }
}

static void test_random(void **state)
{
    (void)state;
    for (enum kind kind = G_SET; kind < KIND_COUNT; kind++) {
        for (uint32_t number = 0; number < HISTORIES; number++) {
            static struct random_run run;
            memset(&run, 0, sizeof run);
            run.kind = kind;
            begin(&run.bench, kind);
            random_history(&run, number);
            end(&run.bench);
            for (uint32_t write = 0; write < WRITES; write++) {
                words_release(&run.deltas[write]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_meets_removal),
        cmocka_unit_test(test_contexts),
        cmocka_unit_test(test_removal_not_read),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
