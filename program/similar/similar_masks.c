#include "program/similar/similar_masks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/parse.h"
#include "base/path.h"
#include "program/command_progress.h"
#include "program/settings.h"
#include "program/similar/similar_run.h"
#include "records/record.h"
#include "records/record_stream.h"
#include "search/search_index.h"

enum { SLOTS = 256 };

struct slot {
    uint64_t place_plus_one; /* 0: free */
    bool usable;
    struct similar_image image;
};

struct similar_masks {
    const struct similar_run *run;
    struct record_stream stream;
    uint64_t refused;
    struct slot slots[SLOTS]; /* by the place, modulo their number */
};

struct similar_masks *similar_masks_new(const struct similar_run *run, struct image_pool *pool,
                                        struct error *error)
{
    struct similar_masks *masks = memory_new(1, sizeof *masks, "records", error);
    if (masks) {
        masks->run = run;
        masks->stream.max_pixels = run->settings->max_pixels;
        masks->stream.pool = pool;
    }
    return masks;
}

static void clear(struct slot *slot)
{
    free(slot->image.file_name);
    free(slot->image.ids);
    free(slot->image.boxes);
    *slot = (struct slot){0};
}

void similar_masks_free(struct similar_masks *masks)
{
    for (size_t i = 0; masks && i < SLOTS; i++)
        clear(&masks->slots[i]);
    memory_free(masks);
}

int similar_masks_read(const struct similar_masks *masks, uint64_t place, struct record *record,
                       struct error *error)
{
    char *file;
    const struct search_item item = search_index_item(masks->run->index, place);
    if (asprintf(&file, "%s.json", item.name) < 0)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", item.name);
    int status = record_stream_read(&masks->stream, masks->run->folder, file, record, error);
    if (status == 0 && record->masks.count != item.rows) {
        status = error_set(error, ERROR_RECORD,
                           "%s%s: has %zu masks, its embeddings have %" PRIu64
                           " rows; make the embeddings again",
                           masks->run->folder->prefix, file, record->masks.count, item.rows);
        record_free(record);
    }
    free(file);
    return status;
}

/* Keeps what is needed of a record. */
static int keep(struct slot *slot, struct record *record, struct error *error)
{
    struct similar_image *image = &slot->image;
    const size_t count = record->masks.count;
    image->ids = calloc(count + 1, sizeof *image->ids);
    image->boxes = calloc(count + 1, sizeof *image->boxes);
    if (!image->ids || !image->boxes)
        return error_set(error, ERROR_MEMORY, "no memory for a record's masks");
    image->file_name = record->file_name;
    record->file_name = NULL;
    image->count = count;
    for (size_t i = 0; i < count; i++) {
        image->ids[i] = record_id(record, i);
        image->boxes[i] = record->masks.items[i].box;
    }
    slot->usable = true;
    return 0;
}

static int load(struct similar_masks *masks, struct slot *slot, uint64_t place, struct error *error)
{
    struct record record = {0};
    clear(slot);
    int status = similar_masks_read(masks, place, &record, error);
    if (status == 0)
        status = keep(slot, &record, error);
    record_free(&record);
    if (status && error->code == ERROR_MEMORY) {
        clear(slot);
        return -1;
    }
    if (status) {
        command_progress_say(masks->run->progress, "similar", error->text);
        masks->refused++;
    }
    slot->image.name = search_index_item(masks->run->index, place).name;
    slot->place_plus_one = place + 1;
    return 0;
}

const struct similar_image *similar_masks_get(struct similar_masks *masks, uint64_t place,
                                              struct error *error)
{
    struct slot *slot = &masks->slots[place % SLOTS];
    if (slot->place_plus_one != place + 1 && load(masks, slot, place, error))
        return NULL;
    if (slot->usable)
        return &slot->image;
    error_set(error, ERROR_RECORD, "%s: its record cannot be used", slot->image.name);
    return NULL;
}

uint64_t similar_masks_refused(const struct similar_masks *masks)
{
    return masks->refused;
}

int similar_masks_row(struct similar_masks *masks, uint64_t row, struct similar_mask *mask,
                      struct error *error)
{
    const uint64_t place = search_index_place(masks->run->index, row);
    mask->image = similar_masks_get(masks, place, error);
    mask->at = (size_t)(row - search_index_item(masks->run->index, place).first);
    return mask->image ? 0 : -1;
}

/* The row of the mask of that id in the image at a place. */
static int find_id(struct similar_masks *masks, uint64_t place, const char *text, int64_t id,
                   uint64_t *row, struct error *error)
{
    const struct similar_image *image = similar_masks_get(masks, place, error);
    if (!image && error->code == ERROR_MEMORY)
        return -1;
    if (!image) /* why has been said */
        return error_set(error, ERROR_USAGE,
                         "--mask %s: the record or the embeddings of its image cannot be used",
                         text);
    for (size_t i = 0; i < image->count; i++)
        if (image->ids[i] == id) {
            *row = search_index_item(masks->run->index, place).first + i;
            return 0;
        }
    return error_set(error, ERROR_USAGE, "--mask %s: %s has no mask %" PRId64, text,
                     image->file_name, id);
}

/* Whether the item may be the image's of that name: by its own name, or by that without an extension. */
static bool fits(const char *item, const char *name, size_t length)
{
    const size_t stem = path_stem_length(name);
    if (strncmp(item, name, length) == 0 && item[length] == 0)
        return true;
    return stem < length && strncmp(item, name, stem) == 0 && item[stem] == 0;
}

int similar_masks_find(struct similar_masks *masks, const char *text, uint64_t *row,
                       struct error *error)
{
    const char *colon = strrchr(text, ':');
    int64_t id;
    if (!colon || colon == text || !parse_integer(colon + 1, 0, INT64_MAX, &id))
        return error_set(error, ERROR_USAGE, "--mask %s: expected IMAGE:ID, such as photos/a.jpg:3",
                         text);
    char *name = strndup(text, (size_t)(colon - text));
    if (!name)
        return error_set(error, ERROR_MEMORY, "--mask %s: no memory", text);
    path_tidy(name);
    int status = 1;
    for (uint64_t i = 0; status > 0 && i < search_index_count(masks->run->index); i++)
        if (fits(search_index_item(masks->run->index, i).name, name, strlen(name)))
            status = find_id(masks, i, text, id, row, error);
    free(name);
    if (status > 0)
        return error_set(error, ERROR_USAGE, "--mask %s: %s has no embeddings of such an image",
                         text, masks->run->folder->path);
    return status;
}
