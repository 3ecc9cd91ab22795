#include "models/workload/arrivals.h"

#include "sim/check.h"
#include "sim/random_exponential.h"

enum { HOURS = 24 };

void arrivals_init(struct arrivals *arrivals, const struct scenario_client *client,
                   double longitude, struct random_stream stream)
{
    CHECK(client->rate > 0.0);
    CHECK(client->by_hour.count == 0 || client->by_hour.count == HOURS);
    *arrivals = (struct arrivals){.gap_ns = (double)SIM_NS_PER_S / client->rate,
                                  .regular = client->arrivals == 1,
                                  .by_hour = client->by_hour.items,
                                  .stream = stream};
    if (client->by_hour.count == 0) {
        arrivals->by_hour = NULL;
        return;
    }
    const sim_ns day_ns = HOURS * SIM_NS_PER_H;
    const sim_ns local_ns =
        sim_ns_from_double((client->start_hour + longitude / 15.0) * (double)SIM_NS_PER_H);
    arrivals->midnight_ns = (local_ns % day_ns + day_ns) % day_ns;
}

/* Moves on by `gap` ns; false when that is beyond `end_ns`. */
static bool advance(struct arrivals *arrivals, double gap_ns, sim_ns end_ns)
{
    const double sum_ns = arrivals->fraction_ns + gap_ns;
    if (sum_ns > (double)(end_ns - arrivals->at_ns)) {
        return false;
    }
    const sim_ns whole_ns = (sim_ns)sum_ns;
    arrivals->at_ns += whole_ns;
    arrivals->fraction_ns = sum_ns - (double)whole_ns;
    return true;
}

static bool advance_by_hour(struct arrivals *arrivals, double gap_ns, sim_ns end_ns)
{
    while (arrivals->at_ns < end_ns) {
        const sim_ns local_ns = arrivals->midnight_ns + arrivals->at_ns;
        const double factor = arrivals->by_hour[local_ns / SIM_NS_PER_H % HOURS];
        const sim_ns left_ns = SIM_NS_PER_H - local_ns % SIM_NS_PER_H;
        const double held_ns = factor * ((double)left_ns - arrivals->fraction_ns);
        if (gap_ns < held_ns) {
            return advance(arrivals, gap_ns / factor, end_ns);
        }
        gap_ns -= held_ns;
        arrivals->at_ns += left_ns;
        arrivals->fraction_ns = 0.0;
    }
    return false;
}

static sim_ns move_on(struct arrivals *arrivals, double gap_ns, sim_ns end_ns)
{
    const bool found = arrivals->by_hour == NULL ? advance(arrivals, gap_ns, end_ns)
                                                 : advance_by_hour(arrivals, gap_ns, end_ns);
    return found ? arrivals->at_ns : SIM_NS_MAX;
}

sim_ns arrivals_next(struct arrivals *arrivals, sim_ns end_ns)
{
    const double gap = arrivals->regular ? 1.0 : random_exponential(&arrivals->stream);
    return move_on(arrivals, arrivals->gap_ns * gap, end_ns);
}

void arrivals_fill(struct arrivals *arrivals, sim_ns end_ns, sim_ns at_ns[RANDOM_BLOCKS])
{
    double gaps[RANDOM_BLOCKS];
    if (arrivals->regular) {
        for (int i = 0; i < RANDOM_BLOCKS; i++) {
            gaps[i] = 1.0;
        }
    } else {
        random_exponential_next(&arrivals->stream, gaps);
    }
    struct arrivals moved = *arrivals; /* a copy of its own, which the compiler keeps at hand */
    for (int i = 0; i < RANDOM_BLOCKS; i++) {
        at_ns[i] = move_on(&moved, moved.gap_ns * gaps[i], end_ns);
    }
    arrivals->at_ns = moved.at_ns;
    arrivals->fraction_ns = moved.fraction_ns;
}
