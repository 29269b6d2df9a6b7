/* pth.h - reads files of torch.save and torch.jit.save without running any code in them. There are two layouts:
 *
 * Zip (torch 1.6 and later): NAME/data.pkl is a pickle of the dictionary of tensors, NAME/data/KEY
 * holds the raw numbers of one storage, and NAME/byteorder (optional) says "little". A TorchScript archive is such a
 * file, too, with NAME/constants.pkl beside the pickle; its modules are read as data (pth_script.h).
 *
 * Legacy (_legacy_save in torch/serialization.py): five pickles in a row - a magic number, the
 * protocol version 1001, facts about the machine, the dictionary, the list of storage keys - then
 * for each key an int64 count and that many raw numbers. */
#ifndef MODEL_CHECKPOINT_PTH_H
#define MODEL_CHECKPOINT_PTH_H

#include <stdbool.h>
#include <stddef.h>

struct tensor_table;
struct error;

/* Whether the bytes begin like one of the two layouts, valid or not. */
bool pth_recognise(const unsigned char *bytes, size_t size);

/* Adds the tensors to `table`, which is unsorted after, with pointers into `bytes`. Returns
 * 0, or -1 with ERROR_MODEL or ERROR_MEMORY. Call tensor_table_clear in any case. */
int pth_read(const unsigned char *bytes, size_t size, struct tensor_table *table,
             struct error *error);

#endif
