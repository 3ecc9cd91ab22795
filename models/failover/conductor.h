/*
 * conductor.h - how one process moves the leadership of a dataset: who may, whom, in which order.
 *
 * Model:   a controller (orchestrator, desk of an operator) owns a conductor and tells it when to
 *          begin. A failover: ballot, fence, survey, choose, promote, wait until it accepts,
 *          verify, announce, warm up. A planned move: freeze the leader, wait until the target has
 *          all that the leader has, and that has no more, then ballot, demote, promote and so on.
 *          Each step begins when the message that ends the one before has come.
 * Ballot:  a controller grants each epoch once, to one controller, and never an older one after it;
 *          most controllers must grant. One controller grants itself at once. Grants are on disk.
 *          A failover is granted only by those who see the leader ill themselves. Whoever has the
 *          ballot tells the others so with every step, and how long that may take: meanwhile they
 *          neither begin nor grant another, whose newer epoch would undo it.
 * Fencing: none: the old leader is not told. best_effort: it is told once, and nobody waits.
 *          required: every replica must confirm that it will not lead in an older epoch, or
 *          fence_after must pass, in which each leader stops by itself (sidecar.h: the guard).
 * Choice:  by the survey's answers: most advanced is the greatest (last epoch, position). Nobody
 *          who lags the old leader's last known position by more than the guard. Lag as a time is
 *          how long the candidate has not heard of its leader, less how long the controller has
 *          not.
 * Failure: three unanswered messages in a row fail a step; the owner is told and may begin again.
 */
#ifndef MODELS_FAILOVER_CONDUCTOR_H
#define MODELS_FAILOVER_CONDUCTOR_H

#include "models/failover/announcer.h"
#include "models/failover/policy.h"
#include "models/failover/sidecar.h"

enum conductor_result {
    CONDUCTOR_MOVED,      /* the new leader accepts, all phases are over */
    CONDUCTOR_STOOD_DOWN, /* somebody leads: the old one after all, or another's choice */
    CONDUCTOR_SPLIT,      /* no majority of the controllers */
    CONDUCTOR_REFUSED     /* no candidate, or the chosen one did not come up, or time ran out */
};

struct conductor_ops {
    void (*idle)(struct agent *self, enum conductor_result result);
    bool (*ill)(struct agent *self); /* does this controller see the leader ill? */
    /* The leader's last known position and when it was known (clock); false: never. */
    bool (*known)(struct agent *self, uint32_t member, uint64_t *position, sim_ns *at_ns);
    /* Optional: another controller has the ballot, and tells of itself again in `wait_ns`. */
    void (*granted)(struct agent *self, sim_ns wait_ns);
};

enum conductor_phase {
    CONDUCTOR_IDLE,
    CONDUCTOR_FREEZE,
    CONDUCTOR_CATCH_UP,
    CONDUCTOR_BALLOT,
    CONDUCTOR_DEMOTE,
    CONDUCTOR_FENCE,
    CONDUCTOR_SURVEY,
    CONDUCTOR_PROMOTE,
    CONDUCTOR_REPLAY,
    CONDUCTOR_VERIFY_WAIT,
    CONDUCTOR_VERIFY,
    CONDUCTOR_ANNOUNCE,
    CONDUCTOR_WARM
};

struct conductor_answer {
    struct sidecar_status status;
    bool answered, fenced;
};

struct conductor {
    const struct failover_plan *plan;
    const struct conductor_ops *ops;
    uint32_t leader; /* member, as far as it knows */
    uint64_t leader_epoch;
    sim_ns since_ns;  /* on disk: when it was told to lead, or found well; see conductor_ill() */
    uint64_t granted; /* on disk: the greatest epoch that it has granted or seen */
    struct announcer announcer;
    /* private: the attempt under way */
    enum conductor_phase phase;
    uint64_t epoch;
    uint32_t target, only;
    bool respect, planned;
    bool resumed;      /* the target is the old leader: it goes on after a restart */
    bool detected;     /* recorded for the failure that it acts upon */
    bool decided;      /* the target may have been told */
    uint64_t ordered;  /* epoch of the last promotion that it ordered; on disk */
    bool handing_over; /* on disk: the old leader may have been demoted for a planned move */
    uint32_t request, generation, asks;
    uint32_t votes, voters;
    sim_ns deadline_ns;
    sim_ns busy_until_ns; /* another controller is at it till then (clock) */
    uint64_t frozen_epoch, frozen_position, target_epoch, target_position;
    bool asked_target;                /* the last two are known */
    struct conductor_answer *answers; /* by member */
};

/* While the world is built: memory from the plan's arena. */
struct conductor *conductor_create(const struct failover_plan *plan,
                                   const struct conductor_ops *ops);

static inline bool conductor_idle(const struct conductor *conductor)
{
    return conductor->phase == CONDUCTOR_IDLE;
}

struct conductor_wish {
    bool respect;  /* stands down when the old leader leads after all */
    uint32_t only; /* the only candidate; UINT32_MAX: all */
};

/* A failover; the conductor must be idle. */
void conductor_begin(struct agent *self, struct conductor *conductor,
                     const struct conductor_wish *wish);
/* The owner knows that the leader fails: recorded, once until somebody leads again. */
void conductor_detected(struct agent *self, struct conductor *conductor);
/* The owner has seen that it leads after all. */
void conductor_calm(struct agent *self, struct conductor *conductor);
/* Do the checkers say that the leader has failed, by what they saw since it leads? One failure is
 * one failover: what was said of it before, and of the leader before it, does not count. */
bool conductor_ill(struct agent *self, const struct conductor *conductor, struct health_view *view);
/* It was asked since it leads, and said that it does, or does not: an answer takes no longer than
 * its time-out. */
bool conductor_said(const struct conductor *conductor, const struct health_view *view, bool leads);
/* A planned move; gives up and thaws when the old leader is not frozen and caught up with by then.
 */
void conductor_move(struct agent *self, struct conductor *conductor, uint32_t target,
                    sim_ns timeout_ns);
/* After conductor_forget(): goes on with a planned move that may have left nobody to lead. False:
 * there is none. */
bool conductor_continue(struct agent *self, struct conductor *conductor);

/* True when the message or timer was the conductor's. */
bool conductor_message(struct agent *self, struct conductor *conductor,
                       const struct message *message);
bool conductor_timer(struct agent *self, struct conductor *conductor, uint64_t token);
void conductor_forget(struct conductor *conductor); /* the owner lost its memory */
void conductor_restart(struct agent *self, struct conductor *conductor); /* and is back */

/* Tokens of the owner's own timers must be below. */
#define CONDUCTOR_TOKEN (UINT64_C(1) << 32)
/* Requests from here on are the owner's own. */
#define CONDUCTOR_REQUEST_MAX (UINT32_C(1) << 31)

#endif
