/* Data sets of label maps: beside the images, a folder of PNG files of the same names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "images/image_pool.h"
#include "jobs/list.h"
#include "program/eval/data_set_kind.h"
#include "program/eval/segments.h"
#include "records/image_place.h"

/* Ends of images' names that label maps do not have, and of label maps' names, in the order in which
 * they are looked for: plain names (VOC, DAVIS), Cityscapes, ADE20K. */
static const char *const image_ends[] = {"", "_leftImg8bit"};
static const char *const map_ends[] = {"", "_gtFine_instanceIds", "_gtFine_labelIds", "_seg"};

struct maps {
    const struct data_set_options *options;
    struct list *list;     /* owned */
    struct folder *folder; /* owned: of the label maps */
    const char *path;      /* of the image */
    bool is_map;           /* the image is a label map */
    char *name;            /* owned: of its label map, below `folder` */
};

static void close_maps(void *own)
{
    struct maps *maps = own;
    if (!maps)
        return;
    list_close(maps->list);
    folder_close(maps->folder);
    free(maps->name);
    memory_free(maps);
}

static void *open_maps(struct data_set *set, struct error *error)
{
    const struct data_set_options *options = &set->options;
    const struct list_options walk = {.inputs = options->inputs,
                                      .input_count = options->input_count,
                                      .wanted = image_has_extension,
                                      .skip_suffix = ".overlay.jpg"};
    struct maps *maps = memory_new(1, sizeof *maps, "data set", error);
    if (!maps)
        return NULL;
    maps->options = options;
    maps->folder = folder_open(options->label_maps, options->trusted, error);
    maps->list = maps->folder ? list_open(&walk, error) : NULL;
    if (maps->list)
        return maps;
    close_maps(maps);
    return NULL;
}

static bool ends_in(const char *text, size_t length, const char *end)
{
    const size_t size = strlen(end);
    return length > size && memcmp(text + length - size, end, size) == 0;
}

/* Whether the label map that was found is the image itself: ADE20K has both in one folder. */
static bool is_itself(const struct maps *maps)
{
    struct stat image, map;
    return stat(maps->path, &image) == 0 && folder_stat(maps->folder, maps->name, &map) == 0 &&
           image.st_dev == map.st_dev && image.st_ino == map.st_ino;
}

/* Looks for the label map of the name key[0..stem) with one end. Returns 1 if it is there, 0 if not, or
 * -1 with ERROR_MEMORY. */
static int try_end(struct maps *maps, const char *key, size_t stem, const char *end,
                   struct error *error)
{
    free(maps->name);
    if (asprintf(&maps->name, "%.*s%s.png", (int)stem, key, end) < 0) {
        maps->name = NULL;
        return error_set(error, ERROR_MEMORY, "%s: no memory for its label map's name", key);
    }
    if (!folder_has(maps->folder, maps->name))
        return 0;
    const bool itself = is_itself(maps);
    maps->is_map = maps->is_map || itself;
    return !itself;
}

/* Looks for the label map of an image. As try_end. */
static int find_map(struct maps *maps, const char *key, struct error *error)
{
    const char *suffix = maps->options->label_suffix;
    const size_t stem = list_stem(key);
    int found = 0;
    for (size_t i = 0; found == 0 && i < sizeof image_ends / sizeof *image_ends; i++) {
        if (!ends_in(key, stem, image_ends[i]))
            continue;
        const size_t bare = stem - strlen(image_ends[i]);
        if (suffix)
            found = try_end(maps, key, bare, suffix, error);
        for (size_t m = 0; !suffix && found == 0 && m < sizeof map_ends / sizeof *map_ends; m++)
            found = try_end(maps, key, bare, map_ends[m], error);
    }
    return found;
}

/* Images without a label map are passed over: VOC has many. */
static int next_map(struct data_set *set, void *own, struct data_item *item, struct error *error)
{
    struct maps *maps = own;
    struct list_item listed;
    int more;
    while ((more = list_next(maps->list, &listed, error)) > 0) {
        if (!shard_has(&set->options.shard, listed.key))
            continue;
        maps->path = listed.path;
        maps->is_map = false;
        int found = listed.fault ? 1 : find_map(maps, listed.key, error);
        if (found < 0)
            return -1;
        set->unlabelled += found == 0 && !maps->is_map;
        if (found == 0)
            continue;
        *item = (struct data_item){listed.key, listed.fault};
        return 1;
    }
    return more;
}

static int map_truth(void *own, struct segments *truth, struct error *error)
{
    const struct maps *maps = own;
    const struct image_place place = {.folder = maps->folder, .name = maps->name};
    struct image map = {0};
    char *path;
    if (asprintf(&path, "%s%s", maps->folder->prefix, maps->name) < 0)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its path", maps->name);
    const struct image_input input = {path, image_place_open(&place, error)};
    int status = input.descriptor < 0
                     ? -1
                     : image_pool_read_values(maps->options->pool, &input, &map, error);
    if (status == 0 && label_map_segments(&map, &maps->options->labels, truth, error))
        status = error_prefix(error, "%s", path);
    if (input.descriptor >= 0)
        close(input.descriptor);
    image_free(&map);
    free(path);
    return status;
}

static int map_image(void *own, struct image_input *input, struct error *error)
{
    const struct maps *maps = own;
    (void)error;
    *input = (struct image_input){maps->path, -1};
    return 0;
}

const struct data_set_kind data_set_maps = {open_maps, next_map, map_truth, map_image, close_maps};
