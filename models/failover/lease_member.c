/* lease_member.c - one member of the coordination service: who holds the lease; see lease.h. */
#include "models/agents/control.h"
#include "models/failover/lease.h"
#include "sim/check.h"

struct member { /* all of it on disk */
    const struct lease_plan *plan;
    uint32_t holder; /* replica; UINT32_MAX: free */
    uint64_t epoch, granted;
    uint64_t position; /* of the leader, when it was renewed last */
    sim_ns renewed_ns;
    struct timer expiry;
};

enum { TOKEN_EXPIRY = 1 };

static void reply(struct agent *self, uint32_t to, const struct message *request, uint8_t type,
                  bool granted)
{
    const struct member *member = agent_state(self);
    agent_send(
        self, to,
        (struct message){.kind = CONTROL_LEASE_REPLY,
                         .dataset = member->plan->failover->dataset,
                         .key = member->holder,
                         .bytes = FAILOVER_BYTES,
                         .request = request != NULL ? request->request : 0,
                         .version = {.stamp = (int64_t)member->granted, .write = member->position},
                         .a = (uint64_t)(agent_clock(self) - member->renewed_ns),
                         .type = type,
                         .flag = granted});
}

static void set_free(struct agent *self)
{
    struct member *member = agent_state(self);
    agent_cancel(self, member->expiry);
    member->holder = UINT32_MAX;
    for (uint32_t i = 0; i < member->plan->failover->count; i++) {
        reply(self, member->plan->keepers[i], NULL, LEASE_FREE, false);
    }
}

static void hold(struct agent *self)
{
    struct member *member = agent_state(self);
    agent_cancel(self, member->expiry);
    member->renewed_ns = agent_clock(self);
    member->expiry = agent_timer(self, member->plan->times->ttl, TOKEN_EXPIRY);
}

static void start(struct agent *self)
{
    struct member *member = agent_state(self);
    member->plan = agent_config(self);
    member->holder = member->plan->failover->home;
    member->epoch = member->granted = 1;
    hold(self);
}

static bool renew(struct agent *self, uint32_t keeper, const struct message *message)
{
    struct member *member = agent_state(self);
    if (member->holder != keeper || member->epoch != (uint64_t)message->version.stamp) {
        return false;
    }
    member->position = message->a;
    hold(self);
    return true;
}

static bool acquire(struct agent *self, uint32_t keeper, const struct message *message)
{
    struct member *member = agent_state(self);
    const uint64_t epoch = (uint64_t)message->version.stamp;
    const bool again = member->holder == keeper && member->epoch == epoch;
    if (!again &&
        ((member->holder != UINT32_MAX && member->holder != keeper) || epoch <= member->granted)) {
        return false;
    }
    member->holder = keeper;
    member->epoch = member->granted = epoch;
    hold(self);
    return true;
}

static void on_message(struct agent *self, const struct message *message)
{
    const struct member *member = agent_state(self);
    const struct lease_plan *plan = member->plan;
    uint32_t keeper = 0;
    while (keeper < plan->failover->count && plan->keepers[keeper] != message->from) {
        keeper++;
    }
    if (message->kind != CONTROL_LEASE || keeper == plan->failover->count) {
        return;
    }
    switch (message->flag) {
    case LEASE_RENEW:
        reply(self, message->from, message, message->flag, renew(self, keeper, message));
        break;
    case LEASE_ACQUIRE:
        reply(self, message->from, message, message->flag, acquire(self, keeper, message));
        break;
    case LEASE_RELEASE:
        if (member->holder == keeper && member->epoch == (uint64_t)message->version.stamp) {
            set_free(self);
        }
        break;
    default:
        reply(self, message->from, message, LEASE_LOOK, false);
        break;
    }
}

static void on_timer(struct agent *self, uint64_t token)
{
    CHECK(token == TOKEN_EXPIRY);
    set_free(self);
}

/* What was to expire meanwhile, has. */
static void on_restart(struct agent *self)
{
    struct member *member = agent_state(self);
    const sim_ns left_ns = member->renewed_ns + member->plan->times->ttl - agent_clock(self);
    if (member->holder == UINT32_MAX || left_ns <= 0) {
        set_free(self);
    } else {
        member->expiry = agent_timer(self, left_ns, TOKEN_EXPIRY);
    }
}

const struct agent_ops lease_member_ops = {
    .name = "lease member",
    .state_bytes = sizeof(struct member),
    .start = start,
    .on_message = on_message,
    .on_timer = on_timer,
    .on_restart = on_restart,
};

static const uint32_t *add_members(const struct lease_plan *plan, struct world *world,
                                   uint32_t *count)
{
    const struct param_list *regions = &plan->times->members;
    const uint32_t *places = regions->items;
    *count = regions->count > 0 ? (uint32_t)regions->count : plan->failover->region_count;
    uint32_t *ends = arena_alloc(plan->failover->arena, *count, sizeof *ends);
    for (uint32_t i = 0; i < *count; i++) {
        const struct agent_spec spec = {.ops = &lease_member_ops,
                                        .config = plan,
                                        .place = regions->count > 0 ? places[i] : i,
                                        .node = RECORD_NONE};
        ends[i] = ENDPOINT_AGENT | agent_add(world, &spec);
    }
    return ends;
}

void lease_build(struct failover_plan *failover, struct world *world)
{
    const struct automatic *config = failover->params;
    struct lease_plan *plan = arena_alloc(failover->arena, 1, sizeof *plan);
    uint32_t *keepers = arena_alloc(failover->arena, failover->count, sizeof *keepers);
    struct announcer *announcers =
        arena_alloc(failover->arena, failover->count, sizeof *announcers);
    *plan = (struct lease_plan){.failover = failover,
                                .times = &config->lease,
                                .keepers = keepers,
                                .announcers = announcers};
    for (uint32_t m = 0; m < failover->count; m++) {
        const struct agent_spec spec = {.ops = &lease_keeper_ops,
                                        .config = plan,
                                        .place = failover->members[m].place,
                                        .node = failover->members[m].node,
                                        .dataset = failover->dataset};
        keepers[m] = ENDPOINT_AGENT | agent_add(world, &spec);
        announcer_init(&announcers[m], failover);
    }
    plan->members = add_members(plan, world, &plan->member_count);
}
