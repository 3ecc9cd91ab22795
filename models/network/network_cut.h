/*
 * network_cut.h - cut links and cut pairs of ends: who still reaches whom, and what comes back.
 *
 * Model:   faults hold a whole directed link, or one pair of ends on it (a machine or the clients
 * of a place at either side), in one of three ways. A black hole is silence: streams keep what they
 * have and back off (network.h). A reset answers: the first message that meets it takes the
 * stream's whole backlog with it, further ones are dropped at once, and what is sent after the heal
 * goes out at once on a new connection. Clients and agents hear of it: `fail` for a request that
 * certainly never left, and for reads; `info` for a write that was on its way, and when it is the
 * answer that is lost. A jam holds what arrives and lets it in, in order, at its end. Assumes: a
 * request that is refused is so by the first router: one round trip within its place. A reset on
 * the way comes back over the link, that of an answer goes on to the client. A new connection costs
 * nothing. Source:  RFC 9293 section 3.5.3 (resets), RFC 6298 (back-off); Antithesis documentation,
 * "Types of faults" (stopped, slowed, jammed). Cost:    nothing while a link is open for all; else
 * a look into a row of pairs a message.
 */
#ifndef MODELS_NETWORK_NETWORK_CUT_H
#define MODELS_NETWORK_NETWORK_CUT_H

#include "models/network/network.h"

enum network_way {
    NETWORK_GOES,
    NETWORK_MEETS_CUT, /* silence: for the caller to mend or to drop */
    NETWORK_TAKEN      /* the flight is gone, or held */
};

/* For links with cuts > 0 only. `connection` is that of the message, or NULL. */
enum network_way network_way_out(struct network *network, uint32_t slot,
                                 struct network_connection *connection);
enum network_way network_way_in(struct network *network, const struct event *event,
                                struct network_connection *connection);

/* Of what goes from one end to another on their link. */
enum network_cut network_cut_between(const struct network *network, const struct network_link *link,
                                     uint32_t from, uint32_t to);

/* A fault begins (+1) or ends (-1) to hold a link. */
void network_link_hold(struct network *network, uint32_t link, enum network_cut cut, int change);

/*
 * The same of a pair of ends on it: a machine's number, or node_count + place for the clients (and
 * agents) there.
 */
uint32_t network_pair_end(const struct network *network, uint32_t end); /* of a message's end */
struct network_link *network_pair_link(const struct network *network, uint32_t from, uint32_t to);
void network_pair_hold(struct network *network, uint32_t from, uint32_t to, enum network_cut cut,
                       int change);

#endif
