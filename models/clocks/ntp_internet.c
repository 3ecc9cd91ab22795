/*
 * ntp_internet.c - NTP with servers somewhere on the internet.
 *
 * Model:   that of corrected.h.
 * Assumes: errors of several synchronisations are independent; a route that is longer one way than
 *          the other errs the same way each time.
 * Source:  offset: "about 5 ms to 100 ms" (NTP FAQ of ntp.org), and bounds of 10 to 50 ms on such a
 *          machine (README of the clockbound package, PyPI): sd 20 ms has a median of 13 ms, and
 *          95 % are within 40 ms. interval, drift_ppm: as `ntp`, RFC 5905, sections 7.2 and 7.1.
 */
#include "models/clocks/corrected.h"

static const struct param_spec rows[] = {
    CORRECTED_ROWS("{\"distribution\": \"normal\", \"sd\": \"20ms\"}", "15", "64s"), {0}};

const struct clock_ops clock_ntp_internet_ops =
    CORRECTED_OPS("ntp_internet", "NTP over the internet: wrong by tens of milliseconds; no bound",
                  "NTP FAQ (ntp.org): 5 to 100 ms; README of clockbound (PyPI): 10 to 50 ms", rows);
