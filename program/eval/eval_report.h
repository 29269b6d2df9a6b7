/* eval_report.h - the results of `maskmill eval`, as text and as JSON. */
#ifndef PROGRAM_EVAL_EVAL_REPORT_H
#define PROGRAM_EVAL_EVAL_REPORT_H

#include <stdbool.h>

struct edge_evaluator;
struct eval_scores;
struct json_text;

/* One JSON object; docs/evaluation.md lists its members. The mean of no values is null. Without
 * `clicks` there is no member "single_click". */
void eval_json(const struct eval_scores *scores, bool clicks, struct json_text *text);

/* A table, to standard output. The mean of no values is a dash. */
void eval_print(const struct eval_scores *scores, bool clicks);

/* The same of --edges. */
void eval_edges_json(const struct edge_evaluator *evaluator, struct json_text *text);
void eval_edges_print(const struct edge_evaluator *evaluator);

#endif
