/*
 * control.h - the kinds of messages of the control plane, in one list, so that no two are alike.
 *
 * What each carries in `a`, `version` and `flag` is said where it is sent.
 */
#ifndef MODELS_AGENTS_CONTROL_H
#define MODELS_AGENTS_CONTROL_H

#include "models/replication/message.h"

enum control_kind {
    CONTROL_PROBE = MESSAGE_CONTROL, /* health: are you there? */
    CONTROL_PROBE_REPLY,
    CONTROL_HEALTH_REPORT, /* a checker's opinion, to those who go by it */
    CONTROL_NAME_QUERY,    /* routing: which region? client -> resolver -> name server */
    CONTROL_NAME_ANSWER,
    CONTROL_CONNECT, /* routing: client -> gateway */
    CONTROL_ACCEPT,
    CONTROL_RESET,      /* routing: this connection is not (any more) known */
    CONTROL_ROUTE_TOLD, /* routing: a changed table, weight or record */
    CONTROL_INVALIDATE, /* caches: the key has changed elsewhere */
    CONTROL_STATUS,     /* failover: where is your log? */
    CONTROL_STATUS_REPLY,
    CONTROL_PROMOTE, /* failover: lead in this epoch */
    CONTROL_PROMOTED,
    CONTROL_DEMOTE, /* failover: lead no more (fence) */
    CONTROL_DEMOTED,
    CONTROL_FREEZE, /* failover: planned hand-over */
    CONTROL_FROZEN,
    CONTROL_ANNOUNCE, /* failover: this machine leads in this epoch */
    CONTROL_LEASE,    /* failover: ask for or renew a lease */
    CONTROL_LEASE_REPLY,
    CONTROL_ANNOUNCE_HEARD, /* failover: the same epoch; else it is announced again */
    CONTROL_KIND_END
};

/* What everybody answers to a CONTROL_ANNOUNCE. */
static inline struct message control_heard(const struct message *announcement)
{
    return (struct message){.kind = CONTROL_ANNOUNCE_HEARD,
                            .dataset = announcement->dataset,
                            .bytes = announcement->bytes,
                            .version = {.stamp = announcement->version.stamp}};
}

#endif
