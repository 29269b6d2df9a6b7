/* eval_report.h - the results of `maskmill eval`, as text and as JSON. */
#ifndef PROGRAM_EVAL_EVAL_REPORT_H
#define PROGRAM_EVAL_EVAL_REPORT_H

#include <stdbool.h>

struct edge_evaluator;
struct eval_sums;
struct json_text;

/* The members of a JSON object that the caller opens and closes; docs/evaluation.md lists them. The
 * mean of no values is null. Without `clicks` there is no member "single_click". Sorts the detections of `sums`. */
void eval_json(struct eval_sums *sums, bool clicks, struct json_text *text);

/* A table, to standard output. The mean of no values is a dash. */
void eval_print(struct eval_sums *sums, bool clicks);

/* The same of --edges. */
void eval_edges_json(const struct edge_evaluator *evaluator, struct json_text *text);
void eval_edges_print(const struct edge_evaluator *evaluator);

#endif
