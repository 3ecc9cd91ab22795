/*
 * perfect.c - every machine knows true time.
 *
 * Model: offset 0, and the clock promises it.
 */
#include "models/clocks/clock.h"

static void start(const void *params, struct clock_state *clock)
{
    (void)params;
    (void)clock;
}

static struct clock_reading read_clock(const void *params, struct clock_state *clock, sim_ns now_ns)
{
    (void)params;
    (void)clock;
    (void)now_ns;
    return (struct clock_reading){.offset_ns = 0, .bound_ns = 0};
}

const struct clock_ops clock_perfect_ops = {
    .kind = {.name = "perfect", .summary = "every machine knows true time", .source = "definition"},
    .bounded = true,
    .start = start,
    .read = read_clock,
};
