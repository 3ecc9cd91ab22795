/*
 * The register with siblings: timelines computed by hand, and random histories against a list of
 * writes that knows what really happened before what.
 */
#include "tests/models/values/value_case.h"
#include "tests/validation/seed.h"

#include "sim/random.h"

enum { REPLICAS = 3, CLIENTS = 4, WRITES = 60, HISTORIES = 300, ENTRY_WORDS = 4 };

struct bench {
    struct arena arena;
    struct value_case value;
    struct words_buffer replicas[REPLICAS], contexts[CLIENTS], scratch, shipped, displaced;
    uint64_t writes;
};

static void begin(struct bench *bench, const char *variant)
{
    memset(bench, 0, sizeof *bench);
    arena_init(&bench->arena);
    bench->value = value_case_of("mv_register", variant, &bench->arena);
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
    words_release(&bench->displaced);
    arena_release(&bench->arena);
}

/* A write with this stamp; its number counts up. Its delta is in `shipped`. */
static enum value_result put(struct bench *bench, uint32_t replica, enum value_action action,
                             const struct words_buffer *context, int64_t stamp)
{
    struct words_buffer *state = &bench->replicas[replica];
    const struct value_write write = {.action = action,
                                      .amount = 1,
                                      .bytes = 1000 + (uint32_t)bench->writes,
                                      .actor = value_actor(replica, 0),
                                      .members = REPLICAS,
                                      .version = {stamp, ++bench->writes},
                                      .context = context != NULL ? words_of(context)
                                                                 : (struct words){NULL, 0},
                                      .context_given = context != NULL};
    const enum value_result result = value_perform(&bench->value.type, words_of(state), &write,
                                                   VALUE_DELTA, &bench->scratch, &bench->shipped);
    if (result == VALUE_DONE) {
        value_case_copy(state, words_of(&bench->scratch));
    }
    return result;
}

static void take(struct bench *bench, uint32_t replica, struct words from)
{
    words_clear(&bench->displaced);
    value_take(&bench->value.type, words_of(&bench->replicas[replica]), from, VALUE_STATE,
               &bench->scratch, &bench->displaced);
    value_case_copy(&bench->replicas[replica], words_of(&bench->scratch));
}

static void read(struct bench *bench, uint32_t replica, struct words_buffer *context)
{
    const struct words state = words_of(&bench->replicas[replica]);
    words_clear(context);
    if (state.count > 0) {
        bench->value.type.ops->context(bench->value.type.params, value_body(state), context);
    }
}

/* Bit per write number that is a sibling. */
static uint64_t siblings(struct bench *bench, uint32_t replica)
{
    const struct words state = words_of(&bench->replicas[replica]);
    uint64_t found = 0;
    if (state.count > 0) {
        struct value_view view;
        words_clear(&bench->scratch);
        bench->value.type.ops->writes(bench->value.type.params, value_body(state), VALUE_STATE,
                                      &bench->scratch);
        for (uint32_t i = 0; i < bench->scratch.count; i += 2) {
            found |= UINT64_C(1) << bench->scratch.at[i + 1];
        }
        value_view_of(&bench->value.type, state, &view);
        assert_int_equal(view.siblings, __builtin_popcountll(found));
        assert_int_equal(view.elements, found != 0);
    }
    return found;
}

#define BIT(write) (UINT64_C(1) << (write))

/*
 * Two clients take turns at one server, each bringing what it got after its own last write: the
 * interleaving of Preguica et al. 2010.
 * Writes 1, 3, 5, ... are of the first client, 2, 4, 6, ... of the second. After write n >= 2 the
 * newest one of each is all that nobody has read and replaced: n - 1 and n.
 */
static void test_two_clients(void **state)
{
    (void)state;
    struct bench dotted, vectors;
    begin(&dotted, "context=dotted");
    begin(&vectors, "context=version_vector");
    uint64_t all = 0;
    for (uint32_t n = 1; n <= 20; n++) {
        const uint32_t client = n % 2;
        put(&dotted, 0, VALUE_SET, &dotted.contexts[client], n);
        put(&vectors, 0, VALUE_SET, &vectors.contexts[client], n);
        read(&dotted, 0, &dotted.contexts[client]);
        read(&vectors, 0, &vectors.contexts[client]);
        all |= BIT(n);
        assert_true(siblings(&dotted, 0) == (n == 1 ? BIT(1) : BIT(n - 1) | BIT(n)));
        assert_true(siblings(&vectors, 0) == all); /* the explosion: n siblings */
    }
    /* Who reads it all and writes resolves both. */
    read(&dotted, 0, &dotted.contexts[0]);
    read(&vectors, 0, &vectors.contexts[0]);
    put(&dotted, 0, VALUE_SET, &dotted.contexts[0], 21);
    put(&vectors, 0, VALUE_SET, &vectors.contexts[0], 21);
    assert_true(siblings(&dotted, 0) == BIT(21));
    assert_true(siblings(&vectors, 0) == BIT(21));
    end(&dotted);
    end(&vectors);
}

static void test_context_covers(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, "");
    /* Replica 0 and 1 write 1 and 2 at the same time; a client reads both at 0. */
    put(&bench, 0, VALUE_SET, NULL, 10);
    put(&bench, 1, VALUE_SET, NULL, 11);
    take(&bench, 0, words_of(&bench.replicas[1]));
    assert_true(siblings(&bench, 0) == (BIT(1) | BIT(2)));
    read(&bench, 0, &bench.contexts[0]);
    /* A vector of two entries: each replica's first write. */
    assert_int_equal(bench.contexts[0].count, 3);
    assert_true(bench.contexts[0].at[0] == 2);
    assert_true(bench.contexts[0].at[1] == (UINT64_C(0) << VALUE_DOT_BITS | 1));
    assert_true(bench.contexts[0].at[2] == (UINT64_C(1) << VALUE_DOT_BITS | 1));
    /* Write 3 comes in between; the client's write 4 replaces 1 and 2 and leaves 3. */
    put(&bench, 0, VALUE_SET, NULL, 12);
    assert_true(siblings(&bench, 0) == (BIT(1) | BIT(2) | BIT(3)));
    put(&bench, 0, VALUE_SET, &bench.contexts[0], 13);
    assert_true(siblings(&bench, 0) == (BIT(3) | BIT(4)));
    /* The delta of 4 alone, at a replica that has only 2: 2 goes, and 1 never comes back. */
    take(&bench, 1, words_of(&bench.shipped));
    assert_true(siblings(&bench, 1) == BIT(4));
    assert_int_equal(bench.displaced.count, 0); /* its client knew what it replaced */
    /* A removal with the old context takes nothing more; a blind one takes all. */
    assert_int_equal(put(&bench, 0, VALUE_DELETE, &bench.contexts[0], 14), VALUE_DONE);
    assert_true(siblings(&bench, 0) == (BIT(3) | BIT(4)));
    put(&bench, 0, VALUE_SET, NULL, 15);
    read(&bench, 1, &bench.contexts[1]); /* has 4 */
    put(&bench, 0, VALUE_DELETE, &bench.contexts[1], 16);
    assert_true(siblings(&bench, 0) == (BIT(3) | BIT(6))); /* siblings survive */
    put(&bench, 0, VALUE_DELETE, NULL, 17);
    assert_true(siblings(&bench, 0) == 0);
    take(&bench, 1, words_of(&bench.replicas[0]));
    assert_true(siblings(&bench, 1) == 0);
    end(&bench);
}

static void test_blind(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, "blind=replace");
    put(&bench, 0, VALUE_SET, NULL, 10);
    put(&bench, 0, VALUE_SET, NULL, 9);
    assert_true(siblings(&bench, 0) == BIT(2)); /* whatever the stamps are */
    put(&bench, 1, VALUE_SET, NULL, 8);
    take(&bench, 1, words_of(&bench.replicas[0]));
    assert_true(siblings(&bench, 1) == (BIT(2) | BIT(3)));
    end(&bench);
    /* Of a client that read nothing and says so, nothing is replaced. */
    begin(&bench, "blind=replace");
    put(&bench, 0, VALUE_SET, NULL, 10);
    put(&bench, 0, VALUE_SET, &bench.contexts[0], 11);
    assert_true(siblings(&bench, 0) == (BIT(1) | BIT(2)));
    end(&bench);
}

static void test_vectors_all_or_nothing(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, "context=version_vector");
    put(&bench, 0, VALUE_SET, NULL, 10);
    read(&bench, 0, &bench.contexts[0]);
    put(&bench, 0, VALUE_SET, NULL, 11);
    put(&bench, 0, VALUE_DELETE, &bench.contexts[0], 12); /* does not cover write 2 */
    assert_true(siblings(&bench, 0) == (BIT(1) | BIT(2)));
    read(&bench, 0, &bench.contexts[0]);
    put(&bench, 0, VALUE_DELETE, &bench.contexts[0], 13);
    assert_true(siblings(&bench, 0) == 0);
    end(&bench);
}

static void expect_displaced(struct bench *bench, uint64_t loser, uint64_t winner)
{
    assert_int_equal(bench->displaced.count, 4);
    assert_int_equal(bench->displaced.at[1], loser);
    assert_int_equal(bench->displaced.at[3], winner);
}

static void test_cap(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, "cap=2");
    put(&bench, 0, VALUE_SET, NULL, 10);
    take(&bench, 1, words_of(&bench.replicas[0]));
    put(&bench, 0, VALUE_SET, NULL, 30);
    assert_true(siblings(&bench, 0) == (BIT(1) | BIT(2)));
    put(&bench, 0, VALUE_SET, NULL, 20); /* 10 is pushed out: 20 is the oldest that stays */
    assert_true(siblings(&bench, 0) == (BIT(2) | BIT(3)));
    take(&bench, 1, words_of(&bench.shipped)); /* the delta of write 3 */
    assert_true(siblings(&bench, 1) == BIT(3));
    expect_displaced(&bench, 1, 3);
    /* A write of a clock that is behind, elsewhere, is older than what was kept. */
    put(&bench, 2, VALUE_SET, NULL, 15);
    take(&bench, 0, words_of(&bench.replicas[2]));
    assert_true(siblings(&bench, 0) == (BIT(2) | BIT(3)));
    expect_displaced(&bench, 4, 3);
    /* What meets is not counted until somebody writes. */
    put(&bench, 2, VALUE_SET, NULL, 25);
    take(&bench, 0, words_of(&bench.replicas[2]));
    assert_true(siblings(&bench, 0) == (BIT(2) | BIT(3) | BIT(5)));
    put(&bench, 0, VALUE_SET, NULL, 26); /* of 20, 25, 26, 30 */
    assert_true(siblings(&bench, 0) == (BIT(2) | BIT(6)));
    end(&bench);

    /* The same of a whole state, which says that its owner has seen what was pushed out. */
    begin(&bench, "cap=1");
    put(&bench, 0, VALUE_SET, NULL, 10);
    take(&bench, 1, words_of(&bench.replicas[0]));
    put(&bench, 0, VALUE_SET, NULL, 20);
    take(&bench, 1, words_of(&bench.replicas[0]));
    assert_true(siblings(&bench, 1) == BIT(2));
    expect_displaced(&bench, 1, 2);
    /* A write that is itself too old is gone at once. */
    put(&bench, 1, VALUE_SET, NULL, 15);
    assert_true(siblings(&bench, 1) == BIT(2));
    end(&bench);

    begin(&bench, "cap=2,when_full=refuse");
    assert_int_equal(put(&bench, 0, VALUE_SET, NULL, 10), VALUE_DONE);
    assert_int_equal(put(&bench, 0, VALUE_SET, NULL, 11), VALUE_DONE);
    assert_int_equal(put(&bench, 0, VALUE_SET, NULL, 12), VALUE_REFUSED);
    assert_true(siblings(&bench, 0) == (BIT(1) | BIT(2)));
    read(&bench, 0, &bench.contexts[0]);
    assert_int_equal(put(&bench, 0, VALUE_SET, &bench.contexts[0], 13), VALUE_DONE);
    assert_true(siblings(&bench, 0) == BIT(4));
    end(&bench);
}

/* Two siblings of 1000 and 1001 bytes; two vector entries of 16 bytes, and a dot each. */
static void test_size(void **state)
{
    (void)state;
    static const uint32_t want[] = {2 * 16 + 2 * 16, 2 * 16};
    static const char *const variants[] = {"context=dotted", "context=version_vector"};
    for (uint32_t i = 0; i < 2; i++) {
        struct bench bench;
        begin(&bench, variants[i]);
        put(&bench, 0, VALUE_SET, NULL, 10);
        put(&bench, 1, VALUE_SET, NULL, 11);
        take(&bench, 0, words_of(&bench.replicas[1]));
        const struct value_size size =
            value_size_of(&bench.value.type, words_of(&bench.replicas[0]), VALUE_STATE);
        assert_int_equal(size.payload, 2001);
        assert_int_equal(size.metadata, want[i]);
        end(&bench);
    }
}

/* ---- against what really happened ---- */

struct truth {
    uint64_t past[WRITES + 1]; /* of a write: the writes that its client had seen, one way */
    bool removal[WRITES + 1];
    uint64_t delivered[REPLICAS], read[CLIENTS];
};

static uint64_t seen(const struct truth *truth, uint64_t delivered)
{
    uint64_t all = 0;
    for (uint32_t w = 1; w <= WRITES; w++) {
        if ((delivered >> w & 1) != 0) {
            all |= truth->past[w] | (truth->removal[w] ? 0 : BIT(w));
        }
    }
    return all;
}

/* The writes here that no other one here had seen. */
static uint64_t maximal(const struct truth *truth, uint64_t delivered)
{
    uint64_t replaced = 0, values = 0;
    for (uint32_t w = 1; w <= WRITES; w++) {
        if ((delivered >> w & 1) != 0) {
            replaced |= truth->past[w];
            values |= truth->removal[w] ? 0 : BIT(w);
        }
    }
    return values & ~replaced;
}

struct random_run {
    struct bench bench;
    struct truth truth; /* by the rule of the variant */
    struct random_stream random;
    struct words_buffer deltas[WRITES + 1];
    bool vectors, replace;
};

static void random_write(struct random_run *run, uint32_t replica, uint32_t client)
{
    struct truth *truth = &run->truth;
    const uint32_t number = (uint32_t)run->bench.writes + 1;
    const uint64_t what = random_below(&run->random, 8);
    const bool blind = what < 2, removal = what == 7;
    const uint64_t here = seen(truth, truth->delivered[replica]);
    uint64_t past = truth->read[client];
    if (blind) {
        past = run->replace ? here : 0;
    } else if (run->vectors && (here & ~past) != 0) {
        past = 0;
    }
    put(&run->bench, replica, removal ? VALUE_DELETE : VALUE_SET,
        blind ? NULL : &run->bench.contexts[client], (int64_t)random_below(&run->random, 50));
    value_case_copy(&run->deltas[number], words_of(&run->bench.shipped));
    truth->past[number] = past;
    truth->removal[number] = removal;
    truth->delivered[replica] |= BIT(number);
}

static void random_history(struct random_run *run, uint32_t number)
{
    random_stream_init(&run->random, test_seed(), 2, number);
    while (run->bench.writes < WRITES) {
        const uint32_t replica = (uint32_t)random_below(&run->random, REPLICAS);
        const uint32_t client = (uint32_t)random_below(&run->random, CLIENTS);
        const uint32_t other = (uint32_t)random_below(&run->random, REPLICAS);
        const uint64_t what = random_below(&run->random, 8);
        if (what < 3) {
            random_write(run, replica, client);
        } else if (what < 5) {
            read(&run->bench, replica, &run->bench.contexts[client]);
            run->truth.read[client] = seen(&run->truth, run->truth.delivered[replica]);
        } else if (what < 7 && run->bench.writes > 0) {
            const uint32_t write = 1 + (uint32_t)random_below(&run->random, run->bench.writes);
            take(&run->bench, replica, words_of(&run->deltas[write]));
            run->truth.delivered[replica] |= BIT(write);
        } else if (replica != other) {
            take(&run->bench, replica, words_of(&run->bench.replicas[other]));
            run->truth.delivered[replica] |= run->truth.delivered[other];
        }
        const uint64_t want = maximal(&run->truth, run->truth.delivered[replica]);
        const uint64_t have = siblings(&run->bench, replica);
        if (have != want) {
            fail_msg("seed %llu, history %u: replica %u has %llx, not %llx",
                     (unsigned long long)test_seed(), number, replica, (unsigned long long)have,
                     (unsigned long long)want);
        }
    }
}

static void test_random(void **state)
{
    (void)state;
    static const char *const variants[] = {"context=dotted", "context=dotted,blind=replace",
                                           "context=version_vector"};
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t number = 0; number < HISTORIES; number++) {
            struct random_run run = {.vectors = i == 2, .replace = i == 1};
            begin(&run.bench, variants[i]);
            random_history(&run, number);
            end(&run.bench);
            for (uint32_t write = 0; write <= WRITES; write++) {
                words_release(&run.deltas[write]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_clients), cmocka_unit_test(test_context_covers),
        cmocka_unit_test(test_blind),       cmocka_unit_test(test_vectors_all_or_nothing),
        cmocka_unit_test(test_cap),         cmocka_unit_test(test_size),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
