#include "pictures/label.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "filters/centre.h"
#include "pictures/lettering.h"
#include "records/record.h"
#include "rle/cover.h"
#include "rle/rle.h"

static const double WIDEST = 12; /* of a class's name, in heights of capitals */

static void write_text(struct label *label, const struct record *record, size_t place,
                       enum picture_labels kind)
{
    const struct mask *mask = &record->masks.items[place];
    unsigned absent = record_absent(record, place);
    label->text[0] = '\0';
    if (kind == LABELS_NUMBER)
        snprintf(label->text, LABEL_TEXT, "%" PRId64, record_id(record, place));
    else if (kind == LABELS_AREA)
        snprintf(label->text, LABEL_TEXT, "%" PRIu64, rle_area(&mask->rle));
    else if (kind == LABELS_IOU && !(absent & RECORD_NO_IOU))
        snprintf(label->text, LABEL_TEXT, "%.2f", (double)mask->predicted_iou);
    else if (kind == LABELS_STABILITY && !(absent & RECORD_NO_STABILITY))
        snprintf(label->text, LABEL_TEXT, "%.2f", (double)mask->stability_score);
    else if (kind == LABELS_CLASS && record_category(record, place))
        lettering_shorten(record_category(record, place), 1, WIDEST, label->text, LABEL_TEXT);
}

/* Finds the middle. `covered` are the smaller masks; `left` is for working. */
static int find_middle(struct label *label, const struct rle *rle, const struct cover *covered,
                       struct rle *left, struct error *error)
{
    int64_t squared;
    if (cover_left(covered, rle, left, error))
        return -1;
    const struct rle *seen = rle_area(left) > 0 ? left : rle;
    if (mask_centre(seen, &label->x, &label->y, &squared, error))
        return -1;
    label->radius = sqrt((double)squared);
    return 0;
}

/* From the smallest mask to the largest. */
static int place_all(struct label *labels, const struct record *record, const size_t *order,
                     size_t count, enum picture_labels kind, struct error *error)
{
    struct cover covered;
    struct rle left = {0};
    int status = cover_begin(&covered, record->height, record->width, error);
    for (size_t i = count; status == 0 && i-- > 0;) {
        const struct rle *rle = &record->masks.items[order[i]].rle;
        if (rle_area(rle) == 0)
            continue;
        write_text(&labels[i], record, order[i], kind);
        status = find_middle(&labels[i], rle, &covered, &left, error);
        cover_add(&covered, rle);
    }
    cover_free(&covered);
    rle_free(&left);
    return status;
}

int label_place(struct label *labels, const struct record *record, const size_t *order,
                size_t count, enum picture_labels kind, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        labels[i] = (struct label){.text = ""};
    return kind == LABELS_NONE ? 0 : place_all(labels, record, order, count, kind, error);
}
