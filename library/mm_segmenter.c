#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "library/mm_handles.h"
#include "model/sam.h"
#include "pipeline/generate.h"
#include "pipeline/predictor.h"

struct mm_segmenter {
    const struct mm_model *model; /* borrowed */
    struct mm_options *options;   /* owned */
    struct generator *generator;  /* owned */
    struct predictor *predictor;  /* owned; shares the generator's embedder */
    const struct mm_image *image; /* borrowed; NULL before the first */
    bool encoded;                 /* the embedder holds the whole of `image` */
};

static int segmenter_init(struct mm_segmenter *segmenter, const struct mm_options *options,
                          int threads, struct error *error)
{
    if (threads < 1)
        return error_set(error, ERROR_USAGE, "%d threads: expected at least 1", threads);
    segmenter->options = options ? mm_options_copy(options, error) : NULL;
    if (!segmenter->options)
        return -1;
    const struct generator_options *generator = &segmenter->options->generator;
    const struct predictor_options predictor = {generator->mask_threshold,
                                                generator->stability_score_offset};
    if (generator_options_check(generator, error) ||
        !(segmenter->generator = generator_new(segmenter->model->sam, generator, threads, error)))
        return -1;
    segmenter->predictor =
        predictor_new(generator_embedder(segmenter->generator), &predictor, error);
    return segmenter->predictor ? 0 : -1;
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
    predictor_free(segmenter->predictor);
    generator_free(segmenter->generator);
    mm_options_free(segmenter->options);
    memory_free(segmenter);
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
    segmenter->encoded = false;
    return encode(segmenter, &error) ? mm_error_fill(caller, &error) : 0;
}

static struct mm_masks *masks_new(const struct mm_segmenter *segmenter, struct error *error)
{
    struct mm_masks *masks = memory_new(1, sizeof *masks, "masks", error);
    size_t low = (size_t)sam_info(segmenter->model->sam)->low_size;
    if (!masks)
        return NULL;
    masks->width = segmenter->image->pixels.width;
    masks->height = segmenter->image->pixels.height;
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
    memcpy(masks->logits, predictor_logits(segmenter->predictor), numbers * sizeof(float));
    return 0;
}

static int predict(struct mm_segmenter *segmenter, const struct mm_prompt *prompt,
                   struct mm_masks **masks, struct error *error)
{
    const struct predictor_prompt asked = {
        .points = prompt->points,
        .labels = prompt->labels,
        .point_count = prompt->point_count,
        .box = prompt->box,
        .logits = prompt->logits,
        .single = prompt->single,
    };
    if (encode(segmenter, error) || !(*masks = masks_new(segmenter, error)))
        return -1;
    if (predictor_predict(segmenter->predictor, &asked, &(*masks)->list, error))
        return -1;
    return keep_logits(segmenter, *masks, error);
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

static int generate_masks(struct mm_segmenter *segmenter, struct mm_masks **masks,
                          struct error *error)
{
    if (encode(segmenter, error) || !(*masks = masks_new(segmenter, error)))
        return -1;
    segmenter->encoded = segmenter->options->generator.crop_n_layers == 0;
    return generate(segmenter->generator, &segmenter->image->pixels, &(*masks)->list, error);
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
