#include "records/review_apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "records/record.h"
#include "records/record_reader.h"
#include "records/review.h"

/* ---- whether the review is of this record ---- */

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The record's ids, sorted: an array of masks.count, freed with free(3). NULL with ERROR_MEMORY. */
static int64_t *sorted_ids(const struct record *record, struct error *error)
{
    size_t count = record->masks.count;
    int64_t *ids = calloc(count + 1, sizeof *ids);
    if (!ids) {
        error_set(error, ERROR_MEMORY, "no memory for the ids of %zu masks", count);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        ids[i] = record_id(record, i);
    qsort(ids, count, sizeof *ids, compare);
    return ids;
}

/* Masks that people made are not in the record, all others are. */
static int check_ids(const struct record *record, const struct review_image *image,
                     struct error *error)
{
    int64_t *ids = sorted_ids(record, error);
    int status = ids ? 0 : -1;
    for (size_t i = 0; status == 0 && i < image->mask_count; i++) {
        const struct review_mask *mask = &image->masks[i];
        bool there = bsearch(&mask->id, ids, record->masks.count, sizeof *ids, compare);
        if (there == mask->added)
            status = error_set(error, ERROR_RECORD,
                               there ? "mask %lld was made in the review, but its record has one"
                                     : "mask %lld was reviewed, but its record has none",
                               (long long)mask->id);
    }
    free(ids);
    return status;
}

static int check_record(const struct record *record, const struct review_image *image,
                        struct error *error)
{
    uint64_t hash;
    if (review_record_hash(record, &hash, error))
        return -1;
    if (review_of_other_record(image, hash))
        return error_set(error, ERROR_RECORD,
                         "its record was made anew since it was reviewed, and its masks are others "
                         "now; review it again, or restore the record");
    return check_ids(record, image, error);
}

/* ---- the corrected list ---- */

/* Reads a person's mask, and checks that it is of this image. */
static int read_person_mask(struct mask *mask, const struct review_mask *from,
                            const struct record *record, struct error *error)
{
    struct record one;
    json_t *object = json_load_bounded(from->annotation, strlen(from->annotation), 0, NULL);
    if (!object)
        return error_set(error, ERROR_MEMORY, "no memory for a mask");
    int status = record_reader_one(&one, object, error);
    json_decref(object);
    if (status)
        return -1;
    if (one.width != record->width || one.height != record->height) {
        status = error_set(
            error, ERROR_RECORD, "mask %lld of the review has %u x %u pixels, its image %u x %u",
            (long long)from->id, one.width, one.height, record->width, record->height);
    } else {
        *mask = one.masks.items[0];
        one.masks.items[0] = (struct mask){0};
    }
    record_free(&one);
    return status;
}

/* Moves a mask to the end of the corrected list. `category` may be NULL. */
static int keep(struct record *corrected, struct mask *mask, int64_t id, const char *category,
                float score, struct error *error)
{
    size_t at = corrected->masks.count;
    corrected->ids[at] = id;
    if (mask_list_add(&corrected->masks, mask, error) ||
        record_set_category(corrected, at, category, error))
        return -1;
    record_set_category_score(corrected, at, score);
    return 0;
}

static bool stays(const struct review_mask *mask, bool accepted_only)
{
    if (!mask)
        return !accepted_only;
    return !mask->removed && (mask->decision == REVIEW_ACCEPTED ||
                              (mask->decision == REVIEW_UNDECIDED && !accepted_only));
}

/* Keeps mask `index` of the record, as it was corrected. */
static int keep_old(struct record *corrected, struct record *record, size_t index,
                    const struct review_mask *mask, struct error *error)
{
    struct mask *old = &record->masks.items[index];
    bool classed = mask && mask->classed;
    const char *category = classed ? mask->class_name : record_category(record, index);
    float score = classed ? 0 : record_category_score(record, index);
    if (mask && mask->annotation) {
        rle_free(&old->rle);
        *old = (struct mask){0};
        if (read_person_mask(old, mask, record, error))
            return -1;
    }
    return keep(corrected, old, record_id(record, index), category, score, error);
}

static int keep_new(struct record *corrected, const struct record *record,
                    const struct review_mask *from, struct error *error)
{
    struct mask mask = {0};
    if (read_person_mask(&mask, from, record, error))
        return -1;
    int status = keep(corrected, &mask, from->id, from->class_name, 0, error);
    rle_free(&mask.rle);
    return status;
}

/* Fills `corrected`, which has room for the ids. */
static int correct(struct record *corrected, struct record *record,
                   const struct review_image *image, bool accepted_only, struct error *error)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < record->masks.count; i++) {
        const struct review_mask *mask = review_mask_of(image, record_id(record, i));
        if (stays(mask, accepted_only))
            status = keep_old(corrected, record, i, mask, error);
    }
    for (size_t i = 0; status == 0 && image && i < image->mask_count; i++)
        if (image->masks[i].added && stays(&image->masks[i], accepted_only))
            status = keep_new(corrected, record, &image->masks[i], error);
    return status;
}

int review_apply(struct record *record, const struct review_image *image, bool accepted_only,
                 struct error *error)
{
    if (!image && !accepted_only)
        return 0;
    if (image && check_record(record, image, error))
        return -1;
    struct record corrected = *record;
    corrected.masks = (struct mask_list){0};
    corrected.extras = NULL;
    corrected.categories = NULL;
    corrected.extra_count = corrected.category_count = 0;
    size_t most = record->masks.count + (image ? image->mask_count : 0);
    corrected.ids = calloc(most + 1, sizeof *corrected.ids);
    int status = corrected.ids ? correct(&corrected, record, image, accepted_only, error)
                               : error_set(error, ERROR_MEMORY, "no memory for %zu masks", most);
    record->file_name = NULL; /* which `corrected` has */
    record_free(record);
    *record = corrected;
    return status;
}

bool review_drops(const struct record *record, const struct review_image *image, bool accepted_only)
{
    enum review_status status = image ? image->status : REVIEW_OPEN_IMAGE;
    return status == REVIEW_REJECTED_IMAGE ||
           (accepted_only && record->masks.count == 0 && status != REVIEW_DONE);
}
