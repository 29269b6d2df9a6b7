/* pth_storage.h - the blocks of numbers ("storages") that the tensors of a PyTorch pickle point
 * into. Internal to pth.c and pth_tensor.c. */
#ifndef MODEL_CHECKPOINT_PTH_STORAGE_H
#define MODEL_CHECKPOINT_PTH_STORAGE_H

#include <stddef.h>

#include "model/checkpoint/pickle.h"
#include "model/checkpoint/tensor_table.h"

/* The functions and classes that a pickle of torch.save may name, for pickle_read; see
 * pth_functions.c. Their `tag`: */
extern const struct pickle_function pth_functions[];
enum pth_function {
    PTH_ORDERED_DICT,
    PTH_TENSOR,    /* torch._utils._rebuild_tensor and _rebuild_tensor_v2 */
    PTH_PARAMETER, /* wraps the tensor that is its first argument */
    PTH_FROM_TYPE, /* its arguments: a function that rebuilds, a class, the function's arguments */
    PTH_DATA,      /* no part of weights: passed over */
    PTH_STORAGE    /* a storage class: PTH_STORAGE + its enum dtype */
};

struct pth_storage {
    const char *key; /* within the pickle, not terminated */
    size_t key_length;
    enum dtype dtype;
    size_t count;               /* numbers */
    const unsigned char *bytes; /* count * dtype_size of them; NULL until located */
};

/* Sorted by key, each key once. */
struct pth_storages {
    struct pth_storage *list;
    size_t count, capacity;
};

/* Lists all storages that the pickle refers to; they are not located yet. Returns 0, or -1 with
 * ERROR_MODEL (damaged, or one key with two types) or ERROR_MEMORY. Call pth_storages_free in any
 * case. */
int pth_storages_collect(struct pth_storages *storages, const struct pickle *pickle,
                         struct error *error);

void pth_storages_free(struct pth_storages *storages);

/* The storage of that key, or NULL. */
struct pth_storage *pth_storages_find(const struct pth_storages *storages, const char *key,
                                      size_t length);

/* The storage that a PICKLE_PERSISTENT value names, or NULL. */
const struct pth_storage *pth_storages_resolve(const struct pth_storages *storages,
                                               const struct pickle_value *persistent);

/* Adds one tensor; `arguments` are those of the call that builds it (pth_find_tensor). Its storage must be located.
 * Returns 0, or -1 with ERROR_MODEL (a name that cannot be printed, numbers outside the storage) or ERROR_MEMORY. */
int pth_add_tensor(const char *name, size_t length, const struct pickle_value *arguments,
                   const struct pth_storages *storages, struct tensor_table *table,
                   struct error *error);

/* Adds the tensors of the pickle's dictionary of weights to `table` and sets table->inside; see
 * pth_find_weights. Every storage must be located. Returns 0, or -1 with
 * ERROR_MODEL or ERROR_MEMORY. */
int pth_add_tensors(const struct pickle *pickle, const struct pth_storages *storages,
                    struct tensor_table *table, struct error *error);

#endif
