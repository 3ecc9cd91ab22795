#include "models/failover/policy.h"

#define FAILOVER(name) extern const struct failover_ops failover_##name##_ops;
#include "models/failover/registry.def"
#undef FAILOVER

#define FAILOVER(name) &failover_##name##_ops.kind,
static const struct param_kind *const kinds[] = {
#include "models/failover/registry.def"
};
#undef FAILOVER

const struct param_registry failover_registry = {
    .name = "failover policies",
    .key = "policy",
    .summary = "who leads after a failure, who decides that, and how long it takes",
    .count = sizeof kinds / sizeof kinds[0],
    .kinds = kinds,
};
