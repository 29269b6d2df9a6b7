/* shards.h - a checkpoint in several files, as transformers saves it: NAME.index.json lists which file
 * (shard) has which tensor. Internal to model/checkpoint.
 *
 * Format (transformers, shard_checkpoint): a JSON object with "weight_map": {tensor's name: file beside
 * the index}. Everything else in it is passed over. The index is untrusted: files that it names lie in its
 * own folder, and there are few. */
#ifndef MODEL_CHECKPOINT_SHARDS_H
#define MODEL_CHECKPOINT_SHARDS_H

#include <stdbool.h>
#include <stddef.h>

struct error;

enum {
    SHARDS_MAX = 1024,
    SHARDS_INDEX_MAX = 1 << 24 /* bytes; that of a model of 100,000 tensors is smaller */
};

struct shards {
    char **names; /* [count], owned; sorted, each once */
    size_t count, capacity;
};

/* Whether this looks like an index, valid or not: a JSON object that mentions a weight map. */
bool shards_recognise(const unsigned char *bytes, size_t size);

/* Reads an index. Returns 0, or -1 with ERROR_MODEL (too long or no JSON, no weight map, a name that is no
 * plain file name, too many shards) or ERROR_MEMORY. shards_free is due in any case. */
int shards_read(const unsigned char *bytes, size_t size, struct shards *shards,
                struct error *error);

void shards_free(struct shards *shards);

/* What of a folder is the model: the first there of model.safetensors, its index, pytorch_model.bin and
 * its index, in transformers' order; "FOLDER/NAME", freed by the caller. NULL with ERROR_MODEL (none is
 * there) or ERROR_MEMORY. */
char *shards_find(const char *folder, struct error *error);

#endif
