/*
 * connection.h - what a request says of the connection that it came on: in version.stamp of a
 * client's request to a gateway, whose version.write is the session.
 *
 * Model:   a gateway knows a connection that it has accepted since it was last started; its start
 *          has a number. A request that comes on a connection to another gateway, or to one that
 *          was started anew since, is answered with CONTROL_RESET. That is what tables of
 *          connections on both sides would say, without the tables.
 * Fields:  of CONTROL_CONNECT: request = the attempt, version.write = session, tries = round trip
 *          (CONNECTION_PING: of a standing connection, version.stamp as of a request).
 * CONTROL_ACCEPT echoes them, `a` = region << 32 | the start's number. CONTROL_RESET echoes the
 * whole message, with flag = what was reset. Also:    the time since the session's last
 * acknowledged write, which routes its reads; above 4.8 hours it is as good as none.
 */
#ifndef MODELS_ROUTING_CONNECTION_H
#define MODELS_ROUTING_CONNECTION_H

#include "sim/sim_time.h"

#include <stdbool.h>
#include <stdint.h>

enum { CONNECTION_PING = 255, CONNECTION_STARTS = 1024 };

enum connection_reset {
    CONNECTION_RESET_REQUEST,
    CONNECTION_RESET_CONNECT,
    CONNECTION_RESET_ASKED /* a request that wants a context */
};

struct connection_stamp {
    uint32_t region; /* below 512 */
    uint32_t start;  /* below CONNECTION_STARTS */
    sim_ns since_write_ns;
};

#define CONNECTION_SINCE_MAX (INT64_C(0xfffffffffff))

static inline int64_t connection_pack(struct connection_stamp stamp)
{
    const int64_t since =
        stamp.since_write_ns < CONNECTION_SINCE_MAX ? stamp.since_write_ns : CONNECTION_SINCE_MAX;
    return (int64_t)stamp.region << 54 | (int64_t)stamp.start << 44 | since;
}

static inline struct connection_stamp connection_unpack(int64_t packed)
{
    const int64_t since = packed & CONNECTION_SINCE_MAX;
    return (struct connection_stamp){.region = (uint32_t)(packed >> 54),
                                     .start = (uint32_t)(packed >> 44) & (CONNECTION_STARTS - 1),
                                     .since_write_ns =
                                         since == CONNECTION_SINCE_MAX ? SIM_NS_MAX : since};
}

/* `a` of a gateway's MESSAGE_REPLY: the session, and the machine that answered. */
static inline uint64_t connection_answer(uint64_t session, uint32_t node)
{
    return session << 32 | (uint32_t)(node + 1); /* RECORD_NONE: 0 */
}

#endif
