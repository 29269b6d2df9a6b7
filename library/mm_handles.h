/* mm_handles.h - what is inside the opaque types of include/maskmill.h. For library/, and for the
 * commands that work with the stages themselves: rows of tiles, times of each stage. */
#ifndef LIBRARY_MM_HANDLES_H
#define LIBRARY_MM_HANDLES_H

#include "filters/mask.h"
#include "images/image.h"
#include "include/maskmill.h"
#include "pipeline/options.h"

struct embedding;
struct error;

struct mm_model {
    struct sam *sam; /* owned */
};

struct mm_options {
    struct generator_options generator; /* own_points is owned */
};

struct mm_image {
    struct image pixels; /* owned */
};

struct mm_embedding {
    struct embedding *embedding; /* owned */
    const struct sam *sam;       /* borrowed: the model that made it */
};

struct mm_masks {
    int32_t width, height;
    struct mask_list list; /* owned */
    size_t *prompts; /* [list.count] owned: whose each is; NULL: of one prompt, or of generate */
    float *logits;   /* [list.count][low_size][low_size], owned; NULL of generate */
    size_t plane;    /* low_size * low_size */
};

/* The model behind the handle; lives as long as it. */
static inline const struct sam *mm_model_sam(const struct mm_model *model)
{
    return model->sam;
}

/* Copies an error to the caller's struct, where there is one. Always returns -1. */
int mm_error_fill(struct mm_error *to, const struct error *from);

/* What prompts on the segmenter's image go to: the embedding that was set, or the image's, which is
 * encoded if it must be. Valid until the segmenter encodes. NULL with an error. */
const struct embedding *mm_segmenter_prompted(struct mm_segmenter *segmenter, struct error *error);

/* The embedding of a text that belongs to every prompt from now on, [sam_info.text_width] numbers, borrowed; NULL:
 * none. A prompt may then have nothing else. A model that takes no texts refuses such prompts. */
void mm_segmenter_set_text(struct mm_segmenter *segmenter, const float *text);

const struct mm_model *mm_segmenter_model(const struct mm_segmenter *segmenter);
int mm_segmenter_threads(const struct mm_segmenter *segmenter);

/* mm_segmenter_predict_many, but the masks have their logits, low_size^2 floats each. 0 or -1. */
int mm_segmenter_predict_logits(struct mm_segmenter *segmenter, const struct mm_prompt *prompts,
                                size_t count, struct mm_masks **masks, struct error *error);

/* Copies options, their points included. NULL with ERROR_MEMORY. */
struct mm_options *mm_options_copy(const struct mm_options *options, struct error *error);

#endif
