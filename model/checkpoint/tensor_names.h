/* tensor_names.h - the names that other programs give to the tensors of a model: one table a naming,
 * which maps them to the official ones. Internal to model/checkpoint. */
#ifndef MODEL_CHECKPOINT_TENSOR_NAMES_H
#define MODEL_CHECKPOINT_TENSOR_NAMES_H

#include <stddef.h>

struct error;
struct tensor_table;

/* The tensor by which naming `i` is recognised, or NULL if there are fewer namings. */
const char *tensor_names_encoder(size_t i);

/* Gives the tensors of a file in another naming their official names; tensor->own keeps the file's.
 * Sets table->naming. A file whose image encoder has its official name stays as it is, and so do names
 * that are not in the table. The table is unsorted afterwards. Returns 0, or -1 with ERROR_MEMORY. */
int tensor_names_translate(struct tensor_table *table, struct error *error);

/* What the table's naming calls an official name, for messages about tensors that are missing: the
 * name itself, or `text`[size], cut if it does not fit. */
const char *tensor_names_own(const struct tensor_table *table, const char *official, char *text,
                             size_t size);

#endif
