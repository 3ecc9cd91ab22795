#include "models/clocks/promised.h"

void promised_start(const void *params, struct clock_state *clock)
{
    const struct promised_params *self = params;
    sawtooth_start(clock, self->interval, self->drift_ppm);
    clock->bound_rate = self->drift_ppm * 1e-6;
}

struct clock_reading promised_read(const void *params, struct clock_state *clock, sim_ns now_ns)
{
    const struct promised_params *self = params;
    if (sawtooth_turn(clock, self->interval, now_ns)) {
        struct random_stream stream = sawtooth_error_stream(clock);
        clock->sync_offset_ns =
            sim_ns_from_double((2.0 * random_unit(&stream) - 1.0) * (double)self->epsilon);
    }
    /* Rounding keeps order: |drift| <= drift_ppm, so the offset never leaves the bound. */
    return (struct clock_reading){
        .offset_ns = clock->sync_offset_ns + sawtooth_growth(clock, clock->drift, now_ns),
        .bound_ns = self->epsilon + sawtooth_growth(clock, self->drift_ppm * 1e-6, now_ns)};
}
