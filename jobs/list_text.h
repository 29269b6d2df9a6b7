/* list_text.h - the entries of a text list, in the order of its lines. A part of list.c.
 *
 * An entry is taken as it stands if a file of that name is there. Otherwise, and where entries are no
 * files, what other systems leave around a name is dropped: a UTF-8 byte order mark before it, the CR of CR LF, blanks and tabs on
 * both sides. A list whose entries end in NUL is exact: nothing is dropped from it. */
#ifndef JOBS_LIST_TEXT_H
#define JOBS_LIST_TEXT_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct list_text;

/* Opens the list `name`, "-" for standard input. `files`: its entries are paths of this machine. If it is not a regular file it is copied to an
 * unlinked temporary file, so that it can be read twice. `name` must outlive the list. Returns NULL
 * with ERROR_IO or ERROR_MEMORY; closed with list_text_close. */
struct list_text *list_text_open(const char *name, bool null_separated, bool files,
                                 struct error *error);

/* The next entry that is not empty. Returns 1 with its path, valid until the next call, and its line
 * (or, in a list with NUL, its number), from 1; 0 at the end; or -1 with ERROR_IO, ERROR_MEMORY or
 * ERROR_USAGE (the list is in UTF-16, or a line holds a NUL). */
int list_text_next(struct list_text *text, const char **path, uint64_t *line, struct error *error);

/* Starts again from the first entry. Returns 0, or -1 with ERROR_IO. */
int list_text_rewind(struct list_text *text, struct error *error);

/* NULL is allowed. */
void list_text_close(struct list_text *text);

#endif
