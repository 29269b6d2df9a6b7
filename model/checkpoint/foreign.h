/* foreign.h - names files that are no checkpoints of PyTorch or safetensors, and says what to do.
 * Internal to model/checkpoint. */
#ifndef MODEL_CHECKPOINT_FOREIGN_H
#define MODEL_CHECKPOINT_FOREIGN_H

#include <stddef.h>

struct zip;

#define FOREIGN_TORCHSCRIPT                                                                        \
    "a TorchScript archive without weights in its modules, a program alone: load it with "         \
    "torch.jit.load if you trust it, and save model.state_dict() with torch.save"

/* What the file's first bytes show it to be, and what to do ("a Git LFS pointer, not the file: run
 * git lfs pull"): a constant text, or NULL if it is nothing known. */
const char *foreign_file(const unsigned char *bytes, size_t size);

/* As foreign_file, of a zip archive, by the names of its members. NULL for what torch.save writes
 * and for an archive of nothing known. One of TorchScript is named only if it has no data.pkl. */
const char *foreign_zip(const struct zip *zip);

#endif
