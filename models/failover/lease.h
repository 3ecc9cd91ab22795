/*
 * lease.h - leadership by a lease in a coordination service; private to models/failover/lease_*.c.
 *
 * Model:   each member of the service keeps a record: who holds the lease, in which epoch, until
 *          when. It grants every epoch once and no older one after it; the record is on disk. The
 *          keeper beside the leader renews every loop_wait at all members; most of them must
 *          grant. It tries three times within retry_timeout and then makes its replica stop, even
 *          though that is well. A record that is not renewed for ttl is free; its member tells all
 *          keepers, which look every loop_wait as well. When most records are free, a keeper asks
 *          the other replicas for their status, leaves the race to whoever is ahead of it, and
 *          else asks for an epoch of its own. Whoever gets most members leads; others let go what
 *          they got and wait for a random time. A holder whose machine has restarted goes on at
 *          once.
 * Epochs:  two majorities have a member in common, so that no epoch is won twice; and a leader
 *          stops at the latest loop_wait + retry_timeout after its last renewal, which is before
 *          its records are free. A machine that stands still can not stop; when it goes on, its
 *          keeper finds that the lease it asked for is older than ttl before anything is answered,
 *          as with Patroni's watchdog.
 * Assumes: a member answers for itself; the service's own log is not modelled.
 * Source:  Patroni documentation, "Dynamic configuration settings" (a4a6dc0), and patroni/ha.py
 *          (is_healthiest_node asks the other members with a time-out of 2 s); Gray and Cheriton,
 *          Leases, SOSP 1989.
 */
#ifndef MODELS_FAILOVER_LEASE_H
#define MODELS_FAILOVER_LEASE_H

#include "models/failover/announcer.h"
#include "models/failover/automatic.h"

/* `flag` of a CONTROL_LEASE to a member, `type` of its reply. A reply has in `flag` whether it is
 * granted, in `key` the holder (member; UINT32_MAX: free), in `version.stamp` the greatest epoch
 * granted, in `version.write` the leader's position at its last renewal, in `a` the age of that. */
enum lease_request {
    LEASE_RENEW = 16, /* epoch `stamp`, position `a` */
    LEASE_ACQUIRE,    /* epoch `stamp` */
    LEASE_RELEASE,    /* epoch `stamp` */
    LEASE_LOOK,
    LEASE_FREE /* a reply that nobody asked for: the record is free now */
};

struct lease_plan { /* what members and keepers of one dataset share */
    struct failover_plan *failover;
    const struct automatic_lease *times;
    const uint32_t *members; /* ends */
    uint32_t member_count;
    const uint32_t *keepers;      /* ends, by replica */
    struct announcer *announcers; /* by replica */
};

extern const struct agent_ops lease_member_ops, lease_keeper_ops;

#endif
