/* quorum_params.c - the parameters of the quorum strategy, and what of them is refused. */
#include "models/replication/quorum_internal.h"
#include "models/scenario.h"

static const char *const coordinators_names[] = {"replicas", "others", "any", NULL};
static const char *const read_from_names[] = {"all", "needed", NULL};
static const char *const read_repair_names[] = {"none", "blocking", "background", NULL};
static const char *const exchange_names[] = {"state", "delta", "operation", NULL};

#define ROW(field) offsetof(struct quorum_params, field)

const struct param_spec quorum_table[] = {
    {.key = "read",
     .type = PARAM_ENUM,
     .offset = ROW(read),
     .names = level_names,
     .default_text = "quorum",
     .help = "copies that must answer a read; quorum: a majority of all; local_*: of those in the "
             "coordinator's region (or the nearest that has some); each_quorum: of every region"},
    {.key = "write",
     .type = PARAM_ENUM,
     .offset = ROW(write),
     .names = level_names,
     .default_text = "quorum",
     .help = "copies that must acknowledge a write, which goes to all of them; as `read`, and any: "
             "one copy or a hint kept for it"},
    {.key = "r",
     .type = PARAM_INT,
     .offset = ROW(r),
     .min = 1,
     .max = LEVEL_MEMBERS_MAX,
     .default_text = "none",
     .help = "number of copies that must answer a read, in place of `read`"},
    {.key = "w",
     .type = PARAM_INT,
     .offset = ROW(w),
     .min = 1,
     .max = LEVEL_MEMBERS_MAX,
     .default_text = "none",
     .help = "number of copies that must acknowledge a write, in place of `write`"},
    {.key = "coordinators",
     .type = PARAM_ENUM,
     .offset = ROW(coordinators),
     .names = coordinators_names,
     .default_text = "replicas",
     .help = "nodes that clients ask: replicas: those that store the data; others: only those that "
             "do not, so that each request has all four legs (the WARS model); any"},
    {.key = "read_from",
     .type = PARAM_ENUM,
     .offset = ROW(read_from),
     .names = read_from_names,
     .default_text = "all",
     .help = "copies that are asked: all: every one, and the first answers count (Dynamo, Riak); "
             "needed: the nearest that fulfil the level (Cassandra)"},
    {.key = "speculate_after",
     .type = PARAM_DURATION,
     .offset = ROW(speculate_after),
     .max = (double)SIM_NS_PER_MIN,
     .default_text = "none",
     .help = "read_from needed: a read that has waited so long asks one more copy"},
    {.key = "read_repair",
     .type = PARAM_ENUM,
     .offset = ROW(read_repair),
     .names = read_repair_names,
     .default_text = "background",
     .help = "copies that answered with an older version get the newest: blocking: before the read "
             "is answered, those it waited for (Cassandra); background: after it, all that answer"},
    {.key = "hints",
     .type = PARAM_BOOL,
     .offset = ROW(hints),
     .default_text = "true",
     .help = "a write that a copy has missed is kept and delivered when it is back"},
    {.key = "hint_window",
     .type = PARAM_DURATION,
     .offset = ROW(hint_window),
     .max = 365.0 * 24 * (double)SIM_NS_PER_H,
     .default_text = "3h",
     .help = "no hints for a copy once the oldest has waited so long (Cassandra "
             "max_hint_window: 3h)"},
    {.key = "hint_rate",
     .type = PARAM_RATE,
     .offset = ROW(hint_rate),
     .min = 0.001,
     .max = 1e9,
     .default_text = "1000/s",
     .help = "hints delivered to one copy by one node (Cassandra hinted_handoff_throttle: 1024 "
             "KiB/s, about 1000 rows of 1 KiB)"},
    {.key = "sloppy",
     .type = PARAM_BOOL,
     .offset = ROW(sloppy),
     .default_text = "false",
     .help = "nodes without a copy stand in for copies believed down: they take writes with a hint "
             "and answer reads, and count (Dynamo's sloppy quorum)"},
    {.key = "write_timeout",
     .type = PARAM_DURATION,
     .offset = ROW(write_timeout),
     .min = 1e6,
     .max = (double)SIM_NS_PER_H,
     .default_text = "2s",
     .help = "a write without enough acknowledgements is answered `unknown`, and copies that are "
             "missing get hints (Cassandra write_request_timeout: 2s)"},
    {.key = "read_timeout",
     .type = PARAM_DURATION,
     .offset = ROW(read_timeout),
     .min = 1e6,
     .max = (double)SIM_NS_PER_H,
     .default_text = "5s",
     .help = "a read without enough answers fails (Cassandra read_request_timeout: 5s)"},
    {.key = "heartbeat",
     .type = PARAM_DURATION,
     .offset = ROW(heartbeat),
     .max = (double)SIM_NS_PER_H,
     .default_text = "1s",
     .help = "how often copies say that they are up (Cassandra gossip: 1s); 0: nobody is ever "
             "suspected"},
    {.key = "suspect_after",
     .type = PARAM_DURATION,
     .offset = ROW(suspect_after),
     .min = 1e6,
     .max = (double)SIM_NS_PER_H,
     .default_text = "18s",
     .help = "a copy that is not heard for so long is believed down (phi 8 at 1 s heartbeats); an "
             "operation that has too few left fails at once"},
    {.key = "anti_entropy",
     .type = PARAM_DURATION,
     .offset = ROW(anti_entropy),
     .min = 1e6,
     .max = 365.0 * 24 * (double)SIM_NS_PER_H,
     .default_text = "none",
     .help = "how often a copy compares hashes of its keys with another copy, each in turn, and "
             "both exchange what differs"},
    {.key = "exchange",
     .type = PARAM_ENUM,
     .offset = ROW(exchange),
     .names = exchange_names,
     .default_text = "state",
     .help =
         "of values that merge, what of a write the copies get: state: all that the coordinator "
         "holds (Riak's objects); delta: what the write changed (Cassandra's mutations)"},
    {0}};

const char *quorum_finish(void *untyped, struct arena *arena, const char **key)
{
    const struct quorum_params *params = untyped;
    (void)arena;
    if (params->read == LEVEL_ANY) {
        *key = "read";
        return "\"any\" is a level for writes only";
    }
    if (params->exchange == VALUE_OPERATION) {
        *key = "exchange";
        return "quorum: a copy may get a write again, and later ones before it (hints, repair): "
               "only "
               "a \"state\" or a \"delta\" may be taken twice and in any order";
    }
    if (params->heartbeat > 0 && params->heartbeat < SIM_NS_PER_MS) {
        *key = "heartbeat";
        return "must be 0 (no failure detector) or at least 1ms";
    }
    if (params->sloppy && params->heartbeat == 0) {
        *key = "sloppy";
        return "needs a failure detector: heartbeat must be > 0";
    }
    if (params->sloppy && !params->hints) {
        *key = "sloppy";
        return "needs `hints`: a stand-in must be able to hand the write over";
    }
    return NULL;
}

/* What the type of the values can not do here; NULL: a plain register. */
static const char *check_value(const struct quorum_params *params, const struct value_ops *value,
                               const char **key)
{
    const bool all_store = params->coordinators == QUORUM_BY_REPLICAS;
    *key = "exchange";
    if (value == NULL) {
        return params->exchange == VALUE_STATE
                   ? NULL
                   : "a plain register is sent as it is: deltas are of values that merge";
    }
    if ((value->forms >> params->exchange & 1) == 0) {
        return "this type of value has no deltas";
    }
    if (!all_store && value->needs_state) {
        *key = "coordinators";
        return "a write of this type depends on what is stored: it must be \"replicas\", who store "
               "it";
    }
    return all_store || params->exchange == VALUE_DELTA
               ? NULL
               : "a coordinator that stores nothing knows no state: it must be \"delta\"";
}

const char *quorum_check(const void *untyped, const struct scenario_dataset *dataset,
                         const struct scenario *scenario, const char **key)
{
    const struct quorum_params *params = untyped;
    const struct scenario_replication *common = dataset->replication.common;
    const struct scenario_region *regions = scenario->regions.items;
    const size_t places =
        common->replicas.count > 0 ? common->replicas.count : scenario->regions.count;
    const int64_t copies = (int64_t)places * common->copies;
    int64_t nodes = 0;
    for (size_t i = 0; i < scenario->regions.count; i++) {
        nodes += regions[i].nodes;
    }
    if (copies > LEVEL_MEMBERS_MAX) {
        *key = "copies";
        return "quorum: replicas x copies must be at most 64";
    }
    const int64_t r = params->r > 0 ? params->r : level_least_copies(params->read);
    const int64_t w = params->w > 0 ? params->w : level_least_copies(params->write);
    if (r > copies) {
        *key = params->r > 0 ? "r" : "read";
        return "asks for more copies than there are (replicas x copies)";
    }
    if (w > copies) {
        *key = params->w > 0 ? "w" : "write";
        return "asks for more copies than there are (replicas x copies)";
    }
    if (params->coordinators == QUORUM_BY_OTHERS && nodes <= copies) {
        *key = "coordinators";
        return "\"others\" needs nodes that hold no copy of the data";
    }
    if (params->sloppy && nodes <= copies) {
        *key = "sloppy";
        return "needs nodes that hold no copy of the data";
    }
    return check_value(params, value_ops_of(&dataset->value), key);
}
