#include "models/faults/fault.h"

#define FAULT(name) extern const struct fault_ops fault_##name##_ops;
#include "models/faults/registry.def"
#undef FAULT

#define FAULT(name) &fault_##name##_ops.kind,
static const struct param_kind *const kinds[] = {
#include "models/faults/registry.def"
};
#undef FAULT

const struct param_registry fault_registry = {
    .name = "faults",
    .key = "kind",
    .summary = "what goes wrong, and when",
    .count = sizeof kinds / sizeof kinds[0],
    .kinds = kinds,
};
