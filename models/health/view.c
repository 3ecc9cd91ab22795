/* view.c - what one listener concludes from the checkers' opinions. */
#include "models/agents/control.h"
#include "models/health/health_internal.h"
#include "sim/check.h"

struct opinion {
    uint32_t number; /* of the probe that it comes from; 0: never heard */
    bool healthy;
    sim_ns heard_ns;
    sim_ns ended_ns, answered_ns; /* by the checker's clock: that probe; its target's last answer */
};

struct verdict {
    bool unhealthy;
    uint8_t said_flag;
    uint64_t said;
    sim_ns answered_ns;
};

struct health_view {
    const struct health_plan *plan;
    struct opinion *opinions; /* checker x target */
    struct verdict *verdicts; /* by target */
};

void health_view_forget(struct health_view *view)
{
    const struct health_plan *plan = view->plan;
    for (size_t i = 0; i < (size_t)plan->checker_count * plan->target_count; i++) {
        view->opinions[i] = (struct opinion){0};
    }
    for (uint32_t t = 0; t < plan->target_count; t++) {
        view->verdicts[t] = (struct verdict){.answered_ns = HEALTH_NEVER};
    }
}

struct health_view *health_view_create(const struct health_plan *plan, struct arena *arena)
{
    struct health_view *view = arena_alloc(arena, 1, sizeof *view);
    CHECK(plan->probes != NULL); /* after health_add() */
    view->plan = plan;
    view->opinions = arena_alloc(arena, (size_t)plan->checker_count * plan->target_count,
                                 sizeof *view->opinions);
    view->verdicts = arena_alloc(arena, plan->target_count, sizeof *view->verdicts);
    health_view_forget(view);
    return view;
}

/* The last `threshold` probes of the checker have failed, and were sent from since_ns on. */
static bool failed_since(const struct scenario_health *config, const struct opinion *opinion,
                         sim_ns since_ns)
{
    const sim_ns first_ns =
        opinion->ended_ns - config->timeout - (config->threshold - 1) * config->interval;
    return first_ns >= since_ns && first_ns >= opinion->answered_ns;
}

/* since_ns HEALTH_NEVER: as the checkers say. */
static bool agreed(const struct health_view *view, sim_ns now_ns, uint32_t target, sim_ns since_ns)
{
    const struct scenario_health *config = view->plan->config;
    const sim_ns age_max_ns = 3 * config->interval + config->timeout;
    uint32_t counted = 0, healthy = 0;
    for (uint32_t c = 0; c < view->plan->checker_count; c++) {
        const struct opinion *opinion =
            &view->opinions[(size_t)c * view->plan->target_count + target];
        if (opinion->number > 0 && now_ns - opinion->heard_ns <= age_max_ns) {
            const bool fails = !opinion->healthy && (since_ns == HEALTH_NEVER ||
                                                     failed_since(config, opinion, since_ns));
            counted++;
            healthy += !fails;
        }
    }
    return counted == 0 || (double)healthy > config->agree * (double)counted;
}

/* True when the verdict changed. */
static bool judge(struct health_view *view, struct agent *self, uint32_t target)
{
    const bool healthy = agreed(view, agent_clock(self), target, HEALTH_NEVER);
    struct verdict *verdict = &view->verdicts[target];
    if (healthy != verdict->unhealthy) {
        return false;
    }
    verdict->unhealthy = !healthy;
    const struct health_target *about = &view->plan->targets[target];
    agent_record(self, (struct record){.kind = RECORD_HEALTH,
                                       .flags = RECORD_FLAG_AGREED,
                                       .dataset = view->plan->dataset,
                                       .node = about->node,
                                       .to_place = (uint16_t)about->place,
                                       .a = healthy});
    return true;
}

uint32_t health_view_report(struct health_view *view, struct agent *self,
                            const struct message *report)
{
    const struct health_plan *plan = view->plan;
    const uint32_t checker = (report->from & ~ENDPOINT_AGENT) - plan->checker_first;
    const uint32_t target = report->key;
    CHECK(report->kind == CONTROL_HEALTH_REPORT);
    if ((report->from & ENDPOINT_AGENT) == 0 || checker >= plan->checker_count) {
        return UINT32_MAX;
    }
    CHECK(target < plan->target_count);
    struct opinion *opinion = &view->opinions[(size_t)checker * plan->target_count + target];
    if (report->request <= opinion->number) {
        return UINT32_MAX; /* overtaken by a later one */
    }
    *opinion = (struct opinion){.number = report->request,
                                .healthy = (report->flag & HEALTH_SAYS_HEALTHY) != 0,
                                .heard_ns = agent_clock(self),
                                .ended_ns = (sim_ns)report->version.write,
                                .answered_ns = report->version.stamp};
    struct verdict *verdict = &view->verdicts[target];
    if (report->version.stamp > verdict->answered_ns) {
        verdict->answered_ns = report->version.stamp;
        verdict->said = report->a;
        verdict->said_flag = report->type;
    }
    return judge(view, self, target) ? target : UINT32_MAX;
}

bool health_view_healthy(struct health_view *view, struct agent *self, uint32_t target)
{
    CHECK(target < view->plan->target_count);
    judge(view, self, target);
    return !view->verdicts[target].unhealthy;
}

bool health_view_healthy_since(struct health_view *view, struct agent *self, uint32_t target,
                               sim_ns since_ns)
{
    CHECK(since_ns >= 0);
    return health_view_healthy(view, self, target) ||
           agreed(view, agent_clock(self), target, since_ns);
}

uint64_t health_view_said(const struct health_view *view, uint32_t target)
{
    CHECK(target < view->plan->target_count);
    return view->verdicts[target].said;
}

uint8_t health_view_said_flag(const struct health_view *view, uint32_t target)
{
    CHECK(target < view->plan->target_count);
    return view->verdicts[target].said_flag;
}

sim_ns health_view_answered_ns(const struct health_view *view, uint32_t target)
{
    CHECK(target < view->plan->target_count);
    return view->verdicts[target].answered_ns;
}
