#include "models/network/network.h"
#include "models/purpose.h"

void network_link_name(struct network *network, uint32_t index)
{
    const uint32_t places = network->place_count;
    const bool inside = index >= places * places; /* one zone */
    struct network_link *link = network_link_at(network, index);
    link->from_place = (uint16_t)(inside ? index - places * places : index / places);
    link->to_place = (uint16_t)(inside ? link->from_place : index % places);
    link->pair = link->from_place * places + link->to_place;
    link->crooked = true;
}

void network_lose(struct network *network, uint32_t place)
{
    for (uint32_t to = 0; to < network->place_count; to++) {
        network_link_at(network, place * network->place_count + to)->losses++;
    }
    network_link_at(network, network->place_count * network->place_count + place)->losses++;
}

void network_tell(struct network *network)
{
    const uint32_t count = network->place_count * (network->place_count + 1);
    for (uint32_t i = 0; i < count; i++) {
        struct network_link *link = network_link_at(network, i);
        if (link->untold_messages > 0) {
            struct record_traffic *traffic = &network->sink->traffic[link->pair];
            traffic->messages += link->untold_messages;
            traffic->bytes += link->untold_bytes +
                              link->untold_messages * (uint64_t)network->config->overhead_bytes;
            link->untold_messages = link->untold_bytes = 0;
        }
    }
}

void network_link_publish(struct network_link *link, const struct geography_jitter *jitter)
{
    link->published = true;
    link->base_ns = jitter->floor_ns;
    network_law_set(&link->law, jitter);
}

void network_link_draw(struct network_link *link)
{
    struct random_block blocks[RANDOM_BLOCKS];
    random_blocks_next(&link->delay_stream, blocks);
    network_law_draw(&link->law, blocks, link->ahead_ns);
    link->ahead_left = NETWORK_AHEAD;
}

static bool is_disorder(const struct fault_link *change)
{
    return change->duplicate > 0.0 || change->reorder > 0.0;
}

bool network_change_same(const struct fault_link *a, const struct fault_link *b)
{
    return a->delay_factor == b->delay_factor && a->extra_ns == b->extra_ns && a->loss == b->loss &&
           a->bandwidth_factor == b->bandwidth_factor && a->bandwidth == b->bandwidth &&
           a->duplicate == b->duplicate && a->reorder == b->reorder &&
           a->reorder_by == b->reorder_by;
}

void network_link_update(struct network_link *link)
{
    double delivered = 1.0 - link->loss;
    link->delay_factor = 1.0;
    link->extra_ns = link->detour_ns;
    link->bandwidth_now = link->bandwidth;
    link->disorder = link->pair_changes;
    for (uint32_t i = 0; i < link->change_count; i++) {
        const struct fault_link *change = &link->changes[i];
        link->delay_factor *= change->delay_factor;
        link->extra_ns += change->extra_ns;
        delivered *= 1.0 - change->loss;
        link->bandwidth_now *= change->bandwidth_factor;
        link->disorder += is_disorder(change);
    }
    for (uint32_t i = 0; i < link->change_count; i++) {
        const double most = link->changes[i].bandwidth;
        if (most > 0.0 && (link->bandwidth_now <= 0.0 || most < link->bandwidth_now)) {
            link->bandwidth_now = most;
        }
    }
    link->loss_now = 1.0 - delivered;
    if (link->disorder > 0 && link->disorder_stream.purpose == 0) {
        random_stream_init(&link->disorder_stream, link->delay_stream.seed, PURPOSE_LINK_DISORDER,
                           link->delay_stream.index);
    }
    link->unlimited = link->loss_now <= 0.0 && link->bandwidth_now <= 0.0 &&
                      link->delay_factor == 1.0 && link->extra_ns == 0 && link->disorder == 0;
    link->crooked = !link->unlimited || !link->published || link->kinds_differ;
}
