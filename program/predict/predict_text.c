#include "program/predict/predict_text.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "images/image.h"
#include "library/mm_handles.h"
#include "model/clip/clip.h"
#include "pipeline/classifier.h"
#include "program/label/labels.h"
#include "program/predict/predict_record.h"
#include "program/segmenter.h"
#include "program/settings.h"
#include "records/record.h"

/* A mask and how similar it is to a text. */
struct ranked {
    size_t mask;
    float similarity;
};

/* More similar masks first; of equal ones, the better mask. */
static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->similarity != y->similarity)
        return x->similarity < y->similarity ? 1 : -1;
    return (x->mask > y->mask) - (x->mask < y->mask);
}

/* The masks of an image, and how similar each is to each text. */
struct found {
    struct mm_masks *masks; /* owned */
    size_t texts;
    float *similarities; /* [masks][texts] owned */
};

static void free_found(struct found *found)
{
    mm_masks_free(found->masks);
    memory_free(found->similarities);
}

static int generate(struct found *found, struct mm_segmenter *segmenter, struct error *error)
{
    struct mm_error failure = {0};
    return mm_segmenter_generate(segmenter, NULL, NULL, &found->masks, &failure)
               ? segmenter_error(error, &failure)
               : 0;
}

static int compare_all(struct found *found, const struct labels *labels, const struct image *image,
                       struct classifier *classifier, struct error *error)
{
    const struct mask_list *masks = &found->masks->list;
    size_t width = (size_t)clip_info(labels_clip(labels))->width;
    float *embeddings = memory_new(masks->count, width * sizeof *embeddings, "embeddings", error);
    found->similarities =
        memory_new(masks->count, found->texts * sizeof *found->similarities, "similarities", error);
    int status = embeddings && found->similarities
                     ? classifier_embed(classifier, image, masks, embeddings, error)
                     : -1;
    for (size_t i = 0; status == 0 && i < masks->count; i++)
        clip_similarities(labels_classes(labels), embeddings + i * width,
                          found->similarities + i * found->texts);
    memory_free(embeddings);
    return status;
}

/* Adds a copy of a mask to the record, of the class `text`. */
static int add_mask(struct record *record, const struct mask *mask, const char *text,
                    float similarity, struct error *error)
{
    size_t at = record->masks.count;
    struct json_text more = {0};
    struct mask copy = *mask;
    copy.rle = (struct rle){0};
    json_text_raw(&more, ", \"text_score\": ");
    json_text_double(&more, (double)similarity);
    record->extras[at].more = json_text_take(&more, NULL, error);
    if (!record->extras[at].more || rle_copy(&copy.rle, &mask->rle, error))
        return -1;
    if (mask_list_add(&record->masks, &copy, error)) {
        rle_free(&copy.rle);
        return -1;
    }
    return record_set_category(record, at, text, error);
}

/* Adds the `most` masks that are most similar to text `number`. */
static int add_best(struct record *record, const struct found *found, size_t number,
                    const char *text, size_t most, struct error *error)
{
    const struct mask_list *masks = &found->masks->list;
    struct ranked *ranks = memory_new(masks->count, sizeof *ranks, "ranks", error);
    int status = ranks ? 0 : -1;
    for (size_t i = 0; ranks && i < masks->count; i++)
        ranks[i] = (struct ranked){i, found->similarities[i * found->texts + number]};
    if (ranks)
        qsort(ranks, masks->count, sizeof *ranks, compare);
    for (size_t i = 0; status == 0 && i < most; i++)
        status = add_mask(record, &masks->items[ranks[i].mask], text, ranks[i].similarity, error);
    memory_free(ranks);
    return status;
}

static int fill_record(struct record *record, const struct found *found,
                       const struct labels *labels, int top, struct error *error)
{
    size_t masks = found->masks->list.count;
    size_t most = top && (size_t)top < masks ? (size_t)top : masks;
    record->extras = calloc(most * found->texts + 1, sizeof *record->extras);
    if (!record->extras)
        return error_set(error, ERROR_MEMORY, "no memory for a record");
    record->extra_count = most * found->texts;
    for (size_t i = 0; i < found->texts; i++)
        if (add_best(record, found, i, labels_name_of(labels, i), most, error))
            return -1;
    return 0;
}

int predict_text(struct record *record, const char *file_name, const struct predict_text_job *job,
                 struct mm_segmenter *segmenter, struct error *error)
{
    struct found found = {.texts = labels_count(job->labels)};
    int status = generate(&found, segmenter, error);
    if (status == 0)
        status = compare_all(&found, job->labels, job->image, job->classifier, error);
    if (status == 0)
        status = predict_record_begin(record, file_name, found.masks, error);
    if (status == 0)
        status = fill_record(record, &found, job->labels, job->top, error);
    free_found(&found);
    return status;
}
