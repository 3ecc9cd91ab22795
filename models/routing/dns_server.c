/* dns_server.c - an authoritative name server: answers what its policy says, when it is well. */
#include "models/agents/control.h"
#include "models/agents/driver.h"
#include "models/faults/fault_target.h"
#include "models/routing/dns_internal.h"
#include "sim/check.h"

/* Amazon Route 53 developer guide (April 2023): changes are at all of its name servers within 60 s
 * as a rule. Here they come at once, but for servers that were cut off. */
#define REFRESH_NS (60 * SIM_NS_PER_S)

static struct dns_server *server_of(struct agent *self)
{
    return agent_state(self);
}

static void refresh_later(struct agent *self, double share)
{
    if (server_of(self)->dns->setup.zone->told != NULL) {
        agent_timer(self, sim_ns_from_double((double)REFRESH_NS * share), 0);
    }
}

static void start(struct agent *self)
{
    struct dns_server *server = server_of(self);
    struct dns *const *dns = agent_config(self);
    server->dns = *dns;
    server->pointed = RECORD_NONE;
    while (server->dns->servers[server->index] != agent_end(self)) {
        server->index++;
        CHECK(server->index < server->dns->server_count);
    }
    if (server->dns->setup.checked) {
        server->view = health_view_create(router_health(server->dns->router),
                                          router_arena(server->dns->router));
    }
    refresh_later(self, agent_random(self));
}

static void on_query(struct agent *self, const struct message *query)
{
    const struct dns *dns = server_of(self)->dns;
    const struct fault_dns_state *faults = world_dns_faults(agent_world(self));
    if (faults->count > 0 && agent_random(self) < fault_dns_share(faults, FAULT_DNS_TIMEOUT)) {
        return;
    }
    const bool fails =
        faults->count > 0 && agent_random(self) < fault_dns_share(faults, FAULT_DNS_SERVFAIL);
    const uint32_t region = fails ? RECORD_NONE : dns->setup.zone->answer(self, query->key);
    agent_send(self, query->from,
               (struct message){.kind = CONTROL_NAME_ANSWER,
                                .key = query->key,
                                .bytes = DNS_ANSWER_BYTES,
                                .request = query->request,
                                .version = {.stamp = dns->setup.ttl},
                                .a = region,
                                .outcome = region == RECORD_NONE ? RECORD_FAIL : RECORD_OK});
}

static void on_message(struct agent *self, const struct message *message)
{
    struct dns_server *server = server_of(self);
    const struct dns_zone *zone = server->dns->setup.zone;
    if (message->kind == CONTROL_NAME_QUERY) {
        on_query(self, message);
    } else if (message->kind == CONTROL_HEALTH_REPORT && server->view != NULL) {
        health_view_report(server->view, self, message);
    } else if (zone->told != NULL &&
               (message->kind == CONTROL_ANNOUNCE || message->kind == CONTROL_ROUTE_TOLD)) {
        zone->told(self, message);
    }
    if (message->kind == CONTROL_ANNOUNCE) {
        agent_send(self, message->from, control_heard(message));
    }
}

static void on_timer(struct agent *self, uint64_t token)
{
    const struct dns_server *server = server_of(self);
    (void)token;
    for (uint32_t i = 0; i < server->dns->server_count && server->epoch > 0; i++) {
        if (i != server->index) {
            agent_send(self, server->dns->servers[i],
                       (struct message){.kind = CONTROL_ROUTE_TOLD,
                                        .bytes = DNS_ANSWER_BYTES,
                                        .version = {.stamp = (int64_t)server->epoch},
                                        .a = server->pointed});
        }
    }
    refresh_later(self, 1.0);
}

static void on_stop(struct agent *self)
{
    if (server_of(self)->view != NULL) {
        health_view_forget(server_of(self)->view);
    }
}

static void on_restart(struct agent *self)
{
    refresh_later(self, agent_random(self));
}

const struct agent_ops dns_server_ops = {.name = "name server",
                                         .state_bytes = sizeof(struct dns_server),
                                         .start = start,
                                         .on_message = on_message,
                                         .on_timer = on_timer,
                                         .on_stop = on_stop,
                                         .on_restart = on_restart};

bool dns_healthy(struct agent *server, uint32_t index)
{
    struct health_view *view = server_of(server)->view;
    return view == NULL || health_view_healthy(view, server, index);
}
