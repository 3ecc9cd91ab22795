/*
 * conductor_internal.h - the parts of a conductor; private to models/failover/conductor*.c.
 */
#ifndef MODELS_FAILOVER_CONDUCTOR_INTERNAL_H
#define MODELS_FAILOVER_CONDUCTOR_INTERNAL_H

#include "models/failover/conductor.h"

/* Assumptions: a message is sent three times before its receiver is given up, and a target that
 * catches up is looked at twenty times a second. */
enum { CONDUCTOR_ASKS = 3 };
#define CONDUCTOR_POLL_NS (50 * SIM_NS_PER_MS)

/* Orders logs: below 0 when (epoch_a, position_a) is older than (epoch_b, position_b). */
int conductor_compare(uint64_t epoch_a, uint64_t position_a, uint64_t epoch_b, uint64_t position_b);

/* The best of those that answered the survey; UINT32_MAX: none is good enough. */
uint32_t conductor_choose(struct agent *self, const struct conductor *conductor);

/* conductor.c */
void conductor_wait(struct agent *self, struct conductor *conductor, sim_ns delay_ns);
sim_ns conductor_ask_timeout(const struct conductor *conductor);
void conductor_new_request(struct conductor *conductor);
void conductor_tell(struct agent *self, const struct conductor *conductor, uint32_t member,
                    struct message message);
void conductor_enter(struct conductor *conductor, enum conductor_phase phase);
void conductor_end(struct agent *self, struct conductor *conductor, enum conductor_result result);
void conductor_balloted(struct agent *self, struct conductor *conductor); /* it may go on */

/* conductor_leader.c */
void conductor_takes(struct agent *self, struct conductor *conductor, uint32_t leader,
                     uint64_t epoch);
void conductor_on_announce(struct agent *self, struct conductor *conductor,
                           const struct message *message);

/* conductor_ballot.c */
/* To the other controllers: it has the ballot, and this step takes so long. */
void conductor_tell_busy(struct agent *self, const struct conductor *conductor, sim_ns wait_ns);
void conductor_ballot(struct agent *self, struct conductor *conductor);
/* Another controller wants an epoch, or a leader's sidecar wants to go on with its own. */
void conductor_on_lease(struct agent *self, struct conductor *conductor,
                        const struct message *message);
void conductor_on_lease_reply(struct agent *self, struct conductor *conductor,
                              const struct message *message);

/* conductor_move.c */
void conductor_ask_freeze(struct agent *self, struct conductor *conductor);
void conductor_on_frozen(struct agent *self, struct conductor *conductor,
                         const struct message *message);
void conductor_ask_caught_up(struct agent *self, struct conductor *conductor);
void conductor_caught_up(struct agent *self, struct conductor *conductor,
                         const struct sidecar_status *status);
void conductor_demote(struct agent *self, struct conductor *conductor);
void conductor_demote_again(struct agent *self, struct conductor *conductor);
void conductor_abort_move(struct agent *self, struct conductor *conductor);

#endif
