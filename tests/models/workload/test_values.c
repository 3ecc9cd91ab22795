/* What clients do to values that merge: actions, elements, amounts, contexts. */
#include "tests/models/workload/fake_host.h"
#include "tests/models/workload/fake_value.h"

#include "models/workload/mix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The next INVOKED row from *at on. */
static const struct record *next_invoked(const struct world *world, size_t *at)
{
    while (world->rows[*at].kind != RECORD_INVOKED) {
        (*at)++;
    }
    return &world->rows[(*at)++];
}

/* A request says what a row says: the action, the element, and what the number changes by. */
static void assert_request(const struct record *row, uint64_t request, enum value_action action,
                           int64_t change)
{
    assert_int_equal(value_request_action(request), action);
    assert_int_equal(row->outcome, action);
    assert_int_equal(row->peer, value_request_element(request));
    assert_int_equal(row->b, change);
}

static void test_trace_says_all(void **state)
{
    (void)state;
    static const char *const cells[] = {"1", "increment", "7", "4", "30", /**/
                                        "2", "decrement", "7", "0", "31", /**/
                                        "3", "add",       "7", "1", "",   /**/
                                        "4", "remove",    "7", "2", "2",  /**/
                                        "5", "set",       "7", "3", "99", /**/
                                        "6", "delete",    "7", "0", "",   /**/
                                        "7", "write",     "7", "0", "12", /**/
                                        "8", "read",      "7", "",  ""};
    static const struct {
        enum value_action action;
        uint32_t element;
        int64_t change;
    } expected[] = {{VALUE_INCREMENT, 4, 30}, {VALUE_DECREMENT, 0, -31}, {VALUE_ADD, 1, 1},
                    {VALUE_REMOVE, 2, -2},    {VALUE_SET, 3, 0},         {VALUE_DELETE, 0, 0},
                    {VALUE_ADD, 0, 12},       {VALUE_WRITE, 0, 0}};
    struct world *world = fake_init(1);
    fake_merges(world, 0, &fake_value, 5);
    fake_trace_of(world, 0, 5, cells, 8);
    fake_run(world);
    assert_int_equal(world->request_count, 8);
    for (size_t i = 0; i < 8; i++) {
        const struct record *row = fake_nth(world, RECORD_INVOKED, i);
        const struct message *request = &world->requests[i].message;
        assert_int_equal(row->type, i == 7 ? RECORD_READ : RECORD_WRITE);
        if (i == 7) {
            assert_int_equal(request->a, 0);
            assert_int_equal(row->peer, RECORD_NONE);
            continue;
        }
        assert_int_equal(value_request_element(request->a), expected[i].element);
        assert_request(row, request->a, expected[i].action, expected[i].change);
    }
    fake_release(world);
}

/* Shares of a mix are shares of actions; inserts and plain writes do what the type says. */
static void test_mix_of_actions(void **state)
{
    (void)state;
    struct world *world = fake_init(1);
    fake_merges(world, 0, &fake_value, 1);
    world->group[0].rate = 1000.0;
    world->group[0].arrivals = 1;
    world->group[0].mix = (struct scenario_mix){.read = 0.1,
                                                .write = 0.1,
                                                .insert = 0.05,
                                                .set = 0.1,
                                                .increment = 0.25,
                                                .decrement = 0.15,
                                                .add = 0.05,
                                                .remove = 0.1,
                                                .delete = 0.1,
                                                .scan_keys = 1};
    fake_run(world);
    static const double shares[MIX_ACTIONS_END] = {[VALUE_WRITE] = 0.1 /* reads */,
                                                   [VALUE_SET] = 0.1,
                                                   [VALUE_INCREMENT] = 0.25,
                                                   [VALUE_DECREMENT] = 0.15,
                                                   [VALUE_ADD] = 0.2,
                                                   [VALUE_REMOVE] = 0.1,
                                                   [VALUE_DELETE] = 0.1};
    int seen[MIX_ACTIONS_END] = {0};
    size_t at = 0;
    for (size_t i = 0; i < world->request_count; i++) {
        const struct record *row = next_invoked(world, &at);
        const struct message *request = &world->requests[i].message;
        const enum value_action action = value_request_action(request->a);
        assert_true((request->type == RECORD_READ) == (request->a == 0));
        seen[action]++;
        if (request->a != 0) {
            assert_request(row, request->a, action, value_signed(action, 1));
        }
    }
    assert_int_equal(world->request_count, 10000);
    for (int i = 0; i < MIX_ACTIONS_END; i++) {
        /* Binomial of 10000: four standard deviations, at most 43 each: 0.04 % that one misses. */
        const double mean = 10000.0 * shares[i];
        const double off = (seen[i] - mean) * (seen[i] - mean);
        if (off > 16.0 * mean * (1.0 - shares[i])) {
            fail_msg("action %d: %d, expected %g (seed %llu)", i, seen[i], mean,
                     (unsigned long long)world->seed);
        }
    }
    fake_release(world);
}

/* The rows of a run, without what the type of the values decides. */
static void assert_same_load(const struct world *a, const struct world *b)
{
    const size_t count = fake_count(a, RECORD_INVOKED);
    assert_int_equal(count, fake_count(b, RECORD_INVOKED));
    size_t at[2] = {0, 0};
    for (size_t i = 0; i < count; i++) {
        const struct world *worlds[2] = {a, b};
        struct record rows[2];
        for (int w = 0; w < 2; w++) {
            rows[w] = *next_invoked(worlds[w], &at[w]);
            rows[w].outcome = 0;
            rows[w].peer = 0;
            rows[w].b = 0;
        }
        assert_memory_equal(&rows[0], &rows[1], sizeof rows[0]);
    }
}

static struct world *mixed_load(const struct value_ops *ops, uint32_t elements, uint32_t chooser)
{
    struct world *world = fake_init(2);
    const struct distribution_uniform sizes = {.min = 100, .max = 10000};
    const struct distribution_uniform amounts = {.min = 1, .max = 5};
    world->dataset[0].value_bytes = distribution_make(&world->arena, "uniform", &sizes);
    world->dataset[0].keys.popularity = SCENARIO_POPULARITY_ZIPFIAN;
    for (int g = 0; g < 2; g++) {
        struct scenario_client *client = &world->group[g];
        client->sessions = 20;
        client->mix = (struct scenario_mix){
            .read = 0.3, .write = 0.4, .insert = 0.1, .read_modify_write = 0.2, .scan_keys = 9};
        client->elements = chooser;
        client->amount = distribution_make(&world->arena, "uniform", &amounts);
    }
    world->group[0].rate = 300.0;
    world->group[1].think = distribution_constant(&world->arena, 50.0 * MS);
    if (ops != NULL) {
        fake_merges(world, 0, ops, elements);
    }
    fake_run(world);
    return world;
}

/* Keys, times, sizes and sessions are the same whatever a key holds. */
static void test_type_changes_nothing_else(void **state)
{
    (void)state;
    struct world *plain = mixed_load(NULL, 1, SCENARIO_ELEMENTS_UNIFORM);
    struct world *even = mixed_load(&fake_value, 10, SCENARIO_ELEMENTS_UNIFORM);
    struct world *skewed = mixed_load(&fake_value, 1000, SCENARIO_ELEMENTS_ZIPFIAN);
    assert_true(fake_count(plain, RECORD_INVOKED) > 4000);
    assert_same_load(plain, even);
    assert_same_load(plain, skewed);
    for (size_t i = 0; i < plain->request_count; i++) {
        assert_int_equal(plain->requests[i].message.a, 0);
        assert_int_equal(value_request_amount(even->requests[i].message.a),
                         value_request_amount(skewed->requests[i].message.a));
    }
    fake_release(plain);
    fake_release(even);
    fake_release(skewed);
}

static struct world *writes(uint32_t elements, uint32_t chooser, const char *law,
                            const void *params)
{
    struct world *world = fake_init(1);
    fake_merges(world, 0, &fake_value, elements);
    world->group[0].rate = 1000.0;
    world->group[0].arrivals = 1;
    world->group[0].mix = (struct scenario_mix){.increment = 1.0, .scan_keys = 1};
    world->group[0].elements = chooser;
    if (law != NULL) {
        world->group[0].amount = distribution_make(&world->arena, law, params);
    }
    fake_run(world);
    assert_int_equal(world->request_count, 10000);
    return world;
}

/* Element 0 gets 1 of n, or 1 / H(n, 0.99); the sum for n = 3 is 1 + 2^-0.99 + 3^-0.99. */
static void test_elements(void **state)
{
    (void)state;
    static const struct {
        uint32_t count, chooser;
        double first;
    } cases[] = {{4, SCENARIO_ELEMENTS_UNIFORM, 0.25},
                 {3, SCENARIO_ELEMENTS_ZIPFIAN, 1.0 / (1.0 + 0.503478 + 0.337019)},
                 {1, SCENARIO_ELEMENTS_ZIPFIAN, 1.0}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct world *world = writes(cases[c].count, cases[c].chooser, NULL, NULL);
        double seen = 0.0;
        uint32_t most = 0;
        for (size_t i = 0; i < world->request_count; i++) {
            const uint64_t request = world->requests[i].message.a;
            const uint32_t element = value_request_element(request);
            assert_int_equal(value_request_amount(request), 1);
            seen += element == 0;
            most = element > most ? element : most;
        }
        assert_int_equal(most, cases[c].count - 1);
        /* Four standard deviations of 10000: 0.01 % a case. */
        const double mean = 10000.0 * cases[c].first;
        if ((seen - mean) * (seen - mean) > 16.0 * mean * (1.0 - cases[c].first) + 1e-9) {
            fail_msg("case %zu: %g of 10000, expected %g", c, seen, mean);
        }
        fake_release(world);
    }
}

/* Rounded to whole numbers, and never below 1 or above the most. */
static void test_amounts(void **state)
{
    (void)state;
    const struct distribution_uniform few = {.min = 0, .max = 4}, many = {.min = 0, .max = 1e12};
    struct world *world = writes(1, SCENARIO_ELEMENTS_UNIFORM, "uniform", &few);
    int seen[5] = {0};
    for (size_t i = 0; i < world->request_count; i++) {
        const uint32_t amount = value_request_amount(world->requests[i].message.a);
        assert_in_range(amount, 1, 4);
        seen[amount]++;
    }
    /* 0 .. 1.5 is 1, 3.5 .. 4 is 4: shares 3, 2, 2 and 1 of 8; sd at most 49. */
    static const int expected[] = {0, 3750, 2500, 2500, 1250};
    for (int i = 1; i <= 4; i++) {
        assert_in_range(seen[i], expected[i] - 200, expected[i] + 200);
    }
    fake_release(world);
    world = writes(1, SCENARIO_ELEMENTS_UNIFORM, "uniform", &many);
    size_t capped = 0;
    for (size_t i = 0; i < world->request_count; i++) {
        capped += value_request_amount(world->requests[i].message.a) == SCENARIO_AMOUNT_MAX;
    }
    assert_in_range(capped, 9970, 9999); /* all but 0.1 % */
    fake_release(world);
}

/* ---- contexts ---- */

static struct world *read_modify_writes(const struct value_ops *ops)
{
    struct world *world = fake_init(1);
    fake_merges(world, 0, ops, 1);
    world->with_blocks = true;
    world->group[0].rate = 10.0;
    world->group[0].arrivals = 1;
    world->group[0].mix = (struct scenario_mix){.read_modify_write = 1.0, .scan_keys = 1};
    world->layout.duration_ns = 250 * MS; /* begun at 100 and 200 ms */
    return world;
}

static void test_context_goes_back(void **state)
{
    (void)state;
    struct world *world = read_modify_writes(&fake_value);
    fake_run(world);
    assert_int_equal(world->request_count, 4);
    for (size_t i = 0; i < 4; i += 2) {
        const struct fake_request *read = &world->requests[i], *write = &world->requests[i + 1];
        assert_int_equal(read->message.type, RECORD_READ);
        assert_int_equal(read->message.flag, MESSAGE_WANTS_CONTEXT);
        assert_int_equal(read->context, 0);
        assert_int_equal(write->message.type, RECORD_WRITE);
        assert_int_equal(write->message.flag, 0);
        assert_int_equal(write->context, read->message.operation);
        assert_int_equal(read->message.bytes, 0);
        assert_int_equal(write->message.bytes, 512 + 24); /* the value, and its context */
        assert_int_equal(value_request_action(write->message.a), VALUE_ADD);
    }
    assert_int_equal(world->blocks_live, 0);
    fake_release(world);
}

static void test_nobody_asks_for_contexts_that_are_not(void **state)
{
    (void)state;
    struct value_ops without = fake_value;
    without.context = NULL;
    for (int w = 0; w < 3; w++) {
        struct world *world = read_modify_writes(w == 0 ? &without : &fake_value);
        world->with_blocks = w == 0;
        if (w == 2) {
            world->dataset[0].value = (struct param_choice){0};
            world->with_blocks = true;
        }
        fake_run(world);
        assert_int_equal(world->request_count, 4);
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(world->requests[i].message.flag, 0);
            assert_int_equal(world->requests[i].message.block, 0);
        }
        assert_int_equal(world->blocks_most, 0);
        fake_release(world);
    }
}

/* Plain reads and blind writes beside them bring nothing back. */
static void test_blind_writes(void **state)
{
    (void)state;
    struct world *world = read_modify_writes(&fake_value);
    world->group[0].mix = (struct scenario_mix){.read = 0.5, .write = 0.5, .scan_keys = 1};
    world->layout.duration_ns = 10 * SIM_NS_PER_S;
    fake_run(world);
    for (size_t i = 0; i < world->request_count; i++) {
        assert_int_equal(world->requests[i].message.flag, 0);
        assert_int_equal(world->requests[i].context, 0);
    }
    assert_int_equal(world->blocks_most, 0);
    fake_release(world);
}

/*
 * Reads are hedged and answered twice; a write is lost, refused, and then answered, ok or not, at
 * last or after its deadline. Whatever happens, no block stays.
 */
static struct answers misfortune(struct world *world, const struct message *request)
{
    (void)world;
    const uint64_t dice = request->operation * 7 + request->tries;
    if (request->type == RECORD_READ) {
        return (struct answers){
            .first = {dice % 5 != 0, 30 * MS, RECORD_OK, 0},
            .second = {true, 90 * MS, dice % 3 == 0 ? RECORD_FAIL : RECORD_OK, 0}};
    }
    return (struct answers){
        .first = {dice % 4 != 0, (sim_ns)(dice % 8) * 40 * MS, (enum record_outcome)(dice % 3), 0},
        .second = {dice % 2 == 0, 2 * SIM_NS_PER_S, RECORD_OK, 0}};
}

static void test_every_try_has_its_own_copy(void **state)
{
    (void)state;
    struct world *world = read_modify_writes(&fake_value);
    world->script = misfortune;
    world->group[0].rate = 0.0;
    world->group[0].think = distribution_constant(&world->arena, 10.0 * MS);
    world->group[0].sessions = 20;
    world->group[0].hedge_after = 20 * MS;
    world->group[0].retry = (struct scenario_retry){
        .tries = 4, .timeout = 100 * MS, .backoff = 10 * MS, .backoff_max = 50 * MS};
    world->layout.duration_ns = 10 * SIM_NS_PER_S;
    fake_run(world);
    size_t again = 0, open = 0;
    uint64_t read_of[20] = {0}; /* the last read that each session had an answer to */
    for (size_t i = 0; i < world->row_count; i++) {
        const struct record *row = &world->rows[i];
        if (row->kind == RECORD_COMPLETED && row->type == RECORD_READ &&
            row->outcome == RECORD_OK) {
            read_of[row->session] = row->operation;
        } else if (row->kind == RECORD_INVOKED && row->type == RECORD_WRITE) {
            for (size_t r = 0; r < world->request_count; r++) {
                if (world->requests[r].message.operation == row->operation) {
                    assert_int_equal(world->requests[r].context, read_of[row->session]);
                    again += world->requests[r].message.tries > 0;
                }
            }
            open++;
        } else if (row->kind == RECORD_COMPLETED && row->type == RECORD_WRITE) {
            open--;
        }
    }
    assert_true(again > 200);
    assert_int_equal(world->blocks_live, open); /* of writes that had not ended: one each */
    fake_release(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trace_says_all),
        cmocka_unit_test(test_mix_of_actions),
        cmocka_unit_test(test_type_changes_nothing_else),
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_amounts),
        cmocka_unit_test(test_context_goes_back),
        cmocka_unit_test(test_nobody_asks_for_contexts_that_are_not),
        cmocka_unit_test(test_blind_writes),
        cmocka_unit_test(test_every_try_has_its_own_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
