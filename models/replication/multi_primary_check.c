#include "models/replication/multi_primary_internal.h"
#include "models/scenario.h"

static const char *check_exchange(const struct multi_params *params, const struct value_ops *value,
                                  const char **key)
{
    *key = "exchange";
    if (params->exchange != VALUE_STATE && value == NULL) {
        return "a plain register is passed on as it is; deltas and operations are "
               "of value types "
               "that merge";
    }
    if (value != NULL && (value->forms >> params->exchange & 1u) == 0) {
        return params->exchange == VALUE_DELTA
                   ? "this value type has no deltas: use \"state\""
                   : "operations of this value type can not be done again by "
                     "others: use "
                     "\"state\", or \"delta\" if it has deltas";
    }
    if (params->exchange == VALUE_OPERATION && params->topology != MULTI_MESH) {
        return "operations must arrive exactly once and from the replica that "
               "accepted them: "
               "topology mesh";
    }
    if (params->exchange == VALUE_OPERATION && params->order == MULTI_ITEMS) {
        return "operations must arrive exactly once and in the order of their "
               "sender: order "
               "\"log\" or \"causal\"";
    }
    if (params->order == MULTI_CAUSAL && value != NULL && params->exchange == VALUE_STATE) {
        return "order causal: a state brings later writes along and shows them "
               "before what they "
               "follow: use \"delta\" or \"operation\"";
    }
    return NULL;
}

const char *multi_check(const void *untyped, const struct scenario_dataset *dataset,
                        const struct scenario *scenario, const char **key)
{
    const struct multi_params *params = untyped;
    const struct scenario_replication *common = dataset->replication.common;
    const uint32_t *regions = common->replicas.items;
    bool hub = common->replicas.count == 0;
    const size_t places = hub ? scenario->regions.count : common->replicas.count;
    for (size_t i = 0; i < common->replicas.count; i++) {
        hub = hub || regions[i] == params->hub;
    }
    if ((int64_t)places * common->copies > STAMP_MEMBERS_MAX) {
        *key = "copies";
        return "multi_primary: replicas x copies must be at most 64";
    }
    const char *stamps = stamp_check(&params->stamps, scenario_clocks_bounded(scenario));
    if (stamps != NULL) {
        *key = "stamps";
        return stamps;
    }
    if (params->topology == MULTI_HUB && !hub) {
        *key = "hub";
        return "must be one of `replicas`";
    }
    if (params->confirm && params->topology != MULTI_HUB) {
        *key = "confirm";
        return "it is the hub that confirms: topology hub";
    }
    if (params->order == MULTI_CAUSAL && params->topology != MULTI_MESH) {
        *key = "order";
        return "causal needs topology mesh: positions are those of the replicas "
               "that accepted the "
               "writes";
    }
    if (params->ack == MULTI_ACK_LOCAL_QUORUM && params->topology != MULTI_MESH) {
        *key = "ack";
        return "local_quorum needs topology mesh: in a ring or behind a hub the "
               "copies of a region "
               "do not exchange writes directly";
    }
    return check_exchange(params, value_ops_of(&dataset->value), key);
}
