/*
 * ptp.c - the precision time protocol with time stamps by the network hardware.
 *
 * Model:   that of corrected.h.
 * Source:  offset: "nanosecond precision" (Meta, precision-time-protocol-at-meta,
 *          engineering.fb.com, 2022), about 100 ns of uncertainty (Li et al., Sundial, OSDI 2020):
 *          sd 50 ns, so that 95 % are within 100 ns. drift_ppm: what is left of a machine's 6.6 ppm
 *          when it follows a hardware clock, 0.012 ppm; interval: poll 0, 1 s (`chronyc` on an EC2
 *          instance with PHC, GitHub gist of sarfarazahmad89, 2024-01-09).
 */
#include "models/clocks/corrected.h"

static const struct param_spec rows[] = {
    CORRECTED_ROWS("{\"distribution\": \"normal\", \"sd\": \"50ns\"}", "0.012", "1s"), {0}};

const struct clock_ops clock_ptp_ops = CORRECTED_OPS(
    "ptp", "precision time protocol: wrong by a tenth of a microsecond; no bound",
    "Meta 2022 (nanosecond precision); Li et al., Sundial, OSDI 2020 (about 100 ns)", rows);
