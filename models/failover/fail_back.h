/*
 * fail_back.h - a planned move back to the configured leader, once it is well again.
 *
 * Model: after a failover the first controller asks the leader and the configured leader for their
 *        status every ask_timeout. When the configured one follows, has the leader's last epoch
 *        and heard of it within the last ask_timeout, without a break for `after`, it takes over
 *        by a planned move: frozen, caught up, demoted, promoted. It loses nothing.
 * Facts: RECORD_STEP FAIL_BACK when the move begins, and those of the move.
 */
#ifndef MODELS_FAILOVER_FAIL_BACK_H
#define MODELS_FAILOVER_FAIL_BACK_H

#include "models/failover/conductor.h"

struct fail_back { /* part of the owner's state */
    bool watching, home_known, leader_known;
    uint32_t request;
    sim_ns since_ns; /* all was well since; -1: it is not */
    struct sidecar_status home, leader;
};

/* The owner's conductor is idle: watches from now on if somebody else leads than configured. */
void fail_back_watch(struct agent *self, struct fail_back *fail_back, struct conductor *conductor);
bool fail_back_message(struct fail_back *fail_back, const struct conductor *conductor,
                       const struct message *message);
bool fail_back_timer(struct agent *self, struct fail_back *fail_back, struct conductor *conductor,
                     uint64_t token);

#define FAIL_BACK_TOKEN UINT64_C(0xfb)

#endif
