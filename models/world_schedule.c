#include "models/world_schedule.h"

#include "models/faults/fault_target.h"
#include "models/purpose.h"
#include "models/world_internal.h"

/* Numbers of an occurrence's draws; the kind's own are beyond. */
enum draw { DRAW_FOLLOWS, DRAW_BETWEEN, DRAW_LASTING, DRAW_COUNT };

static const struct param_choice *choice_of(const struct world *world, uint32_t fault)
{
    return (const struct param_choice *)world->scenario->faults.items + fault;
}

static const struct scenario_fault *fault_of(const struct world *world, uint32_t fault)
{
    return choice_of(world, fault)->common;
}

static struct random_stream stream_of(const struct world *world, uint32_t fault, uint64_t number,
                                      enum draw draw)
{
    struct random_stream stream;
    random_stream_init(&stream, world->seed, PURPOSE_FAULT, fault);
    stream.count = number * DRAW_COUNT + draw;
    return stream;
}

/* The kind's own draws: far beyond those of the schedule, 2^20 for each occurrence. */
struct random_stream fault_chance(const struct world *world)
{
    const uint32_t fault = world->fault_now;
    struct random_stream stream;
    random_stream_init(&stream, world->seed, PURPOSE_FAULT, fault);
    stream.count = UINT64_C(1) << 62 | (world->faults[fault].begun - 1) << 20;
    return stream;
}

static sim_ns sample(const struct world *world, uint32_t fault, uint64_t number, enum draw draw,
                     const struct distribution *law)
{
    struct random_stream stream = stream_of(world, fault, number, draw);
    return law != NULL ? distribution_sample_ns(law, &stream) : 0;
}

/* Both are at most "never". */
static sim_ns sum(sim_ns a_ns, sim_ns b_ns)
{
    return a_ns < SIM_NS_MAX - b_ns ? a_ns + b_ns : SIM_NS_MAX;
}

/* The end of the occurrence `number` that begins then; SIM_NS_MAX: it lasts to the end. */
static sim_ns end_of(const struct world *world, uint32_t index, uint64_t number, sim_ns begin_ns)
{
    const struct scenario_fault *fault = fault_of(world, index);
    if (fault->random.lasting != NULL) {
        return sum(begin_ns, sample(world, index, number, DRAW_LASTING, fault->random.lasting));
    }
    return fault->lasts > 0 ? sum(begin_ns, fault->lasts) : SIM_NS_MAX;
}

static void bind(struct world *world, uint32_t index, uint64_t number, sim_ns begin_ns)
{
    if (begin_ns >= world->scenario->duration) {
        return;
    }
    const sim_ns end_ns = end_of(world, index, number, begin_ns);
    engine_at(&world->engine, begin_ns, (struct event){.kind = WORLD_EVENT_FAULT, .a = index});
    if (end_ns < SIM_NS_MAX) {
        engine_at(&world->engine, end_ns,
                  (struct event){.kind = WORLD_EVENT_FAULT, .small = 1, .a = index});
    }
    world->faults[index].bound = true;
    world->faults[index].planned++;
}

/* The next occurrence of a random fault that is free to begin from `from_ns` on. */
static sim_ns random_begin(const struct world *world, uint32_t index, uint64_t number,
                           sim_ns from_ns)
{
    return sum(from_ns,
               sample(world, index, number, DRAW_BETWEEN, fault_of(world, index)->random.between));
}

static sim_ns first_begin(const struct world *world, uint32_t index)
{
    const struct scenario_fault *fault = fault_of(world, index);
    if (fault->follows != NULL) {
        return SIM_NS_MAX;
    }
    const sim_ns at_ns = fault->at < 0 ? 0 : fault->at;
    return fault->random.between != NULL ? random_begin(world, index, 0, at_ns) : at_ns;
}

void world_schedule(struct world *world)
{
    const uint32_t count = (uint32_t)world->scenario->faults.count;
    world->faults = arena_alloc(&world->arena, count, sizeof *world->faults);
    for (uint32_t i = 0; i < count; i++) {
        const struct fault_ops *ops = (const struct fault_ops *)choice_of(world, i)->kind;
        if (ops->memory != NULL) {
            world->faults[i].memory = arena_alloc(
                &world->arena, ops->memory(choice_of(world, i)->params) + 1u, sizeof(uint32_t));
        }
        bind(world, i, 0, first_begin(world, i));
    }
}

/* Those that follow the fault, which has just begun. */
static void bind_followers(struct world *world, uint32_t leader)
{
    for (uint32_t i = 0; i < world->scenario->faults.count; i++) {
        const struct scenario_fault *fault = fault_of(world, i);
        if (fault->follows == NULL || fault->leader != leader) {
            continue;
        }
        const uint64_t number = world->faults[i].asked++;
        struct random_stream stream = stream_of(world, i, number, DRAW_FOLLOWS);
        if (!world->faults[i].bound && random_chance(&stream, fault->probability)) {
            bind(world, i, number,
                 sum(engine_now(&world->engine),
                     sample(world, i, number, DRAW_BETWEEN, fault->after)));
        }
    }
}

static void record_row(struct world *world, uint32_t fault, enum record_kind kind)
{
    const struct record row = {
        .at_ns = engine_now(&world->engine), .kind = (uint8_t)kind, .slot = fault};
    record_emit(&world->sink, &row);
}

static void begin(struct world *world, uint32_t index)
{
    const struct scenario_fault *fault = fault_of(world, index);
    const struct param_choice *choice = choice_of(world, index);
    struct world_fault *state = &world->faults[index];
    state->begun++;
    record_row(world, index, RECORD_FAULT_BEGIN);
    ((const struct fault_ops *)choice->kind)->begin(choice->params, world);
    bind_followers(world, index);
    if (fault->repeat.every > 0 &&
        (fault->repeat.times == 0 || state->planned < (uint64_t)fault->repeat.times)) {
        bind(world, index, state->planned, sum(engine_now(&world->engine), fault->repeat.every));
    }
}

static void end(struct world *world, uint32_t index)
{
    const struct param_choice *choice = choice_of(world, index);
    struct world_fault *state = &world->faults[index];
    ((const struct fault_ops *)choice->kind)->end(choice->params, world);
    record_row(world, index, RECORD_FAULT_END);
    state->bound = state->planned > state->begun;
    if (fault_of(world, index)->random.between != NULL) {
        bind(world, index, state->planned,
             random_begin(world, index, state->planned, engine_now(&world->engine)));
    }
}

void world_schedule_event(struct world *world, const struct event *event)
{
    const uint32_t index = (uint32_t)event->a;
    world->fault_now = index;
    if (event->small == 0) {
        begin(world, index);
    } else {
        end(world, index);
    }
}

void world_schedule_plan(const struct world *world, uint32_t index, struct record_fault *plan)
{
    const struct scenario_fault *fault = fault_of(world, index);
    plan->begin_ns = first_begin(world, index);
    plan->end_ns = end_of(world, index, 0, plan->begin_ns);
    if (fault->repeat.every > 0) {
        const sim_ns room_ns = world->scenario->duration - 1 - fault->at;
        const sim_ns again =
            fault->repeat.times > 0 ? fault->repeat.times - 1 : room_ns / fault->repeat.every;
        plan->end_ns = sum(plan->end_ns, again * fault->repeat.every);
    } else if (fault->follows != NULL || fault->random.between != NULL) {
        plan->end_ns = SIM_NS_MAX;
    }
}
