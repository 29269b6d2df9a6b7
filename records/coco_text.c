#include "records/coco_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/name_index.h"
#include "records/record.h"
#include "rle/coco.h"
#include "rle/polygon.h"

static void append_member(struct json_text *text, const char *name, int64_t number)
{
    json_text_raw(text, name);
    json_text_integer(text, number);
}

static void append_real(struct json_text *text, const char *name, double number)
{
    json_text_raw(text, name);
    json_text_double(text, number);
}

void coco_text_head(struct json_text *text, const struct name_index *categories)
{
    size_t count = categories ? categories->count : 1;
    json_text_raw(text, "{\"info\": {\"description\": \"masks by maskmill\"}, \"licenses\": [], "
                        "\"categories\": [");
    for (size_t i = 0; i < count; i++) {
        const char *name = categories ? categories->names[i] : "object";
        append_member(text, i ? ", {\"id\": " : "{\"id\": ", (int64_t)i + 1);
        json_text_raw(text, ", \"name\": ");
        json_text_string(text, name, strlen(name));
        json_text_raw(text, ", \"supercategory\": \"object\"}");
    }
    json_text_raw(text, "],\n\"annotations\": [");
}

void coco_text_image(struct json_text *text, const struct record *record, int64_t id)
{
    append_member(text, "{\"id\": ", id);
    append_member(text, ", \"width\": ", record->width);
    append_member(text, ", \"height\": ", record->height);
    json_text_raw(text, ", \"file_name\": ");
    json_text_string(text, record->file_name, strlen(record->file_name));
    json_text_raw(text, "}");
}

static int append_coco_string(struct json_text *text, const struct rle *rle, struct error *error)
{
    size_t length;
    char *counts = coco_string(rle, &length, error);
    if (!counts)
        return -1;
    append_member(text, "{\"size\": [", rle->height);
    append_member(text, ", ", rle->width);
    json_text_raw(text, "], \"counts\": ");
    json_text_string(text, counts, length);
    json_text_raw(text, "}");
    free(counts);
    return 0;
}

static int append_polygons(struct json_text *text, const struct rle *rle, struct error *error)
{
    struct polygons polygons = {0};
    int result = polygons_trace(&polygons, rle, POLYGON_JOINED_HOLES, error);
    json_text_raw(text, "[");
    for (size_t i = 0; result == 0 && i < polygons.count; i++) {
        const struct polygon *polygon = &polygons.items[i];
        for (size_t j = 0; j < polygon->count; j++) {
            const int32_t *corner = polygons.xy[polygon->first + j];
            append_member(text, j ? ", " : i ? ", [" : "[", corner[0]);
            append_member(text, ", ", corner[1]);
        }
        json_text_raw(text, "]");
    }
    json_text_raw(text, "]");
    polygons_free(&polygons);
    return result;
}

/* COCO's tools crop masks to this box, so it must include the last column and row. */
static void append_bbox(struct json_text *text, const struct mask *mask)
{
    const struct box *box = &mask->box;
    int edge = mask->area > 0; /* an empty mask has no last column */
    append_member(text, ", \"bbox\": [", box->x0);
    append_member(text, ", ", box->y0);
    append_member(text, ", ", box->x1 - box->x0 + edge);
    append_member(text, ", ", box->y1 - box->y0 + edge);
    json_text_raw(text, "]");
}

static int append_common(struct json_text *text, const struct coco_annotation *annotation,
                         bool polygons, struct error *error)
{
    const struct mask *mask = annotation->mask;
    append_member(text, "\"image_id\": ", annotation->image);
    append_member(text, ", \"category_id\": ", annotation->category);
    json_text_raw(text, ", \"segmentation\": ");
    int result = polygons && mask->area > 0 ? append_polygons(text, &mask->rle, error)
                                            : append_coco_string(text, &mask->rle, error);
    append_bbox(text, mask);
    return result;
}

static void append_prompt(struct json_text *text, const struct mask *mask, unsigned absent)
{
    if (!(absent & RECORD_NO_POINT)) {
        append_real(text, ", \"point_coords\": [[", mask->point[0]);
        append_real(text, ", ", mask->point[1]);
        json_text_raw(text, "]]");
    }
    if (!(absent & RECORD_NO_CROP)) {
        append_member(text, ", \"crop_box\": [", mask->crop.x);
        append_member(text, ", ", mask->crop.y);
        append_member(text, ", ", mask->crop.width);
        append_member(text, ", ", mask->crop.height);
        json_text_raw(text, "]");
    }
}

int coco_text_instance(struct json_text *text, const struct coco_annotation *annotation,
                       bool polygons, struct error *error)
{
    const struct mask *mask = annotation->mask;
    append_member(text, "{\"id\": ", annotation->id);
    json_text_raw(text, ", ");
    if (append_common(text, annotation, polygons, error))
        return -1;
    append_member(text, ", \"area\": ", (int64_t)mask->area);
    json_text_raw(text, ", \"iscrowd\": 0");
    if (!(annotation->absent & RECORD_NO_IOU))
        append_real(text, ", \"predicted_iou\": ", (double)mask->predicted_iou);
    if (!(annotation->absent & RECORD_NO_STABILITY))
        append_real(text, ", \"stability_score\": ", (double)mask->stability_score);
    append_prompt(text, mask, annotation->absent);
    if (mask->source) {
        json_text_raw(text, ", \"source\": \"");
        json_text_raw(text, record_source_name(mask->source));
        json_text_raw(text, "\"");
    }
    json_text_raw(text, "}");
    return 0;
}

int coco_text_result(struct json_text *text, const struct coco_annotation *annotation,
                     struct error *error)
{
    const bool scored = !(annotation->absent & RECORD_NO_IOU);
    if (!scored && !record_source_is_person(annotation->mask->source))
        return error_set(error, ERROR_RECORD, "it has no predicted_iou, which a COCO result needs");
    json_text_raw(text, "{");
    if (append_common(text, annotation, false, error))
        return -1;
    append_real(text, ", \"score\": ", scored ? (double)annotation->mask->predicted_iou : 1);
    json_text_raw(text, "}");
    return 0;
}
