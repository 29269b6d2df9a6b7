/* safetensors.h - reads the header of a .safetensors file.
 *
 * Format (https://huggingface.co/docs/safetensors): the header's length as a little-endian u64; the
 * header, a JSON object {name: {"dtype", "shape", "data_offsets": [begin, end]}} with an optional
 * "__metadata__": {string: string}; then the data. Offsets count from the start of the data. */
#ifndef MODEL_CHECKPOINT_SAFETENSORS_H
#define MODEL_CHECKPOINT_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>

struct tensor_table;
struct error;

/* Whether this looks like a safetensors file, valid or not: the header begins with `{`. */
bool safetensors_recognise(const unsigned char *bytes, size_t size);

/* Adds the tensors to `table`, which is unsorted after. Metadata is added where the table has none. Returns 0, or -1 with ERROR_MODEL
 * (the header is too long or no JSON, has duplicate keys, or has offsets that lie outside the file,
 * overlap or do not match shape and dtype) or ERROR_MEMORY. Call tensor_table_clear in any case. */
int safetensors_read(const unsigned char *bytes, size_t size, struct tensor_table *table,
                     struct error *error);

#endif
