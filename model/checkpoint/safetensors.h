/* safetensors.h - reads the header of a .safetensors file.
 * Format (https://huggingface.co/docs/safetensors): u64 little-endian length of the header; the
 * header, a JSON object {name: {"dtype", "shape", "data_offsets": [begin, end]}} and
 * "__metadata__": {string: string}; then the data that the offsets count from. */
#ifndef MODEL_CHECKPOINT_SAFETENSORS_H
#define MODEL_CHECKPOINT_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>

struct contents;
struct error;

/* Whether the bytes look like a safetensors file, sound or not: a `{` where the header begins. */
bool safetensors_recognise(const unsigned char *bytes, size_t size);

/* Fills `contents` (all zero before), not yet sorted. Returns 0, or -1 with ERROR_MODEL (header
 * beyond the file or no JSON, duplicate keys, offsets outside the file, overlapping, or of another
 * size than shape and dtype ask for) or ERROR_MEMORY; contents then need contents_clear all the
 * same. */
int safetensors_read(const unsigned char *bytes, size_t size, struct contents *contents,
                     struct error *error);

#endif
