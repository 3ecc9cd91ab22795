/* gateway_ask.c - a gateway's questions to the database and to other gateways, and its caches. */
#include "models/agents/control.h"
#include "models/agents/driver.h"
#include "models/health/health.h"
#include "models/routing/connection.h"
#include "models/routing/front.h"
#include "models/routing/gateway_internal.h"
#include "sim/check.h"

static struct pending *pending_at(const struct gateway *gateway, uint32_t slot)
{
    return pool_at(&gateway->pending, slot);
}

void gateway_reply(struct agent *self, const struct message *request, const struct message *answer)
{
    const struct front *front = gateway_of(self)->plan->front;
    agent_send(self, request->from,
               (struct message){.kind = MESSAGE_REPLY,
                                .dataset = request->dataset,
                                .key = request->key,
                                .bytes = answer->bytes,
                                .request = request->request,
                                .version = answer->version,
                                .operation = request->operation,
                                .a = connection_answer(request->version.write, answer->from),
                                .block = front_block_copy(front, request->dataset, answer->block),
                                .type = request->type,
                                .outcome = answer->outcome,
                                .tries = request->tries,
                                .flag = answer->flag});
}

/* The list of those pending, by when they were asked last. */

static void list_append(struct gateway *gateway, uint32_t slot)
{
    struct pending *pending = pending_at(gateway, slot);
    pending->earlier = gateway->last;
    pending->later = POOL_NONE;
    *(gateway->last != POOL_NONE ? &pending_at(gateway, gateway->last)->later : &gateway->first) =
        slot;
    gateway->last = slot;
}

static void list_remove(struct gateway *gateway, uint32_t slot)
{
    const struct pending *pending = pending_at(gateway, slot);
    const uint32_t earlier = pending->earlier, later = pending->later;
    *(earlier != POOL_NONE ? &pending_at(gateway, earlier)->later : &gateway->first) = later;
    *(later != POOL_NONE ? &pending_at(gateway, later)->earlier : &gateway->last) = earlier;
}

/* One timer: it is set for the first and looks again when it comes. */
static void arm(struct agent *self)
{
    struct gateway *gateway = gateway_of(self);
    if (!gateway->armed && gateway->first != POOL_NONE) {
        gateway->armed = true;
        const sim_ns due_ns = pending_at(gateway, gateway->first)->asked_ns +
                              gateway->plan->config->gateways.db_timeout;
        agent_timer(self, due_ns - agent_clock(self), GATEWAY_DUE);
    }
}

/* Asking. */

/* Whose gateway serves it: of a user's request, the policy says; what comes from another is ours.
 */
static uint32_t home_of(const struct gateway *gateway, const struct message *request)
{
    const bool users = request->kind == MESSAGE_REQUEST && (request->from & ENDPOINT_CLIENT) != 0;
    return users ? front_home(gateway->plan->front, (uint32_t)request->version.write,
                              gateway->site.region)
                 : gateway->site.region;
}

static uint32_t route(struct agent *self, const struct pending *pending)
{
    const struct message *asked = &pending->request;
    const struct route_request request = {
        .type = asked->type,
        .tries = (uint32_t)asked->tries + pending->asks - pending->passed,
        .since_write_ns = asked->kind == MESSAGE_REQUEST
                              ? connection_unpack(asked->version.stamp).since_write_ns
                              : SIM_NS_MAX};
    return driver_route(agent_world(self), agent_end(self), pending->dataset, &request);
}

/* Appends the pending request, not in the list now, and sends it to its target. */
static void ask(struct agent *self, uint32_t slot)
{
    struct gateway *gateway = gateway_of(self);
    struct pending *pending = pending_at(gateway, slot);
    const uint32_t number = slot | (uint32_t)pending->serial << GATEWAY_SLOT_BITS |
                            (uint32_t)pending->asks << (GATEWAY_SLOT_BITS + GATEWAY_SERIAL_BITS);
    const struct message *request = &pending->request;
    struct message message = {.kind = MESSAGE_REQUEST,
                              .dataset = pending->dataset,
                              .request = number,
                              .tries = (uint8_t)(request->tries + pending->asks)};
    if (request->kind == MESSAGE_REQUEST) {
        message.key = request->key;
        message.bytes = request->bytes;
        message.version.write = request->version.write;
        message.version.stamp = pending->away ? request->version.stamp : 0;
        message.operation = request->operation;
        message.a = request->a;
        message.type = request->type;
        message.flag = request->flag & MESSAGE_WANTS_CONTEXT;
        message.block = front_block_copy(gateway->plan->front, request->dataset, request->block);
    }
    pending->asks++;
    pending->asked_ns = agent_clock(self);
    const uint32_t target = pending->target;
    list_append(gateway, slot);
    arm(self);
    agent_send(self, target, message);
}

static void ask_first(struct agent *self, const struct message *request, uint32_t dataset,
                      uint32_t home)
{
    struct gateway *gateway = gateway_of(self);
    const uint32_t slot = pool_take(&gateway->pending);
    if (slot == POOL_NONE) {
        if (request->kind == MESSAGE_REQUEST) {
            const struct message answer = {.from = RECORD_NONE, .outcome = RECORD_FAIL};
            gateway_reply(self, request, &answer);
        }
        return;
    }
    struct pending *pending = pending_at(gateway, slot);
    pending->request = *request;
    pending->request.block =
        front_block_copy(gateway->plan->front, request->dataset, request->block);
    pending->dataset = (uint16_t)dataset;
    pending->serial = gateway->serial++;
    pending->away = home != gateway->site.region;
    pending->target = pending->away ? gateway->plan->ends[home] : route(self, pending);
    ask(self, slot);
}

/* Caches. */

/* A cached value has no context, and is of no use to those who want one. */
static bool cacheable(const struct gateway *gateway, const struct message *request)
{
    return gateway->caches != NULL && request->kind == MESSAGE_REQUEST &&
           request->type == RECORD_READ && request->a == 0 &&
           (request->flag & MESSAGE_WANTS_CONTEXT) == 0;
}

static bool cache_answers(struct agent *self, const struct message *request)
{
    struct gateway *gateway = gateway_of(self);
    if (!cacheable(gateway, request)) {
        return false;
    }
    const struct cache_entry *entry =
        cache_find(&gateway->caches[request->dataset], request->key, agent_clock(self));
    agent_record(self, (struct record){.kind = RECORD_CACHE,
                                       .type = RECORD_READ,
                                       .flags = entry != NULL ? RECORD_FLAG_CACHED : 0,
                                       .dataset = request->dataset,
                                       .node = RECORD_NONE,
                                       .peer = RECORD_NONE,
                                       .key = request->key,
                                       .to_place = (uint16_t)gateway->site.region,
                                       .operation = request->operation});
    if (entry == NULL) {
        return false;
    }
    const struct message answer = {.from = RECORD_NONE,
                                   .bytes = entry->bytes,
                                   .version = entry->version,
                                   .outcome = RECORD_OK,
                                   .flag = MESSAGE_CACHED};
    gateway_reply(self, request, &answer);
    return true;
}

static void cache_fill(struct agent *self, const struct message *request,
                       const struct message *reply, uint32_t bytes)
{
    const struct cache_entry entry = {
        .version = reply->version, .key = request->key, .bytes = bytes};
    cache_put(&gateway_of(self)->caches[request->dataset], &entry, agent_clock(self));
}

static void invalidate(struct agent *self, const struct message *request,
                       const struct message *reply)
{
    const struct gateway *gateway = gateway_of(self);
    const struct gateway_plan *plan = gateway->plan;
    cache_drop(&gateway->caches[request->dataset], request->key, reply->version);
    for (uint32_t i = 0; i < plan->count; i++) {
        if (plan->regions[i] != gateway->site.region) {
            agent_send(self, plan->ends[plan->regions[i]],
                       (struct message){.kind = CONTROL_INVALIDATE,
                                        .dataset = request->dataset,
                                        .key = request->key,
                                        .version = reply->version,
                                        .operation = request->operation,
                                        .type = RECORD_WRITE});
        }
    }
}

/* The gateway that the user is connected to keeps the caches up: a home that it asks does not. */
static void cache_learn(struct agent *self, const struct message *request,
                        const struct message *reply)
{
    struct gateway *gateway = gateway_of(self);
    const uint32_t mode = gateway->plan->config->cache.mode;
    if (cacheable(gateway, request)) {
        cache_fill(self, request, reply, reply->bytes);
    } else if (gateway->caches != NULL && request->type == RECORD_WRITE) {
        if (mode == SCENARIO_CACHE_WRITE_THROUGH) {
            cache_fill(self, request, reply, request->bytes);
        } else if (mode == SCENARIO_CACHE_INVALIDATE) {
            invalidate(self, request, reply);
        }
    }
}

void gateway_hear_epoch(struct agent *self, uint32_t dataset, uint64_t epoch)
{
    struct gateway *gateway = gateway_of(self);
    if (epoch <= gateway->epochs[dataset]) {
        return;
    }
    gateway->epochs[dataset] = epoch;
    if (gateway->caches != NULL && gateway->plan->config->cache.flush_on_failover) {
        cache_clear(&gateway->caches[dataset]);
    }
}

/* Served. */

void gateway_serve_request(struct agent *self, const struct message *request)
{
    struct gateway *gateway = gateway_of(self);
    if (cache_answers(self, request)) {
        return;
    }
    ask_first(self, request, request->dataset, home_of(gateway, request));
}

void gateway_serve_probe(struct agent *self, const struct message *probe)
{
    const struct gateway *gateway = gateway_of(self);
    if (gateway->plan->config->gateways.deep) {
        ask_first(self, probe, 0, gateway->site.region);
    } else {
        health_answer(self, probe, 0, 0);
    }
}

/* Answers. */

static void finish(struct agent *self, uint32_t slot, enum record_outcome outcome,
                   const struct message *reply)
{
    struct gateway *gateway = gateway_of(self);
    list_remove(gateway, slot);
    const struct pending ended = *pending_at(gateway, slot);
    pool_give(&gateway->pending, slot);
    const struct message *request = &ended.request;
    if (request->kind == CONTROL_PROBE) {
        /* One database after the other; one that does not answer leaves the probe unanswered. */
        if (outcome == RECORD_OK && ended.dataset + 1u < gateway->plan->dataset_count) {
            ask_first(self, request, ended.dataset + 1u, gateway->site.region);
        } else if (outcome == RECORD_OK) {
            health_answer(self, request, 0, 0);
        }
        return;
    }
    struct message answer = {.from = RECORD_NONE, .outcome = (uint8_t)outcome};
    if (reply != NULL) {
        const bool passed = (reply->from & ENDPOINT_AGENT) != 0;
        answer.from = passed ? (uint32_t)reply->a - 1 : reply->from;
        answer.bytes = reply->bytes;
        answer.version = reply->version;
        answer.block = reply->block;
        answer.flag = (uint8_t)((reply->flag & (MESSAGE_SIBLINGS | MESSAGE_REJECTED)) |
                                (passed ? (reply->flag & MESSAGE_CACHED) | MESSAGE_PROXIED : 0));
    }
    if (outcome == RECORD_OK) {
        cache_learn(self, request, reply);
    }
    gateway_reply(self, request, &answer);
    front_block_free(gateway->plan->front, request->dataset, request->block);
}

/* All asks are answered, none with success. */
static void refused(struct agent *self, uint32_t slot)
{
    const struct gateway *gateway = gateway_of(self);
    struct pending *pending = pending_at(gateway, slot);
    if (!pending->away && pending->asks <= gateway->plan->config->gateways.db_retries) {
        const uint32_t other = route(self, pending);
        if (other != pending->target) {
            pending->target = other;
            list_remove(gateway_of(self), slot);
            ask(self, slot);
            return;
        }
    }
    finish(self, slot, pending->refused == pending->asks ? RECORD_FAIL : RECORD_INFO, NULL);
}

static uint32_t bits(uint32_t number, uint32_t from, uint32_t count)
{
    return number >> from & ((1u << count) - 1);
}

static uint32_t slot_of(const struct gateway *gateway, const struct message *reply)
{
    const uint32_t slot = bits(reply->request, 0, GATEWAY_SLOT_BITS);
    if (!pool_taken(&gateway->pending, slot)) {
        return POOL_NONE;
    }
    const struct pending *pending = pending_at(gateway, slot);
    const bool probe = pending->request.kind == CONTROL_PROBE;
    const bool same =
        pending->serial == bits(reply->request, GATEWAY_SLOT_BITS, GATEWAY_SERIAL_BITS) &&
        reply->operation == (probe ? 0 : pending->request.operation) &&
        reply->dataset == pending->dataset;
    return same ? slot : (uint32_t)POOL_NONE;
}

void gateway_hear_reply(struct agent *self, const struct message *reply)
{
    const struct gateway *gateway = gateway_of(self);
    if ((reply->flag & MESSAGE_REFERRED) != 0) {
        gateway_hear_epoch(self, reply->dataset, (uint64_t)reply->version.stamp);
    }
    const uint32_t slot = slot_of(gateway, reply);
    if (slot == POOL_NONE) {
        return;
    }
    struct pending *pending = pending_at(gateway, slot);
    if (reply->outcome == RECORD_OK) {
        finish(self, slot, RECORD_OK, reply);
        return;
    }
    const uint32_t which = reply->request >> (GATEWAY_SLOT_BITS + GATEWAY_SERIAL_BITS);
    if (((uint32_t)pending->answered >> which & 1u) != 0) {
        return;
    }
    pending->answered |= (uint8_t)(1u << which);
    pending->refused = (uint8_t)(pending->refused + (reply->outcome == RECORD_FAIL));
    if ((reply->flag & MESSAGE_REJECTED) != 0 && pending->refused == pending->asks) {
        finish(self, slot, RECORD_FAIL, reply);
    } else if (pending->answered == (1u << pending->asks) - 1) {
        refused(self, slot);
    }
}

static void fell_due(struct agent *self, uint32_t slot)
{
    struct gateway *gateway = gateway_of(self);
    struct pending *pending = pending_at(gateway, slot);
    if (pending->away) {
        front_home_failed(gateway->plan->front, gateway->site.region,
                          home_of(gateway, &pending->request));
    }
    if (pending->asks > gateway->plan->config->gateways.db_retries) {
        finish(self, slot, pending->refused == pending->asks ? RECORD_FAIL : RECORD_INFO, NULL);
        return;
    }
    if (pending->away && home_of(gateway, &pending->request) == gateway->site.region) {
        pending->passed = pending->asks;
        pending->away = false; /* the policy has given the home up: it is served here */
    }
    if (!pending->away) {
        pending->target = route(self, pending);
    }
    list_remove(gateway, slot);
    ask(self, slot);
}

void gateway_time_out(struct agent *self)
{
    struct gateway *gateway = gateway_of(self);
    const sim_ns timeout_ns = gateway->plan->config->gateways.db_timeout;
    const sim_ns now_ns = agent_clock(self);
    /* `armed` stays on meanwhile, so that asking again sets no timer of its own. */
    while (gateway->first != POOL_NONE &&
           pending_at(gateway, gateway->first)->asked_ns + timeout_ns <= now_ns) {
        fell_due(self, gateway->first);
    }
    gateway->armed = false;
    arm(self);
}
