#include "models/routing/front.h"

#include "models/agents/control.h"
#include "models/purpose.h"
#include "models/routing/connection.h"
#include "models/routing/front_internal.h"
#include "sim/check.h"

static sim_ns now_of(const struct front *front)
{
    return engine_now(front->host.engine);
}

static struct event event_of(const struct front *front, enum front_event small, uint32_t session)
{
    return (struct event){.kind = front->host.event_kind,
                          .small = (uint16_t)small,
                          .target = session,
                          .a = front->sessions[session].attempt};
}

/* Where what the session sends arrives now. */
static uint32_t destination(struct front *front, uint32_t session)
{
    const uint32_t region = front->sessions[session].region;
    struct router *router = &front->router;
    return router->ops->arrives != NULL ? router->ops->arrives(router, session, region) : region;
}

static void record(const struct front *front, uint32_t session, enum record_kind kind,
                   uint32_t region, int64_t a)
{
    const struct session *self = &front->sessions[session];
    const struct record_group *group = &front->host.layout->groups[self->group];
    const struct record row = {.at_ns = now_of(front),
                               .kind = (uint8_t)kind,
                               .dataset = (uint16_t)group->dataset,
                               .group = (uint16_t)self->group,
                               .node = RECORD_NONE,
                               .peer = self->routed == FRONT_NO_REGION ? RECORD_NONE : self->routed,
                               .session = session,
                               .from_place = (uint16_t)group->place,
                               .to_place = (uint16_t)region,
                               .a = a};
    record_emit(front->host.sink, &row);
}

static void note_route(struct front *front, uint32_t session, uint32_t region)
{
    struct session *self = &front->sessions[session];
    if (self->routed != region) {
        record(front, session, RECORD_ROUTED, region, 0);
        self->routed = (uint16_t)region;
    }
}

static int64_t stamp_of(const struct front *front, const struct session *self)
{
    return connection_pack((struct connection_stamp){
        .region = self->entry,
        .start = self->start,
        .since_write_ns = self->written_ns < 0 ? SIM_NS_MAX : now_of(front) - self->written_ns});
}

static void send_to(struct front *front, uint32_t session, uint32_t region, struct message *message)
{
    struct session *self = &front->sessions[session];
    message->from = ENDPOINT_CLIENT | self->group;
    message->to = front->host.gateway_ends[region];
    message->version.write = session;
    CHECK(message->to != RECORD_NONE);
    network_send(front->host.network, message);
}

static void send_request(struct front *front, uint32_t session, const struct message *request)
{
    struct session *self = &front->sessions[session];
    struct message message = *request;
    message.kind = MESSAGE_REQUEST;
    message.version.stamp = stamp_of(front, self);
    self->used_ns = now_of(front);
    self->silence_ns = self->silence_ns < 0 ? self->used_ns : self->silence_ns;
    const uint32_t region = destination(front, session);
    note_route(front, session, region);
    send_to(front, session, region, &message);
}

/* Attempts to connect. */

static void send_connect(struct front *front, uint32_t session)
{
    const struct session *self = &front->sessions[session];
    struct message message = {
        .kind = CONTROL_CONNECT, .request = self->attempt, .tries = self->round};
    send_to(front, session, destination(front, session), &message);
}

static void connect(struct front *front, uint32_t session)
{
    struct session *self = &front->sessions[session];
    self->state = SESSION_CONNECTING;
    self->round = 0;
    self->timer = engine_after(front->host.engine, front->config->connect_timeout,
                               event_of(front, FRONT_TIMED_OUT, session));
    send_connect(front, session);
}

static void begin(struct front *front, uint32_t session)
{
    struct session *self = &front->sessions[session];
    struct router *router = &front->router;
    self->began_ns = now_of(front);
    self->attempt++;
    const bool known = self->region != FRONT_NO_REGION;
    const bool stays = known && front->config->sticky && router->ops->allows != NULL &&
                       router->ops->allows(router, session, self->region);
    if (stays || (known && now_of(front) < self->expires_ns)) {
        connect(front, session);
        return;
    }
    self->state = SESSION_RESOLVING;
    router->ops->resolve(router, session);
}

static sim_ns backoff_ns(struct front *front, const struct session *self)
{
    sim_ns pause_ns = front->config->backoff;
    for (uint32_t i = 1; i < self->failures && pause_ns < front->config->backoff_max; i++) {
        pause_ns *= 2;
    }
    pause_ns = pause_ns < front->config->backoff_max ? pause_ns : front->config->backoff_max;
    /* A fifth more or less, as gRPC's connection back-off protocol has it. */
    const double unit = random_unit(&front->chance[self->group]);
    return sim_ns_from_double((double)pause_ns * (0.8 + 0.4 * unit));
}

static void tell_failed(struct front *front, uint32_t session)
{
    struct router *router = &front->router;
    const struct session *self = &front->sessions[session];
    if (router->ops->on_failed != NULL && self->region != FRONT_NO_REGION) {
        router->ops->on_failed(router, session, self->region);
    }
}

/* The attempt has come to nothing: the next follows when the back-off from its begin is over. */
static void attempt_failed(struct front *front, uint32_t session)
{
    struct session *self = &front->sessions[session];
    engine_cancel(front->host.engine, self->timer);
    self->failures = self->failures < UINT8_MAX ? (uint8_t)(self->failures + 1) : UINT8_MAX;
    self->state = SESSION_BACKING_OFF;
    tell_failed(front, session);
    const sim_ns next_ns = self->began_ns + backoff_ns(front, self);
    engine_at(front->host.engine, next_ns > now_of(front) ? next_ns : now_of(front),
              event_of(front, FRONT_RETRY, session));
}

void front_resolved(struct front *front, uint32_t session, uint32_t region, sim_ns valid_ns)
{
    struct session *self = &front->sessions[session];
    if (self->state != SESSION_RESOLVING) {
        return;
    }
    if (region == RECORD_NONE) {
        self->region = FRONT_NO_REGION;
        self->timer = (struct timer){0};
        attempt_failed(front, session);
        return;
    }
    CHECK(region < front->host.region_count);
    const sim_ns now_ns = now_of(front);
    self->region = (uint16_t)region;
    self->expires_ns = valid_ns < SIM_NS_MAX - now_ns ? now_ns + valid_ns : SIM_NS_MAX;
    connect(front, session);
}

static void keep_alive_later(struct front *front, uint32_t session)
{
    if (front->config->keep_alive > 0) {
        engine_after(front->host.engine, front->config->keep_alive,
                     event_of(front, FRONT_KEEP_ALIVE, session));
    }
}

static void connected(struct front *front, uint32_t session, uint64_t accepted)
{
    struct session *self = &front->sessions[session];
    const sim_ns now_ns = now_of(front);
    const struct distribution *lifetime = front->config->lifetime;
    const sim_ns life_ns = lifetime != NULL
                               ? distribution_sample_ns(lifetime, &front->chance[self->group])
                               : SIM_NS_MAX;
    engine_cancel(front->host.engine, self->timer);
    self->state = SESSION_CONNECTED;
    self->start = (uint16_t)accepted;
    self->entry = (uint16_t)(accepted >> 32);
    self->failures = 0;
    self->silence_ns = -1;
    self->used_ns = now_ns;
    self->ends_ns = life_ns < SIM_NS_MAX - now_ns ? now_ns + life_ns : SIM_NS_MAX;
    const uint32_t region = destination(front, session);
    record(front, session, RECORD_CONNECTED, region, self->began_ns);
    note_route(front, session, region);
    keep_alive_later(front, session);
    front_prune(front, self);
    struct parked parked;
    while (front_unpark(front, self, &parked)) {
        send_request(front, session, &parked.request);
    }
}

/* Connections. */

void front_part(struct front *front, uint32_t session)
{
    struct session *self = &front->sessions[session];
    self->expires_ns = 0;
    if (self->state == SESSION_CONNECTED) {
        self->state = SESSION_APART;
        self->attempt++; /* its keep-alive ends */
    }
}

static bool silent(const struct front *front, const struct session *self)
{
    return self->silence_ns >= 0 && now_of(front) - self->silence_ns >= front->config->timeout;
}

static void give_up(struct front *front, uint32_t session)
{
    struct session *self = &front->sessions[session];
    self->state = SESSION_APART;
    self->attempt++;
    tell_failed(front, session);
}

/* Whether the connection can be used, as far as its user can see. */
static bool usable(struct front *front, uint32_t session)
{
    struct session *self = &front->sessions[session];
    if (self->state != SESSION_CONNECTED) {
        return false;
    }
    const sim_ns now_ns = now_of(front), idle_ns = front->config->idle_timeout;
    if (silent(front, self)) {
        give_up(front, session);
    } else if (now_ns >= self->ends_ns || (idle_ns > 0 && now_ns - self->used_ns >= idle_ns)) {
        self->state = SESSION_APART;
    }
    return self->state == SESSION_CONNECTED;
}

static void ask(struct front *front, uint32_t session, const struct message *request)
{
    struct session *self = &front->sessions[session];
    if (usable(front, session)) {
        send_request(front, session, request);
        return;
    }
    front_prune(front, self);
    front_park(front, session, request);
    if (self->state == SESSION_APART) {
        begin(front, session);
    }
}

void front_ask(struct front *front, uint32_t group, const struct message *request)
{
    const uint32_t session = (uint32_t)request->version.write;
    CHECK(front->sessions[session].group == group);
    ask(front, session, request);
}

/* What comes back. */

static void on_accept(struct front *front, const struct message *message)
{
    const uint32_t session = (uint32_t)message->version.write;
    struct session *self = &front->sessions[session];
    if (message->request != self->attempt) {
        return;
    }
    if (message->tries == CONNECTION_PING) {
        if (self->state == SESSION_CONNECTED) {
            self->silence_ns = -1;
        }
    } else if (self->state == SESSION_CONNECTING && message->tries == self->round) {
        self->round++;
        if (self->round < front->config->round_trips) {
            send_connect(front, session);
        } else {
            connected(front, session, message->a);
        }
    }
}

static bool on_current(const struct session *self, const struct message *message)
{
    const struct connection_stamp stamp = connection_unpack(message->version.stamp);
    return self->state == SESSION_CONNECTED && stamp.region == self->entry &&
           stamp.start == self->start;
}

/* True: the request that was reset is to end with an unknown outcome. */
static bool on_reset(struct front *front, struct message *message)
{
    const uint32_t session = (uint32_t)message->version.write;
    struct session *self = &front->sessions[session];
    if (message->flag == CONNECTION_RESET_CONNECT && message->tries != CONNECTION_PING) {
        if (self->state == SESSION_CONNECTING && message->request == self->attempt) {
            attempt_failed(front, session);
        }
        return false;
    }
    if (on_current(self, message)) {
        self->state = SESSION_APART;
        self->attempt++;
    }
    if (message->flag == CONNECTION_RESET_CONNECT) {
        return false;
    }
    message->version = (struct version){.write = session};
    message->flag = message->flag == CONNECTION_RESET_ASKED ? MESSAGE_WANTS_CONTEXT : 0;
    if (message->type == RECORD_READ) {
        ask(front, session, message);
        return false;
    }
    message->kind = MESSAGE_REPLY;
    message->outcome = RECORD_INFO;
    message->a = connection_answer(session, RECORD_NONE);
    return true;
}

static void on_reply(struct front *front, const struct message *reply)
{
    const uint32_t session = (uint32_t)(reply->a >> 32);
    struct session *self = &front->sessions[session];
    if (self->state == SESSION_CONNECTED && self->routed != FRONT_NO_REGION &&
        reply->from == front->host.gateway_ends[self->routed]) {
        self->silence_ns = -1;
        self->used_ns = now_of(front);
        if ((reply->flag & MESSAGE_RESET) != 0) {
            give_up(front, session);
        }
    }
    if (reply->type == RECORD_WRITE && reply->outcome == RECORD_OK) {
        self->written_ns = now_of(front);
    }
}

bool front_hears(struct front *front, uint32_t group, struct message *message)
{
    if (message->kind == MESSAGE_REPLY) {
        on_reply(front, message);
        return true;
    }
    if (message->kind == CONTROL_RESET) {
        return on_reset(front, message);
    }
    if (message->kind == CONTROL_ACCEPT) {
        on_accept(front, message);
    } else if (front->router.ops->on_message != NULL) {
        front->router.ops->on_message(&front->router, group, message);
    }
    return false;
}

static void keep_alive(struct front *front, uint32_t session)
{
    struct session *self = &front->sessions[session];
    if (self->state != SESSION_CONNECTED) {
        return;
    }
    if (silent(front, self)) {
        give_up(front, session);
        return;
    }
    struct message message = {.kind = CONTROL_CONNECT,
                              .request = self->attempt,
                              .version = {.stamp = stamp_of(front, self)},
                              .tries = CONNECTION_PING};
    self->silence_ns = self->silence_ns < 0 ? now_of(front) : self->silence_ns;
    const uint32_t region = destination(front, session);
    note_route(front, session, region);
    send_to(front, session, region, &message);
    keep_alive_later(front, session);
}

void front_on_event(struct front *front, const struct event *event)
{
    if (event->small == FRONT_ROUTER) {
        front->router.ops->on_timer(&front->router, event->a);
        return;
    }
    const uint32_t session = event->target;
    struct session *self = &front->sessions[session];
    if (event->a != self->attempt) {
        return;
    }
    if (event->small == FRONT_KEEP_ALIVE) {
        keep_alive(front, session);
    } else if (event->small == FRONT_TIMED_OUT && self->state == SESSION_CONNECTING) {
        attempt_failed(front, session);
    } else if (event->small == FRONT_RETRY && self->state == SESSION_BACKING_OFF) {
        self->state = SESSION_APART;
        front_prune(front, self);
        if (self->parked_first != POOL_NONE) {
            begin(front, session);
        }
    }
}

uint32_t front_home(struct front *front, uint32_t session, uint32_t entry)
{
    struct router *router = &front->router;
    return router->ops->home != NULL ? router->ops->home(router, session, entry) : entry;
}

void front_home_failed(struct front *front, uint32_t entry, uint32_t home)
{
    struct router *router = &front->router;
    if (router->ops->on_home_failed != NULL && entry != home) {
        router->ops->on_home_failed(router, entry, home);
    }
}

struct router *front_router(struct front *front)
{
    return &front->router;
}

struct front *front_create(const struct front_host *host)
{
    struct front *front = arena_alloc(host->arena, 1, sizeof *front);
    const struct record_layout *layout = host->layout;
    const struct scenario_routing *config = host->scenario->routing.common;
    front->host = *host;
    front->config = &config->connections;
    front->sessions = arena_alloc(host->arena, layout->session_count, sizeof *front->sessions);
    front->chance = arena_alloc(host->arena, layout->group_count, sizeof *front->chance);
    for (uint32_t g = 0; g < layout->group_count; g++) {
        const struct record_group *group = &layout->groups[g];
        random_stream_init(&front->chance[g], host->seed, PURPOSE_FRONT, g);
        for (uint32_t s = 0; s < group->session_count; s++) {
            front->sessions[group->session_first + s] = (struct session){.silence_ns = -1,
                                                                         .written_ns = -1,
                                                                         .group = g,
                                                                         .region = FRONT_NO_REGION,
                                                                         .routed = FRONT_NO_REGION};
        }
    }
    pool_init(&front->parked, sizeof(struct parked), UINT32_MAX - 2);
    router_init(front);
    return front;
}

void front_release(struct front *front)
{
    pool_release(&front->parked);
}

void front_start(struct front *front)
{
    if (front->router.ops->start != NULL) {
        front->router.ops->start(&front->router);
    }
}
