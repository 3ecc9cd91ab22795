/*
 * ntp_lan.c - NTP with a server in the same building.
 *
 * Model:   that of corrected.h.
 * Source:  offset: "tens of microseconds" on a local network (README of chrony): sd 25 us, so that
 *          95 % are within 50 us. drift_ppm: what chrony assumes of a clock that it disciplines,
 *          maxclockerror 1 ppm (chrony.conf(5)). interval: minpoll 6, 2^6 s (the same page).
 */
#include "models/clocks/corrected.h"

static const struct param_spec rows[] = {
    CORRECTED_ROWS("{\"distribution\": \"normal\", \"sd\": \"25us\"}", "1", "64s"), {0}};

const struct clock_ops clock_ntp_lan_ops =
    CORRECTED_OPS("ntp_lan", "NTP on a local network: wrong by tens of microseconds; no bound",
                  "chrony README (accuracy) and chrony.conf(5) (maxclockerror, minpoll)", rows);
