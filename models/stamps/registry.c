#include "models/stamps/stamp.h"

#define STAMP(name) extern const struct stamp_ops stamp_##name##_ops;
#include "models/stamps/registry.def"
#undef STAMP

#define STAMP(name) &stamp_##name##_ops.kind,
static const struct param_kind *const kinds[] = {
#include "models/stamps/registry.def"
};
#undef STAMP

const struct param_registry stamp_registry = {
    .name = "stamps",
    .key = "scheme",
    .summary = "how machines that all accept writes put them in order",
    .count = sizeof kinds / sizeof kinds[0],
    .kinds = kinds,
};
