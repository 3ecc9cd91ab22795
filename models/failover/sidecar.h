/*
 * sidecar.h - the process beside each replica: it says how the replica is, and tells it to lead or
 * to follow.
 *
 * Model:   answers probes with position and role, STATUS with all it knows; PROMOTE begins a
 *          promotion: the machine's start-up (plan->promotion), then the strategy replays and
 *          accepts. DEMOTE ends a leadership and refuses every epoch below the one it names.
 *          FREEZE stops new writes for a planned hand-over; without a word it thaws by itself.
 *          Back from a power failure it reports to the controllers until it leads or follows.
 * Guard:   in a guarded plan (fencing required) a leader asks all controllers three times in each
 *          fence_after whether its epoch still holds, and asks before it begins to lead. Approval
 *          by most of them is good for fence_after from the moment of asking; without it the
 *          sidecar makes its replica stop: a leader needs most controllers within two thirds of
 *          fence_after, there and back. A controller that granted a higher epoch approves no
 *          more. Hence whoever waited fence_after with most controllers' grants knows that no older
 *          leader accepts anything, even one that it cannot reach. That is what a watchdog that
 *          resets the machine does.
 * Assumes: the watchdog is the sidecar's timer: on a machine that stands still (fault `pause`) it
 *          comes when that goes on, before anything else is handled, as if the machine were reset.
 * Source:  SBD manual page (watchdog fencing, ClusterLabs); Gray and Cheriton, Leases, SOSP 1989,
 *          section 2 (a lease counts from when it was asked for).
 * State:   the fence epoch is on disk, all else is memory.
 */
#ifndef MODELS_FAILOVER_SIDECAR_H
#define MODELS_FAILOVER_SIDECAR_H

#include "models/failover/policy.h"

extern const struct agent_ops sidecar_ops;

/* `flag` of CONTROL_PROMOTED and CONTROL_DEMOTED. */
enum sidecar_answer { SIDECAR_REFUSED, SIDECAR_BEGUN, SIDECAR_DONE };

/* `flag` of CONTROL_LEASE: what is asked. Its reply has the same in `type`, and in `flag` whether
 * it is granted. */
enum lease_question {
    LEASE_KEEP,     /* sidecar -> controllers: does epoch `stamp` still hold? */
    LEASE_BALLOT,   /* controller -> controllers: may I promote somebody in epoch `stamp`? */
    LEASE_HANDOVER, /* the same for a planned move: the leader need not be ill */
    LEASE_BUSY /* controller -> controllers: I am promoting, this step takes `a` ns; no reply */
};

struct sidecar_status { /* what a CONTROL_STATUS_REPLY says */
    uint8_t role;
    uint64_t epoch, last_epoch, position;
    sim_ns behind_ns;
};

struct message sidecar_status_message(const struct sidecar_status *status);
struct sidecar_status sidecar_status_of(const struct message *reply);

#endif
