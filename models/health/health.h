/*
 * health.h - health checkers: processes in several places that probe through the network, and what
 * those who listen to them conclude.
 *
 * Model:   a checker probes each of its targets every `interval` (each target at a phase of its
 *          own, drawn once, uniform in the interval); no answer within `timeout` is a failure;
 *          `threshold` failures in a row make it say unhealthy, `recover_threshold` successes
 *          healthy again. Unknown is healthy. It tells its opinion to every listener with the end
 *          of every probe. A listener holds what each checker said last; an opinion not heard of
 *          for 3 intervals + timeout is not counted. Verdict: healthy when more than `agree` of the
 *          opinions that count say so, or none counts (fail open). A partition thus makes checkers
 *          and listeners disagree.
 * Assumes: a probe and a report carry 64 bytes (a request line and a few headers).
 * Units:   times are those of the checkers' and listeners' own clocks.
 * Source:  Amazon Route 53 developer guide, "How Amazon Route 53 determines whether a health check
 *          is healthy" (2023).
 * Facts:   RECORD_HEALTH for each change of an opinion, with AGREED for a changed verdict.
 * Cost:    per probe two messages, one a listener, and two timers; state checkers x targets.
 */
#ifndef MODELS_HEALTH_HEALTH_H
#define MODELS_HEALTH_HEALTH_H

#include "models/agents/agent.h"
#include "models/scenario_health.h"

#include "sim/arena.h"

struct health_target {
    uint32_t end;   /* an agent (gateway, sidecar): it answers with health_answer() */
    uint32_t place; /* where it is */
    uint32_t node;  /* RECORD_NONE: the region's entry; for the facts only */
};

struct health_probe; /* what a checker knows of a target */

struct health_plan { /* lives as long as the world */
    const struct scenario_health *config;
    const struct health_target *targets;
    uint32_t target_count;
    const uint32_t *listeners; /* agent ends */
    uint32_t listener_count;
    uint16_t dataset;                      /* of its messages and facts; 0 when of none */
    uint32_t checker_first, checker_count; /* agents, set by health_add() */
    struct health_probe *probes;           /* private: checker x target */
};

/* While the world is built, after targets and listeners were added as agents; before their views
 * are created. Memory is taken from the arena. */
void health_add(struct world *world, struct health_plan *plan, uint32_t region_count,
                struct arena *arena);

/* A target answers a CONTROL_PROBE: at once, with what it wants to say in `a` and `flag`. */
void health_answer(struct agent *self, const struct message *probe, uint64_t a, uint8_t flag);

/* What a listener knows; created while the world is built, after health_add(). */
struct health_view;
struct health_view *health_view_create(const struct health_plan *plan, struct arena *arena);
/* Takes a CONTROL_HEALTH_REPORT; returns the target whose verdict changed, or UINT32_MAX. A report
 * of another plan's checkers changes nothing. */
uint32_t health_view_report(struct health_view *view, struct agent *self,
                            const struct message *report);
/* The verdict now: opinions grow too old to count even when no report comes. */
bool health_view_healthy(struct health_view *view, struct agent *self, uint32_t target);
/* Is the verdict unhealthy by what happened since then alone? What a checker says against the
 * target counts from `threshold` failures in a row of probes that were sent from since_ns on. */
bool health_view_failed(struct health_view *view, struct agent *self, uint32_t target,
                        sim_ns since_ns);
/* The same, but one answer makes it well again for that checker, not `recover_threshold`. */
bool health_view_fails_still(struct health_view *view, struct agent *self, uint32_t target,
                             sim_ns since_ns);
/* What the target said last (`a` and `flag` of its answer) as told by a checker. */
uint64_t health_view_said(const struct health_view *view, uint32_t target);
uint8_t health_view_said_flag(const struct health_view *view, uint32_t target);
/* When it did; -1: never heard. */
sim_ns health_view_answered_ns(const struct health_view *view, uint32_t target);
/* The listener lost its memory. */
void health_view_forget(struct health_view *view);

#endif
