/*
 * network_rows.h - what the sink is told of messages. Private to this folder.
 */
#ifndef MODELS_NETWORK_NETWORK_ROWS_H
#define MODELS_NETWORK_NETWORK_ROWS_H

#include "models/network/network.h"

void network_row(const struct network *network, const struct flight *flight, enum record_kind kind,
                 uint8_t flags);

static inline void record_message(const struct network *network, const struct flight *flight,
                                  enum record_kind kind, uint8_t flags)
{
    if (__builtin_expect(record_wanted(network->sink, kind), 0)) {
        network_row(network, flight, kind, flags);
    }
}

/* SENT and DROPPED, as numbers or as a row. */
static inline void count_message(const struct network *network, const struct flight *flight,
                                 enum record_kind kind, uint8_t flags)
{
    const struct record_sink *sink = network->sink;
    if (sink->traffic == NULL) {
        record_message(network, flight, kind, flags);
    } else if (engine_now(network->engine) >= sink->traffic_from_ns) {
        struct record_traffic *traffic =
            &sink->traffic[network_link_at(network, flight->link)->pair];
        if (kind == RECORD_DROPPED) {
            traffic->dropped++;
        } else {
            traffic->messages++;
            traffic->bytes += flight->message.bytes + (uint64_t)network->config->overhead_bytes;
            traffic->retransmitted += flags != 0;
        }
    }
}

#endif
