#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "library/mm_handles.h"
#include "records/record.h"
#include "rle/coco.h"
#include "rle/polygon.h"

size_t mm_masks_count(const struct mm_masks *masks)
{
    return masks->list.count;
}

struct mm_mask mm_masks_get(const struct mm_masks *masks, size_t i)
{
    const struct mask *mask = &masks->list.items[i];
    return (struct mm_mask){
        .width = masks->width,
        .height = masks->height,
        .area = mask->area,
        .box = {mask->box.x0, mask->box.y0, mask->box.x1, mask->box.y1},
        .predicted_iou = mask->predicted_iou,
        .stability_score = mask->stability_score,
        .point = {mask->point[0], mask->point[1]},
        .crop = {mask->crop.x, mask->crop.y, mask->crop.width, mask->crop.height},
        .runs = mask->rle.counts,
        .run_count = mask->rle.length,
        .logits = masks->logits ? masks->logits + i * masks->plane : NULL,
        .prompt = masks->prompts ? masks->prompts[i] : 0,
    };
}

void mm_masks_free(struct mm_masks *masks)
{
    if (!masks)
        return;
    mask_list_free(&masks->list);
    memory_free(masks->prompts);
    memory_free(masks->logits);
    memory_free(masks);
}

/* The mask behind a view, which owns nothing: its runs are the view's. */
static struct mask mask_of(const struct mm_mask *view)
{
    return (struct mask){
        .rle = {.height = (uint32_t)view->height,
                .width = (uint32_t)view->width,
                .length = view->run_count,
                .counts = (uint32_t *)view->runs}, /* only read */
        .box = {view->box[0], view->box[1], view->box[2], view->box[3]},
        .crop = {view->crop[0], view->crop[1], view->crop[2], view->crop[3]},
        .point = {view->point[0], view->point[1]},
        .predicted_iou = (float)view->predicted_iou,
        .stability_score = (float)view->stability_score,
        .area = view->area,
    };
}

char *mm_mask_coco_string(const struct mm_mask *view, struct mm_error *caller)
{
    struct error error = {0};
    const struct mask mask = mask_of(view);
    char *text = coco_string(&mask.rle, NULL, &error);
    if (!text)
        mm_error_fill(caller, &error);
    return text;
}

void mm_mask_bitmap(const struct mm_mask *view, uint8_t *bits, size_t stride)
{
    const struct mask mask = mask_of(view);
    rle_to_bitmap(&mask.rle, bits, stride);
}

/* One block: the struct, the starts of the rings, the corners. */
static struct mm_polygons *pack(const struct polygons *polygons, struct error *error)
{
    size_t starts = (polygons->count + 1) * sizeof(size_t);
    size_t corners = polygons->corners * sizeof *polygons->xy;
    char *block = malloc(sizeof(struct mm_polygons) + starts + corners);
    if (!block) {
        error_set(error, ERROR_MEMORY, "no memory for polygons");
        return NULL;
    }
    struct mm_polygons *result = (struct mm_polygons *)(void *)block;
    size_t *ring_start = (size_t *)(void *)(block + sizeof *result);
    int32_t(*xy)[2] = (int32_t(*)[2])(void *)(block + sizeof *result + starts);
    ring_start[0] = 0;
    for (size_t i = 0; i < polygons->count; i++) {
        const struct polygon *ring = &polygons->items[i];
        memcpy(xy + ring_start[i], polygons->xy + ring->first, ring->count * sizeof *xy);
        ring_start[i + 1] = ring_start[i] + ring->count;
    }
    *result = (struct mm_polygons){polygons->count, ring_start, xy[0]};
    return result;
}

struct mm_polygons *mm_mask_polygons(const struct mm_mask *view, struct mm_error *caller)
{
    struct error error = {0};
    struct polygons polygons = {0};
    const struct mask mask = mask_of(view);
    struct mm_polygons *result = NULL;
    if (polygons_trace(&polygons, &mask.rle, POLYGON_RINGS, &error) == 0)
        result = pack(&polygons, &error);
    polygons_free(&polygons);
    if (!result)
        mm_error_fill(caller, &error);
    return result;
}

char *mm_masks_record(const struct mm_masks *masks, const char *file_name, struct mm_error *caller)
{
    struct error error = {0};
    size_t length;
    const struct record record = {
        .image_id = record_image_id(file_name),
        .width = (uint32_t)masks->width,
        .height = (uint32_t)masks->height,
        .file_name = (char *)file_name, /* only read */
        .masks = masks->list,
    };
    char *text = record_text(&record, 0, &length, &error);
    if (!text)
        mm_error_fill(caller, &error);
    return text;
}

char *mm_mask_record(const struct mm_mask *view, int64_t id, struct mm_error *caller)
{
    struct error error = {0};
    const struct mask mask = mask_of(view);
    char *text = record_annotation_text(&mask, id, 0, &error);
    if (!text)
        mm_error_fill(caller, &error);
    return text;
}
