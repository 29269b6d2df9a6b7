/* image_cache.h - embeddings of the images that were asked for last, within a bound on memory.
 *
 *   image_cache_get --> read (images/image_pool.h), encoded --> held by the caller --> release
 *   image_cache_ahead: the same in a thread of its own, for whoever will ask next
 *
 * An image is known by its file (device, inode, size, time of change), so one that was replaced is
 * encoded again. However many ask for an image at the same time, it is encoded once. What was used
 * longest ago goes first when the bound is reached; what is held stays, even beyond the bound.
 *
 * Concurrency contract
 * - Any thread may call any function but image_cache_free.
 * - One image is encoded at a time, on all threads of the cache's segmenter. One that is wanted now
 *   goes before those that are encoded ahead, but does not interrupt one that has begun.
 */
#ifndef PROGRAM_PROMPTS_IMAGE_CACHE_H
#define PROGRAM_PROMPTS_IMAGE_CACHE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct folder;
struct image_cache;
struct image_pool;
struct mm_embedding;
struct mm_segmenter;

/* All borrowed; they outlive the cache. */
struct image_cache_options {
    struct mm_segmenter *segmenter; /* the cache's alone: it encodes */
    struct image_pool *pool;        /* reads the images, in processes apart */
    uint64_t bytes;                 /* of embeddings that are kept; 0: none but those held */
};

/* An image's file: `name` below `folder`, opened as records/image_place.h says; folder NULL: a path of
 * the user's own. A folder outlives the cache, a name only the call. */
struct cache_image {
    const struct folder *folder;
    const char *name;
};

/* An embedding that is held: valid until it is released. */
struct cached_image {
    const struct mm_embedding *embedding; /* for mm_segmenter_set_embedding of any segmenter */
    int32_t width, height;                /* pixels, orientation applied */
};

/* NULL with ERROR_MEMORY. */
struct image_cache *image_cache_new(const struct image_cache_options *options, struct error *error);

/* Ends the thread that encodes ahead. No entry may be held. NULL is allowed. */
void image_cache_free(struct image_cache *cache);

/* The image's embedding: at once if it is there; else waits until it is encoded, by whichever thread.
 * Each entry got is released once. Returns NULL with ERROR_IMAGE (missing, damaged, over a limit) or
 * ERROR_MEMORY; the next get tries again. */
const struct cached_image *image_cache_get(struct image_cache *cache,
                                           const struct cache_image *image, struct error *error);
void image_cache_release(struct image_cache *cache, const struct cached_image *entry);

enum { IMAGE_CACHE_AHEAD = 8 };

/* Encodes these images soon, in this order, and forgets those of earlier calls that have not begun. At
 * most IMAGE_CACHE_AHEAD of them, and no more than fit beside the one that was got last. Returns at
 * once. Their errors are told to nobody: image_cache_get meets them again. */
void image_cache_ahead(struct image_cache *cache, const struct cache_image *images, size_t count);

/* How many images have been encoded. */
uint64_t image_cache_encoded(struct image_cache *cache);

#endif
