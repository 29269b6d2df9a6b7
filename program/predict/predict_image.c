/* predict_image.c - prompts, or texts, on one image. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/path.h"
#include "images/image.h"
#include "images/image_pool.h"
#include "library/mm_handles.h"
#include "pipeline/classifier.h"
#include "program/label/labels.h"
#include "program/model_load.h"
#include "program/predict/predict.h"
#include "program/predict/predict_output.h"
#include "program/predict/predict_prompts.h"
#include "program/predict/predict_record.h"
#include "program/predict/predict_text.h"
#include "program/prompts/prompt_predict.h"
#include "program/segmenter.h"
#include "program/settings.h"
#include "records/record.h"

static int print_record(const struct record *record, unsigned fields, struct error *error)
{
    size_t length;
    char *text = record_text(record, fields, &length, error);
    if (!text)
        return -1;
    puts(text); /* main looks whether all of it could be written */
    free(text);
    return 0;
}

/* The image's name in the folder, freed by the caller. */
static char *name_of(const char *path, struct error *error)
{
    const char *base = path_base(path);
    char *name = strndup(base, path_stem_length(base));
    if (!name)
        error_set(error, ERROR_MEMORY, "no memory for a name");
    return name;
}

/* Opens the folder, which has a place for the image's record. */
static int open_output(const struct predict *predict, const char *name,
                       struct predict_output *output, struct error *error)
{
    return predict_output_open(output, predict->settings, false, error) ||
                   predict_output_claim(output, name, error)
               ? -1
               : 0;
}

/* What the image is asked for. */
struct question {
    struct prompt_set set;
    struct labels *labels; /* of --text; NULL: `set` it is */
    struct classifier *classifier;
};

/* The record of the prompts' masks. */
static int make_record(const struct prompt_target *target, const struct prompt_set *set,
                       const char *path, struct record *record, struct error *error)
{
    struct mm_masks *masks = NULL;
    int status = prompt_predict(target, set, NULL, &masks, error);
    if (status == 0)
        status = predict_record_make(record, path_base(path), masks, error);
    mm_masks_free(masks);
    return status;
}

/* The record of the masks that the texts are about. */
static int make_text_record(const struct predict *predict, const struct question *question,
                            const char *path, const struct image *image, struct record *record,
                            struct error *error)
{
    const struct predict_text_job job = {image, question->labels, question->classifier,
                                         predict->settings->top};
    return predict_text(record, path_base(path), &job, predict->segmenter, error) ||
                   labels_check_unchanged(question->labels, error)
               ? -1
               : 0;
}

/* Masks of the image, written. */
static int answer(struct predict *predict, const struct question *question, const char *path,
                  const struct mm_image *image, struct error *error)
{
    const struct prompt_target target = {
        predict->segmenter, predict_frame(predict, image->pixels.width, image->pixels.height)};
    struct predict_output output = {0};
    struct record record = {0};
    char *name = name_of(path, error);
    int status = name ? 0 : -1;
    if (status == 0 && !question->labels)
        status = prompt_set_check(&question->set, &target.frame, error);
    if (status == 0)
        status = open_output(predict, name, &output, error);
    if (status == 0)
        status = segmenter_set_image(predict->segmenter, image, error);
    if (status == 0)
        status = question->labels
                     ? make_text_record(predict, question, path, &image->pixels, &record, error)
                     : make_record(&target, &question->set, path, &record, error);
    if (status == 0)
        status = model_load_check(predict->model, error);
    if (status == 0)
        status = predict_output_write(&output, &record, name, &image->pixels, error);
    if (status == 0)
        status = predict_output_finish(&output, error);
    if (status == 0 && predict->settings->json)
        status = print_record(&record, output.fields, error);
    predict_output_close(&output);
    record_free(&record);
    free(name);
    return status;
}

/* Reads what is asked for, once the model is there. */
static int read_question(struct predict *predict, struct question *question, struct error *error)
{
    const struct settings *settings = predict->settings;
    if (!settings->text.count)
        return predict_prompts_read(&question->set, settings, predict->decoder.pool, error);
    if (labels_open_texts(&question->labels, settings, error) ||
        labels_prepare(question->labels, settings->threads, error))
        return -1;
    question->classifier = labels_worker(question->labels, settings->threads, error);
    return question->classifier ? 0 : -1;
}

int predict_image(struct predict *predict, const char *path, struct error *error)
{
    struct question question = {0};
    struct mm_image image = {{0}};
    const struct image_input file = {path, -1};
    int status = -1;
    if (predict_start(predict, PREDICT_IMAGE, error) == 0 &&
        read_question(predict, &question, error) == 0 &&
        image_pool_read(predict->decoder.pool, &file, &image.pixels, error) == 0)
        status = answer(predict, &question, path, &image, error);
    prompt_set_free(&question.set);
    classifier_free(question.classifier);
    labels_free(question.labels);
    image_free(&image.pixels);
    return status ? -1 : EXIT_ALL_DONE;
}
