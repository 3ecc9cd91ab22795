/* dns_resolver.c - a recursive resolver: keeps one answer, and asks the name servers for it. */
#include "models/agents/control.h"
#include "models/agents/driver.h"
#include "models/faults/fault_target.h"
#include "models/routing/dns_internal.h"
#include "sim/check.h"

/*
 * A server that was silent: Unbound keeps what it knows of one for 15 minutes (infra-host-ttl). No
 * more than 10 questions: with a second each that is the time in which BIND gives up
 * (resolver-query-timeout). RFC 8767 section 5: stale answers after 1.8 s, valid for 30 s, and a
 * new question not before 30 s. RFC 9520 section 3.2: a failure is kept for 1 s at least.
 */
#define AVOID_NS       (15 * SIM_NS_PER_MIN)
#define STALE_AFTER_NS (SIM_NS_PER_S * 18 / 10)
#define STALE_VALID_NS (30 * SIM_NS_PER_S)
#define STALE_RETRY_NS (30 * SIM_NS_PER_S)
#define FAILED_FOR_NS  SIM_NS_PER_S
enum { QUESTIONS_MAX = 10, PASSES = 2 };

enum { TIMER_QUERY, TIMER_STALE };

struct resolver {
    const struct resolver_spec *spec;
    uint32_t *order;        /* servers by delay */
    sim_ns *avoid_until_ns; /* by server */
    sim_ns extra_ns;        /* it keeps answers for so much longer */
    double left;            /* share of the first one's time that is left */
    /* The answer that it keeps. */
    sim_ns expires_ns, failed_until_ns;
    uint32_t region;
    bool known, forged;
    /* The question under way. */
    bool asking;
    uint32_t request, first_request;
    uint32_t pass, position, questions, server;
    struct timer timer, stale_timer;
    uint32_t first_wait; /* session x try + 1; 0: none */
};

static struct resolver *resolver_of(struct agent *self)
{
    return agent_state(self);
}

static void start(struct agent *self)
{
    struct resolver *resolver = resolver_of(self);
    resolver->spec = agent_config(self);
    const struct dns *dns = resolver->spec->dns;
    struct arena *arena = router_arena(dns->router);
    resolver->order = arena_alloc(arena, dns->server_count, sizeof *resolver->order);
    resolver->avoid_until_ns =
        arena_alloc(arena, dns->server_count, sizeof *resolver->avoid_until_ns);
    for (uint32_t i = 0; i < dns->server_count; i++) {
        uint32_t at = i;
        while (at > 0 && agent_delay(self, dns->servers[resolver->order[at - 1]]) >
                             agent_delay(self, dns->servers[i])) {
            resolver->order[at] = resolver->order[at - 1];
            at--;
        }
        resolver->order[at] = i;
    }
    const sim_ns extra_ns = agent_sample_ns(self, dns->setup.params->over_cache_for);
    const double left = agent_random(self);
    resolver->extra_ns = resolver->spec->extends ? extra_ns : 0;
    resolver->left = dns->setup.params->cold_start ? 1.0 : left;
}

/* The forged region that it believes in now; RECORD_NONE: none. */
static uint32_t forged_region(struct agent *self)
{
    const struct fault_dns_state *faults = world_dns_faults(agent_world(self));
    for (uint32_t i = 0; i < faults->count; i++) {
        const struct fault_dns_hold *hold = &faults->holds[i];
        if (hold->kind == FAULT_DNS_POISON && resolver_of(self)->spec->poison_draw < hold->share) {
            return hold->region;
        }
    }
    return RECORD_NONE;
}

static void keep(struct agent *self, uint32_t region, sim_ns ttl_ns, bool forged)
{
    struct resolver *resolver = resolver_of(self);
    const sim_ns now_ns = agent_clock(self);
    sim_ns valid_ns = resolver->extra_ns < SIM_NS_MAX - ttl_ns - now_ns
                          ? ttl_ns + resolver->extra_ns
                          : SIM_NS_MAX - now_ns;
    if (!resolver->known && resolver->left < 1.0) {
        valid_ns = sim_ns_from_double((double)valid_ns * resolver->left);
    }
    resolver->known = true;
    resolver->forged = forged;
    resolver->region = region;
    resolver->expires_ns = now_ns + valid_ns;
    resolver->failed_until_ns = 0;
}

/* May it answer with what it knew before? */
static bool has_stale(struct agent *self)
{
    const struct resolver *resolver = resolver_of(self);
    const sim_ns stale_ns = resolver->spec->dns->setup.params->serve_stale;
    return resolver->known && stale_ns > 0 && agent_clock(self) - resolver->expires_ns < stale_ns;
}

static void send_answer(struct agent *self, uint32_t session, uint32_t lookup, uint8_t tries)
{
    const struct resolver *resolver = resolver_of(self);
    const sim_ns now_ns = agent_clock(self);
    struct message answer = {.kind = CONTROL_NAME_ANSWER,
                             .bytes = DNS_ANSWER_BYTES,
                             .request = lookup,
                             .version = {.write = session},
                             .a = resolver->region,
                             .outcome = RECORD_OK,
                             .tries = tries};
    if (resolver->known && now_ns <= resolver->expires_ns) {
        answer.version.stamp = resolver->expires_ns - now_ns;
    } else if (has_stale(self)) {
        answer.version.stamp = STALE_VALID_NS;
    } else {
        answer.outcome = RECORD_FAIL;
    }
    agent_send(self, ENDPOINT_CLIENT | resolver->spec->group, answer);
}

static void wake_all(struct agent *self)
{
    struct resolver *resolver = resolver_of(self);
    struct dns *dns = resolver->spec->dns;
    const uint32_t tries = (uint32_t)dns->setup.params->lookup_tries;
    uint32_t next = resolver->first_wait;
    resolver->first_wait = 0;
    while (next != 0) {
        struct dns_wait *wait = &dns->waits[next - 1];
        const uint32_t session = (next - 1) / tries, try = (next - 1) % tries;
        next = wait->next;
        wait->waits = false;
        send_answer(self, session, wait->lookup, (uint8_t)try);
    }
}

/* Those who come next are told so at once. */
static void failed(struct agent *self)
{
    struct resolver *resolver = resolver_of(self);
    resolver->failed_until_ns =
        agent_clock(self) + (has_stale(self) ? STALE_RETRY_NS : FAILED_FOR_NS);
    wake_all(self);
}

/* The next server in order of delay, at first of those that are not avoided; false: no more. */
static bool next_server(struct agent *self)
{
    struct resolver *resolver = resolver_of(self);
    const uint32_t count = resolver->spec->dns->server_count;
    const sim_ns now_ns = agent_clock(self);
    while (resolver->pass < PASSES && resolver->questions < QUESTIONS_MAX) {
        if (resolver->position == count) {
            resolver->position = 0;
            resolver->pass++;
            continue;
        }
        resolver->server = resolver->order[resolver->position++];
        if (resolver->pass > 0 || resolver->avoid_until_ns[resolver->server] <= now_ns) {
            return true;
        }
    }
    return false;
}

static void ask_next(struct agent *self)
{
    struct resolver *resolver = resolver_of(self);
    const struct dns *dns = resolver->spec->dns;
    if (!next_server(self)) {
        resolver->asking = false;
        agent_cancel(self, resolver->stale_timer);
        failed(self);
        return;
    }
    resolver->questions++;
    resolver->request++;
    agent_send(self, dns->servers[resolver->server],
               (struct message){.kind = CONTROL_NAME_QUERY,
                                .key = resolver->spec->ecs
                                           ? router_group(dns->router, resolver->spec->group)->place
                                           : agent_place(self),
                                .bytes = DNS_QUERY_BYTES,
                                .request = resolver->request});
    resolver->timer = agent_timer(self, dns->setup.params->query_timeout, TIMER_QUERY);
}

static void begin(struct agent *self)
{
    struct resolver *resolver = resolver_of(self);
    resolver->asking = true;
    resolver->pass = resolver->position = resolver->questions = 0;
    resolver->first_request = resolver->request + 1;
    resolver->stale_timer = (struct timer){0};
    if (has_stale(self)) {
        resolver->stale_timer = agent_timer(self, STALE_AFTER_NS, TIMER_STALE);
    }
    ask_next(self);
}

static void on_query(struct agent *self, const struct message *query)
{
    struct resolver *resolver = resolver_of(self);
    const struct dns *dns = resolver->spec->dns;
    const uint32_t session = (uint32_t)query->version.write, forged = forged_region(self);
    const sim_ns now_ns = agent_clock(self);
    const bool valid = resolver->known && now_ns < resolver->expires_ns;
    const bool believed = valid && resolver->forged && resolver->region == forged;
    if (forged != RECORD_NONE && !believed) {
        keep(self, forged, dns->setup.ttl, true);
    }
    if (forged != RECORD_NONE || valid || now_ns < resolver->failed_until_ns) {
        send_answer(self, session, query->request, query->tries);
        return;
    }
    const uint32_t slot = session * (uint32_t)dns->setup.params->lookup_tries + query->tries;
    struct dns_wait *wait = &dns->waits[slot];
    wait->lookup = query->request;
    if (!wait->waits) { /* else it still waits from a former question of that session */
        wait->waits = true;
        wait->next = resolver->first_wait;
        resolver->first_wait = slot + 1;
    }
    if (!resolver->asking) {
        begin(self);
    }
}

static void on_answer(struct agent *self, const struct message *answer)
{
    struct resolver *resolver = resolver_of(self);
    if (!resolver->asking ||
        answer->request - resolver->first_request > resolver->request - resolver->first_request) {
        return;
    }
    if (answer->outcome == RECORD_OK) {
        const uint32_t forged = forged_region(self);
        agent_cancel(self, resolver->timer);
        agent_cancel(self, resolver->stale_timer);
        resolver->asking = false;
        if (answer->request == resolver->request) {
            resolver->avoid_until_ns[resolver->server] = 0;
        }
        keep(self, forged != RECORD_NONE ? forged : (uint32_t)answer->a, answer->version.stamp,
             forged != RECORD_NONE);
        wake_all(self);
    } else if (answer->request == resolver->request) {
        agent_cancel(self, resolver->timer);
        ask_next(self);
    }
}

static void on_message(struct agent *self, const struct message *message)
{
    if (message->kind == CONTROL_NAME_QUERY) {
        on_query(self, message);
    } else if (message->kind == CONTROL_NAME_ANSWER) {
        on_answer(self, message);
    }
}

static void on_timer(struct agent *self, uint64_t token)
{
    struct resolver *resolver = resolver_of(self);
    CHECK(resolver->asking); /* else they were cancelled */
    if (token == TIMER_QUERY) {
        resolver->avoid_until_ns[resolver->server] = agent_clock(self) + AVOID_NS;
        ask_next(self);
    } else if (has_stale(self)) {
        failed(self);
    }
}

const struct agent_ops dns_resolver_ops = {.name = "resolver",
                                           .state_bytes = sizeof(struct resolver),
                                           .start = start,
                                           .on_message = on_message,
                                           .on_timer = on_timer};
