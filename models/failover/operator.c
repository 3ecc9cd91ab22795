/*
 * operator.c - a person decides.
 *
 * Model:   a desk listens to health checkers. When their verdict on the leader is unhealthy it
 *          pages a person (page), who answers (acknowledge), finds out what is wrong (diagnose)
 *          and decides (decide); then tells the machines: survey, fence, promote (promotion),
 *          looks whether the new leader really leads (verify), changes the name (dns), and watches
 *          it until caches are warm (warm_up). Each phase begins when the one before has ended in
 *          the simulated world. A person who finds at the end of a phase that the leader is back
 *          stops there. A machine that restarts before the decision goes on as the leader, as its
 *          init system would have it: the desk's computer tells it so without a person.
 * Assumes: one person and one desk; while its region is down nobody decides.
 * Source:  assumption, what post-mortems tell in parts: a person is at work 2 to 5 min after the
 *          alert and decides in 1 to 5 min; promotion 30 to 60 s; DNS 5 to 15 min; caches 1 to 3
 *          min: 510 s at least, 10 to 30 min as a rule. Amazon RDS user guide, Multi-AZ (50e7617):
 *          60 to 120 s for a promotion that no person decides.
 */
#include "models/agents/control.h"
#include "models/failover/conductor.h"
#include "models/failover/fail_back.h"
#include "models/scenario.h"
#include "sim/check.h"
#include "sim/distribution_params.h"

#include <stddef.h>

enum { HUMAN_PHASES = 4 };

struct params {
    struct param_list at; /* at most one region */
    struct scenario_health health;
    const struct distribution *human[HUMAN_PHASES]; /* page, acknowledge, diagnose, decide */
    const struct distribution *promotion, *verify, *dns, *warm_up;
    bool stop_if_recovered;
};

#define ROW(field) offsetof(struct params, field)
#define DURATION(name, field, text, what)                                                          \
    {                                                                                              \
        .key = (name), .type = PARAM_DISTRIBUTION, .offset = ROW(field),                           \
        .unit = PARAM_UNIT_DURATION, .default_text = (text), .help = (what)                        \
    }

static const struct param_spec rows[] = {
    {.key = "at",
     .type = PARAM_REGIONS,
     .offset = ROW(at),
     .help = "region of the desk; default: the first that is not the leader's"},
    {.key = "health",
     .type = PARAM_OBJECT,
     .offset = ROW(health),
     .table = scenario_health_table,
     .help = "who probes the machines, and how: the alert"},
    DURATION("page", human[0], "0s", "from the alert to the person's telephone"),
    DURATION("acknowledge", human[1], NULL, "until the person answers; default: 1 to 2 min"),
    DURATION("diagnose", human[2], NULL, "until it is clear what is wrong; default: 1 to 3 min"),
    DURATION("decide", human[3], NULL, "until the failover is decided; default: 1 to 5 min"),
    DURATION("promotion", promotion, NULL, "start-up of the new leader; default: 30 to 60 s"),
    DURATION("verify", verify, "0s", "before the person looks whether the new leader leads"),
    DURATION("dns", dns, NULL, "until the changed name is there; default: 5 to 15 min"),
    DURATION("warm_up", warm_up, NULL, "until the caches are warm; default: 1 to 3 min"),
    {.key = "stop_if_recovered",
     .type = PARAM_BOOL,
     .offset = ROW(stop_if_recovered),
     .default_text = "true",
     .help = "the person stops when the leader is back at the end of a phase"},
    {0}};

static void between(struct arena *arena, const struct distribution **law, sim_ns min, sim_ns max)
{
    if (*law == NULL) {
        *law = distribution_make(
            arena, "uniform",
            &(struct distribution_uniform){.min = (double)min, .max = (double)max});
    }
}

static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct params *self = params;
    const sim_ns minute = SIM_NS_PER_MIN;
    between(arena, &self->human[1], 1 * minute, 2 * minute);
    between(arena, &self->human[2], 1 * minute, 3 * minute);
    between(arena, &self->human[3], 1 * minute, 5 * minute);
    between(arena, &self->promotion, minute / 2, minute);
    between(arena, &self->dns, 5 * minute, 15 * minute);
    between(arena, &self->warm_up, 1 * minute, 3 * minute);
    (void)key;
    return NULL;
}

enum stage { CALM, PAGED, ANSWERS, DIAGNOSES, DECIDES, ACTS };

struct desk {
    const struct failover_plan *plan;
    struct conductor *conductor;
    struct health_view *view;
    struct fail_back fail_back;
    enum stage stage;
    bool holding;
    bool resuming; /* an attempt to let its machine go on is under way */
};

enum { TOKEN_PHASE = 1, TOKEN_HOLD = 2 };

static void start(struct agent *self)
{
    struct desk *desk = agent_state(self);
    desk->plan = agent_config(self);
    desk->conductor = desk->plan->conductors[0];
    desk->view = desk->plan->views[0];
}

static bool ill(struct agent *self)
{
    const struct desk *desk = agent_state(self);
    return conductor_ill(self, desk->conductor, desk->view);
}

/* It was asked since then, and said so: an answer takes no longer than its time-out. */
static bool recovered(struct agent *self)
{
    const struct desk *desk = agent_state(self);
    const struct params *params = desk->plan->params;
    return params->stop_if_recovered && !ill(self) &&
           conductor_said(desk->conductor, desk->view, true);
}

static void calm(struct agent *self)
{
    struct desk *desk = agent_state(self);
    desk->stage = CALM;
    conductor_calm(self, desk->conductor);
}

static void act(struct agent *self)
{
    struct desk *desk = agent_state(self);
    const struct params *params = desk->plan->params;
    desk->stage = ACTS;
    if (conductor_idle(desk->conductor)) {
        conductor_begin(
            self, desk->conductor,
            &(struct conductor_wish){.respect = params->stop_if_recovered, .only = UINT32_MAX});
    } /* else it is about to go on with a leader that is back: see idle() */
}

static void phase(struct agent *self, enum stage stage)
{
    struct desk *desk = agent_state(self);
    const struct params *params = desk->plan->params;
    CHECK(stage >= PAGED && stage <= DECIDES);
    desk->stage = stage;
    agent_timer(self, agent_sample_ns(self, params->human[stage - PAGED]), TOKEN_PHASE);
}

static void phase_over(struct agent *self)
{
    const struct desk *desk = agent_state(self);
    if (desk->stage > PAGED && recovered(self)) {
        calm(self);
    } else if (desk->stage == DECIDES) {
        act(self);
    } else {
        phase(self, desk->stage + 1);
    }
}

/* The leader's machine is back and does not lead: it shall. */
static void resume(struct agent *self)
{
    struct desk *desk = agent_state(self);
    if (desk->stage != ACTS && !desk->holding && conductor_idle(desk->conductor)) {
        desk->resuming = true;
        conductor_begin(self, desk->conductor,
                        &(struct conductor_wish){.respect = true, .only = desk->conductor->leader});
    }
}

static void look(struct agent *self)
{
    const struct desk *desk = agent_state(self);
    const bool is_ill = ill(self);
    if (is_ill && desk->stage == CALM && conductor_idle(desk->conductor)) {
        conductor_detected(self, desk->conductor);
        phase(self, PAGED);
    } else if (!is_ill && conductor_said(desk->conductor, desk->view, false)) {
        resume(self);
    }
}

static void idle(struct agent *self, enum conductor_result result)
{
    struct desk *desk = agent_state(self);
    const bool resumed = desk->resuming;
    desk->resuming = false;
    if (result == CONDUCTOR_MOVED || result == CONDUCTOR_STOOD_DOWN) {
        if (desk->stage == ACTS) {
            desk->stage = CALM;
        }
    } else if (result == CONDUCTOR_REFUSED && resumed && desk->stage == CALM) {
        phase(self, PAGED); /* its machine is back and can not lead: without its disk */
    } else {
        desk->holding = true;
        agent_timer(self, desk->plan->config->retry, TOKEN_HOLD);
    }
    fail_back_watch(self, &desk->fail_back, desk->conductor);
}

static void hold_over(struct agent *self)
{
    struct desk *desk = agent_state(self);
    desk->holding = false;
    if (desk->stage == ACTS && recovered(self)) {
        calm(self);
    } else if (desk->stage == ACTS) {
        act(self);
    } else {
        look(self);
    }
}

static bool known(struct agent *self, uint32_t member, uint64_t *position, sim_ns *at_ns)
{
    const struct desk *desk = agent_state(self);
    *position = health_view_said(desk->view, member);
    *at_ns = health_view_answered_ns(desk->view, member);
    return *at_ns >= 0;
}

static void on_message(struct agent *self, const struct message *message)
{
    struct desk *desk = agent_state(self);
    if (message->kind == CONTROL_HEALTH_REPORT) {
        health_view_report(desk->view, self, message);
        look(self);
    } else if (!fail_back_message(&desk->fail_back, desk->conductor, message) &&
               !conductor_message(self, desk->conductor, message) &&
               message->kind == CONTROL_STATUS_REPLY &&
               plan_member_of(desk->plan, message->from) == desk->conductor->leader &&
               sidecar_status_of(message).role == LEADERSHIP_FOLLOWER) {
        resume(self); /* its machine says that it is back */
    }
}

static void on_timer(struct agent *self, uint64_t token)
{
    struct desk *desk = agent_state(self);
    if (token == TOKEN_PHASE) {
        phase_over(self);
    } else if (token == TOKEN_HOLD) {
        hold_over(self);
    } else if (!fail_back_timer(self, &desk->fail_back, desk->conductor, token)) {
        conductor_timer(self, desk->conductor, token);
    }
}

static void on_stop(struct agent *self)
{
    struct desk *desk = agent_state(self);
    conductor_forget(desk->conductor);
    health_view_forget(desk->view);
    desk->fail_back = (struct fail_back){.request = desk->fail_back.request};
    desk->stage = CALM;
    desk->holding = desk->resuming = false;
}

static void on_restart(struct agent *self)
{
    struct desk *desk = agent_state(self);
    conductor_restart(self, desk->conductor);
    fail_back_watch(self, &desk->fail_back, desk->conductor);
}

static const struct agent_ops desk_ops = {.name = "operator",
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
    const char *row = NULL;
    (void)common;
    (void)scenario;
    if (self->at.count > 1) {
        *key = "at";
        return arena_printf(arena, "must be one region (got %zu)", self->at.count);
    }
    const char *wrong = scenario_health_wrong(&self->health, &row);
    if (wrong != NULL) {
        *key = arena_printf(arena, "health.%s", row);
    }
    return wrong;
}

static void build(struct failover_plan *plan, struct world *world)
{
    const struct params *self = plan->params;
    plan->promotion = self->promotion;
    plan->verify = self->verify;
    plan->announce = self->dns;
    plan->warm_up = self->warm_up;
    plan->guarded = plan->config->fencing == SCENARIO_FENCING_REQUIRED;
    plan_add_sidecars(plan, world);
    plan_add_controllers(plan, world, &desk_ops, &self->at);
    plan_add_conductors(plan, &desk_conductor_ops);
    plan_add_health(plan, world, &self->health);
}

const struct failover_ops failover_operator_ops = {
    .kind = {.name = "operator",
             .summary = "a person is paged, decides, promotes, verifies and changes the name",
             .source = "assumption: what post-mortems tell in parts; Amazon RDS user guide, "
                       "Multi-AZ (50e7617)",
             .params_bytes = sizeof(struct params),
             .params = rows,
             .finish = finish},
    .check = check,
    .build = build,
};
