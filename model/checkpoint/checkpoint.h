/* checkpoint.h - the named tensors of a checkpoint, as float32: of one file, or of several that an index lists.
 *
 * Input is untrusted; all of it is validated: offsets against the file's size, shapes against what
 * the caller expects, numbers for being finite. Formats are .safetensors, .pth/.pt as torch.save
 * writes them (zip and legacy layout), and TorchScript archives, of which the weights alone are
 * read. They are recognised by content, never by the file's name.
 *
 * The file is memory-mapped read-only. F32 tensors are used in place; F16 and BF16 tensors are
 * converted on first use. One thread loads from a checkpoint; afterwards any thread may read its
 * tensors. A mapped file must not be shortened while it is in use: replace it by renaming.
 *
 * A loader calls
 *   checkpoint_open
 *   checkpoint_check_family
 *   checkpoint_shape           to derive the sizes
 *   checkpoint_tensor          for every tensor of the architecture
 *   checkpoint_release         for every tensor that it has repacked
 *   checkpoint_check_unused
 *   checkpoint_close           when the model is freed
 */
#ifndef MODEL_CHECKPOINT_CHECKPOINT_H
#define MODEL_CHECKPOINT_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/checkpoint/shape.h"

struct error;
struct checkpoint;

/* Opens a file and reads its table of tensors. A folder stands for what transformers loads from
 * it, and an index of shards for all files that it lists (shards.h). Names are the official
 * ones: a prefix that a training script left before all of them is dropped, and transformers'
 * names are translated. Messages have the file's own names. Returns 0, or -1 with ERROR_IO (the
 * file cannot be read), ERROR_MODEL (no checkpoint, damaged, or one that needs code to be run)
 * or ERROR_MEMORY; messages begin with the path. The caller closes *checkpoint, which is NULL
 * after a failure. */
int checkpoint_open(struct checkpoint **checkpoint, const char *path, struct error *error);

/* As checkpoint_open, from `size` bytes in memory, which must stay unchanged until the checkpoint
 * is closed. `name` replaces the path in messages. */
int checkpoint_open_memory(struct checkpoint **checkpoint, const void *bytes, size_t size,
                           const char *name, struct error *error);

/* Frees the checkpoint and every tensor that it handed out. NULL is allowed. */
void checkpoint_close(struct checkpoint *checkpoint);

/* The whole file `file` (0: the only one, or the first of the shards in the order of their
 * names), [*size] bytes, which live as long as the checkpoint; NULL if there are fewer. */
const void *checkpoint_bytes(const struct checkpoint *checkpoint, size_t file, size_t *size);

/* Whether all files still have the size and the time of their opening. A checkpoint in the caller's
 * memory counts as unchanged. Returns 0, or -1 with ERROR_IO. */
int checkpoint_check_unchanged(const struct checkpoint *checkpoint, struct error *error);

/* Whether the checkpoint has a tensor of that name. If so, *shape (may be NULL) is its shape. Does
 * not mark the tensor as used. */
bool checkpoint_shape(const struct checkpoint *checkpoint, const char *name, struct shape *shape);

/* The tensor `name` as contiguous, row-major float32, and marks it as used. Its shape must be
 * `expected`, and all its numbers finite. The pointer is valid until checkpoint_release or
 * checkpoint_close, read-only, and aligned to 4 bytes only: vector code uses unaligned loads or
 * repacks. Another call returns the same pointer. Returns NULL with ERROR_MODEL ("vit.pth: tensor
 * neck.0.weight is [1,128], expected [1,256]"; also missing, other dtype, NaN) or ERROR_MEMORY. */
const float *checkpoint_tensor(struct checkpoint *checkpoint, const char *name,
                               struct shape expected, struct error *error);

/* The file's name for the first tensor in the order of the official names. */
const char *checkpoint_first_name(const struct checkpoint *checkpoint);

enum { CHECKPOINT_NAME_SIZE = 512 };

/* What the file calls the tensor of that official name, or would call it; for messages. A slice of a
 * stack has its number behind the stack's name. Lives as long as the three arguments. */
const char *checkpoint_own_name(const struct checkpoint *checkpoint, const char *name,
                                char text[CHECKPOINT_NAME_SIZE]);

/* Frees the memory of a tensor that the caller has repacked or folded, so that weights are not held
 * twice. Its pointer becomes invalid; it stays marked as used. */
void checkpoint_release(struct checkpoint *checkpoint, const char *name);

/* Refuses a model of a family that is known but not read, and names it. Returns 0, or -1 with
 * ERROR_MODEL. */
int checkpoint_check_family(const struct checkpoint *checkpoint, struct error *error);

/* A tensor that a loader wants. */
struct checkpoint_want {
    const float **tensor; /* where the pointer goes */
    const char *name;     /* without the prefix */
    struct shape shape;
};

/* Calls checkpoint_tensor for prefix + name of each of `count` wants and stops at the first
 * failure. Returns 0 or -1. */
int checkpoint_tensors(struct checkpoint *checkpoint, const char *prefix,
                       const struct checkpoint_want *wants, size_t count, struct error *error);

/* Refuses a checkpoint with unused tensors: its architecture is not the one that the loader
 * assumed. Non-parameter buffers are ignored (attention_bias_idxs, num_batches_tracked, pixel_mean,
 * pixel_std, n_averaged; CLIP's input_resolution, context_length, vocab_size, attn_mask,
 * position_ids), and so are MobileSAM's classifier (image_encoder.norm_head and image_encoder.head)
 * and what masks of a still image do not need of SAM 2 (pred_obj_score_head,
 * memory_attention, obj_ptr_proj and the like). Returns 0, or -1 with ERROR_MODEL, which counts the
 * tensors and names the first. */
int checkpoint_check_unused(const struct checkpoint *checkpoint, struct error *error);

/* The value of a metadata key of a safetensors file, or NULL. Valid as long as the checkpoint. */
const char *checkpoint_metadata(const struct checkpoint *checkpoint, const char *key);

/* Metadata pair `i` in the order of the file; false if there are fewer. */
bool checkpoint_metadata_at(const struct checkpoint *checkpoint, size_t i, const char **key,
                            const char **value);

struct checkpoint_summary {
    const char *format;  /* "safetensors", "PyTorch zip", "PyTorch legacy" or "TorchScript" */
    size_t files;        /* 1, or as many as the index of shards lists */
    size_t tensors;      /* marked as used */
    uint64_t parameters; /* numbers in them */
    const char *dtype;   /* as stored: "F32", "F16", "BF16", "F64" or "mixed" */
    const char *inside;  /* keys of the dictionaries around the tensors: "", "model", "ema.model" */
    const char *prefix;  /* dropped from the names of all tensors: "", "module." */
    const char
        *wrapper; /* dropped within names (the last, if there are several): "", "_orig_mod." */
    const char *naming; /* whose names the file has: "official", "transformers" */
};

/* The tensors used so far. The texts live as long as the checkpoint; all can be printed. */
struct checkpoint_summary checkpoint_summary(const struct checkpoint *checkpoint);

#endif
