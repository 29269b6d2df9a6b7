/* prompts.h - a batch of prompts, as callers give it to the mask decoder. Letters as in sam.h. */
#ifndef MODEL_DECODER_PROMPTS_H
#define MODEL_DECODER_PROMPTS_H

enum {
    SAM_MASKS = 4,      /* M: fixed by the official architecture */
    SAM_BATCH = 16,     /* P at most: large products, yet small enough for the caches */
    SAM_POINTS_MAX = 16 /* points a prompt */
};

/* Prompts of one kind. Coordinates are x, y in pixels of the model input (0..S). */
struct sam_prompts {
    int count;          /* P, 1..SAM_BATCH */
    int points;         /* points a prompt, 0..SAM_POINTS_MAX */
    const double *xy;   /* [P][points][2], NULL when points is 0 */
    const int *labels;  /* [P][points]: 1 foreground, 0 background, -1 padding; NULL: all 1 */
    const float *boxes; /* [P][4] x0 y0 x1 y1, or NULL */
    const float *texts; /* [P][E] embeddings of texts, E as sam_info.text_width; or NULL */
    const float
        *masks; /* [P][L][L] logits of an earlier mask, or NULL. EfficientSAM ignores them */
};

#endif
