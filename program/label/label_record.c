#include "program/label/label_record.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/folder.h"
#include "images/image.h"
#include "program/label/label_workers.h"
#include "program/label/labels.h"
#include "program/label/name_masks.h"
#include "records/image_path.h"
#include "records/record_classed.h"
#include "records/record_stream.h"

static int forget_classes(struct record *record, struct error *error)
{
    for (size_t i = 0; i < record->masks.count; i++)
        if (record_category_score(record, i) > 0 && record_set_category(record, i, NULL, error))
            return -1;
    return 0;
}

static int name_masks(const struct label_context *context, const struct image *image,
                      struct record *record, struct error *error)
{
    if (image->width != (int64_t)record->width || image->height != (int64_t)record->height)
        return error_set(error, ERROR_RECORD, "it says %u x %u pixels, and its image has %d x %d",
                         record->width, record->height, image->width, image->height);
    if (forget_classes(record, error))
        return -1;
    struct classifier *classifier = label_workers_take(context->workers);
    int status = labels_name(context->labels, classifier, image, NULL, record, error);
    label_workers_give(context->workers, classifier);
    return status;
}

static int read_and_name(const struct label_context *context, struct record *record,
                         struct error *error)
{
    struct image image = {0};
    int status = image_path_complete(record, context->images, context->pool, error);
    if (status == 0)
        status = image_path_read(context->images, record->file_name, context->pool, &image, error);
    if (status == 0)
        status = name_masks(context, &image, record, error);
    image_free(&image);
    return status;
}

/* The record's text as it is written, of a file that has no other image's. */
static char *read_text(const struct record_entry *entry, size_t *length, struct error *error)
{
    char *text;
    return folder_read(entry->folder, entry->file, RECORD_FILE_MAX, &text, length, error) ? NULL
                                                                                          : text;
}

char *label_record(const struct label_context *context, struct record_entry *entry, size_t *length,
                   struct error *error)
{
    size_t own_length = entry->text_length;
    if (entry->record.masks.count && read_and_name(context, &entry->record, error))
        return NULL;
    char *own = entry->text ? NULL : read_text(entry, &own_length, error);
    if (!entry->text && !own)
        return NULL;
    char *text =
        record_classed(entry->text ? entry->text : own, own_length, &entry->record, length, error);
    free(own);
    return text;
}
