#include "records/coco_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
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
static void append_bbox(struct json_text *text, const struct box *box)
{
    append_member(text, ", \"bbox\": [", box->x0);
    append_member(text, ", ", box->y0);
    append_member(text, ", ", box->x1 - box->x0 + 1);
    append_member(text, ", ", box->y1 - box->y0 + 1);
    json_text_raw(text, "]");
}

static int append_common(struct json_text *text, const struct mask *mask, int64_t image,
                         bool polygons, struct error *error)
{
    append_member(text, "\"image_id\": ", image);
    json_text_raw(text, ", \"category_id\": 1, \"segmentation\": ");
    int result = polygons ? append_polygons(text, &mask->rle, error)
                          : append_coco_string(text, &mask->rle, error);
    append_bbox(text, &mask->box);
    return result;
}

int coco_text_instance(struct json_text *text, const struct mask *mask, int64_t image, int64_t id,
                       bool polygons, struct error *error)
{
    append_member(text, "{\"id\": ", id);
    json_text_raw(text, ", ");
    if (append_common(text, mask, image, polygons, error))
        return -1;
    append_member(text, ", \"area\": ", (int64_t)mask->area);
    append_real(text, ", \"iscrowd\": 0, \"predicted_iou\": ", (double)mask->predicted_iou);
    append_real(text, ", \"stability_score\": ", (double)mask->stability_score);
    append_real(text, ", \"point_coords\": [[", mask->point[0]);
    append_real(text, ", ", mask->point[1]);
    append_member(text, "]], \"crop_box\": [", mask->crop.x);
    append_member(text, ", ", mask->crop.y);
    append_member(text, ", ", mask->crop.width);
    append_member(text, ", ", mask->crop.height);
    json_text_raw(text, "]}");
    return 0;
}

int coco_text_result(struct json_text *text, const struct mask *mask, int64_t image,
                     struct error *error)
{
    json_text_raw(text, "{");
    if (append_common(text, mask, image, false, error))
        return -1;
    append_real(text, ", \"score\": ", (double)mask->predicted_iou);
    json_text_raw(text, "}");
    return 0;
}
