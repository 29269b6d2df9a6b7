#include "pictures/label.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "filters/centre.h"
#include "records/record.h"
#include "rle/combine.h"

static void write_text(struct label *label, const struct record *record, size_t place,
                       enum picture_labels kind)
{
    const struct mask *mask = &record->masks.items[place];
    unsigned absent = record_absent(record, place);
    label->text[0] = '\0';
    if (kind == LABELS_NUMBER)
        snprintf(label->text, LABEL_TEXT, "%" PRId64,
                 record->ids ? record->ids[place] : (int64_t)place);
    else if (kind == LABELS_AREA)
        snprintf(label->text, LABEL_TEXT, "%" PRIu64, rle_area(&mask->rle));
    else if (kind == LABELS_IOU && !(absent & RECORD_NO_IOU))
        snprintf(label->text, LABEL_TEXT, "%.2f", (double)mask->predicted_iou);
    else if (kind == LABELS_STABILITY && !(absent & RECORD_NO_STABILITY))
        snprintf(label->text, LABEL_TEXT, "%.2f", (double)mask->stability_score);
}

/* Finds the middle. `covered` is the union of the smaller masks; `left` is for working. */
static int find_middle(struct label *label, const struct rle *rle, const struct rle *covered,
                       struct rle *left, struct error *error)
{
    int64_t squared;
    if (covered->length && rle_combine(left, rle, covered, RLE_DIFFERENCE, error))
        return -1;
    const struct rle *seen = covered->length && rle_area(left) > 0 ? left : rle;
    if (mask_centre(seen, &label->x, &label->y, &squared, error))
        return -1;
    label->radius = sqrt((double)squared);
    return 0;
}

/* Adds a mask to what is covered. */
static int cover(struct rle *covered, const struct rle *rle, struct rle *sum, struct error *error)
{
    if (covered->length == 0)
        return rle_copy(covered, rle, error);
    if (rle_combine(sum, covered, rle, RLE_UNION, error))
        return -1;
    struct rle swap = *covered;
    *covered = *sum;
    *sum = swap;
    return 0;
}

int label_place(struct label *labels, const struct record *record, const size_t *order,
                size_t count, enum picture_labels kind, struct error *error)
{
    struct rle covered = {0}, scratch = {0};
    int status = 0;
    for (size_t i = count; status == 0 && i-- > 0;) {
        const struct rle *rle = &record->masks.items[order[i]].rle;
        labels[i] = (struct label){.text = ""};
        if (kind == LABELS_NONE || rle_area(rle) == 0)
            continue;
        write_text(&labels[i], record, order[i], kind);
        status = find_middle(&labels[i], rle, &covered, &scratch, error);
        if (status == 0)
            status = cover(&covered, rle, &scratch, error);
    }
    rle_free(&covered);
    rle_free(&scratch);
    return status;
}
