#include "pictures/scene.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "pictures/lettering.h"
#include "records/record.h"

/* Points of outlines move by at most so many pixels of the picture for the sake of fewer. */
static const double TOLERANCE = 0.12;

/* Labels: the height of capitals is this share of the picture's side, within bounds; in a small mask
 * it shrinks to fit, but not below a share of that. */
static const double LABEL_SHARE = 1.0 / 75, LABEL_LEAST = 7, LABEL_MOST = 60, LABEL_SHRUNK = 0.65;

struct place {
    uint64_t area;
    size_t index;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *first = a, *second = b;
    if (first->area != second->area)
        return first->area > second->area ? -1 : 1;
    return first->index < second->index ? -1 : first->index > second->index;
}

static bool is_shown(const struct record *record, const struct picture_style *style, size_t place)
{
    int64_t id = record_id(record, place);
    bool found = !style->only;
    for (size_t i = 0; !found && i < style->only_count; i++)
        found = style->only[i] == id;
    return found;
}

/* Lists the masks that are shown, from the largest to the smallest, in order[masks.count]. Returns
 * their number in *count. */
static int list_masks(const struct record *record, const struct picture_style *style, size_t *order,
                      size_t *count, struct error *error)
{
    const struct mask_list *masks = &record->masks;
    struct place *places = memory_new(masks->count, sizeof *places, "a picture", error);
    if (!places)
        return -1;
    *count = 0;
    for (size_t i = 0; i < masks->count; i++) {
        uint64_t area = rle_area(&masks->items[i].rle);
        if (area > 0 && is_shown(record, style, i))
            places[(*count)++] = (struct place){area, i};
    }
    qsort(places, *count, sizeof *places, compare_places);
    for (size_t i = 0; i < *count; i++)
        order[i] = places[i].index;
    memory_free(places);
    return 0;
}

/* `at` moved such that `length` pixels from there lie between two ends, if they fit at all. */
static double keep_within(double at, double length, double from, double to)
{
    return fmax(fmin(at, to - length), from);
}

/* The height at which the label fits into its mask, and its place: within the picture. */
static void set_label(struct scene_mask *mask, const struct record *record,
                      const struct scene_frame *frame)
{
    const struct label *label = &mask->label;
    double ratio = lettering_width(label->text, 1);
    double most = fmin(fmax(frame->side * LABEL_SHARE, LABEL_LEAST), LABEL_MOST);
    double radius = label->radius * fmin(frame->scale[0], frame->scale[1]);
    double fitting = 2 * radius / sqrt(ratio * ratio + 1);
    mask->label_height = fmin(fmax(fitting, most * LABEL_SHRUNK), most);
    double x = frame->origin[0] + (label->x + 0.5) * frame->scale[0];
    double y = frame->origin[1] + (label->y + 0.5) * frame->scale[1];
    double height = mask->label_height, width = ratio * height, gap = height / 3;
    double right = frame->origin[0] + record->width * frame->scale[0];
    double lower = frame->origin[1] + record->height * frame->scale[1];
    x = keep_within(x - width / 2, width, frame->origin[0] + gap, right - gap);
    y = keep_within(y - height / 2, height, frame->origin[1] + gap, lower - gap);
    mask->label_at[0] = (float)x;
    mask->label_at[1] = (float)(y + height);
}

static int make_mask(struct scene_mask *mask, const struct record *record,
                     const struct picture_style *style, const struct scene_frame *frame,
                     struct error *error)
{
    const struct mask *of = &record->masks.items[mask->place];
    const struct palette_mask colour = {
        .place = mask->place,
        .has_iou = !(record_absent(record, mask->place) & RECORD_NO_IOU),
        .predicted_iou = of->predicted_iou,
    };
    double scale = fmax(frame->scale[0], frame->scale[1]);
    palette_colour(style->palette, &colour, mask->rgb);
    if (contour_trace(&mask->contour, &of->rle, TOLERANCE / scale, error))
        return -1;
    contour_move(&mask->contour, frame->origin, frame->scale);
    set_label(mask, record, frame);
    return 0;
}

/* Makes the masks of places order[count]. */
static int make_masks(struct scene *scene, const struct record *record,
                      const struct picture_style *style, const struct scene_frame *frame,
                      const size_t *order, struct error *error)
{
    struct label *labels = memory_new(scene->count, sizeof *labels, "labels", error);
    int status =
        labels ? label_place(labels, record, order, scene->count, style->labels, error) : -1;
    for (size_t i = 0; status == 0 && i < scene->count; i++) {
        scene->masks[i].place = order[i];
        scene->masks[i].label = labels[i];
        status = make_mask(&scene->masks[i], record, style, frame, error);
    }
    memory_free(labels);
    return status;
}

int scene_make(struct scene *scene, const struct record *record, const struct picture_style *style,
               const struct scene_frame *frame, struct error *error)
{
    size_t most = record->masks.count;
    *scene = (struct scene){.outline = style_outline(style, frame->side),
                            .over = style_over(style),
                            .layer = style_layer(style)};
    size_t *order = memory_new(most, sizeof *order, "a picture", error);
    if (!order)
        return -1;
    int status = list_masks(record, style, order, &scene->count, error);
    if (status == 0)
        scene->masks = memory_new(scene->count, sizeof *scene->masks, "a picture", error);
    if (scene->masks)
        status = make_masks(scene, record, style, frame, order, error);
    else
        scene->count = 0;
    memory_free(order);
    return scene->masks ? status : -1;
}

void scene_free(struct scene *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        contour_free(&scene->masks[i].contour);
    memory_free(scene->masks);
    *scene = (struct scene){0};
}
