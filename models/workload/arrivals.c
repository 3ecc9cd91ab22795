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

sim_ns arrivals_move_by_hour(struct arrivals *arrivals, double gap_ns, sim_ns end_ns)
{
    while (arrivals->at_ns < end_ns) {
        const sim_ns local_ns = arrivals->midnight_ns + arrivals->at_ns;
        const double factor = arrivals->by_hour[local_ns / SIM_NS_PER_H % HOURS];
        const sim_ns left_ns = SIM_NS_PER_H - local_ns % SIM_NS_PER_H;
        const double held_ns = factor * ((double)left_ns - arrivals->fraction_ns);
        if (gap_ns < held_ns) {
            return arrivals_advance(arrivals, gap_ns / factor, end_ns);
        }
        gap_ns -= held_ns;
        arrivals->at_ns += left_ns;
        arrivals->fraction_ns = 0.0;
    }
    return SIM_NS_MAX;
}

void arrivals_draw(struct arrivals *arrivals, double gaps[RANDOM_BLOCKS])
{
    if (!arrivals->regular) {
        random_exponential_next(&arrivals->stream, gaps);
        return;
    }
    for (int i = 0; i < RANDOM_BLOCKS; i++) {
        gaps[i] = 1.0;
    }
}
