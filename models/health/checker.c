/* checker.c - one health checker: probes its targets in turn and tells what it thinks of them. */
#include "models/agents/control.h"
#include "models/health/health_internal.h"
#include "sim/check.h"

struct checker {
    const struct health_plan *plan;
    struct health_probe *probes; /* by target */
};

/* Tokens of timers: target * 2 + which. */
enum { TIMER_PROBE = 0, TIMER_TIMEOUT = 1 };

static void begin(struct agent *self)
{
    const struct checker *checker = agent_state(self);
    for (uint32_t t = 0; t < checker->plan->target_count; t++) {
        agent_timer(self, checker->probes[t].phase_ns, t * 2 + TIMER_PROBE);
    }
}

static void start(struct agent *self)
{
    struct checker *checker = agent_state(self);
    const struct health_plan *plan = agent_config(self);
    checker->plan = plan;
    const uint32_t index = (agent_end(self) & ~ENDPOINT_AGENT) - plan->checker_first;
    CHECK(index < plan->checker_count);
    checker->probes = plan->probes + (size_t)index * plan->target_count;
    for (uint32_t t = 0; t < plan->target_count; t++) {
        checker->probes[t].phase_ns =
            sim_ns_from_double(agent_random(self) * (double)plan->config->interval);
    }
    begin(self);
}

static void record_opinion(struct agent *self, const struct health_plan *plan, uint32_t target,
                           bool healthy)
{
    agent_record(self, (struct record){.kind = RECORD_HEALTH,
                                       .dataset = plan->dataset,
                                       .node = plan->targets[target].node,
                                       .to_place = (uint16_t)plan->targets[target].place,
                                       .a = healthy});
}

static void report(struct agent *self, const struct health_plan *plan, uint32_t target,
                   const struct health_probe *probe, bool answered)
{
    const uint8_t flag = (uint8_t)((probe->unhealthy ? 0u : HEALTH_SAYS_HEALTHY) |
                                   (answered ? HEALTH_ANSWERED : 0u));
    for (uint32_t i = 0; i < plan->listener_count; i++) {
        agent_send(self, plan->listeners[i],
                   (struct message){.kind = CONTROL_HEALTH_REPORT,
                                    .dataset = plan->dataset,
                                    .key = target,
                                    .bytes = HEALTH_BYTES,
                                    .request = probe->number,
                                    .version = {.stamp = probe->answered_ns,
                                                .write = (uint64_t)agent_clock(self)},
                                    .a = probe->said,
                                    .type = probe->said_flag,
                                    .flag = flag});
    }
}

/* The probe under way ended, well or not. */
static void ended(struct agent *self, uint32_t target, bool answered)
{
    const struct checker *checker = agent_state(self);
    const struct health_plan *plan = checker->plan;
    struct health_probe *probe = &checker->probes[target];
    probe->waiting = false;
    probe->failures = answered ? 0 : probe->failures + 1;
    probe->successes = answered ? probe->successes + 1 : 0;
    const bool worse = !probe->unhealthy && probe->failures >= plan->config->threshold;
    const bool better = probe->unhealthy && probe->successes >= plan->config->recover_threshold;
    if (worse || better) {
        probe->unhealthy = worse;
        record_opinion(self, plan, target, better);
    }
    report(self, plan, target, probe, answered);
}

static void probe_target(struct agent *self, uint32_t target)
{
    const struct checker *checker = agent_state(self);
    const struct health_plan *plan = checker->plan;
    struct health_probe *probe = &checker->probes[target];
    CHECK(!probe->waiting); /* timeout <= interval, and its timer came first */
    probe->number++;
    probe->waiting = true;
    agent_send(self, plan->targets[target].end,
               (struct message){.kind = CONTROL_PROBE,
                                .dataset = plan->dataset,
                                .key = target,
                                .bytes = HEALTH_BYTES,
                                .request = probe->number});
    probe->time_out = agent_timer(self, plan->config->timeout, target * 2 + TIMER_TIMEOUT);
    agent_timer(self, plan->config->interval, target * 2 + TIMER_PROBE);
}

static void on_timer(struct agent *self, uint64_t token)
{
    if (token % 2 == TIMER_PROBE) {
        probe_target(self, (uint32_t)(token / 2));
    } else {
        ended(self, (uint32_t)(token / 2), false);
    }
}

static void on_message(struct agent *self, const struct message *message)
{
    const struct checker *checker = agent_state(self);
    if (message->kind != CONTROL_PROBE_REPLY) {
        return;
    }
    CHECK(message->key < checker->plan->target_count);
    struct health_probe *probe = &checker->probes[message->key];
    if (!probe->waiting || message->request != probe->number) {
        return; /* too late */
    }
    agent_cancel(self, probe->time_out);
    probe->said = message->a;
    probe->said_flag = message->flag;
    probe->answered_ns = agent_clock(self);
    ended(self, message->key, true);
}

/* Memory is gone; `number` goes on, so that listeners can tell old reports from new. */
static void on_stop(struct agent *self)
{
    const struct checker *checker = agent_state(self);
    for (uint32_t t = 0; t < checker->plan->target_count; t++) {
        struct health_probe *probe = &checker->probes[t];
        *probe = (struct health_probe){
            .phase_ns = probe->phase_ns, .number = probe->number, .answered_ns = HEALTH_NEVER};
    }
}

const struct agent_ops health_checker_ops = {
    .name = "health checker",
    .state_bytes = sizeof(struct checker),
    .start = start,
    .on_message = on_message,
    .on_timer = on_timer,
    .on_stop = on_stop,
    .on_restart = begin,
};

static void add_checkers(struct world *world, struct health_plan *plan, uint32_t region)
{
    for (int64_t i = 0; i < plan->config->checkers; i++) {
        const struct agent_spec spec = {
            .ops = &health_checker_ops, .config = plan, .place = region, .node = RECORD_NONE};
        const uint32_t agent = agent_add(world, &spec);
        if (plan->checker_count == 0) {
            plan->checker_first = agent;
        }
        CHECK(agent == plan->checker_first + plan->checker_count);
        plan->checker_count++;
    }
}

void health_add(struct world *world, struct health_plan *plan, uint32_t region_count,
                struct arena *arena)
{
    const struct param_list *from = &plan->config->from;
    const uint32_t *regions = from->items;
    CHECK(plan->checker_count == 0);
    for (uint32_t i = 0; i < (from->count > 0 ? from->count : region_count); i++) {
        add_checkers(world, plan, from->count > 0 ? regions[i] : i);
    }
    const size_t probes = (size_t)plan->checker_count * plan->target_count;
    plan->probes = arena_alloc(arena, probes, sizeof *plan->probes);
    for (size_t i = 0; i < probes; i++) {
        plan->probes[i].answered_ns = HEALTH_NEVER;
    }
}

void health_answer(struct agent *self, const struct message *probe, uint64_t a, uint8_t flag)
{
    CHECK(probe->kind == CONTROL_PROBE);
    agent_send(self, probe->from,
               (struct message){.kind = CONTROL_PROBE_REPLY,
                                .dataset = probe->dataset,
                                .key = probe->key,
                                .bytes = HEALTH_BYTES,
                                .request = probe->request,
                                .a = a,
                                .flag = flag});
}
