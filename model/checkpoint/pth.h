/* pth.h - reads what torch.save writes, without running anything of it. Two layouts:
 *
 * Zip (torch 1.6 and later): members NAME/data.pkl, a pickle of the dictionary of tensors;
 * NAME/data/KEY, the raw numbers of one storage each; NAME/byteorder, "little" if it is there.
 *
 * Legacy: five pickles one after the other (a magic number; the protocol version 1001; facts about
 * the machine; the dictionary; the list of storage keys), then for each key of the list an int64
 * count and that many raw numbers. (torch/serialization.py, _legacy_save) */
#ifndef MODEL_CHECKPOINT_PTH_H
#define MODEL_CHECKPOINT_PTH_H

#include <stdbool.h>
#include <stddef.h>

struct contents;
struct error;

/* Whether the bytes begin as one of the two layouts, sound or not. */
bool pth_recognise(const unsigned char *bytes, size_t size);

/* Fills `contents` (all zero before), not yet sorted, with pointers into `bytes`. Returns 0, or -1
 * with ERROR_MODEL or ERROR_MEMORY; contents then need contents_clear all the same. */
int pth_read(const unsigned char *bytes, size_t size, struct contents *contents,
             struct error *error);

#endif
