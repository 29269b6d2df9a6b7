#include "program/review/review_engine.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json_load.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "include/maskmill.h"
#include "program/model_load.h"
#include "program/prompts/image_cache.h"
#include "program/prompts/prompt_json.h"
#include "program/prompts/prompt_predict.h"
#include "program/prompts/prompt_set.h"
#include "program/report/report_json.h"
#include "program/review/review_answers.h"
#include "program/segmenter.h"

enum { PROMPTS_MOST = 64 }; /* of a request: what a person asks at a time, and more */

struct review_engine {
    const struct mm_model *model;
    struct mm_segmenter *encoder;   /* owned: the cache's */
    struct mm_segmenter *predictor; /* owned */
    struct image_cache *cache;      /* owned */
    pthread_mutex_t mutex;          /* guards what follows, and the predictor */
    const struct cached_image *set; /* held: the predictor has its embedding */
    struct review_answers *answers; /* owned */
};

/* A request as it was read. */
struct question {
    struct prompt_set prompts;
    bool refines;
    uint64_t answer; /* whose mask goes in */
    size_t mask;
};

static int open_engine(struct review_engine *engine, const struct review_engine_options *options,
                       struct error *error)
{
    size_t low = (size_t)mm_model_low_size(options->model);
    engine->encoder = segmenter_new(options->model, options->settings, options->threads, error);
    engine->predictor =
        engine->encoder ? segmenter_new(options->model, options->settings, options->threads, error)
                        : NULL;
    engine->answers = engine->predictor ? review_answers_new(low * low, error) : NULL;
    if (!engine->answers)
        return -1;
    const struct image_cache_options cache = {
        .segmenter = engine->encoder, .pool = options->pool, .bytes = options->bytes};
    engine->cache = image_cache_new(&cache, error);
    return engine->cache ? 0 : -1;
}

struct review_engine *review_engine_new(const struct review_engine_options *options,
                                        struct error *error)
{
    struct review_engine *engine = memory_new(1, sizeof *engine, "the model's engine", error);
    if (!engine)
        return NULL;
    engine->model = options->model;
    pthread_mutex_init(&engine->mutex, NULL);
    if (open_engine(engine, options, error) == 0)
        return engine;
    review_engine_free(engine);
    return NULL;
}

void review_engine_free(struct review_engine *engine)
{
    if (!engine)
        return;
    if (engine->set)
        image_cache_release(engine->cache, engine->set);
    image_cache_free(engine->cache);
    review_answers_free(engine->answers);
    mm_segmenter_free(engine->predictor);
    mm_segmenter_free(engine->encoder);
    pthread_mutex_destroy(&engine->mutex);
    memory_free(engine);
}

void review_engine_ahead(struct review_engine *engine, const struct cache_image *images,
                         size_t count)
{
    image_cache_ahead(engine->cache, images, count);
}

/* ---- questions */

static int read_previous(struct question *question, const json_t *previous, struct error *error)
{
    const json_t *answer = json_object_get(previous, "answer");
    const json_t *mask = json_object_get(previous, "mask");
    if (!json_is_integer(answer) || !json_is_integer(mask) || json_object_size(previous) != 2 ||
        json_integer_value(answer) < 0 || json_integer_value(mask) < 0)
        return error_set(error, ERROR_USAGE,
                         "previous: expected {\"answer\": 7, \"mask\": 1}, two whole numbers");
    question->refines = true;
    question->answer = (uint64_t)json_integer_value(answer);
    question->mask = (size_t)json_integer_value(mask);
    if (question->prompts.count != 1 || question->prompts.masks)
        return error_set(error, ERROR_USAGE,
                         "previous: goes with one prompt that has no mask of its own");
    return 0;
}

static int read_question(struct question *question, const char *body, size_t length,
                         struct error *error)
{
    static const char *const others[] = {"previous", NULL};
    json_error_t reason = {0};
    json_t *object = json_load_bounded(body ? body : "", length, JSON_REJECT_DUPLICATES, &reason);
    if (!object)
        return error_set(error, ERROR_USAGE, "not JSON: %s", reason.text);
    const json_t *previous = json_object_get(object, "previous");
    int result = prompt_json_take(&question->prompts, object, others, error);
    if (result == 0 && question->prompts.count > PROMPTS_MOST)
        result = error_set(error, ERROR_USAGE, "more than %d prompts", PROMPTS_MOST);
    if (result == 0 && previous && !json_is_null(previous))
        result = read_previous(question, previous, error);
    json_decref(object);
    return result;
}

/* ---- answers */

struct answered {
    struct mm_masks *masks; /* owned */
    uint64_t number;
};

static int put_mask(struct json_text *text, const struct mm_mask *mask, struct error *error)
{
    struct mm_error failure = {0};
    char *counts = mm_mask_coco_string(mask, &failure);
    if (!counts)
        return segmenter_error(error, &failure);
    report_json_next(text, NULL);
    json_text_raw(text, "{");
    report_json_string(text, "counts", counts);
    report_json_integer(text, "area", (int64_t)mask->area);
    report_json_next(text, "bbox");
    json_text_raw(text, "[");
    report_json_integer(text, NULL, mask->box[0]);
    report_json_integer(text, NULL, mask->box[1]);
    report_json_integer(text, NULL, mask->box[2] - mask->box[0]);
    report_json_integer(text, NULL, mask->box[3] - mask->box[1]);
    json_text_raw(text, "]");
    report_json_number(text, "predicted_iou", mask->predicted_iou);
    report_json_number(text, "stability_score", mask->stability_score);
    json_text_raw(text, "}");
    mm_free(counts);
    return 0;
}

static int put_answer(struct json_text *text, const struct answered *answered, double seconds,
                      struct error *error)
{
    const struct mm_masks *masks = answered->masks;
    int result = 0;
    json_text_raw(text, "{");
    report_json_integer(text, "answer", (int64_t)answered->number);
    report_json_next(text, "masks");
    json_text_raw(text, "[");
    for (size_t i = 0; result == 0 && i < mm_masks_count(masks); i++) {
        const struct mm_mask mask = mm_masks_get(masks, i);
        result = put_mask(text, &mask, error);
    }
    json_text_raw(text, "]");
    report_json_rounded(text, "seconds", seconds, 4);
    json_text_raw(text, "}");
    return result;
}

/* Gives the predictor the embedding, and keeps `held`, which the caller has got, until it has another. With
 * the mutex. */
static int set_image(struct review_engine *engine, const struct cached_image *held,
                     struct error *error)
{
    struct mm_error failure = {0};
    const struct cached_image *before = engine->set;
    if (before != held &&
        mm_segmenter_set_embedding(engine->predictor, held->embedding, &failure)) {
        image_cache_release(engine->cache, held);
        return segmenter_error(error, &failure);
    }
    engine->set = held;
    if (before)
        image_cache_release(engine->cache, before);
    return 0;
}

/* With the mutex. */
static int answer(struct review_engine *engine, const struct cached_image *image, size_t row,
                  const struct question *question, struct answered *answered, struct error *error)
{
    const float *logits = NULL;
    const struct prompt_target target = {
        .segmenter = engine->predictor,
        .frame = {image->width, image->height, mm_model_low_size(engine->model)}};
    if (question->refines &&
        !(logits = review_answers_find(engine->answers, row, question->answer, question->mask)))
        return error_set(error, ERROR_RECORD,
                         "previous: there is no such answer, or it is not kept any more");
    if (prompt_predict(&target, &question->prompts, logits, &answered->masks, error))
        return -1;
    return review_answers_keep(engine->answers, row, answered->masks, &answered->number, error);
}

/* Masks are made in the photograph's pixels and kept in the record's. */
static int check_size(const struct engine_image *image, const struct cached_image *photo,
                      struct error *error)
{
    if (image->width == 0 ||
        ((uint32_t)photo->width == image->width && (uint32_t)photo->height == image->height))
        return 0;
    return error_set(error, ERROR_IMAGE,
                     "%.200s: the photograph has %d x %d pixels, its record says %u x %u; --images "
                     "names the folder that was segmented",
                     image->file->name, photo->width, photo->height, image->width, image->height);
}

static int predict(struct review_engine *engine, const struct engine_image *image,
                   const struct question *question, struct answered *answered, struct error *error)
{
    const struct cached_image *held = image_cache_get(engine->cache, image->file, error);
    if (!held)
        return -1;
    if (check_size(image, held, error)) {
        image_cache_release(engine->cache, held);
        return -1;
    }
    pthread_mutex_lock(&engine->mutex);
    int result = set_image(engine, held, error);
    if (result == 0)
        result = answer(engine, held, image->row, question, answered, error);
    pthread_mutex_unlock(&engine->mutex);
    return result;
}

int review_engine_predict(struct review_engine *engine, const struct engine_image *image,
                          const char *body, size_t length, struct json_text *text,
                          struct error *error)
{
    double begin = clock_now();
    struct question question = {0};
    struct answered answered = {0};
    int result = read_question(&question, body, length, error);
    if (result == 0)
        result = predict(engine, image, &question, &answered, error);
    if (result == 0) /* masks of a model that was changed meanwhile are nobody's */
        result = model_load_check(engine->model, error);
    if (result == 0)
        result = put_answer(text, &answered, clock_now() - begin, error);
    mm_masks_free(answered.masks);
    prompt_set_free(&question.prompts);
    return result;
}
