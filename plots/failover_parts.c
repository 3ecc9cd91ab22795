#include "plots/failover_parts.h"

#include "analysis/number_text.h"

#include <math.h>

const struct failover_part failover_parts[FAILOVER_PARTS + 1] = {
    {"detect", "rto_detect_ms", "#0072B2", "#ffffff"},
    {"decide", "rto_decide_ms", "#E69F00", "#000000"},
    {"promote", "rto_promote_ms", "#009E73", "#ffffff"},
    {"replay", "rto_replay_ms", "#CC79A7", "#000000"},
    {"route", "rto_route_ms", "#56B4E9", "#000000"},
    {"reconnect", "rto_reconnect_ms", "#D55E00", "#ffffff"},
    {"warm", "rto_warm_ms", "#F0E442", "#000000"},
    {"not recovered", NULL, "#B8B8B8", "#000000"},
};

void failover_part_colours(FILE *script)
{
    fputs("part_colour(k) = ", script);
    for (int k = 0; k < FAILOVER_PARTS; k++) {
        fprintf(script, "k == %d ? 0x%s : ", k + 1, failover_parts[k].colour + 1);
    }
    fprintf(script, "0x%s\n", failover_parts[FAILOVER_PART_NEVER].colour + 1);
}

void failover_part_legend(FILE *script, const bool used[FAILOVER_PARTS + 1])
{
    for (int k = 0; k <= FAILOVER_PARTS; k++) {
        if (used[k]) {
            fprintf(
                script,
                "  keyentry with boxes fillstyle solid border rgb \"#404040\" lw 0.6 fillcolor rgb "
                "\"%s\" title \"%s\", \\\n",
                failover_parts[k].colour, failover_parts[k].name);
        }
    }
}

const char *failover_length_text(struct arena *arena, double seconds)
{
    char text[NUMBER_TEXT_MAX];
    if (seconds >= 120.0) {
        const double whole = round(seconds);
        return arena_printf(arena, "%.0f min %.0f s", floor(whole / 60.0), fmod(whole, 60.0));
    }
    return seconds < 1.0 ? arena_printf(arena, "%s ms", number_text_rounded(seconds * 1e3, 3, text))
                         : arena_printf(arena, "%s s", number_text_rounded(seconds, 3, text));
}
