#include "models/faults/slowness.h"

const char *slowness_check(const void *params, const struct scenario *scenario, const char **key,
                           struct arena *arena)
{
    const struct slowness_params *self = params;
    if (self->slowness.factor == 1.0 && self->slowness.extra_ns == 0) {
        *key = NULL;
        return "must have a \"factor\" above 1 or an \"extra\" time: this has no effect";
    }
    return machine_set_check(params, scenario, key, arena);
}
