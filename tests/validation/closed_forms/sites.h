/*
 * sites.h - several sites that accept writes of one key: a world for it, and what must come out.
 *
 * Model:      site i writes as Poisson l_i, applies at once, and its write arrives at j after d_ij;
 *             the clock of j is ahead of that of i by D_ji. Nothing else takes time. Windows of a
 *             write of i, in which a write of j
 *             - is concurrent with it: d_ij + d_ji, the round trip;
 *             - beats it, the later stamp wins: max(0, d_ij + D_ji), one way;
 *             - beats it and is concurrent: max(0, d_ij + min(D_ji, d_ji));
 *             - beats it and had been seen by it: max(0, D_ji - d_ji).
 *             The share of writes of i that meet one: 1 - exp(-sum_j l_j window).
 * Causes:     the last two windows do not overlap, and a write that meets both counts as lost to
 *             the clock (metric lost_updates): e^-seen (1 - e^-concurrent) are lost to concurrency.
 * Statistics: writes of one key share their fate with their neighbours, so the standard error is
 *             that of the means of independent runs.
 */
#ifndef TESTS_VALIDATION_CLOSED_FORMS_SITES_H
#define TESTS_VALIDATION_CLOSED_FORMS_SITES_H

enum { SITES_MAX = 3 };

struct sites {
    int count;
    double rate[SITES_MAX];       /* writes per second */
    double one_way_ms[SITES_MAX]; /* between 0 and 1, 0 and 2, 1 and 2 */
    double back_ms[SITES_MAX];    /* and the other way, of the same pairs */
    double ahead_ms[SITES_MAX];   /* clocks */
};

enum sites_law { SITES_CONFLICT, SITES_LOST, SITES_LOST_CONCURRENT, SITES_LOST_CLOCK, SITES_LAWS };

struct sites_means {
    double mean[SITES_LAWS], error[SITES_LAWS];
};

struct sites_plan {
    int runs, duration_s;
    double errors; /* standard errors that a mean may be off */
    double share;  /* of the exact value: so many errors must be less, or the test says nothing */
    const char *network; /* further rows of `network`, each after a comma; NULL: none */
};

#define SITES_WALL "'ack': 'memory', 'stamps': {'scheme': 'wall', 'granularity': 'ns'}"

/* The share of all writes. */
double sites_exact(const struct sites *sites, enum sites_law law);

/* `replication`: rows of multi_primary, with ' for ". */
struct sites_means sites_run(const struct sites *sites, const char *replication,
                             const struct sites_plan *plan);

/* Fails the test unless each measured share is as far from the exact one as the plan allows. */
void sites_judge(const char *what, const struct sites *sites, const char *replication,
                 const struct sites_plan *plan);

#endif
