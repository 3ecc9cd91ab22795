/*
 * report_failures.h - the tables for people about failures.
 *
 * Model:  one line for each fault and operation: the client region that took longest to recover and
 *         the parts of its time, means over occurrences and replications (they add up); one for
 *         what each fault took; one for each dataset whose leader changed or was missing. Nothing
 *         without faults and changes of leader.
 */
#ifndef ANALYSIS_REPORT_FAILURES_H
#define ANALYSIS_REPORT_FAILURES_H

#include "analysis/report.h"

void report_failures(FILE *stream, const struct report *report, bool colour, unsigned rows_max);

#endif
