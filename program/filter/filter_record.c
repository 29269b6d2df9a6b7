#include "program/filter/filter_record.h"

#include <stdlib.h>

#include "base/error.h"
#include "pipeline/refilter.h"
#include "program/filter/filter_plan.h"
#include "records/record.h"

/* The name of a member in records. */
static const char *member_name(unsigned member)
{
    switch (member) {
    case RECORD_NO_IOU:
        return "predicted_iou";
    case RECORD_NO_STABILITY:
        return "stability_score";
    default:
        return "crop_box";
    }
}

/* The name of an option is its key with dashes. */
static int refuse(const struct filter_need *need, size_t annotation, struct error *error)
{
    char name[64] = "";
    for (size_t i = 0; need->key[i] && i + 1 < sizeof name; i++)
        name[i] = need->key[i] == '_' ? '-' : need->key[i];
    return error_set(error, ERROR_RECORD, "annotation %zu: it has no %s, which --%s needs",
                     annotation, member_name(need->member), name);
}

static int check_needs(const struct filter_plan *plan, const struct record *record,
                       struct error *error)
{
    for (size_t i = 0; i < record->masks.count; i++)
        for (size_t j = 0; j < plan->need_count; j++)
            if (record->masks.items[i].source != MASK_SOURCE_KNOWN &&
                (record_absent(record, i) & plan->needs[j].member))
                return refuse(&plan->needs[j], i, error);
    return 0;
}

/* Whether masks come from several crops. A record of which no run file says so tells it by a crop that
 * is not the whole image. */
static bool has_crops(const struct filter_plan *plan, const struct record *record)
{
    if (plan->crops_known)
        return plan->crops;
    for (size_t i = 0; i < record->masks.count; i++) {
        const struct rect *crop = &record->masks.items[i].crop;
        if ((uint32_t)crop->width != record->width || (uint32_t)crop->height != record->height)
            return true;
    }
    return false;
}

/* Moves the categories after their masks. */
static int sort_categories(struct record *record, struct error *error)
{
    struct record sorted = {0};
    int status = 0;
    for (size_t i = 0; status == 0 && i < record->masks.count; i++) {
        size_t place = record->masks.items[i].place;
        status = record_set_category(&sorted, i, record_category(record, place), error);
        if (status == 0)
            record_set_category_score(&sorted, i, record_category_score(record, place));
    }
    struct record_category *categories = record->categories;
    size_t count = record->category_count;
    record->categories = sorted.categories;
    record->category_count = sorted.category_count;
    sorted.categories = categories;
    sorted.category_count = count;
    record_free(&sorted);
    return status;
}

/* Moves the masks with another source than `known` to `rest`. */
static int part_known(struct mask_list *masks, struct mask_list *rest, struct error *error)
{
    size_t kept = 0;
    for (size_t i = 0; i < masks->count; i++) {
        struct mask *mask = &masks->items[i];
        if (mask->source != MASK_SOURCE_KNOWN) {
            if (mask_list_add(rest, mask, error))
                return -1;
        } else if (kept++ < i) {
            masks->items[kept - 1] = *mask;
            *mask = (struct mask){0};
        }
    }
    masks->count = kept;
    return 0;
}

int filter_record(const struct filter_plan *plan, struct record *record, struct error *error)
{
    const struct refilter how = {.options = &plan->options,
                                 .box_nms = plan->box_nms,
                                 .one_crop = plan->tiles,
                                 .crop_nms = plan->crop_nms && has_crops(plan, record)};
    const struct size image = {(int32_t)record->width, (int32_t)record->height};
    if (record->width == 0)
        return error_set(error, ERROR_RECORD,
                         "it has no mask that says the image's size; maskmill export -f sa1b "
                         "--images DIR writes a record with it");
    if (check_needs(plan, record, error))
        return -1;
    free(record->ids);
    record->ids = NULL;
    struct mask_list rest = {0};
    int status = part_known(&record->masks, &rest, error);
    if (status == 0)
        status = refilter(&rest, &how, image, error);
    if (status == 0)
        status = mask_list_append(&record->masks, &rest, error);
    mask_list_free(&rest);
    return status || sort_categories(record, error) ? -1 : 0;
}
