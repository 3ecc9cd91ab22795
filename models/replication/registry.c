#include "models/replication/strategy.h"

#define STRATEGY(name) extern const struct strategy_ops name;
#include "models/replication/registry.def"
#undef STRATEGY

#define STRATEGY(name) &name.kind,
static const struct param_kind *const kinds[] = {
#include "models/replication/registry.def"
};
#undef STRATEGY

const struct param_registry strategy_registry = {
    .name = "strategies",
    .key = "strategy",
    .summary = "how copies of the data are kept in step",
    .count = sizeof kinds / sizeof kinds[0],
    .kinds = kinds,
};
