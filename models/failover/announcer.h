/*
 * announcer.h - tells gateways, name servers and the other controllers who leads, until all of them
 * have heard it.
 *
 * Model:   the announcement goes to all at once; those that do not acknowledge it are told again
 *          every `retry`, as long as the announcer knows of no newer leader. A receiver takes a
 *          newer epoch only, so it may hear the same twice.
 * Assumes: that whoever announces keeps at it: a service registry, or a name server's own refresh,
 *          reaches those who were cut off when they are back.
 * State:   on disk; goes on after a restart (announcer_resume).
 * Facts:   RECORD_STEP_ANNOUNCED with the first of them.
 * Cost:    O(receivers) each time; a message and its acknowledgement for each receiver.
 */
#ifndef MODELS_FAILOVER_ANNOUNCER_H
#define MODELS_FAILOVER_ANNOUNCER_H

#include "models/failover/policy.h"

struct announcer {
    const struct failover_plan *plan;
    uint32_t member;
    uint64_t epoch; /* 0: nothing to announce */
    uint32_t left;  /* so many have not heard it */
    bool *heard;    /* gateways, then controllers */
};

/* While the world is built; the plan's controllers are known. Memory from the plan's arena. */
void announcer_init(struct announcer *announcer, const struct failover_plan *plan);
void announcer_begin(struct agent *self, struct announcer *announcer, uint32_t member,
                     uint64_t epoch);
/* The owner lost its timers. */
void announcer_resume(struct agent *self, struct announcer *announcer);
/* There is a newer leader, or this one leads no more. */
void announcer_stop(struct announcer *announcer);

/* True when the message or timer was the announcer's. */
bool announcer_message(struct announcer *announcer, const struct message *message);
bool announcer_timer(struct agent *self, struct announcer *announcer, uint64_t token);

/* Tokens of its timers have this bit, all of the owner's others have not. */
#define ANNOUNCER_TOKEN (UINT64_C(1) << 63)

#endif
