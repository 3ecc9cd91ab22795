#include "models/clocks/clock.h"

#define CLOCK(name) extern const struct clock_ops clock_##name##_ops;
#include "models/clocks/registry.def"
#undef CLOCK

#define CLOCK(name) &clock_##name##_ops.kind,
static const struct param_kind *const kinds[] = {
#include "models/clocks/registry.def"
};
#undef CLOCK

const struct param_registry clock_registry = {
    .name = "clocks",
    .key = "model",
    .summary = "how far a machine's clock is from true time",
    .count = sizeof kinds / sizeof kinds[0],
    .kinds = kinds,
};
