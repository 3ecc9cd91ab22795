/*
 * purpose.h - the names of all random streams: (seed, purpose, index) addresses one.
 *
 * A purpose is never reused and never renumbered, so that results of a seed stay comparable; new
 * ones are added at the end. Swapping a strategy changes no stream of workload, faults or links.
 */
#ifndef MODELS_PURPOSE_H
#define MODELS_PURPOSE_H

enum random_purpose {
    PURPOSE_LINK_DELAY = 1,     /* index: from place * places + to place */
    PURPOSE_LINK_LOSS = 2,      /* the same */
    PURPOSE_NODE_SERVICE = 3,   /* node */
    PURPOSE_NODE_DISK = 4,      /* node */
    PURPOSE_CLOCK = 5,          /* node */
    PURPOSE_REPLICA = 6,        /* dataset * nodes + node: a strategy's own chance */
    PURPOSE_ARRIVAL = 7,        /* client group */
    PURPOSE_OPERATION = 8,      /* client group: which operation, session */
    PURPOSE_KEY = 9,            /* client group */
    PURPOSE_VALUE_BYTES = 10,   /* client group */
    PURPOSE_THINK = 11,         /* client group */
    PURPOSE_RETRY = 12,         /* client group */
    PURPOSE_PROBE = 13,         /* client group */
    PURPOSE_LAST_MILE = 14,     /* client group */
    PURPOSE_MESSAGE_DELAY = 15, /* as PURPOSE_LINK_DELAY: per-message-kind delays */
    PURPOSE_AGENT = 16,         /* agent: its own chance */
    PURPOSE_FRONT = 17,         /* client group: connections, name caches, which resolver */
    PURPOSE_FAULT = 18,         /* fault: when it happens by chance, and what it hits */
    PURPOSE_LINK_DISORDER = 19, /* as PURPOSE_LINK_DELAY: copies and late packets */
    PURPOSE_ELEMENT = 20,       /* client group: which element of a value a write is about */
    PURPOSE_AMOUNT = 21         /* client group: by how much a write changes a number */
};

#endif
