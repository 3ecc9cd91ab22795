/*
 * network_disorder.h - what link faults do to single messages: copies, detours, and all that
 * concerns only some pairs of ends.
 *
 * Model:   a share of the messages travels on for a random further time; a share arrives twice,
 * each copy after a delay of its own. Of datagrams that is all: they overtake each other, and
 *          receivers get both copies. A stream (and a client's connection) hides it: the receiver
 *          throws the copy away, so that only the traffic remains, and what was sent after a late
 *          packet waits for it. Checksums find corrupt packets: they are lost ones.
 * Source:  RFC 9293 section 3.4 (sequence numbers order and remove duplicates); tc-netem(8): delay,
 *          loss, corrupt, duplicate, reorder.
 * Cost:    nothing while no such fault holds the link.
 */
#ifndef MODELS_NETWORK_NETWORK_DISORDER_H
#define MODELS_NETWORK_NETWORK_DISORDER_H

#include "models/network/network.h"

struct network_pair_change {
    uint32_t from, to; /* ends as network_pair_hold() takes them */
    struct fault_link change;
};

/*
 * For a link with `disorder` > 0: the arrival of a flight that left at start_ns and would arrive
 * over the link at link_ns, and at its end at arrival_ns. Sends the copies.
 */
sim_ns network_disorder(struct network *network, uint32_t slot, sim_ns start_ns, sim_ns link_ns,
                        sim_ns arrival_ns);

/* The share of the flight's packets that are lost, with what holds for its pair of ends. */
double network_pair_loss(const struct network *network, const struct flight *flight);

/* A change of one pair of ends on a link begins (true) or ends. Bandwidth is not a pair's own. */
void network_pair_change(struct network *network, const struct network_pair_change *change,
                         bool begins);

#endif
