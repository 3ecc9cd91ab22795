#include "models/network/network.h"

void network_link_publish(struct network_link *link, const struct geography_jitter *jitter)
{
    link->published = true;
    link->base_ns = jitter->floor_ns;
    for (int i = 0; i < GEOGRAPHY_JITTER_KNOTS; i++) {
        link->knots[i] = jitter->at[i];
        link->values_ns[i] = (double)jitter->floor_ns + jitter->extra_ns[i];
    }
    for (int i = 0; i + 1 < GEOGRAPHY_JITTER_KNOTS; i++) {
        link->slopes_ns[i] =
            (link->values_ns[i + 1] - link->values_ns[i]) / (link->knots[i + 1] - link->knots[i]);
    }
}

void network_link_update(struct network_link *link)
{
    double delivered = 1.0 - link->loss;
    link->delay_factor = 1.0;
    link->extra_ns = 0;
    link->bandwidth_now = link->bandwidth;
    for (uint32_t i = 0; i < link->change_count; i++) {
        const struct fault_link *change = &link->changes[i];
        link->delay_factor *= change->delay_factor;
        link->extra_ns += change->extra_ns;
        delivered *= 1.0 - change->loss;
        link->bandwidth_now *= change->bandwidth_factor;
    }
    link->loss_now = 1.0 - delivered;
}
