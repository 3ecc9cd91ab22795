#include "sim/sim_time.h"

#include "sim/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

sim_ns sim_ns_from_double(double ns)
{
    CHECK(ns == ns);
    if (ns >= (double)SIM_NS_MAX) {
        return SIM_NS_MAX;
    }
    if (ns <= -(double)SIM_NS_MAX) {
        return -SIM_NS_MAX;
    }
    return (sim_ns)(ns < 0.0 ? ns - 0.5 : ns + 0.5);
}

char *sim_time_text(sim_ns ns, char text[SIM_TIME_TEXT_MAX])
{
    static const struct {
        sim_ns size;
        const char *name;
    } units[] = {{SIM_NS_PER_H, "h"},   {SIM_NS_PER_MIN, "min"}, {SIM_NS_PER_S, "s"},
                 {SIM_NS_PER_MS, "ms"}, {SIM_NS_PER_US, "us"},   {1, "ns"}};
    const uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    const char *sign = ns < 0 ? "-" : "";
    if (size == 0) {
        snprintf(text, SIM_TIME_TEXT_MAX, "0ms");
        return text;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const uint64_t unit = (uint64_t)units[i].size;
        const uint64_t thousandth = unit / 1000;
        if (size % unit == 0 && size >= unit) {
            snprintf(text, SIM_TIME_TEXT_MAX, "%s%" PRIu64 "%s", sign, size / unit, units[i].name);
            return text;
        }
        if (size >= unit && unit <= (uint64_t)SIM_NS_PER_S && thousandth > 0 &&
            size % thousandth == 0) {
            const uint64_t rest = size % unit / thousandth;
            char digits[12];
            snprintf(digits, sizeof digits, "%03u", (unsigned)rest);
            for (size_t last = 2; last > 0 && digits[last] == '0'; last--) {
                digits[last] = '\0';
            }
            snprintf(text, SIM_TIME_TEXT_MAX, "%s%" PRIu64 ".%s%s", sign, size / unit, digits,
                     units[i].name);
            return text;
        }
    }
    snprintf(text, SIM_TIME_TEXT_MAX, "%s%" PRIu64 "ns", sign, size);
    return text;
}
