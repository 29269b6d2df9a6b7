/* review_engine.h - the model of a review: images encoded once and ahead, prompts answered, and the logits of
 * the last answers kept, so that further clicks refine a mask. Any thread may call; one prompt is answered at
 * a time. */
#ifndef PROGRAM_REVIEW_REVIEW_ENGINE_H
#define PROGRAM_REVIEW_REVIEW_ENGINE_H

#include <stddef.h>
#include <stdint.h>

struct cache_image;
struct error;
struct image_pool;
struct json_text;
struct mm_model;
struct review_engine;
struct settings;

/* What the engine works with. All borrowed; they outlive it. */
struct review_engine_options {
    const struct mm_model *model;
    const struct settings *settings; /* completed */
    struct image_pool *pool;         /* reads images */
    int threads;                     /* of the model */
    uint64_t bytes;                  /* of embeddings that are kept */
};

/* NULL with ERROR_MEMORY or another of the library's errors. */
struct review_engine *review_engine_new(const struct review_engine_options *options,
                                        struct error *error);

/* No call is under way. NULL is allowed. */
void review_engine_free(struct review_engine *engine);

/* An image and its row. */
struct engine_image {
    const struct cache_image *file;
    size_t row;
    uint32_t width, height; /* pixels, as its record says; 0: it does not */
};

/* Answers a prompt in untrusted JSON (program/prompts/prompt_json.h); another member may be
 *   "previous": {"answer": 7, "mask": 1}    mask 1 of answer 7 about this image goes in as mask prompt
 * Appends {"answer", "masks": [{"counts", "area", "bbox", "predicted_iou", "stability_score"}], "seconds"}.
 * Returns 0, or -1 with ERROR_USAGE (what is wrong with the prompt), ERROR_RECORD (the answer is not kept any
 * more), ERROR_IMAGE (it cannot be read, or has another size than its record says), ERROR_MEMORY or another of
 * the library's errors. */
int review_engine_predict(struct review_engine *engine, const struct engine_image *image,
                          const char *body, size_t length, struct json_text *text,
                          struct error *error);

/* Encodes these images soon, in their order; returns at once. */
void review_engine_ahead(struct review_engine *engine, const struct cache_image *images,
                         size_t count);

#endif
