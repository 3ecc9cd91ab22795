/*
 * report_conflicts.h - the tables for people about writes that meet.
 *
 * Model:  one line for each dataset with several writers in which writes met or whose values merge:
 *         how often, what was lost and why, how far replicas differ and for how long. One more for
 *         each dataset whose values merge: what its type makes visible. A dash: it can not happen
 *         there, or there were none. Nothing where one leader orders all writes.
 */
#ifndef ANALYSIS_REPORT_CONFLICTS_H
#define ANALYSIS_REPORT_CONFLICTS_H

#include "analysis/report.h"

void report_conflicts(FILE *stream, const struct report *report, bool colour, unsigned rows_max);

#endif
