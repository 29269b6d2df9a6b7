#include "program/predict/predict_record.h"

#include <string.h>

#include "base/error.h"
#include "library/mm_handles.h"
#include "records/record.h"

int predict_record_begin(struct record *record, const char *file_name, const struct mm_masks *masks,
                         struct error *error)
{
    *record = (struct record){
        .image_id = record_image_id(file_name),
        .width = (uint32_t)masks->width,
        .height = (uint32_t)masks->height,
        .file_name = strdup(file_name),
    };
    return record->file_name ? 0 : error_set(error, ERROR_MEMORY, "no memory for a record");
}

int predict_record_make(struct record *record, const char *file_name, struct mm_masks *masks,
                        struct error *error)
{
    if (predict_record_begin(record, file_name, masks, error))
        return -1;
    record->masks = masks->list;
    masks->list = (struct mask_list){0};
    return 0;
}
