#include "program/predict/predict_record.h"

#include <string.h>

#include "base/error.h"
#include "library/mm_handles.h"
#include "records/record.h"

int predict_record_make(struct record *record, const char *file_name, struct mm_masks *masks,
                        struct error *error)
{
    *record = (struct record){
        .image_id = record_image_id(file_name),
        .width = (uint32_t)masks->width,
        .height = (uint32_t)masks->height,
        .file_name = strdup(file_name),
    };
    if (!record->file_name)
        return error_set(error, ERROR_MEMORY, "no memory for a record");
    record->masks = masks->list;
    masks->list = (struct mask_list){0};
    return 0;
}
