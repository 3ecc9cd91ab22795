#include "analysis/report_cells.h"

#include "analysis/number_text.h"

#include <math.h>
#include <stdio.h>

enum { DIGITS = 3 };

static const char dash[] = "-";

const struct metric *report_row(const struct report *report, const struct row_key *key)
{
    struct metric_label labels[2];
    uint32_t count = 0;
    for (; count < 2 && key->keys[count] != NULL; count++) {
        labels[count].key = key->keys[count];
        labels[count].value = key->values[count];
    }
    return aggregate_find(report->results.merged, key->metric, labels, count, SIZE_MAX);
}

/* The number has as many decimals as the first digit of its uncertainty, and no more. */
static void cell_number(struct text_table *table, double value, double half)
{
    enum { DECIMALS_MAX = 6 };
    char text[2 * NUMBER_TEXT_MAX + 8], number[NUMBER_TEXT_MAX], width[NUMBER_TEXT_MAX];
    if (!(half > 0.0)) {
        text_table_cell(table, number_text_table(value, DIGITS, number));
        return;
    }
    int decimals = -(int)floor(log10(half));
    decimals = decimals < 0 ? 0 : decimals > DECIMALS_MAX ? DECIMALS_MAX : decimals;
    snprintf(text, sizeof text, "%s ±%s", number_text_grouped(value, decimals, number),
             number_text_grouped(half, decimals, width));
    text_table_cell(table, text);
}

static void cell_either(struct text_table *table, const struct report *report,
                        const struct metric *metric, struct aggregate aggregate, bool interval)
{
    double value = 0.0, half = -1.0;
    const struct metric_set *merged = report->results.merged;
    if (metric == NULL || !aggregate_of(metric, aggregate, metric_set_measured_s(merged), &value)) {
        text_table_cell(table, dash);
        return;
    }
    if (interval) {
        const size_t index = (size_t)(metric - merged->metrics);
        const struct aggregate_interval found =
            aggregate_across(&report->results, index, aggregate);
        half = found.count >= 2 ? (found.high - found.low) / 2.0 : -1.0;
        value = found.count >= 2 ? found.mean : value;
    }
    cell_number(table, value, half);
}

void cell_aggregate(struct text_table *table, const struct report *report,
                    const struct metric *metric, struct aggregate aggregate)
{
    cell_either(table, report, metric, aggregate, true);
}

void cell_aggregate_plain(struct text_table *table, const struct report *report,
                          const struct metric *metric, struct aggregate aggregate)
{
    cell_either(table, report, metric, aggregate, false);
}

char *cell_share_text(double ratio, char text[CELL_TEXT_MAX])
{
    enum { DECIMALS_MAX = 6 };
    char number[NUMBER_TEXT_MAX];
    const double rarer = ratio < 1.0 - ratio ? ratio : 1.0 - ratio;
    int decimals = 0;
    if (rarer > 0.0) {
        /* Two significant digits of the rarer side. */
        decimals = 1 - (int)floor(log10(rarer * 100.0));
        decimals = decimals < 0 ? 0 : decimals > DECIMALS_MAX ? DECIMALS_MAX : decimals;
    }
    snprintf(text, CELL_TEXT_MAX, "%s %%", number_text_fixed(100.0 * ratio, decimals, number));
    return text;
}

void cell_share(struct text_table *table, const struct metric *metric)
{
    char text[CELL_TEXT_MAX];
    if (metric == NULL || metric->total == 0) {
        text_table_cell(table, dash);
        return;
    }
    text_table_cell(table, cell_share_text((double)metric->count / (double)metric->total, text));
}

void cell_count(struct text_table *table, const struct metric *metric)
{
    char text[NUMBER_TEXT_MAX];
    if (metric == NULL) {
        text_table_cell(table, dash);
        return;
    }
    text_table_cell(table, number_text_count(metric->count, text));
}

char *cell_bytes_text(double bytes, char text[CELL_TEXT_MAX])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    enum { UNIT_COUNT = sizeof units / sizeof units[0] };
    char number[NUMBER_TEXT_MAX];
    size_t unit = 0;
    while (unit + 1 < UNIT_COUNT && bytes >= 999.5) {
        bytes /= 1000.0;
        unit++;
    }
    snprintf(text, CELL_TEXT_MAX, "%s %s", number_text_table(bytes, DIGITS, number), units[unit]);
    return text;
}

void cell_bytes(struct text_table *table, double bytes)
{
    char text[CELL_TEXT_MAX];
    text_table_cell(table, cell_bytes_text(bytes, text));
}
