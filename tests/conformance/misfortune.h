/*
 * misfortune.h - small worlds in which much goes wrong, drawn from a number, and what they promise.
 *
 * Model:   three to five regions, one or two machines in each; a primary or a quorum; any failover
 *          policy with times scaled down to fractions of a second; up to six faults between 1 s and
 *          10 s; operations replayed from traces, which go on for 6 s after the last fault and end
 *          4 s before the run does. The same number, the same world.
 * Claims:  no loss: `acks: all` without fall-back keeps what it acknowledged whatever happens to
 *          machines, clocks and network, as long as no disk is lost (so does a quorum that is not
 *          sloppy: some copy has it). With `semi_sync` when at any time at most one region is hit
 *          and most deciders are elsewhere, since the most advanced of all other copies is chosen.
 *          With `all` and lost disks when machines lose them one after another, 5 s apart.
 *          one leader: with `fencing: required`, by lease, without a policy, and with planned
 * moves. recovers: all replicas are up after the last fault and somebody may decide; not when a
 *          primary that nobody replaces loses its disk.
 */
#ifndef TESTS_CONFORMANCE_MISFORTUNE_H
#define TESTS_CONFORMANCE_MISFORTUNE_H

#include "tests/conformance/dice.h"

#include <stddef.h>
#include <stdint.h>

enum {
    MISFORTUNE_FAULTS_MAX = 6,
    MISFORTUNE_REGIONS_MAX = 5,
    MISFORTUNE_TEXT_BYTES = 16000,
    MISFORTUNE_TRACE_BYTES = 24000,
    MISFORTUNE_GROUPS = 3
};

enum misfortune_family {
    MISFORTUNE_ALL,       /* primary with acks all; no disk is lost */
    MISFORTUNE_ANYTHING,  /* any strategy, any fault */
    MISFORTUNE_SEMI_SYNC, /* one region after another */
    MISFORTUNE_DISKS,     /* acks all, one disk after another */
    MISFORTUNE_FAMILIES
};

struct misfortune_fault {
    char json[640];
    uint32_t pauses; /* bits of the machines that it pauses */
};

struct misfortune {
    struct dice dice;
    uint64_t number;
    enum misfortune_family family;
    int regions, nodes[MISFORTUNE_REGIONS_MAX], copies, keys;
    bool primary, by_lease, fenced, decides, loses_disk, datagrams;
    bool several;   /* orchestrators */
    bool corrected; /* a fault needs clocks that are set by others */
    bool claims_no_loss, claims_one_leader, claims_recovery;
    bool long_tail; /* long enough for the recovery time to be known */
    int fault_count, faults_end_ms, operations_end_ms, end_ms;
    struct misfortune_fault faults[MISFORTUNE_FAULTS_MAX];
    char head[MISFORTUNE_TEXT_BYTES]; /* the scenario up to its faults */
    size_t used;
    char traces[MISFORTUNE_GROUPS][MISFORTUNE_TRACE_BYTES];
};

void misfortune_draw(struct misfortune *misfortune, uint64_t number);

/* The scenario without the faults whose bits are in `dropped`; ' stands for ". */
void misfortune_text(const struct misfortune *misfortune, uint32_t dropped, char *text,
                     size_t size);

#endif
