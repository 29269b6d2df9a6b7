/* checkpoint.h - named tensors of a checkpoint file, handed out as float32 after a check of name,
 * shape and finiteness. Formats: .safetensors, and .pth/.pt as torch.save writes them (a zip with a
 * pickle, or the older plain layout); told apart by content, never by the file's name.
 *
 * The file is memory-mapped read-only. F32 tensors are used where they lie; F16 and BF16 ones are
 * converted when asked for. A checkpoint belongs to one thread while it is loaded from; afterwards
 * the tensors handed out are constant and any thread may read them. A mapped file must not be
 * shortened while it is in use (replace it by renaming, as everything careful does).
 *
 * How a loader uses it:
 *   checkpoint_open, checkpoint_shape (to derive the sizes), checkpoint_tensor for every tensor of
 *   the architecture (and checkpoint_release for those that were repacked),
 *   checkpoint_check_unused, and checkpoint_close when the model is freed.
 */
#ifndef MODEL_CHECKPOINT_CHECKPOINT_H
#define MODEL_CHECKPOINT_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/checkpoint/shape.h"

struct error;
struct checkpoint;

/* Opens and reads the table of contents. Returns 0, or -1 with ERROR_IO (the file cannot be read),
 * ERROR_MODEL (no checkpoint, damaged, or one that would need code to run) or ERROR_MEMORY; each
 * text begins with the path. *checkpoint is the caller's, to close. */
int checkpoint_open(struct checkpoint **checkpoint, const char *path, struct error *error);

/* As checkpoint_open, from the `size` bytes of a checkpoint in memory, which must stay readable
 * and unchanged until the checkpoint is closed. `name` stands for the path in messages. */
int checkpoint_open_memory(struct checkpoint **checkpoint, const void *bytes, size_t size,
                           const char *name, struct error *error);

/* Ends the life of every tensor handed out. NULL is allowed. */
void checkpoint_close(struct checkpoint *checkpoint);

/* Whether there is a tensor of that name; if so and `shape` is not NULL, its shape is written
 * there. Does not mark it as used. */
bool checkpoint_shape(const struct checkpoint *checkpoint, const char *name, struct shape *shape);

/* The tensor `name` as contiguous float32, row-major, checked to have exactly the shape `expected`
 * and to hold finite numbers only; marks it as used. Lives until checkpoint_release or
 * checkpoint_close and must not be written. Aligned to 4 bytes, not more: vector code uses
 * unaligned loads or repacks. Asking again returns the same pointer. Returns NULL with ERROR_MODEL
 * ("vit.pth: tensor neck.0.weight is [1,128], expected [1,256]"; missing, other dtype, NaN) or
 * ERROR_MEMORY. */
const float *checkpoint_tensor(struct checkpoint *checkpoint, const char *name,
                               struct shape expected, struct error *error);

/* Gives back the memory behind a tensor that checkpoint_tensor returned, once the caller has
 * repacked or folded it: weights are then never held twice. Its pointer is dead; the mark stays. */
void checkpoint_release(struct checkpoint *checkpoint, const char *name);

/* One line of a table of tensors that share a prefix. */
struct checkpoint_want {
    const float **tensor; /* where the pointer goes */
    const char *name;     /* what follows the prefix */
    struct shape shape;
};

/* checkpoint_tensor for prefix + name of each of `count` wants, stopping at the first failure.
 * Returns 0 or -1. */
int checkpoint_tensors(struct checkpoint *checkpoint, const char *prefix,
                       const struct checkpoint_want *wants, size_t count, struct error *error);

/* Refuses the checkpoint if it holds a tensor that was never asked for: it is then of another
 * architecture than the loader took it for. Known passengers are let through: names that end in
 * attention_bias_idxs, num_batches_tracked, pixel_mean or pixel_std, and all below
 * image_encoder.norm_head and image_encoder.head (MobileSAM's classifier).
 * Returns 0, or -1 with ERROR_MODEL naming the first such tensor and their number. */
int checkpoint_check_unused(const struct checkpoint *checkpoint, struct error *error);

/* The value of a safetensors metadata key, or NULL. Lives as long as the checkpoint. */
const char *checkpoint_metadata(const struct checkpoint *checkpoint, const char *key);

/* Metadata pair `i` in the order of the file; false when there are no more. */
bool checkpoint_metadata_at(const struct checkpoint *checkpoint, size_t i, const char **key,
                            const char **value);

struct checkpoint_summary {
    const char *format;  /* "safetensors", "PyTorch zip" or "PyTorch legacy" */
    size_t tensors;      /* tensors marked as used */
    uint64_t parameters; /* numbers in them */
    const char *dtype;   /* as stored: "F32", "F16", "BF16", or "mixed" */
};

/* What was used so far; the texts are constants. */
struct checkpoint_summary checkpoint_summary(const struct checkpoint *checkpoint);

#endif
