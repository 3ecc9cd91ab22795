/* plan.c - what the policies' plans have in common: who takes part, and telling the others. */
#include "models/failover/conductor.h"
#include "sim/check.h"

void plan_add_sidecars(struct failover_plan *plan, struct world *world)
{
    for (uint32_t m = 0; m < plan->count; m++) {
        const struct agent_spec spec = {.ops = &sidecar_ops,
                                        .config = plan,
                                        .place = plan->members[m].place,
                                        .node = plan->members[m].node,
                                        .dataset = plan->dataset};
        plan->members[m].end = ENDPOINT_AGENT | agent_add(world, &spec);
    }
}

void plan_add_controllers(struct failover_plan *plan, struct world *world,
                          const struct agent_ops *ops, const struct param_list *regions)
{
    const uint32_t elsewhere =
        plan->members[plan->home].place == 0 && plan->region_count > 1 ? 1 : 0;
    const uint32_t *places = regions->items;
    const uint32_t count = regions->count > 0 ? (uint32_t)regions->count : 1;
    uint32_t *ends = arena_alloc(plan->arena, count, sizeof *ends);
    for (uint32_t i = 0; i < count; i++) {
        const struct agent_spec spec = {.ops = ops,
                                        .config = plan,
                                        .place = regions->count > 0 ? places[i] : elsewhere,
                                        .node = RECORD_NONE};
        ends[i] = ENDPOINT_AGENT | agent_add(world, &spec);
    }
    plan->controllers = ends;
    plan->controller_count = count;
}

void plan_add_conductors(struct failover_plan *plan, const struct conductor_ops *ops)
{
    plan->conductors = arena_alloc(plan->arena, plan->controller_count, sizeof *plan->conductors);
    for (uint32_t i = 0; i < plan->controller_count; i++) {
        plan->conductors[i] = conductor_create(plan, ops);
    }
}

void plan_add_health(struct failover_plan *plan, struct world *world,
                     const struct scenario_health *health)
{
    struct health_target *targets = arena_alloc(plan->arena, plan->count, sizeof *targets);
    for (uint32_t m = 0; m < plan->count; m++) {
        const struct failover_member *member = &plan->members[m];
        targets[m] = (struct health_target){
            .end = member->end, .place = member->place, .node = member->node};
    }
    plan->health = (struct health_plan){.config = health,
                                        .targets = targets,
                                        .target_count = plan->count,
                                        .listeners = plan->controllers,
                                        .listener_count = plan->controller_count,
                                        .dataset = plan->dataset};
    health_add(world, &plan->health, plan->region_count, plan->arena);
    plan->views = arena_alloc(plan->arena, plan->controller_count, sizeof *plan->views);
    for (uint32_t i = 0; i < plan->controller_count; i++) {
        plan->views[i] = health_view_create(&plan->health, plan->arena);
    }
}

uint32_t plan_member_of(const struct failover_plan *plan, uint32_t end)
{
    for (uint32_t m = 0; m < plan->count; m++) {
        if (plan->members[m].end == end) {
            return m;
        }
    }
    return UINT32_MAX;
}

uint32_t plan_controller_of(const struct failover_plan *plan, uint32_t end)
{
    for (uint32_t i = 0; i < plan->controller_count; i++) {
        if (plan->controllers[i] == end) {
            return i;
        }
    }
    return UINT32_MAX;
}

void plan_step(struct agent *self, const struct failover_plan *plan, enum record_step step,
               uint32_t member, uint64_t epoch)
{
    CHECK(member == UINT32_MAX || member < plan->count);
    agent_record(self, (struct record){.kind = RECORD_STEP,
                                       .dataset = plan->dataset,
                                       .node = member == UINT32_MAX ? RECORD_NONE
                                                                    : plan->members[member].node,
                                       .a = step,
                                       .b = (int64_t)epoch});
}
