#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "library/mm_handles.h"
#include "model/sam.h"
#include "pipeline/embedding.h"
#include "pipeline/generate.h"
#include "pipeline/mask_prompt.h"
#include "pipeline/predict_many.h"

struct mm_segmenter {
    const struct mm_model *model; /* borrowed */
    struct mm_options *options;   /* owned */
    int threads;
    struct generator *generator;   /* owned */
    struct predictors *predictors; /* owned */
    const struct mm_image *image;  /* borrowed; NULL before the first, and with an embedding */
    bool encoded;                  /* the generator holds the embedding of the whole of `image` */
    const struct embedding *embedding; /* borrowed: in place of an image; NULL: none */
    const float *text;                 /* borrowed: of every prompt; NULL: none */
};

static int segmenter_init(struct mm_segmenter *segmenter, const struct mm_options *options,
                          int threads, struct error *error)
{
    if (threads < 1)
        return error_set(error, ERROR_USAGE, "%d threads: expected at least 1", threads);
    segmenter->threads = threads;
    segmenter->options = options ? mm_options_copy(options, error) : NULL;
    if (!segmenter->options)
        return -1;
    const struct generator_options *generator = &segmenter->options->generator;
    const struct predictor_options predictor = {generator->mask_threshold,
                                                generator->stability_score_offset};
    if (generator_options_check(generator, error) ||
        !(segmenter->generator = generator_new(segmenter->model->sam, generator, threads, error)))
        return -1;
    segmenter->predictors = predictors_new(segmenter->model->sam, &predictor, threads, error);
    return segmenter->predictors ? 0 : -1;
}

struct mm_segmenter *mm_segmenter_new(const struct mm_model *model,
                                      const struct mm_options *options, int threads,
                                      struct mm_error *caller)
{
    struct error error = {0};
    struct mm_options *own = options ? NULL : mm_options_new(model, caller);
    if (!options && !own)
        return NULL;
    struct mm_segmenter *segmenter = memory_new(1, sizeof *segmenter, "segmenter", &error);
    int status = -1;
    if (segmenter) {
        segmenter->model = model;
        status = segmenter_init(segmenter, options ? options : own, threads, &error);
    }
    mm_options_free(own);
    if (status == 0)
        return segmenter;
    mm_segmenter_free(segmenter);
    mm_error_fill(caller, &error);
    return NULL;
}

void mm_segmenter_free(struct mm_segmenter *segmenter)
{
    if (!segmenter)
        return;
    predictors_free(segmenter->predictors);
    generator_free(segmenter->generator);
    mm_options_free(segmenter->options);
    memory_free(segmenter);
}

const struct mm_model *mm_segmenter_model(const struct mm_segmenter *segmenter)
{
    return segmenter->model;
}

int mm_segmenter_threads(const struct mm_segmenter *segmenter)
{
    return segmenter->threads;
}

/* Encodes the image unless its embedding is at hand. Crops take the embedder away from it. */
static int encode(struct mm_segmenter *segmenter, struct error *error)
{
    if (!segmenter->image)
        return error_set(error, ERROR_USAGE, "no image was set");
    if (!segmenter->encoded &&
        generator_encode(segmenter->generator, &segmenter->image->pixels, error))
        return -1;
    segmenter->encoded = true;
    return 0;
}

int mm_segmenter_set_image(struct mm_segmenter *segmenter, const struct mm_image *image,
                           struct mm_error *caller)
{
    struct error error = {0};
    segmenter->image = image;
    segmenter->embedding = NULL;
    segmenter->encoded = false;
    return encode(segmenter, &error) ? mm_error_fill(caller, &error) : 0;
}

const struct embedding *mm_segmenter_prompted(struct mm_segmenter *segmenter, struct error *error)
{
    if (segmenter->embedding)
        return segmenter->embedding;
    return encode(segmenter, error) ? NULL : generator_embedding(segmenter->generator);
}

static struct mm_masks *masks_new(const struct mm_segmenter *segmenter, struct size image,
                                  struct error *error)
{
    struct mm_masks *masks = memory_new(1, sizeof *masks, "masks", error);
    size_t low = (size_t)sam_info(segmenter->model->sam)->low_size;
    if (!masks)
        return NULL;
    masks->width = image.width;
    masks->height = image.height;
    masks->plane = low * low;
    return masks;
}

/* Keeps the logits of the masks that were predicted. */
static int keep_logits(const struct mm_segmenter *segmenter, struct mm_masks *masks,
                       struct error *error)
{
    size_t numbers = masks->list.count * masks->plane;
    masks->logits = memory_new(numbers, sizeof(float), "logits", error);
    if (!masks->logits)
        return -1;
    memcpy(masks->logits, predictor_logits(predictors_first(segmenter->predictors)),
           numbers * sizeof(float));
    return 0;
}

void mm_segmenter_set_text(struct mm_segmenter *segmenter, const float *text)
{
    segmenter->text = text;
}

static struct predictor_prompt asked(const struct mm_segmenter *segmenter,
                                     const struct mm_prompt *prompt)
{
    return (struct predictor_prompt){
        .points = prompt->points,
        .labels = prompt->labels,
        .point_count = prompt->point_count,
        .box = prompt->box,
        .logits = prompt->logits,
        .text = segmenter->text,
        .single = prompt->single,
    };
}

static int predict(struct mm_segmenter *segmenter, const struct mm_prompt *prompt,
                   struct mm_masks **masks, struct error *error)
{
    const struct predictor_prompt wanted = asked(segmenter, prompt);
    const struct embedding *embedding = mm_segmenter_prompted(segmenter, error);
    if (!embedding || !(*masks = masks_new(segmenter, embedding->frame.region, error)))
        return -1;
    if (predictor_predict(predictors_first(segmenter->predictors), embedding, &wanted,
                          &(*masks)->list, error))
        return -1;
    return keep_logits(segmenter, *masks, error);
}

/* The masks found[count] of as many prompts, one after the other. */
static int gather(struct mm_masks *masks, struct mask_list *found, size_t count,
                  struct error *error)
{
    masks->prompts = memory_new(count, PREDICTOR_MASKS * sizeof *masks->prompts, "masks", error);
    if (!masks->prompts)
        return -1;
    for (size_t i = 0; i < count; i++) {
        for (size_t m = 0; m < found[i].count; m++)
            masks->prompts[masks->list.count + m] = i;
        if (mask_list_append(&masks->list, &found[i], error))
            return -1;
    }
    return 0;
}

/* Makes room for the logits of the masks of all prompts, and tells each where its own go. */
static int make_room(struct mm_masks *masks, struct predictor_prompt *prompts, size_t count,
                     struct error *error)
{
    size_t places = 0;
    for (size_t i = 0; i < count; i++)
        places += prompts[i].single ? 1 : PREDICTOR_MASKS;
    masks->logits = memory_new(places, masks->plane * sizeof(float), "logits", error);
    if (!masks->logits)
        return -1;
    float *next = masks->logits;
    for (size_t i = 0; i < count; i++) {
        prompts[i].kept = next;
        next += (prompts[i].single ? 1 : PREDICTOR_MASKS) * masks->plane;
    }
    return 0;
}

static int predict_all(struct mm_segmenter *segmenter, const struct mm_prompt *prompts,
                       size_t count, bool logits, struct mm_masks **masks, struct error *error)
{
    const struct embedding *embedding = mm_segmenter_prompted(segmenter, error);
    if (!embedding || !(*masks = masks_new(segmenter, embedding->frame.region, error)))
        return -1;
    struct predictor_prompt *wanted = memory_new(count, sizeof *wanted, "prompts", error);
    struct mask_list *found = wanted ? memory_new(count, sizeof *found, "masks", error) : NULL;
    int status = found ? 0 : -1;
    for (size_t i = 0; found && i < count; i++)
        wanted[i] = asked(segmenter, &prompts[i]);
    if (status == 0 && logits)
        status = make_room(*masks, wanted, count, error);
    if (status == 0)
        status = predict_many(segmenter->predictors, embedding, wanted, count, found, error);
    if (status == 0)
        status = gather(*masks, found, count, error);
    for (size_t i = 0; found && i < count; i++)
        mask_list_free(&found[i]);
    memory_free(found);
    memory_free(wanted);
    return status;
}

/* Hands over the result, or frees what there is of it and fills the caller's error. */
static int finish(struct mm_masks **masks, int status, const struct error *error,
                  struct mm_error *caller)
{
    if (status == 0)
        return 0;
    mm_masks_free(*masks);
    *masks = NULL;
    return mm_error_fill(caller, error);
}

int mm_segmenter_predict(struct mm_segmenter *segmenter, const struct mm_prompt *prompt,
                         struct mm_masks **masks, struct mm_error *caller)
{
    struct error error = {0};
    *masks = NULL;
    return finish(masks, predict(segmenter, prompt, masks, &error), &error, caller);
}

int mm_segmenter_predict_many(struct mm_segmenter *segmenter, const struct mm_prompt *prompts,
                              size_t count, struct mm_masks **masks, struct mm_error *caller)
{
    struct error error = {0};
    *masks = NULL;
    int status = predict_all(segmenter, prompts, count, false, masks, &error);
    return finish(masks, status, &error, caller);
}

int mm_segmenter_predict_logits(struct mm_segmenter *segmenter, const struct mm_prompt *prompts,
                                size_t count, struct mm_masks **masks, struct error *error)
{
    *masks = NULL;
    int status = predict_all(segmenter, prompts, count, true, masks, error);
    if (status) {
        mm_masks_free(*masks);
        *masks = NULL;
    }
    return status;
}

int mm_segmenter_mask_logits(const struct mm_segmenter *segmenter, const uint32_t *runs,
                             size_t run_count, float *logits, struct mm_error *caller)
{
    struct error error = {0};
    const struct sam_info *info = sam_info(segmenter->model->sam);
    if (!segmenter->embedding && !segmenter->image) {
        error_set(&error, ERROR_USAGE, "no image was set");
        return mm_error_fill(caller, &error);
    }
    const struct size region =
        segmenter->embedding
            ? segmenter->embedding->frame.region
            : (struct size){segmenter->image->pixels.width, segmenter->image->pixels.height};
    const struct prompt_frame frame = prompt_frame_of(info, region);
    const struct rle rle = {.height = (uint32_t)region.height,
                            .width = (uint32_t)region.width,
                            .length = run_count,
                            .counts = (uint32_t *)runs}; /* only read */
    if (mask_prompt(&frame, info, &rle, logits, &error))
        return mm_error_fill(caller, &error);
    return 0;
}

struct mm_embedding *mm_segmenter_encode(struct mm_segmenter *segmenter,
                                         const struct mm_image *image, struct mm_error *caller)
{
    struct error error = {0};
    struct mm_embedding *result = memory_new(1, sizeof *result, "embedding", &error);
    segmenter->image = NULL;
    segmenter->embedding = NULL;
    segmenter->encoded = false;
    if (result && generator_encode(segmenter->generator, &image->pixels, &error) == 0) {
        result->embedding = generator_take_embedding(segmenter->generator);
        result->sam = segmenter->model->sam;
        return result;
    }
    memory_free(result);
    mm_error_fill(caller, &error);
    return NULL;
}

void mm_embedding_free(struct mm_embedding *embedding)
{
    if (!embedding)
        return;
    embedding_free(embedding->embedding);
    memory_free(embedding);
}

size_t mm_embedding_bytes(const struct mm_embedding *embedding)
{
    return sizeof *embedding + embedding_bytes(embedding->embedding);
}

int mm_segmenter_set_embedding(struct mm_segmenter *segmenter, const struct mm_embedding *embedding,
                               struct mm_error *caller)
{
    struct error error = {0};
    if (embedding->sam != segmenter->model->sam) {
        error_set(&error, ERROR_USAGE, "the embedding is of another model");
        return mm_error_fill(caller, &error);
    }
    segmenter->image = NULL;
    segmenter->encoded = false;
    segmenter->embedding = embedding->embedding;
    return 0;
}

static int generate_masks(struct mm_segmenter *segmenter, struct mm_masks **masks,
                          struct error *error)
{
    if (segmenter->embedding)
        return error_set(error, ERROR_USAGE, "an embedding was set: generate needs its image");
    if (encode(segmenter, error))
        return -1;
    const struct image *image = &segmenter->image->pixels;
    *masks = masks_new(segmenter, (struct size){image->width, image->height}, error);
    if (!*masks)
        return -1;
    segmenter->encoded = segmenter->options->generator.crop_n_layers == 0;
    return generate(segmenter->generator, image, &(*masks)->list, error);
}

int mm_segmenter_generate(struct mm_segmenter *segmenter, mm_progress *progress, void *context,
                          struct mm_masks **masks, struct mm_error *caller)
{
    struct error error = {0};
    *masks = NULL;
    generator_on_progress(segmenter->generator, progress, context);
    int status = generate_masks(segmenter, masks, &error);
    generator_on_progress(segmenter->generator, NULL, NULL);
    return finish(masks, status, &error, caller);
}
