#include "models/clocks/sawtooth.h"

#include "sim/check.h"

enum { DRAW_PHASE = 0, DRAW_DRIFT = 1 };

static struct random_stream at_draw(const struct clock_state *clock, uint64_t draw)
{
    struct random_stream stream = clock->stream;
    stream.count = draw;
    return stream;
}

double sawtooth_drift(const struct clock_state *clock, uint64_t draw, double ppm)
{
    struct random_stream stream = at_draw(clock, draw);
    return (2.0 * random_unit(&stream) - 1.0) * ppm * 1e-6;
}

void sawtooth_start(struct clock_state *clock, sim_ns interval_ns, double drift_ppm)
{
    CHECK(interval_ns > 0);
    struct random_stream stream = at_draw(clock, DRAW_PHASE);
    clock->phase_ns = (sim_ns)random_below(&stream, (uint64_t)interval_ns);
    clock->drift = sawtooth_drift(clock, DRAW_DRIFT, drift_ppm);
    clock->sync_number = 0;
}

bool sawtooth_turn(struct clock_state *clock, sim_ns interval_ns, sim_ns now_ns)
{
    CHECK(now_ns >= 0);
    if (clock->sync_number != 0 && now_ns >= clock->sync_at_ns &&
        now_ns - clock->sync_at_ns < interval_ns) {
        return false;
    }
    const int64_t whole = now_ns < clock->phase_ns ? -1 : (now_ns - clock->phase_ns) / interval_ns;
    clock->sync_number = whole + 2;
    clock->sync_at_ns = clock->phase_ns + whole * interval_ns;
    return true;
}

struct random_stream sawtooth_error_stream(const struct clock_state *clock)
{
    return at_draw(clock, DRAW_DRIFT + (uint64_t)clock->sync_number);
}

sim_ns sawtooth_growth(const struct clock_state *clock, double rate, sim_ns now_ns)
{
    return sim_ns_from_double(rate * (double)(now_ns - clock->sync_at_ns));
}
