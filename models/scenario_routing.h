/*
 * scenario_routing.h - how users reach the data through the regions' gateways, as a scenario says
 * it: what is common to every routing policy.
 *
 * Units: ns, requests per second; none is stored as -1.
 * The rows with their defaults and sources are in scenario_routing.c.
 */
#ifndef MODELS_SCENARIO_ROUTING_H
#define MODELS_SCENARIO_ROUTING_H

#include "models/scenario_health.h"
#include "sim/distribution.h"
#include "sim/param.h"
#include "sim/sim_time.h"

struct scenario_connections {
    int64_t round_trips;    /* of a handshake */
    sim_ns connect_timeout; /* of the whole handshake */
    sim_ns timeout;      /* requests sent and nothing heard for so long: the connection is dead */
    sim_ns idle_timeout; /* -1: none */
    sim_ns keep_alive;   /* pause between pings; -1: none */
    const struct distribution *lifetime; /* NULL: no end */
    sim_ns backoff, backoff_max;         /* from the begin of an attempt that failed to the next */
    bool sticky;
};

struct scenario_gateway { /* of one region; -1 or NULL: as for all */
    uint32_t region;
    double capacity, provisioned;
    const struct distribution *service;
    int64_t workers;
};

struct scenario_gateways {
    struct param_list at;               /* regions; empty: all with nodes */
    double capacity;                    /* requests per second of a region; -1: no limit */
    double provisioned;                 /* times the region's own nominal load; -1: not given */
    const struct distribution *service; /* time of a worker per request; NULL: by the capacity */
    int64_t workers;
    int64_t queue_max; /* requests that wait for a worker; more are refused; 0: no limit */
    double handshake_cost;
    sim_ns db_timeout;
    int64_t db_retries;
    bool deep;                /* healthy only if the databases answer */
    struct param_list region; /* struct scenario_gateway */
};

enum scenario_cache_mode {
    SCENARIO_CACHE_NONE,
    SCENARIO_CACHE_TTL_ONLY,
    SCENARIO_CACHE_WRITE_THROUGH,
    SCENARIO_CACHE_INVALIDATE
};

struct scenario_cache {
    uint32_t mode; /* enum scenario_cache_mode */
    int64_t entries;
    sim_ns ttl; /* 0: none */
    bool flush_on_failover;
};

struct scenario_routing {
    struct scenario_connections connections;
    struct scenario_gateways gateways;
    struct scenario_cache cache;
    struct scenario_health health;
};

extern const struct param_spec scenario_routing_table[];

#endif
