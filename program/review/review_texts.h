/* review_texts.h - the texts of records that have no file of their own, those in tars and in documents of many
 * images, in a temporary file without a name. */
#ifndef PROGRAM_REVIEW_REVIEW_TEXTS_H
#define PROGRAM_REVIEW_REVIEW_TEXTS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct error;

/* Begins with all zeros. */
struct review_texts {
    FILE *file;       /* owned: one text after the other */
    uint64_t *places; /* [count][2] owned: row, and where its text ends; by rising row */
    size_t count, capacity;
};

/* Keeps the text of a row, above all earlier ones. 0, or -1 with ERROR_IO or ERROR_MEMORY. */
int review_texts_add(struct review_texts *texts, size_t row, const char *text, size_t length,
                     struct error *error);

/* Reads the text of a row, once all are there; several threads may call it at once. *text is freed with
 * free(3). 0, or -1 with ERROR_RECORD (there is none), ERROR_IO or ERROR_MEMORY. */
int review_texts_read(const struct review_texts *texts, size_t row, char **text, size_t *length,
                      struct error *error);

void review_texts_free(struct review_texts *texts);

#endif
