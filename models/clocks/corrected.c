#include "models/clocks/corrected.h"

#include "sim/distribution.h"

void corrected_start(const void *params, struct clock_state *clock)
{
    const struct corrected_params *self = params;
    sawtooth_start(clock, self->interval, self->drift_ppm);
}

struct clock_reading corrected_read(const void *params, struct clock_state *clock, sim_ns now_ns)
{
    const struct corrected_params *self = params;
    if (sawtooth_turn(clock, self->interval, now_ns)) {
        struct random_stream stream = sawtooth_error_stream(clock);
        /* Not distribution_sample_ns(), which is never negative. */
        clock->sync_offset_ns = sim_ns_from_double(distribution_sample(self->offset, &stream));
    }
    return (struct clock_reading){.offset_ns = clock->sync_offset_ns +
                                               sawtooth_growth(clock, clock->drift, now_ns),
                                  .bound_ns = SIM_NS_MAX};
}
