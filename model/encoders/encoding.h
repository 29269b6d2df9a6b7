/* encoding.h - what an image encoder makes of an image, and its sizes. Letters as in sam.h. */
#ifndef MODEL_ENCODERS_ENCODING_H
#define MODEL_ENCODERS_ENCODING_H

#include <stdbool.h>

/* How a region of an image becomes the square input of side S. */
enum sam_resize {
    SAM_RESIZE_LONGEST, /* the longer side to S, zeros to the right and below; SAM's */
    SAM_RESIZE_SQUARE   /* both sides to S; SAM 2's */
};

/* Constant for the life of an encoder. */
struct encoder_info {
    const char *family; /* of published models, as their authors call it: "SAM", "SAM 2.1" */
    const char *name;   /* what people call the encoder: "ViT-B" */
    enum sam_resize resize;
    int image_size;       /* S */
    int prompt_size;      /* side of the square in whose pixels prompts are given: S, but where the
                             published code encodes a smaller image than it takes prompts of */
    int grid;             /* G */
    int embed_dim;        /* C */
    bool high_resolution; /* whether `high` of struct encoding is written */
    int early_channels;   /* of `early`; 0: it is not written */
};

/* The arrays belong to the caller; those that the model lacks are NULL. */
struct encoding {
    float *embedding; /* [C][G][G] */

    /* SAM 2's features for the upscaling, behind conv_s0 and conv_s1 of its mask decoder, channels
     * last: [4G][4G][C/8] and [2G][2G][C/4] */
    float *high[2];

    /* The tokens after the first global block (SAM-HQ), channels last: [G][G][early_channels] */
    float *early;
};

#endif
