/* scenario_clocks.c - what plug-ins ask about the clocks; by itself, so that it brings no world. */
#include "models/clocks/clock.h"
#include "models/scenario.h"

bool scenario_clocks_bounded(const struct scenario *scenario)
{
    /* The kind is the first member of its ops. */
    return ((const struct clock_ops *)(const void *)scenario->clocks.kind)->bounded;
}
