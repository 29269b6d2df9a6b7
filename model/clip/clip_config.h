/* clip_config.h - what transformers' config.json says of a CLIP and no tensor does: the activation of each tower's
 * MLP, and how many heads it has. */
#ifndef MODEL_CLIP_CLIP_CONFIG_H
#define MODEL_CLIP_CLIP_CONFIG_H

#include "model/clip/clip_weights.h"

enum { CLIP_CONFIG_MAX = 1 << 20 }; /* bytes of the file; the published ones have 4,000 */

/* Reads config.json in the folder `path`, or beside the file `path`, and sets the towers' activations: `hidden_act` is
 * quick_gelu, gelu, or missing, which means quick_gelu. Without the file, or if it belongs to a model that is no CLIP
 * (model_type), nothing changes. Returns 0, or -1 with
 * ERROR_MODEL (damaged, another activation, heads that are not 64 wide), ERROR_IO or ERROR_MEMORY. */
int clip_config_apply(struct clip_weights *weights, const char *path, struct error *error);

/* Whether the towers' heads can be taken for 64 wide: config.json says so, or published models of this width and
 * narrower ones have such heads. That is an image tower of 1024 (ViT-L/14) and a text tower of 1280 (ViT-bigG/14);
 * the image towers of ViT-H/14, g/14 and bigG/14 have heads of 80, 88 and 104 and widths that are multiples of 64.
 * Source: OpenCLIP's model_configs. 0, or -1 with ERROR_MODEL. */
int clip_config_check_heads(const struct clip_weights *weights, struct error *error);

/* The same as clip_config_apply of a text; messages do not name a file. */
int clip_config_read(struct clip_weights *weights, const char *text, size_t length,
                     struct error *error);

#endif
