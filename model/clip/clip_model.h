/* clip_model.h - what stands behind clip.h. Internal to model/clip. */
#ifndef MODEL_CLIP_CLIP_MODEL_H
#define MODEL_CLIP_CLIP_MODEL_H

#include "base/memory.h"
#include "model/clip/clip.h"
#include "model/clip/clip_tower.h"
#include "model/clip/clip_weights.h"

struct clip {
    struct checkpoint *checkpoint; /* owned: norms, positions and tokens are read from it */
    struct clip_weights weights;
    struct clip_info info;
};

struct clip_scratch {
    struct arena arena;
    size_t images;    /* at a time */
    size_t text_rows; /* tokens of all texts at a time */
    struct clip_buffers buffers;
};

/* Whether all embeddings[count][width] are finite and none is zero; if not, *bad is the first that is. */
bool clip_are_sound(const float *embeddings, size_t count, size_t width, size_t *bad);

#endif
