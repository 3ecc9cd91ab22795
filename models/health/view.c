/* view.c - what one listener concludes from the checkers' opinions. */
#include "models/agents/control.h"
#include "models/health/health_internal.h"
#include "sim/check.h"

struct opinion {
    uint32_t number; /* of the probe that it comes from; 0: never heard */
    bool healthy;
    sim_ns heard_ns;
    /* By the checker's clock: when the first of the last `threshold` failures in a row was asked,
     * and the target's last answer. */
    sim_ns row_ns, answered_ns;
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

enum failure { AS_SAID, SINCE, SINCE_AND_STILL };

static bool fails(const struct opinion *opinion, enum failure which, sim_ns since_ns)
{
    return !opinion->healthy && (which == AS_SAID || opinion->row_ns >= since_ns) &&
           (which != SINCE_AND_STILL || opinion->row_ns >= opinion->answered_ns);
}

static bool agreed(const struct health_view *view, sim_ns now_ns, uint32_t target,
                   enum failure which, sim_ns since_ns)
{
    const struct scenario_health *config = view->plan->config;
    const sim_ns age_max_ns = 3 * config->interval + config->timeout;
    uint32_t counted = 0, healthy = 0;
    for (uint32_t c = 0; c < view->plan->checker_count; c++) {
        const struct opinion *opinion =
            &view->opinions[(size_t)c * view->plan->target_count + target];
        if (opinion->number > 0 && now_ns - opinion->heard_ns <= age_max_ns) {
            counted++;
            healthy += !fails(opinion, which, since_ns);
        }
    }
    return counted == 0 || (double)healthy > config->agree * (double)counted;
}

/* True when the verdict changed. */
static bool judge(struct health_view *view, struct agent *self, uint32_t target)
{
    const bool healthy = agreed(view, agent_clock(self), target, AS_SAID, 0);
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
    const sim_ns before_ns = (plan->config->threshold - 1) * plan->config->interval;
    const sim_ns first_ns = (sim_ns)report->version.write - plan->config->timeout - before_ns;
    const bool fails = first_ns >= report->version.stamp; /* the last `threshold` have failed */
    *opinion = (struct opinion){.number = report->request,
                                .healthy = (report->flag & HEALTH_SAYS_HEALTHY) != 0,
                                .heard_ns = agent_clock(self),
                                .row_ns = fails ? first_ns : opinion->row_ns,
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

bool health_view_failed(struct health_view *view, struct agent *self, uint32_t target,
                        sim_ns since_ns)
{
    return !health_view_healthy(view, self, target) &&
           !agreed(view, agent_clock(self), target, SINCE, since_ns);
}

bool health_view_fails_still(struct health_view *view, struct agent *self, uint32_t target,
                             sim_ns since_ns)
{
    return !health_view_healthy(view, self, target) &&
           !agreed(view, agent_clock(self), target, SINCE_AND_STILL, since_ns);
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
