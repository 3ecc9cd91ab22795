/*
 * client.c - the client library measures round trips itself and goes where it is fastest.
 *
 * Model:   the sessions of a group share what is measured (one network, one library's knowledge).
 *          Every `interval` it probes all gateways; a mean that moves by a fifth of each new
 *          measurement is kept for each. A gateway that does not answer by the next probe, or that
 *          a session could not connect to, is out until it answers again, and connections to it are
 *          given up. New connections go to one of the gateways within `window` of the fastest, each
 *          as likely. With `move_when` connections leave a gateway that is so many times slower
 *          than the fastest. Before anything was measured sessions wait for the first answer; when
 *          none answers at all they try the nearest.
 */
#include "models/routing/measure.h"
#include "sim/arena.h"

#include <stddef.h>

struct client {
    sim_ns interval, window;
    double move_when; /* -1: never */
};

struct state {
    struct measure measure;
    sim_ns *mean_ns;      /* group x gateway; -1: out */
    uint32_t *first_wait; /* by group: session + 1 that waits for the first answer; 0: none */
    bool *measured;       /* by group: a round is over, or an answer has come */
};

struct client_session {
    uint32_t next_wait;
};

static sim_ns *means_of(const struct router *self, const struct state *state, uint32_t group)
{
    return &state->mean_ns[(size_t)group * router_region_count(self)];
}

static void build(struct router *self)
{
    const struct client *params = router_params(self);
    struct state *state = router_state(self);
    struct arena *arena = router_arena(self);
    const size_t groups = router_group_count(self), all = groups * router_region_count(self);
    measure_init(&state->measure, self, params->interval);
    state->mean_ns = arena_alloc(arena, all, sizeof *state->mean_ns);
    state->first_wait = arena_alloc(arena, groups, sizeof *state->first_wait);
    state->measured = arena_alloc(arena, groups, sizeof *state->measured);
    for (size_t i = 0; i < all; i++) {
        state->mean_ns[i] = -1;
    }
}

static void start(struct router *self)
{
    measure_start(&((struct state *)router_state(self))->measure, self);
}

static sim_ns fastest_ns(const struct router *self, const sim_ns *means)
{
    sim_ns best_ns = SIM_NS_MAX;
    for (uint32_t i = 0; i < router_region_count(self); i++) {
        best_ns = means[i] >= 0 && means[i] < best_ns ? means[i] : best_ns;
    }
    return best_ns;
}

/* One of those within the window; the nearest when none answers. */
static uint32_t pick(struct router *self, uint32_t group)
{
    const struct client *params = router_params(self);
    const sim_ns *means = means_of(self, router_state(self), group);
    const sim_ns best_ns = fastest_ns(self, means);
    if (best_ns == SIM_NS_MAX) {
        return router_nearest(self, group)[0];
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < router_region_count(self); i++) {
        count += means[i] >= 0 && means[i] - best_ns <= params->window;
    }
    uint32_t which = count > 1 ? (uint32_t)(router_random(self, group) * count) : 0;
    for (uint32_t i = 0; i < router_region_count(self); i++) {
        if (means[i] >= 0 && means[i] - best_ns <= params->window && which-- == 0) {
            return router_regions(self)[i];
        }
    }
    return router_nearest(self, group)[0];
}

static void resolve(struct router *self, uint32_t session)
{
    struct state *state = router_state(self);
    const uint32_t group = router_group_of(self, session);
    if (state->measured[group]) {
        router_answer(self, session, pick(self, group), 0);
        return;
    }
    struct client_session *waiting = router_session(self, session);
    waiting->next_wait = state->first_wait[group];
    state->first_wait[group] = session + 1;
}

static void end_wait(struct router *self, struct state *state, uint32_t group)
{
    state->measured[group] = true;
    uint32_t next = state->first_wait[group];
    state->first_wait[group] = 0;
    while (next != 0) {
        const uint32_t session = next - 1;
        next = ((const struct client_session *)router_session(self, session))->next_wait;
        router_answer(self, session, pick(self, group), 0);
    }
}

static uint32_t index_of(const struct router *self, uint32_t region)
{
    uint32_t i = 0;
    while (router_regions(self)[i] != region) {
        i++;
    }
    return i;
}

/* Connections to gateways that are out or too slow are given up. */
static void move(struct router *self, const struct state *state, uint32_t group)
{
    const struct client *params = router_params(self);
    const struct record_group *sessions = router_group(self, group);
    const sim_ns *means = means_of(self, state, group);
    const sim_ns best_ns = fastest_ns(self, means);
    for (uint32_t s = 0; s < sessions->session_count && best_ns != SIM_NS_MAX; s++) {
        const uint32_t region = router_connected(self, sessions->session_first + s);
        if (region == RECORD_NONE) {
            continue;
        }
        const sim_ns mean_ns = means[index_of(self, region)];
        const bool slow =
            params->move_when > 0.0 && (double)mean_ns > params->move_when * (double)best_ns;
        if (mean_ns < 0 || slow) {
            router_release(self, sessions->session_first + s);
        }
    }
}

static void on_timer(struct router *self, uint64_t token)
{
    struct state *state = router_state(self);
    const uint32_t group = (uint32_t)token;
    for (uint32_t i = 0; i < router_region_count(self); i++) {
        if (!measure_at(&state->measure, self, group, i)->answered) {
            means_of(self, state, group)[i] = -1;
        }
    }
    end_wait(self, state, group);
    move(self, state, group);
    measure_round(&state->measure, self, group);
}

static void on_message(struct router *self, uint32_t group, const struct message *message)
{
    struct state *state = router_state(self);
    const uint32_t which = measure_hears(&state->measure, self, group, message);
    if (which == UINT32_MAX) {
        return;
    }
    const sim_ns rtt_ns = measure_at(&state->measure, self, group, which)->rtt_ns;
    sim_ns *mean_ns = &means_of(self, state, group)[which];
    *mean_ns = *mean_ns < 0 ? rtt_ns : *mean_ns + (rtt_ns - *mean_ns) / 5;
    if (!state->measured[group]) {
        end_wait(self, state, group);
    }
}

static void on_failed(struct router *self, uint32_t session, uint32_t region)
{
    const uint32_t group = router_group_of(self, session);
    means_of(self, router_state(self), group)[index_of(self, region)] = -1;
}

static const struct param_spec params[] = {
    {.key = "interval",
     .type = PARAM_DURATION,
     .offset = offsetof(struct client, interval),
     .min = 1000000,
     .max = 24.0 * (double)SIM_NS_PER_H,
     .default_text = "10s",
     .help = "between probes of all gateways (MongoDB heartbeatFrequencyMS)"},
    {.key = "window",
     .type = PARAM_DURATION,
     .offset = offsetof(struct client, window),
     .min = 0,
     .max = (double)SIM_NS_PER_H,
     .default_text = "0ms",
     .help = "gateways so much slower than the fastest are as good (MongoDB localThresholdMS: "
             "15 ms)"},
    {.key = "move_when",
     .type = PARAM_REAL,
     .offset = offsetof(struct client, move_when),
     .min = 1,
     .max = 1000,
     .default_text = "none",
     .help = "connections leave a gateway that is so many times slower than the fastest; none: "
             "they stay"},
    {0}};

const struct router_ops router_client_ops = {
    .kind = {.name = "client",
             .summary = "the client measures round trips and connects to the fastest that answers",
             .source = "MongoDB server selection and server discovery and monitoring "
                       "specifications: weight 0.2 of a new measurement, probes every 10 s, a "
                       "server with a network error is unknown until it answers again",
             .params_bytes = sizeof(struct client),
             .params = params},
    .state_bytes = sizeof(struct state),
    .session_bytes = sizeof(struct client_session),
    .build = build,
    .start = start,
    .resolve = resolve,
    .on_failed = on_failed,
    .on_message = on_message,
    .on_timer = on_timer};
