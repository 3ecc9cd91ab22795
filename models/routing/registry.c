#include "models/routing/router.h"

#define ROUTER(name) extern const struct router_ops router_##name##_ops;
#include "models/routing/registry.def"
#undef ROUTER

#define ROUTER(name) &router_##name##_ops.kind,
static const struct param_kind *const kinds[] = {
#include "models/routing/registry.def"
};
#undef ROUTER

const struct param_registry router_registry = {
    .name = "routers",
    .key = "policy",
    .summary = "which region's gateway a user's session connects to",
    .count = sizeof kinds / sizeof kinds[0],
    .kinds = kinds,
};
