/*
 * ntp.c - NTP in the cloud: a time server on the same machine or the next one.
 *
 * Model:   that of corrected.h.
 * Source:  interval: the default least poll of NTP, 2^6 s (RFC 5905, section 7.2). drift_ppm: the
 *          frequency tolerance of 15 ppm that NTP allows a disciplined clock (RFC 5905, section
 *          7.1). offset: sd 0.5 ms, so that 95 % are within the 1 ms that AWS stated for its
 *          link-local NTP service ("It's About Time: Microsecond-Accurate Clocks on Amazon EC2",
 *          AWS Compute Blog, November 2023).
 */
#include "models/clocks/corrected.h"

static const struct param_spec rows[] = {
    CORRECTED_ROWS("{\"distribution\": \"normal\", \"sd\": \"0.5ms\"}", "15", "64s"), {0}};

const struct clock_ops clock_ntp_ops =
    CORRECTED_OPS("ntp", "NTP in the cloud: corrected now and then, within a millisecond; no bound",
                  "RFC 5905 sections 7.1 and 7.2; AWS Compute Blog November 2023 (accuracy)", rows);
