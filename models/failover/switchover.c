/*
 * switchover.c - a planned move of the leadership, which loses nothing.
 *
 * Model:  at a known time the leader stops to take writes; when the target holds all that it
 *         holds, the old one is demoted and the new one promoted. After `timeout` without that the
 *         old leader goes on. There is no failure detection: a leader that fails is out until its
 *         machine is back, which then is told to go on.
 * Source: Amazon Aurora user guide, "Using switchover or failover in an Aurora global database"
 *         (2023): writes stop, all secondaries are synchronised, roles swap, RPO 0; Patroni
 *         documentation, patronictl switchover.
 */
#include "models/agents/control.h"
#include "models/failover/conductor.h"
#include "models/scenario.h"

#include <stddef.h>

struct params {
    sim_ns at;
    uint32_t to;
    struct param_list by;
    sim_ns timeout;
    const struct distribution *promotion, *announce;
};

#define ROW(field) offsetof(struct params, field)

static const struct param_spec rows[] = {
    {.key = "at",
     .type = PARAM_DURATION,
     .offset = ROW(at),
     .required = true,
     .max = (double)SIM_NS_MAX,
     .help = "when it begins"},
    {.key = "to",
     .type = PARAM_REGION,
     .offset = ROW(to),
     .required = true,
     .help = "region whose replica shall lead"},
    {.key = "by",
     .type = PARAM_REGIONS,
     .offset = ROW(by),
     .help = "region from which it is done; default: the first that is not the leader's"},
    {.key = "timeout",
     .type = PARAM_DURATION,
     .offset = ROW(timeout),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "30s",
     .help = "the old leader goes on when the target has not caught up by then (assumption)"},
    {.key = "promotion",
     .type = PARAM_DISTRIBUTION,
     .offset = ROW(promotion),
     .unit = PARAM_UNIT_DURATION,
     .help = "start-up of the new leader; default: none"},
    {.key = "announce",
     .type = PARAM_DISTRIBUTION,
     .offset = ROW(announce),
     .unit = PARAM_UNIT_DURATION,
     .help = "from acceptance to the announcement to gateways; default: none"},
    {0}};

struct desk {
    const struct failover_plan *plan;
    struct conductor *conductor;
    uint32_t shall; /* who may have been told to lead; UINT32_MAX: nobody but the leader */
    bool holding;
};

enum { TOKEN_AT = 1, TOKEN_HOLD = 2 };

static void start(struct agent *self)
{
    struct desk *desk = agent_state(self);
    desk->plan = agent_config(self);
    desk->conductor = desk->plan->conductors[0];
    desk->shall = UINT32_MAX;
    const struct params *params = desk->plan->params;
    agent_timer(self, params->at, TOKEN_AT);
}

static void move(struct agent *self)
{
    const struct desk *desk = agent_state(self);
    const struct params *params = desk->plan->params;
    for (uint32_t m = 0; m < desk->plan->count; m++) {
        if (desk->plan->members[m].place == params->to && m != desk->conductor->leader &&
            conductor_idle(desk->conductor)) {
            conductor_move(self, desk->conductor, m, params->timeout);
        }
    }
}

/* Promotes this one, unless somebody leads. */
static void insist(struct agent *self, uint32_t member)
{
    const struct desk *desk = agent_state(self);
    if (conductor_idle(desk->conductor) && !desk->holding) {
        conductor_begin(self, desk->conductor,
                        &(struct conductor_wish){.respect = true, .only = member});
    }
}

/*
 * Who may have been told to lead is told again until it does; nobody else, since that could lose
 * what it has accepted meanwhile.
 */
static void idle(struct agent *self, enum conductor_result result)
{
    struct desk *desk = agent_state(self);
    const struct conductor *conductor = desk->conductor;
    if (result == CONDUCTOR_MOVED || result == CONDUCTOR_STOOD_DOWN) {
        desk->shall = UINT32_MAX;
    } else if (conductor->decided) {
        desk->shall = conductor->target;
    }
    if (result == CONDUCTOR_SPLIT || desk->shall != UINT32_MAX) {
        desk->holding = true;
        agent_timer(self, desk->plan->config->retry, TOKEN_HOLD);
    }
}

static bool ill(struct agent *self)
{
    (void)self;
    return false; /* nobody watches it */
}

static bool known(struct agent *self, uint32_t member, uint64_t *position, sim_ns *at_ns)
{
    (void)self;
    (void)member;
    (void)position;
    (void)at_ns;
    return false;
}

static void on_message(struct agent *self, const struct message *message)
{
    const struct desk *desk = agent_state(self);
    if (!conductor_message(self, desk->conductor, message) &&
        message->kind == CONTROL_STATUS_REPLY &&
        plan_member_of(desk->plan, message->from) == desk->conductor->leader &&
        sidecar_status_of(message).role == LEADERSHIP_FOLLOWER) {
        insist(self, desk->conductor->leader); /* its machine says that it is back */
    }
}

static void on_timer(struct agent *self, uint64_t token)
{
    struct desk *desk = agent_state(self);
    if (token == TOKEN_AT) {
        move(self);
    } else if (token == TOKEN_HOLD) {
        desk->holding = false;
        insist(self, desk->shall != UINT32_MAX ? desk->shall : desk->conductor->leader);
    } else {
        conductor_timer(self, desk->conductor, token);
    }
}

static void on_stop(struct agent *self)
{
    struct desk *desk = agent_state(self);
    conductor_forget(desk->conductor);
    desk->holding = false;
}

static void on_restart(struct agent *self)
{
    const struct desk *desk = agent_state(self);
    const struct params *params = desk->plan->params;
    const sim_ns left_ns = params->at - agent_clock(self);
    conductor_restart(self, desk->conductor);
    if (left_ns >= 0) {
        agent_timer(self, left_ns, TOKEN_AT); /* a move that was to come still comes */
    } else if (!conductor_continue(self, desk->conductor) && desk->shall != UINT32_MAX) {
        insist(self, desk->shall);
    }
}

static const struct agent_ops desk_ops = {.name = "switchover",
                                          .state_bytes = sizeof(struct desk),
                                          .start = start,
                                          .on_message = on_message,
                                          .on_timer = on_timer,
                                          .on_stop = on_stop,
                                          .on_restart = on_restart};

static const struct conductor_ops desk_conductor_ops = {.idle = idle, .ill = ill, .known = known};

static const char *check(const void *params, const struct scenario_failover *common,
                         const struct scenario *scenario, const char **key, struct arena *arena)
{
    const struct params *self = params;
    char text[SIM_TIME_TEXT_MAX];
    if (self->by.count > 1) {
        *key = "by";
        return arena_printf(arena, "must be one region (got %zu)", self->by.count);
    }
    if (self->at >= scenario->duration) {
        *key = "at";
        return arena_printf(arena, "is not before the end of the run (%s)",
                            sim_time_text(scenario->duration, text));
    }
    if (!scenario_stores_led(scenario, self->to)) {
        const struct scenario_region *regions = scenario->regions.items;
        *key = "to";
        return arena_printf(arena, "\"%s\" stores no dataset that has a leader",
                            regions[self->to].name);
    }
    if (common->fail_back.after >= 0) {
        *key = "fail_back";
        return "has no place here: the move is planned";
    }
    return NULL;
}

static void build(struct failover_plan *plan, struct world *world)
{
    const struct params *self = plan->params;
    plan->promotion = self->promotion;
    plan->announce = self->announce;
    plan->guarded = plan->config->fencing == SCENARIO_FENCING_REQUIRED;
    plan_add_sidecars(plan, world);
    plan_add_controllers(plan, world, &desk_ops, &self->by);
    plan_add_conductors(plan, &desk_conductor_ops);
}

const struct failover_ops failover_switchover_ops = {
    .kind = {.name = "switchover",
             .summary = "a planned move at a known time: freeze, catch up, demote, promote",
             .source = "Amazon Aurora user guide, switchover in an Aurora global database (2023); "
                       "Patroni documentation, patronictl switchover",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = check,
    .build = build,
};
