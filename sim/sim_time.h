/*
 * sim_time.h - simulated time: signed 64-bit nanoseconds since the run began.
 *
 * Units:  sim_ns everywhere inside the simulation. Milliseconds appear only in text and reports.
 * Range:  about +-292 years; conversions saturate at SIM_NS_MAX instead of overflowing.
 * Errors: sim_ns_from_double() CHECKs that its argument is finite.
 */
#ifndef SIM_SIM_TIME_H
#define SIM_SIM_TIME_H

#include <stdint.h>

typedef int64_t sim_ns;

#define SIM_NS_PER_US  INT64_C(1000)
#define SIM_NS_PER_MS  INT64_C(1000000)
#define SIM_NS_PER_S   INT64_C(1000000000)
#define SIM_NS_PER_MIN (INT64_C(60) * SIM_NS_PER_S)
#define SIM_NS_PER_H   (INT64_C(3600) * SIM_NS_PER_S)
#define SIM_NS_MAX     (INT64_MAX / 4) /* "never": still safe to add to another time */

/* Rounds to the nearest nanosecond (halves away from zero) and saturates at +-SIM_NS_MAX. */
sim_ns sim_ns_from_double(double ns);

enum { SIM_TIME_TEXT_MAX = 48 };

/* Writes the shortest exact text with one unit, such as "150ms", "1.5s", "30min"; returns text. */
char *sim_time_text(sim_ns ns, char text[SIM_TIME_TEXT_MAX]);

#endif
