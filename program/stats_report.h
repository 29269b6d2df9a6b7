/* stats_report.h - what `maskmill stats` prints. */
#ifndef PROGRAM_STATS_REPORT_H
#define PROGRAM_STATS_REPORT_H

struct stats;

/* Prints text to standard output. */
void stats_print(const struct stats *stats);

#endif
