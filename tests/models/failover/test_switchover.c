/* A planned move, to the nanosecond on a network without jitter. */
#include "tests/models/failover/misfortune.h"

#include "sim/arena.h"

extern const struct failover_ops failover_switchover_ops;

static void *row_of(void *params, const char *key)
{
    const struct param_spec *spec = failover_switchover_ops.kind.params;
    while (spec->type != PARAM_END && strcmp(spec->key, key) != 0) {
        spec++;
    }
    assert_int_not_equal(spec->type, PARAM_END);
    return (char *)params + spec->offset;
}

struct setup {
    struct plan_case base;
    struct arena arena;
    void *params;
    uint32_t place;
};

/* To place 1 at 20 s, from place 3. */
static struct world *build(struct setup *setup, uint64_t seed)
{
    arena_init(&setup->arena);
    setup->place = 3;
    setup->params = arena_alloc(&setup->arena, 1, failover_switchover_ops.kind.params_bytes);
    *(struct param_list *)row_of(setup->params, "by") = (struct param_list){&setup->place, 1};
    *(sim_ns *)row_of(setup->params, "at") = 20 * S;
    *(uint32_t *)row_of(setup->params, "to") = 1;
    *(sim_ns *)row_of(setup->params, "timeout") = 30 * S;
    plan_build(&setup->base, seed, &failover_switchover_ops, setup->params);
    struct world *world = setup->base.world;
    world->leaders[0].status.position = 100;
    world->leaders[1].status.position = world->leaders[2].status.position = 90;
    return world;
}

static void release(struct setup *setup)
{
    fake_release(setup->base.world);
    arena_release(&setup->arena);
}

enum act { ONE_CATCHES_UP, ZERO_OFF, ZERO_ON, DESK_CUT, DESK_HEALED };

static void act(struct world *world, uint32_t what)
{
    switch (what) {
    case ONE_CATCHES_UP:
        world->leaders[1].status.position = 100;
        break;
    case ZERO_OFF:
    case ZERO_ON:
        fake_place_power(world, 0, what == ZERO_OFF ? 1 : -1);
        break;
    default:
        cut_off(world, 3, what == DESK_CUT ? 1 : -1);
        break;
    }
}

static void every_step_to_the_nanosecond(void **state)
{
    (void)state;
    struct setup setup = {.base = plan_defaults()};
    struct world *world = build(&setup, 1);
    fake_act = act;
    fake_at(world, 21 * S, ONE_CATCHES_UP);
    fake_start(world);
    fake_run(world, 100 * S);
    /*
     * Frozen after 30 ms, known after 60. Looks at the target every 50 ms + 80 ms: the look that
     * leaves at 20.97 s finds it caught up at 21.01 s. At 21.05 s the leader is asked once more,
     * and at 21.11 s it has written nothing since; demoted at 21.14 s, known at 21.17 s; promoted
     * 40 ms later, known after 40 more.
     */
    const struct record *frozen = fake_row(world, RECORD_LEADER, 0, 0);
    assert_int_equal(frozen->at_ns, 20030 * MS);
    plan_expect(world, RECORD_STEP_DECIDED, 0, 21170 * MS, 1, 2);
    plan_expect(world, RECORD_STEP_PROMOTED, 0, 21210 * MS, 1, 2);
    plan_expect(world, RECORD_STEP_ACCEPTING, 0, 21210 * MS, 1, 2);
    plan_expect(world, RECORD_STEP_ANNOUNCED, 0, 21250 * MS, 1, 2);
    plan_expect(world, RECORD_STEP_DONE, 0, 21250 * MS, 1, 2);
    assert_int_equal(plan_count(world, RECORD_STEP_DETECTED), 0);
    assert_int_equal(world->leaders[0].status.role, LEADERSHIP_FOLLOWER);
    sim_ns overlap_ns;
    assert_int_equal(plan_leaders(world, &overlap_ns), 1);
    release(&setup);
}

static void gives_up_and_thaws(void **state)
{
    (void)state;
    struct setup setup = {.base = plan_defaults()};
    struct world *world = build(&setup, 1);
    fake_start(world);
    fake_run(world, 100 * S);
    const struct record *thawed = fake_row(world, RECORD_LEADER, 1, 0);
    assert_non_null(thawed);
    assert_int_equal(thawed->node, 0);
    assert_int_equal(thawed->at_ns, 50030 * MS);
    assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), 0);
    assert_int_equal(plan_count(world, RECORD_STEP_REFUSED), 1);
    release(&setup);
}

/* The desk is cut off while the leader is frozen: it thaws by itself, and the late demotion that
 * finds it so does nothing. */
static void a_lost_desk_freezes_nobody_for_ever(void **state)
{
    (void)state;
    struct setup setup = {.base = plan_defaults()};
    struct world *world = build(&setup, 1);
    fake_act = act;
    fake_at(world, 20100 * MS, DESK_CUT);
    fake_at(world, 30 * S, ONE_CATCHES_UP);
    fake_at(world, 200 * S, DESK_HEALED);
    fake_start(world);
    fake_run(world, 300 * S);
    assert_int_equal(fake_row(world, RECORD_LEADER, 1, 0)->at_ns, 50030 * MS);
    assert_int_equal(world->leaders[0].status.role, LEADERSHIP_LEADER);
    assert_int_equal(plan_count(world, RECORD_STEP_DECIDED), 0);
    release(&setup);
}

/* Without failure detection a leader that fails is out until its machine is back. */
static void a_failed_leader_goes_on_when_it_is_back(void **state)
{
    (void)state;
    struct setup setup = {.base = plan_defaults()};
    struct world *world = build(&setup, 1);
    fake_act = act;
    fake_at(world, 5 * S, ZERO_OFF);
    fake_at(world, 70 * S, ZERO_ON);
    fake_start(world);
    fake_run(world, 300 * S);
    plan_expect(world, RECORD_STEP_ACCEPTING, 0, 70160 * MS, 0, 2);
    assert_int_equal(plan_count(world, RECORD_STEP_REFUSED), 1); /* the move of 20 s */
    release(&setup);
}

/* Whatever happens around it: never two, and one in the end who has every entry that was there. */
static void moves_lose_nothing_over_random_timelines(void **state)
{
    (void)state;
    uint32_t moved = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct setup setup = {.base = plan_defaults()};
        struct world *world = build(&setup, seed);
        *(sim_ns *)row_of(setup.params, "at") = (sim_ns)(seed * 1300 * (uint64_t)MS);
        world->leaders[1].status.position = world->leaders[2].status.position = 100;
        random_timeline(world, seed);
        fake_start(world);
        fake_run(world, 1000 * S);
        sim_ns overlap_ns;
        const uint32_t leaders = plan_leaders(world, &overlap_ns);
        plan_epochs_are_unique(world, seed);
        if (leaders != 1 || leading_now(world) != 1) {
            fail_msg("%u leaders, %u at the end, seed %llu", leaders, leading_now(world),
                     (unsigned long long)seed);
        }
        moved += world->leaders[1].status.role == LEADERSHIP_LEADER;
        release(&setup);
    }
    print_message("%u of 400 moved\n", moved);
    assert_true(moved > 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_to_the_nanosecond),
        cmocka_unit_test(gives_up_and_thaws),
        cmocka_unit_test(a_lost_desk_freezes_nobody_for_ever),
        cmocka_unit_test(a_failed_leader_goes_on_when_it_is_back),
        cmocka_unit_test(moves_lose_nothing_over_random_timelines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
