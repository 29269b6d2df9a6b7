#include "program/run/item_memory.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "images/image.h"
#include "jobs/memory_room.h"
#include "program/run/item.h"
#include "program/run/item_known.h"
#include "program/run/item_label.h"
#include "program/run/run.h"
#include "program/run/run_setup.h"

/* A file of up to this size is read at once, and counts before the header is known. */
static const uint64_t FILE_BYTES = 64 << 20;

/* What is taken for an image, in bytes. */
struct need {
    uint64_t decoder; /* the decoder's own; with tiles, a row of tiles too */
    uint64_t
        shared; /* memory that the decoder shares: the file, if it came from a tar, and pixels */
    uint64_t
        held; /* from the decoding to the end, beside these: the pixels, such a file, and known masks */
};

/* An overlay is painted on a copy, and becomes a JPEG of a byte a pixel at most. Embeddings of crops are made of
 * a mirror image, too. */
static struct need whole_need(const struct run *run, const struct item *item,
                              const struct image_header *header)
{
    uint64_t pixels = (uint64_t)header->width * (uint64_t)header->height;
    const struct settings *settings = run->config.settings;
    uint64_t each = settings->overlay ? 3 + 4 : 3;
    each += settings->embeddings && strcmp(settings->embeddings, "crop") == 0 ? 3 : 0;
    uint64_t file = item->file ? item->file_size : 0;
    return (struct need){header->decoder_bytes, 3 * pixels + file,
                         each * pixels + file + item_known_memory(item) +
                             item_label_memory(run, (struct size){header->width, header->height})};
}

static struct need tile_need(const struct item *item, const struct image_header *header, int tile)
{
    uint64_t rows = (uint64_t)(header->height < tile ? header->height : tile);
    uint64_t row = 3 * rows * (uint64_t)header->width;
    return (struct need){header->decoder_bytes + row, row, item_known_memory(item)};
}

static int refuse(const struct run *run, struct item *item, const struct image_header *header,
                  uint64_t bytes)
{
    const struct settings *settings = run->config.settings;
    bool too_small = settings->memory == 0 && bytes <= ITEM_MEMORY_ORDINARY;
    return error_set(
        &item->error, too_small ? ERROR_MEMORY : ERROR_IMAGE,
        "%s: its %d x %d pixels%s may take %llu MB, more than the budget of %llu MB; %s "
        "--memory or use %s",
        item->path, header->width, header->height, item->known.found ? " and known masks" : "",
        (unsigned long long)(bytes >> 20),
        (unsigned long long)(memory_room_most(run->resources.room) >> 20),
        too_small ? "free some memory, or set" : "raise",
        settings->generator.tile ? "a smaller --tile" : "--tile");
}

/* Takes these bytes of the room. */
static void take(struct run *run, struct item *item, uint64_t bytes, bool alone)
{
    if (memory_room_take(run->resources.room, bytes, alone)) /* then nobody computes */
        run_rest_workers(&run->config, &run->resources);
    item->memory_taken = bytes;
}

size_t item_memory_encoded(const struct run *run)
{
    const uint64_t least = 64 << 20;
    const uint64_t most = 1 << 30;
    uint64_t share = memory_room_most(run->resources.room) / 3;
    return share < least ? least : share < most ? share : most;
}

void item_memory_begin(struct run *run, struct item *item, bool all)
{
    struct stat status;
    item->decoder_bytes = ITEM_MEMORY_SLACK;
    if (all) {
        take(run, item, memory_room_most(run->resources.room), true);
        item->decoder_bytes += item->memory_taken;
    } else if (!item->file && stat(item->path, &status) == 0 && status.st_size > 0) {
        uint64_t size = (uint64_t)status.st_size; /* is read at once */
        item->decoder_bytes += size < FILE_BYTES ? size : FILE_BYTES;
    }
}

int item_memory_take(struct run *run, struct item *item, const struct image_header *header,
                     bool alone)
{
    int tile = run->config.settings->generator.tile;
    const struct need need = tile ? tile_need(item, header, tile) : whole_need(run, item, header);
    uint64_t bytes = need.decoder + need.shared + need.held;
    if (bytes > memory_room_most(run->resources.room))
        return refuse(run, item, header, bytes);
    if (item->memory_taken == 0)
        take(run, item, bytes, alone);
    item->memory_held = tile ? item->memory_taken : need.held;
    item->decoder_bytes = ITEM_MEMORY_SLACK + item->memory_taken - need.shared - need.held;
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
