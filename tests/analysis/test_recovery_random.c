/*
 * Recovery against brute force on random streams: outages of random length and depth, faults that
 * repeat and overlap, steps and routes at random times, answers that are late or never come. The
 * reference looks at every operation for every window; the parts must add up to the nanosecond.
 */
#include "tests/analysis/script.h"

enum { OPERATIONS_MAX = 4000, SECONDS = 150, SLOTS = SECONDS * 10, WINDOW = 50, HOLD = 300 };

struct operation {
    sim_ns at_ns;
    uint32_t class; /* place * 2 + type */
    bool ended, ok;
};

struct world {
    struct script *script;
    struct operation operations[OPERATIONS_MAX];
    uint32_t count;
    uint64_t random;
    sim_ns begins_ns[2][8], ends_ns[2][8]; /* of faults */
    uint32_t begin_count[2];
};

static uint32_t draw(struct world *world, uint32_t below)
{
    /* splitmix64 (Steele, Lea and Flood, 2014) */
    uint64_t z = world->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) >> 33) % below;
}

static sim_ns draw_time(struct world *world, sim_ns below_ns)
{
    return (sim_ns)draw(world, (uint32_t)(below_ns / SIM_NS_PER_US)) * SIM_NS_PER_US;
}

static void make_operation(struct world *world, sim_ns at_ns, uint32_t class, bool ok)
{
    const sim_ns end_ns = SECONDS * SECOND;
    const sim_ns done_ns = at_ns + draw_time(world, ok ? 300 * MS : 5 * SECOND);
    const bool never = !ok && draw(world, 40) == 0;
    const uint64_t operation = ++world->script->operation;
    const struct record row = {.at_ns = at_ns,
                               .kind = RECORD_INVOKED,
                               .type = (uint8_t)(class % 2),
                               .group = (uint16_t)(class / 2),
                               .dataset = (uint16_t)stream_groups[class / 2].dataset,
                               .slot = (uint32_t)operation,
                               .operation = operation,
                               .a = at_ns};
    struct record end = row;

    script_row(world->script, row);
    world->operations[world->count++] =
        (struct operation){at_ns, class, !never && done_ns <= end_ns, ok};
    if (never || done_ns > end_ns) {
        return;
    }
    end.kind = RECORD_COMPLETED;
    end.at_ns = done_ns;
    end.outcome = ok ? RECORD_OK : draw(world, 2) == 0 ? RECORD_FAIL : RECORD_INFO;
    end.write = class % 2 == RECORD_WRITE && ok ? operation : 0;
    end.stamp = (int64_t)end.write;
    end.a = 1;
    script_row(world->script, end);
}

/* A class that is served, except in up to three times of trouble of some depth. */
static void make_class(struct world *world, uint32_t class)
{
    const uint32_t depth = 1 + draw(world, 10);
    const sim_ns gap_ns = (1 + draw(world, 12)) * 50 * MS;
    sim_ns from_ns[3], to_ns[3];

    for (int i = 0; i < 3; i++) {
        from_ns[i] = draw_time(world, SECONDS * SECOND);
        to_ns[i] = from_ns[i] + draw_time(world, 25 * SECOND);
    }
    for (sim_ns at_ns = draw_time(world, gap_ns); at_ns < SECONDS * SECOND;
         at_ns += gap_ns / 2 + draw_time(world, gap_ns)) {
        bool trouble = false;

        for (int i = 0; i < 3; i++) {
            trouble |= at_ns >= from_ns[i] && at_ns < to_ns[i];
        }
        if (world->count < OPERATIONS_MAX) {
            make_operation(world, at_ns, class,
                           trouble ? draw(world, 10) >= depth : draw(world, 300) > 0);
        }
    }
}

static void make_faults(struct world *world)
{
    for (uint32_t fault = 0; fault < 2; fault++) {
        sim_ns at_ns = draw(world, 4) == 0 ? 0 : draw_time(world, 60 * SECOND);

        while (at_ns < SECONDS * SECOND && world->begin_count[fault] < 8) {
            const sim_ns end_ns = at_ns + 1 + draw_time(world, 20 * SECOND);

            world->begins_ns[fault][world->begin_count[fault]] = at_ns;
            world->ends_ns[fault][world->begin_count[fault]++] =
                end_ns < SECONDS * SECOND ? end_ns : SIM_NS_MAX;
            script_fault(world->script, fault, at_ns, end_ns);
            at_ns = end_ns + 1 + draw_time(world, 60 * SECOND);
        }
    }
}

static void make_steps(struct world *world)
{
    const bool routed = draw(world, 2) == 0;

    for (uint32_t i = 0; i < 30; i++) {
        const sim_ns at_ns = draw_time(world, SECONDS * SECOND);
        const uint32_t session = draw(world, 6);

        script_step(world->script, at_ns, (enum record_step)draw(world, RECORD_STEP_COUNT), 1, 2);
        if (routed) {
            script_session(world->script, at_ns, RECORD_ROUTED, session, (uint16_t)draw(world, 3));
            script_session(world->script, at_ns + draw_time(world, 3 * SECOND), RECORD_CONNECTED,
                           session, (uint16_t)draw(world, 3));
        }
    }
}

/* ---- the reference ---- */

struct tally {
    uint32_t ended[SLOTS + WINDOW], ok[SLOTS + WINDOW];
    uint32_t horizon, used;
};

static void count_class(const struct world *world, uint32_t class, struct tally *tally)
{
    sim_ns horizon_ns = SECONDS * SECOND;

    memset(tally, 0, sizeof(*tally));
    for (uint32_t i = 0; i < world->count; i++) {
        const struct operation *operation = &world->operations[i];
        const uint32_t slot = (uint32_t)(operation->at_ns / (100 * MS));
        const bool old = SECONDS * SECOND - operation->at_ns > 30 * SECOND;

        if (operation->class != class) {
            continue;
        }
        tally->used = slot + 1 > tally->used ? slot + 1 : tally->used;
        tally->ended[slot] += operation->ended || old ? 1u : 0u;
        tally->ok[slot] += operation->ended && operation->ok ? 1u : 0u;
        if (!operation->ended && !old && operation->at_ns < horizon_ns) {
            horizon_ns = operation->at_ns;
        }
    }
    tally->horizon = (uint32_t)(horizon_ns / (100 * MS));
}

/* 1: good, 0: bad, -1: nothing offered, or not all known. */
static int window_at(const struct tally *tally, uint32_t slot, uint32_t percent)
{
    uint32_t ended = 0, ok = 0;

    for (uint32_t i = slot; i < slot + WINDOW; i++) {
        ended += tally->ended[i];
        ok += tally->ok[i];
    }
    return slot + WINDOW > tally->horizon || ended == 0 ? -1 : ok * 100 >= ended * percent;
}

static sim_ns reference(const struct tally *tally, sim_ns fail_ns, uint32_t percent)
{
    const uint32_t from = (uint32_t)(fail_ns / (100 * MS));
    bool bad_before = false, any_good = false;

    for (uint32_t slot = from; slot < SLOTS; slot++) {
        const int window = window_at(tally, slot, percent);
        bool all = window == 1 && slot + HOLD <= tally->horizon;

        for (uint32_t i = slot; all && i <= slot + HOLD - WINDOW; i++) {
            all = window_at(tally, i, percent) != 0;
        }
        if (all) {
            const sim_ns at_ns = slot * 100 * MS;

            return bad_before && at_ns > fail_ns ? at_ns : fail_ns;
        }
        bad_before |= window == 0;
        any_good |= window == 1;
    }
    return !bad_before && any_good ? fail_ns : -1;
}

static void compare(const struct world *world, uint64_t seed, const struct metric_set *set)
{
    struct tally *tally = malloc(sizeof(*tally));
    size_t found = 0;

    assert_non_null(tally);
    for (uint32_t class = 0; class < 6; class ++) {
        count_class(world, class, tally);
        for (size_t i = 0; i < set->failures.recovery_count; i++) {
            const struct metric_recovery *recovery = &set->failures.recoveries[i];
            const sim_ns fail_ns = world->begins_ns[recovery->fault][recovery->occurrence - 1];
            const sim_ns expected_ns = reference(tally, fail_ns, 95);
            const sim_ns expected_99_ns = reference(tally, fail_ns, 99);

            if (strcmp(recovery->region, stream_places[class / 2].name) != 0 ||
                strcmp(recovery->operation, class % 2 == 0 ? "read" : "write") != 0) {
                continue;
            }
            found++;
            assert_true(tally->used > fail_ns / (100 * MS));
            if (recovery->times_ns[METRIC_RECOVERY_FAIL] != fail_ns ||
                recovery->recovered != (expected_ns >= 0) ||
                recovery->recovered_99_ns != expected_99_ns ||
                (recovery->recovered && recovery->times_ns[METRIC_RECOVERY_DONE] != expected_ns)) {
                fail_msg("seed %llu class %u fault %u at %lld: collector %d %lld %lld, "
                         "reference %lld %lld",
                         (unsigned long long)seed, class, recovery->fault, (long long)fail_ns,
                         recovery->recovered, (long long)recovery->times_ns[METRIC_RECOVERY_DONE],
                         (long long)recovery->recovered_99_ns, (long long)expected_ns,
                         (long long)expected_99_ns);
            }
            for (int k = 1; recovery->recovered && k < METRIC_RECOVERY_TIMES; k++) {
                assert_true(recovery->times_ns[k] >= recovery->times_ns[k - 1]);
            }
        }
    }
    assert_int_equal(found, set->failures.recovery_count);
    free(tally);
}

/* The sums are integers of 128 bits: equal means equal. */
static void parts_add_up(uint64_t seed, const struct metric_set *set)
{
    static const char *const parts[] = {"rto_detect_ms", "rto_decide_ms", "rto_promote_ms",
                                        "rto_replay_ms", "rto_route_ms",  "rto_reconnect_ms",
                                        "rto_warm_ms"};
    size_t rows = 0;

    for (size_t i = 0; i < set->metric_count; i++) {
        const struct metric *whole = &set->metrics[i];
        uint64_t sum = 0;

        if (strcmp(whole->definition->name, "rto_ms") != 0) {
            continue;
        }
        for (size_t k = 0; k < 7; k++) {
            const struct metric *part =
                metric_find(set, parts[k], whole->labels, whole->label_count);

            assert_non_null(part);
            assert_int_equal(part->histogram->count, whole->histogram->count);
            sum += part->histogram->sum_low;
        }
        rows++;
        if (sum != whole->histogram->sum_low) {
            fail_msg("seed %llu: parts %llu, whole %llu", (unsigned long long)seed,
                     (unsigned long long)sum, (unsigned long long)whole->histogram->sum_low);
        }
    }
    assert_int_equal(rows, 2 * (3 + 6));
}

static void test_random(void **state)
{
    uint64_t dips = 0, never = 0, split = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct world *world = calloc(1, sizeof(*world));
        struct metric_set set;

        assert_non_null(world);
        world->random = seed;
        world->script = script_new(SECONDS * SECOND);
        make_faults(world);
        for (uint32_t class = 0; class < 6; class ++) {
            if (draw(world, 5) > 0) {
                make_class(world, class);
            }
        }
        make_steps(world);
        script_run(world->script, &set);
        compare(world, seed, &set);
        parts_add_up(seed, &set);
        for (size_t i = 0; i < set.failures.recovery_count; i++) {
            const struct metric_recovery *recovery = &set.failures.recoveries[i];

            never += recovery->recovered ? 0 : 1;
            dips += recovery->recovered && recovery->times_ns[METRIC_RECOVERY_DONE] >
                                               recovery->times_ns[METRIC_RECOVERY_FAIL];
            split += recovery->times_ns[METRIC_RECOVERY_ROUTED] >
                     recovery->times_ns[METRIC_RECOVERY_ACCEPTING];
        }
        metric_set_release(&set);
        free(world);
    }
    /* There was something to compare. */
    print_message("%llu recoveries from dips, %llu never, %llu with a part for routes\n",
                  (unsigned long long)dips, (unsigned long long)never, (unsigned long long)split);
    assert_true(dips > 50);
    assert_true(never > 50);
    assert_true(split > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
