/*
 * Strong eventual consistency in long random histories: 2 to 5 replicas, up to 60 writes of any
 * kind, clients that bring what they have read here, or elsewhere and long ago, clocks that are up
 * to 20 units apart, deliveries in any order and again (operations: once, in the sender's order),
 * machines that lose their memory and come back as another actor. In the end everybody is given
 * everything: all hold the same words. Types that share out rights keep their minimum all the time.
 *
 * GEODES_TEST_SEED chooses them, GEODES_TEST_RUNS (default 100) says how many of each variant and
 * form.
 */
#include "tests/models/values/value_variants.h"
#include "tests/validation/seed.h"

#include "sim/random.h"

enum { ACTORS_MAX = 5, WRITES_MAX = 60, ELEMENTS_MAX = 4, CLOCK_SPREAD = 20 };
enum reading { BLIND, HERE, REMEMBERED, READING_COUNT };

static const char *const form_names[] = {"state", "delta", "operation"};

struct run {
    const struct value_case *value;
    struct random_stream random;
    enum value_form form;
    uint64_t number;
    uint32_t actors, lives[ACTORS_MAX];
    struct words_buffer states[ACTORS_MAX], memories[ACTORS_MAX]; /* what clients once read */
    struct words_buffer messages[WRITES_MAX], read, scratch, shipped;
    uint32_t senders[WRITES_MAX], count;
    bool given[ACTORS_MAX][WRITES_MAX];
};

static uint32_t draw(struct run *run, uint32_t below)
{
    return (uint32_t)random_below(&run->random, below);
}

/* Operations: once, and after those that its sender sent before. */
static bool deliverable(const struct run *run, uint32_t actor, uint32_t message)
{
    if (run->form != VALUE_OPERATION) {
        return true;
    }
    for (uint32_t i = 0; i < message; i++) {
        if (run->senders[i] == run->senders[message] && !run->given[actor][i]) {
            return false;
        }
    }
    return !run->given[actor][message];
}

/* A type that shares out rights promises its minimum whatever meets. */
static void expect_minimum(const struct run *run, uint32_t actor)
{
    const struct value_type *type = &run->value->type;
    struct value_view view;
    bool has = false;
    if (type->ops->wants != NULL) {
        const int64_t least = type->ops->minimum(type->params, &has);
        value_view_of(type, words_of(&run->states[actor]), &view);
        if (has && view.number < least) {
            fail_msg("%s {%s}, seed %llu, history %llu: %lld is below %lld", run->value->name,
                     run->value->variant, (unsigned long long)test_seed(),
                     (unsigned long long)run->number, (long long)view.number, (long long)least);
        }
    }
}

static void deliver(struct run *run, uint32_t actor, uint32_t message)
{
    if (deliverable(run, actor, message)) {
        value_take(&run->value->type, words_of(&run->states[actor]),
                   words_of(&run->messages[message]), run->form, &run->scratch, NULL);
        value_case_copy(&run->states[actor], words_of(&run->scratch));
        run->given[actor][message] = true;
        expect_minimum(run, actor);
    }
}

static void read_from(const struct run *run, uint32_t actor, struct words_buffer *out)
{
    const struct value_type *type = &run->value->type;
    words_clear(out);
    if (type->ops->context != NULL && run->states[actor].count > 0) {
        type->ops->context(type->params, value_body(words_of(&run->states[actor])), out);
    }
}

static enum value_action draw_action(struct run *run)
{
    for (;;) {
        const uint32_t action = draw(run, VALUE_ACTION_COUNT);
        if (value_case_does(run->value, (enum value_action)action)) {
            return (enum value_action)action;
        }
    }
}

static struct value_write draw_write(struct run *run, uint32_t actor)
{
    const uint32_t most = value_case_elements(run->value);
    const enum value_action action = draw_action(run);
    const bool transfer = action == VALUE_TRANSFER;
    const uint32_t element = draw(run, most < ELEMENTS_MAX ? most : ELEMENTS_MAX);
    const uint32_t other = (actor + 1 + draw(run, run->actors - 1)) % run->actors;
    const enum reading reading =
        run->value->type.ops->context == NULL ? BLIND : (enum reading)draw(run, READING_COUNT);
    if (reading == REMEMBERED) {
        value_case_copy(&run->read, words_of(&run->memories[other]));
    } else {
        read_from(run, actor, &run->read);
    }
    const int64_t time = 100 + run->count + draw(run, CLOCK_SPREAD);
    return (struct value_write){
        .action = action,
        .element = transfer ? value_actor(other, run->lives[other]) : element,
        .amount = 1 + draw(run, 3),
        .bytes = 100 + draw(run, 4),
        .actor = value_actor(actor, run->lives[actor]),
        .members = run->actors,
        .version = {transfer ? 0 : time << VALUE_TIE_BITS | actor, transfer ? 0 : run->count + 1},
        .clock_ns = time * SIM_NS_PER_S,
        .context = reading == BLIND ? (struct words){NULL, 0} : words_of(&run->read),
        .context_given = reading != BLIND};
}

static void do_write(struct run *run, uint32_t actor)
{
    const struct value_write write = draw_write(run, actor);
    if (value_perform(&run->value->type, words_of(&run->states[actor]), &write, run->form,
                      &run->scratch, &run->shipped) == VALUE_REFUSED) {
        return;
    }
    value_case_copy(&run->states[actor], words_of(&run->scratch));
    value_case_copy(&run->messages[run->count],
                    words_of(run->form == VALUE_STATE ? &run->scratch : &run->shipped));
    run->senders[run->count] = actor;
    run->given[actor][run->count++] = true;
}

/* An actor forgets all; what it has shipped is under way. Operations could not be had again. */
static void lose_memory(struct run *run, uint32_t actor)
{
    if (run->form != VALUE_OPERATION) {
        words_clear(&run->states[actor]);
        memset(run->given[actor], 0, sizeof run->given[actor]);
        run->lives[actor]++;
    }
}

static void step(struct run *run)
{
    const uint32_t actor = draw(run, run->actors), what = draw(run, 20);
    if (what < 8) {
        do_write(run, actor);
    } else if (what == 8) {
        lose_memory(run, actor);
    } else if (what < 11) {
        read_from(run, actor, &run->memories[actor]);
    } else if (run->count > 0) {
        deliver(run, actor, draw(run, run->count));
    }
}

static bool finish(struct run *run)
{
    for (uint32_t actor = 0; actor < run->actors; actor++) {
        const uint32_t first = run->count == 0 ? 0 : draw(run, run->count);
        for (uint32_t i = 0; i < 2 * run->count; i++) { /* again: operations wait for earlier */
            const uint32_t message = i < run->count ? (first + i) % run->count : i - run->count;
            if (!run->given[actor][message]) {
                deliver(run, actor, message);
            }
        }
        if (!words_equal(words_of(&run->states[actor]), words_of(&run->states[0]))) {
            printf("  %s {%s} as %s, seed %llu, history %llu: replicas 0 and %u differ after %u "
                   "writes\n",
                   run->value->name, run->value->variant, form_names[run->form],
                   (unsigned long long)test_seed(), (unsigned long long)run->number, actor,
                   run->count);
            return false;
        }
    }
    return true;
}

static bool history(struct run *run)
{
    run->count = 0;
    random_stream_init(&run->random, test_seed(), 1, (uint32_t)run->number);
    memset(run->lives, 0, sizeof run->lives);
    memset(run->given, 0, sizeof run->given);
    for (uint32_t i = 0; i < ACTORS_MAX; i++) {
        words_clear(&run->states[i]);
        words_clear(&run->memories[i]);
    }
    run->actors = 2 + draw(run, ACTORS_MAX - 1);
    const uint32_t steps = 10 + draw(run, 4 * WRITES_MAX);
    for (uint32_t i = 0; i < steps && run->count < WRITES_MAX; i++) {
        step(run);
    }
    return finish(run);
}

static void release(struct run *run)
{
    for (uint32_t i = 0; i < ACTORS_MAX; i++) {
        words_release(&run->states[i]);
        words_release(&run->memories[i]);
    }
    for (uint32_t i = 0; i < WRITES_MAX; i++) {
        words_release(&run->messages[i]);
    }
    words_release(&run->read);
    words_release(&run->scratch);
    words_release(&run->shipped);
}

static void test_long_histories_end_equal(void **state)
{
    (void)state;
    static struct run run;
    struct arena arena;
    arena_init(&arena);
    const uint64_t runs = (uint64_t)test_environment("GEODES_TEST_RUNS", 100.0);
    uint32_t failed = 0;
    for (uint32_t i = 0; i < value_variants_count(); i++) {
        const struct value_case value = value_variants_at(i, &arena);
        run.value = &value;
        for (uint32_t form = 0; form < VALUE_FORM_COUNT; form++) {
            run.form = (enum value_form)form;
            bool equal = true;
            for (run.number = 0; equal && run.number < runs; run.number++) {
                equal = (value.type.ops->forms >> form & 1) == 0 || history(&run);
            }
            failed += !equal;
        }
    }
    printf("  %u variants, %llu histories each and form, seed %llu\n", value_variants_count(),
           (unsigned long long)runs, (unsigned long long)test_seed());
    release(&run);
    arena_release(&arena);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_long_histories_end_equal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
