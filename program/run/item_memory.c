#include "program/run/item_memory.h"

#include "base/error.h"
#include "images/image.h"
#include "jobs/memory_room.h"
#include "program/run/item.h"
#include "program/run/run.h"
#include "program/run/run_setup.h"

/* Bytes that the image takes from its decoding to the end: its pixels, and its file if that came from
 * a tar. An overlay is painted on a copy, with a plane of marks. */
static uint64_t held_bytes(const struct run *run, const struct item *item,
                           const struct image_header *header)
{
    uint64_t pixels = (uint64_t)header->width * (uint64_t)header->height;
    uint64_t each = run->config.settings->overlay ? 3 + 4 : 3;
    return each * pixels + (item->file ? item->file_size : 0);
}

/* Bytes that only decoding takes: the decoder's, and shared memory for the file and the pixels. */
static uint64_t decoding_bytes(const struct item *item, const struct image_header *header)
{
    uint64_t pixels = (uint64_t)header->width * (uint64_t)header->height;
    return header->decoder_bytes + 3 * pixels + (item->file ? item->file_size : 0);
}

/* With tiles: the decoder's, and a row of tiles in the child and in shared memory. */
static uint64_t tile_bytes(const struct image_header *header, int tile)
{
    uint64_t rows = (uint64_t)(header->height < tile ? header->height : tile);
    return header->decoder_bytes + 2 * 3 * rows * (uint64_t)header->width;
}

static int refuse(const struct run *run, struct item *item, const struct image_header *header,
                  uint64_t bytes)
{
    const struct settings *settings = run->config.settings;
    bool too_small = settings->memory == 0 && bytes <= ITEM_MEMORY_ORDINARY;
    return error_set(&item->error, too_small ? ERROR_MEMORY : ERROR_IMAGE,
                     "%s: its %d x %d pixels may take %llu MB, more than the budget of %llu MB; %s "
                     "--memory or use %s",
                     item->path, header->width, header->height, (unsigned long long)(bytes >> 20),
                     (unsigned long long)(memory_room_most(run->resources.room) >> 20),
                     too_small ? "free some memory, or set" : "raise",
                     settings->generator.tile ? "a smaller --tile" : "--tile");
}

int item_memory_take(struct run *run, struct item *item, const struct image_header *header,
                     bool alone)
{
    int tile = run->config.settings->generator.tile;
    uint64_t held = tile ? tile_bytes(header, tile) : held_bytes(run, item, header);
    uint64_t bytes = held + (tile ? 0 : decoding_bytes(item, header));
    if (bytes > memory_room_most(run->resources.room))
        return refuse(run, item, header, bytes);
    if (memory_room_take(run->resources.room, bytes, alone)) /* then nobody computes */
        run_rest_workers(&run->config, &run->resources);
    item->memory_held = held;
    item->memory_taken = bytes;
    return 0;
}

void item_memory_decoded(struct run *run, struct item *item)
{
    memory_room_give(run->resources.room, item->memory_taken - item->memory_held);
    item->memory_taken = item->memory_held;
}

void item_memory_give(struct run *run, struct item *item)
{
    image_free(&item->image);
    memory_room_give(run->resources.room, item->memory_taken);
    item->memory_taken = item->memory_held = 0;
}
