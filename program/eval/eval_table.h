/* eval_table.h - figures of several data sets or classes: as a table, as JSON, as CSV. */
#ifndef PROGRAM_EVAL_EVAL_TABLE_H
#define PROGRAM_EVAL_EVAL_TABLE_H

#include <stdbool.h>

struct error;
struct eval_row;
struct eval_rows;
struct json_text;

/* A table to standard output, of the classes or of the data sets in `rows`, with the figures that any of
 * them has. `heading` is above their names. */
void eval_table_print(const struct eval_rows *rows, const char *heading, bool of_classes);

/* One row's figures as the members of an object, each with ", " before it; without those that are means of
 * nothing. */
void eval_table_json(const struct eval_row *row, struct json_text *text);

/* Whether eval_table_csv may write to that path. 0, or -1 as it. */
int eval_table_csv_check(const char *path, struct error *error);

/* Writes all figures of all rows to a file, a line for each; a mean of nothing is an empty cell. Only a
 * file that this function has written is replaced. Returns 0, or -1 with ERROR_USAGE, ERROR_IO or
 * ERROR_MEMORY. */
int eval_table_csv(const struct eval_rows *rows, const char *path, struct error *error);

#endif
