#include "models/network/network_rows.h"

static uint32_t machine_or_none(uint32_t end)
{
    return (end & (ENDPOINT_CLIENT | ENDPOINT_AGENT)) == 0 ? end : RECORD_NONE;
}

void network_row(const struct network *network, const struct flight *flight, enum record_kind kind,
                 uint8_t flags)
{
    const struct message *message = &flight->message;
    const struct network_link *link = network_link_at(network, flight->link);
    const struct record row = {
        .at_ns = engine_now(network->engine),
        .kind = (uint8_t)kind,
        .type = message->type,
        .flags = flags,
        .dataset = message->dataset,
        .node = machine_or_none(message->from),
        .peer = machine_or_none(message->to),
        .key = message->key,
        .slot = message->kind,
        .from_place = link->from_place,
        .to_place = link->to_place,
        .operation = message->operation,
        .stamp = message->version.stamp,
        .write = message->version.write,
        .a = flight->sent_ns,
        .bytes = message->bytes + (uint64_t)network->config->overhead_bytes,
    };
    network->sink->row(network->sink->state, &row);
}
