/* tensor_prefix.h - what a training script adds to the names of tensors. Internal to
 * model/checkpoint.
 *
 * A prefix before all names: "module." (DataParallel), "_orig_mod." (torch.compile), "model."
 * (Lightning), "sam.". Wrappers within names, where a part of the model was compiled or wrapped
 * alone: image_encoder._orig_mod.pos_embed. */
#ifndef MODEL_CHECKPOINT_TENSOR_PREFIX_H
#define MODEL_CHECKPOINT_TENSOR_PREFIX_H

#include <stdbool.h>
#include <stddef.h>

struct tensor_table;

/* Whether name[0..length) is the tensor by which an image encoder is recognised, wrappers left out,
 * behind any prefix that ends in a dot. If so, *prefix is that prefix's length, 0 for the official
 * name. */
bool tensor_prefix_of_encoder(const char *name, size_t length, size_t *prefix);

/* Drops wrappers from all names and sets table->wrapper. Then drops the prefix before the image encoder's tensors from all names that have it, and sets
 * table->prefix. No prefix is dropped if an encoder has its official name, or if there is none. Names
 * without the prefix stay, for checkpoint_check_unused to refuse. The table is unsorted afterwards.
 */
void tensor_prefix_drop(struct tensor_table *table);

#endif
