#include "models/network/network_disorder.h"

#include "models/network/network_cut.h"
#include "models/network/network_rows.h"
#include "sim/check.h"

static void copy_row(const struct network *network, uint32_t slot)
{
    count_message(network, network_flight(network, slot), RECORD_SENT, RECORD_FLAG_RETRANSMITTED);
}

/* A second copy of a datagram; of what a stream carries only the traffic. */
static void duplicate(struct network *network, struct network_link *link, uint32_t slot,
                      sim_ns start_ns, sim_ns behind_ns)
{
    copy_row(network, slot);
    if (network->config->transport == SCENARIO_TRANSPORT_STREAM) {
        return;
    }
    const uint32_t copy = pool_take_used(&network->flights);
    CHECK(copy != POOL_NONE);
    struct flight *flight = network_flight(network, copy);
    *flight = *network_flight(network, slot);
    if (flight->message.block != 0) {
        flight->message.block = network->block_copy(network->block_context, flight->message.dataset,
                                                    flight->message.block);
    }
    /* The same law with other draws: the link's own go on as without the fault. */
    struct network_link twin = *link;
    twin.delay_stream = twin.kind_stream = link->disorder_stream;
    twin.ahead_left = 0;
    link->disorder_stream.count++;
    const sim_ns travel_ns = network_travel_ns(network, &twin, &flight->message);
    engine_at(network->engine, start_ns + travel_ns + behind_ns,
              (struct event){.kind = network->deliver_kind,
                             .target = flight->message.to,
                             .a = copy,
                             .b = flight->message.operation});
}

static sim_ns late_by(struct network_link *link, const struct fault_link *change)
{
    if (change->reorder > 0.0 && random_chance(&link->disorder_stream, change->reorder)) {
        return distribution_sample_ns(change->reorder_by, &link->disorder_stream);
    }
    return 0;
}

static bool concerns(const struct network *network, const struct network_pair_change *pair,
                     const struct flight *flight)
{
    return pair->from == network_pair_end(network, flight->message.from) &&
           pair->to == network_pair_end(network, flight->message.to);
}

sim_ns network_disorder(struct network *network, uint32_t slot, sim_ns start_ns, sim_ns link_ns,
                        sim_ns arrival_ns)
{
    struct network_link *link = network_link_at(network, network_flight(network, slot)->link);
    const sim_ns travel_ns = link_ns - start_ns, behind_ns = arrival_ns - link_ns;
    sim_ns late_ns = 0;
    for (uint32_t i = 0; i < link->change_count; i++) {
        const struct fault_link *change = &link->changes[i];
        late_ns += late_by(link, change);
        if (change->duplicate > 0.0 && random_chance(&link->disorder_stream, change->duplicate)) {
            duplicate(network, link, slot, start_ns, behind_ns);
        }
    }
    for (uint32_t i = 0; link->pair_changes > 0 && i < network->pair_change_count; i++) {
        const struct network_pair_change *pair = &network->pair_changes[i];
        if (!concerns(network, pair, network_flight(network, slot))) {
            continue;
        }
        const struct fault_link *change = &pair->change;
        late_ns += sim_ns_from_double((double)travel_ns * (change->delay_factor - 1.0)) +
                   change->extra_ns + late_by(link, change);
        if (change->duplicate > 0.0 && random_chance(&link->disorder_stream, change->duplicate)) {
            duplicate(network, link, slot, start_ns, behind_ns);
        }
    }
    const sim_ns changed_ns = arrival_ns + late_ns;
    return changed_ns < start_ns ? start_ns : changed_ns < SIM_NS_MAX ? changed_ns : SIM_NS_MAX;
}

double network_pair_loss(const struct network *network, const struct flight *flight)
{
    double delivered = 1.0 - network_link_at(network, flight->link)->loss_now;
    for (uint32_t i = 0; i < network->pair_change_count; i++) {
        const struct network_pair_change *pair = &network->pair_changes[i];
        if (concerns(network, pair, flight)) {
            delivered *= 1.0 - pair->change.loss;
        }
    }
    return 1.0 - delivered;
}

static void append(struct network *network, const struct network_pair_change *change)
{
    if (network->pair_change_count == network->pair_change_capacity) {
        const uint32_t capacity =
            network->pair_change_capacity == 0 ? 16 : 2 * network->pair_change_capacity;
        struct network_pair_change *larger = arena_alloc(network->arena, capacity, sizeof *larger);
        for (uint32_t i = 0; i < network->pair_change_count; i++) {
            larger[i] = network->pair_changes[i];
        }
        network->pair_changes = larger;
        network->pair_change_capacity = capacity;
    }
    network->pair_changes[network->pair_change_count++] = *change;
}

static void take_out(struct network *network, const struct network_pair_change *change)
{
    uint32_t at = 0;
    while (at < network->pair_change_count &&
           (network->pair_changes[at].from != change->from ||
            network->pair_changes[at].to != change->to ||
            !network_change_same(&network->pair_changes[at].change, &change->change))) {
        at++;
    }
    CHECK(at < network->pair_change_count);
    for (uint32_t i = at + 1; i < network->pair_change_count; i++) {
        network->pair_changes[i - 1] = network->pair_changes[i];
    }
    network->pair_change_count--;
}

void network_pair_change(struct network *network, const struct network_pair_change *change,
                         bool begins)
{
    struct network_link *link = network_pair_link(network, change->from, change->to);
    if (begins) {
        append(network, change);
        link->pair_changes++;
    } else {
        take_out(network, change);
        link->pair_changes--;
    }
    network_link_update(link);
}
