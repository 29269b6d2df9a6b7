/* One member of "annotations", read and checked. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "records/mask_json.h"
#include "records/record.h"
#include "records/record_reader.h"
#include "rle/coco.h"

/* Checks that a string of counts is the one that COCO's tools would write. */
static int check_canonical(struct record_reader *reader, const struct rle *rle,
                           const json_t *counts)
{
    struct error error;
    size_t length;
    if (!json_is_string(counts))
        return 0;
    char *canonical = coco_string(rle, &length, &error);
    if (!canonical)
        return reader_no_memory(reader);
    bool same = length == json_string_length(counts) &&
                memcmp(canonical, json_string_value(counts), length) == 0;
    free(canonical);
    return same ? 0 : reader_fault(reader, "counts are not written in the canonical way");
}

static int read_segmentation(struct record_reader *reader, const json_t *segmentation,
                             struct rle *rle)
{
    struct record *record = reader->record;
    struct error error;
    if (mask_json_read(rle, segmentation, record->height, record->width, &reader->outline, &error))
        return error.code == ERROR_MEMORY ? reader_no_memory(reader)
                                          : reader_fault(reader, "%s", error.text);
    if (reader_check_pixels(reader, rle->width, rle->height))
        return -1;
    /* Without an image object, the first mask says the size. */
    record->height = rle->height;
    record->width = rle->width;
    return check_canonical(reader, rle, json_object_get(segmentation, "counts"));
}

static bool is_bbox(const int32_t bbox[4], const struct box *box, int32_t both_edges)
{
    return bbox[0] == box->x0 && bbox[1] == box->y0 && bbox[2] == box->x1 - box->x0 + both_edges &&
           bbox[3] == box->y1 - box->y0 + both_edges;
}

/* 11 or 11.0: COCO's tools write areas as fractions, which is a fault in SA-1B's files only. */
static int read_area(struct record_reader *reader, const json_t *annotation, int64_t *area)
{
    static const int64_t range[2] = {0, UINT32_MAX};
    const json_t *value = json_object_get(annotation, "area");
    double number = json_number_value(value);
    if (reader->sa1b || !json_is_real(value) || number != floor(number) || number < 0 ||
        number > UINT32_MAX)
        return reader_integer(reader, annotation, "area", range, area);
    *area = (int64_t)number;
    return 0;
}

/* Checks area and bbox against the runs. COCO's tools write max - min + 1 for a bbox's sides, which
 * is a fault in SA-1B's files only. */
static void check_against_runs(struct record_reader *reader, const json_t *annotation,
                               const struct mask *mask)
{
    const struct box *box = &mask->box;
    int64_t area = 0;
    int32_t bbox[4];
    if (read_area(reader, annotation, &area) == 0 && (uint64_t)area != mask->area)
        reader_fault(reader, "area is %lld, the runs have %llu", (long long)area,
                     (unsigned long long)mask->area);
    bool strict = reader->faults && reader->sa1b;
    if (reader_whole(reader, annotation, "bbox", 4, bbox) == 0 && !is_bbox(bbox, box, 0) &&
        (strict || !is_bbox(bbox, box, 1)))
        reader_fault(reader, "bbox is [%d, %d, %d, %d], the runs have [%d, %d, %d, %d]", bbox[0],
                     bbox[1], bbox[2], bbox[3], box->x0, box->y0, box->x1 - box->x0,
                     box->y1 - box->y0);
}

/* Area and bbox of an annotation with polygons are those of the polygons, not of the pixels. Those of a
 * known mask are what its maker wrote: a detector's box, for one. */
static void read_mask(struct record_reader *reader, const json_t *annotation, struct mask *mask)
{
    const json_t *segmentation = json_object_get(annotation, "segmentation");
    if (read_segmentation(reader, segmentation, &mask->rle))
        return;
    mask->area = rle_area(&mask->rle);
    mask->box = rle_box(&mask->rle);
    if (!json_is_array(segmentation) && reader->source != MASK_SOURCE_KNOWN)
        check_against_runs(reader, annotation, mask);
}

static int read_point(struct record_reader *reader, const json_t *annotation, double point[2])
{
    const json_t *list = json_object_get(annotation, "point_coords");
    const json_t *pair = json_array_get(list, 0);
    bool by_point = reader->source == MASK_SOURCE_NONE || reader->source == MASK_SOURCE_GRID;
    if (!list)
        return reader->faults && by_point ? reader_fault(reader, "point_coords is missing")
                                          : READ_ABSENT;
    if (json_array_size(list) != 1 || json_array_size(pair) != 2 ||
        !json_is_number(json_array_get(pair, 0)) || !json_is_number(json_array_get(pair, 1)))
        return reader_fault(reader, "point_coords is not a list of one [x, y]");
    for (size_t i = 0; i < 2; i++)
        point[i] = json_number_value(json_array_get(pair, i));
    if (!(point[0] >= 0 && point[0] <= reader->record->width && point[1] >= 0 &&
          point[1] <= reader->record->height))
        return reader_fault(reader, "point_coords [%g, %g] lie outside the image", point[0],
                            point[1]);
    return 0;
}

static int read_crop(struct record_reader *reader, const json_t *annotation, struct rect *crop)
{
    const struct record *record = reader->record;
    int32_t box[4];
    *crop = (struct rect){0, 0, (int32_t)record->width, (int32_t)record->height};
    int result = reader_whole(reader, annotation, "crop_box", 4, box);
    if (result)
        return result;
    if (box[0] < 0 || box[1] < 0 || box[2] < 1 || box[3] < 1 ||
        (int64_t)box[0] + box[2] > record->width || (int64_t)box[1] + box[3] > record->height)
        return reader_fault(reader, "crop_box [%d, %d, %d, %d] lies outside the image", box[0],
                            box[1], box[2], box[3]);
    *crop = (struct rect){box[0], box[1], box[2], box[3]};
    return 0;
}

static int read_stability(struct record_reader *reader, const json_t *annotation, float *stability)
{
    int result = reader_real(reader, annotation, "stability_score", stability);
    if (result == 0 && (*stability < 0 || *stability > 1))
        return reader_fault(reader, "stability_score is %g, outside 0 to 1", (double)*stability);
    return result;
}

/* The members beside the mask. Returns which of them are absent. */
static unsigned read_others(struct record_reader *reader, const json_t *annotation,
                            struct mask *mask)
{
    unsigned absent = 0;
    if (reader_real(reader, annotation, "predicted_iou", &mask->predicted_iou) == READ_ABSENT)
        absent |= RECORD_NO_IOU;
    if (read_stability(reader, annotation, &mask->stability_score) == READ_ABSENT)
        absent |= RECORD_NO_STABILITY;
    if (read_point(reader, annotation, mask->point) == READ_ABSENT)
        absent |= RECORD_NO_POINT;
    if (read_crop(reader, annotation, &mask->crop) == READ_ABSENT)
        absent |= RECORD_NO_CROP;
    return absent;
}

/* The reference's scripts/amg.py writes no ids: an annotation has its index then. */
static void read_id(struct record_reader *reader, const json_t *annotation, int64_t *id)
{
    static const int64_t range[2] = {0, INT64_MAX};
    *id = reader->annotation;
    if (reader->known) /* has read it before */
        return;
    if (reader->sa1b || json_object_get(annotation, "id"))
        reader_integer(reader, annotation, "id", range, id);
}

/* Gives the mask that was added last its class, if it has one. */
static void read_category(struct record_reader *reader, const json_t *annotation)
{
    const char *name = json_string_value(json_object_get(annotation, "category"));
    float score = (float)json_number_value(json_object_get(annotation, "category_score"));
    size_t at = reader->record->masks.count - 1;
    if (!name || !record_is_category(name))
        return;
    if (record_set_category(reader->record, at, name, reader->error))
        reader_no_memory(reader);
    else if (score > 0 && score <= 1)
        record_set_category_score(reader->record, at, score);
}

int reader_annotation(struct record_reader *reader, const json_t *annotation)
{
    const json_t *source = json_object_get(annotation, "source");
    struct record *record = reader->record;
    size_t at = record->masks.count;
    struct mask mask = {.source = record_source_of(json_string_value(source)), .place = at};
    reader->found = 0;
    if (mask.source == MASK_SOURCE_NONE && (reader->known || source)) /* another program's word */
        mask.source = MASK_SOURCE_KNOWN;
    reader->source = reader->known ? MASK_SOURCE_KNOWN : mask.source;
    if (!json_is_object(annotation)) {
        reader_fault(reader, "not an object");
    } else {
        read_mask(reader, annotation, &mask);
        mask.absent = read_others(reader, annotation, &mask);
        read_id(reader, annotation, &record->ids[at]);
    }
    if (reader->found == 0 && !reader->no_memory) {
        if (mask_list_add(&record->masks, &mask, reader->error))
            reader_no_memory(reader);
        else
            read_category(reader, annotation);
    }
    rle_free(&mask.rle);
    reader->source = MASK_SOURCE_NONE;
    return reader->no_memory || (reader->found && !reader->faults) ? -1 : 0;
}
