#include "program/run/item.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "images/image_worker.h"
#include "jobs/list.h"
#include "jobs/progress.h"
#include "jobs/stop.h"
#include "pictures/picture.h"
#include "pipeline/generate.h"
#include "pipeline/tiles.h"
#include "program/picture_settings.h"
#include "program/run/item_embeddings.h"
#include "program/run/item_known.h"
#include "program/run/item_label.h"
#include "program/run/item_memory.h"
#include "program/run/run.h"
#include "program/run/run_notices.h"
#include "program/run/run_setup.h"
#include "program/tars/tar_sample.h"
#include "records/record_known.h"

/* Whether to begin a stage: not once the run drops what is not done. */
static bool begin(const struct run *run, struct item *item)
{
    item->dropped = run_dropping(run);
    return !item->dropped;
}

bool item_blames_machine(const struct error *error, enum retry_side side)
{
    return error->code == ERROR_MEMORY || error->code == ERROR_UNSUPPORTED ||
           (error->code == ERROR_IO && side == RETRY_READING);
}

/* As retry_decide. An image never fails for what the machine lacks, and is tried again after its
 * decoder was killed even without --retries: the decoder has been started anew. */
static enum retry_answer decide(const struct run *run, const struct error *error,
                                enum retry_side side, int attempt)
{
    enum { AFTER_KILL = 2 };
    int retries = run->config.settings->retries;
    int system = error->system;
    if (system == 0 && error->code == ERROR_MEMORY)
        system = ENOMEM;
    if (system == ECHILD && retries < AFTER_KILL)
        retries = AFTER_KILL;
    enum retry_answer answer = retry_decide(system, side, attempt, retries);
    return answer == RETRY_FAIL_ITEM && item_blames_machine(error, side) ? RETRY_STOP_RUN : answer;
}

void item_give_up(struct run *run, struct item *item)
{
    run_fail(run, &item->error);
    item->dropped = true;
}

bool item_try_again(struct run *run, struct item *item, enum retry_side side, int attempt)
{
    switch (decide(run, &item->error, side, attempt)) {
    case RETRY_AGAIN:
        progress_log(run->resources.progress, PROGRESS_WARNING, "%s; trying again",
                     item->error.text);
        item->dropped = stop_wait(run->resources.stop,
                                  retry_delay(attempt, hash_bytes(item->key, strlen(item->key))));
        return !item->dropped;
    case RETRY_STOP_RUN:
        item_give_up(run, item);
        return false;
    case RETRY_FAIL_ITEM:
        break;
    }
    return false;
}

/* A missing file may mean that its file system has been unmounted. */
static void check_mounts(struct run *run, struct item *item)
{
    struct error error;
    if (item->error.system != ENOENT)
        return;
    for (int i = 0; i < run->config.input_count && i < RUN_INPUTS_MAX; i++)
        if (run->config.mounts[i].known &&
            mount_check(run->config.inputs[i], &run->config.mounts[i], &error)) {
            item->error = error;
            item_give_up(run, item);
        }
}

/* As try_again, after a failed attempt to read the image. */
static bool read_again(struct run *run, struct item *item, int attempt)
{
    check_mounts(run, item);
    return !item->dropped && item_try_again(run, item, RETRY_READING, attempt);
}

/* With tiles the image is decoded as it is computed; here only its header is read. */
static int open_image(struct run *run, struct item *item, struct image_header *header)
{
    struct image_worker *worker = run->resources.image_worker;
    const struct image_options *options = &run->config.reading;
    const struct image_bytes file = {item->file, item->file_size, item->path};
    if (item->file)
        return image_worker_open_memory(worker, &file, options, header, &item->error);
    if (run->config.settings->generator.tile)
        return image_worker_header(worker, item->path, options, header, &item->error);
    return image_worker_open(worker, item->path, options, header, &item->error);
}

/* How an image is tried. */
struct attempt {
    bool alone; /* while no other image is in hand */
    bool all;   /* with all the memory there is */
};

/* Takes memory and decodes the image; with tiles, reads its header. */
static int read_once(struct run *run, struct item *item, const struct attempt *attempt)
{
    struct image_header header;
    struct image_worker *worker = run->resources.image_worker;
    if (item_known_find(run, item))
        return -1;
    item_memory_begin(run, item, attempt->all);
    image_worker_limit(worker, item->decoder_bytes);
    if (open_image(run, item, &header) || item_memory_take(run, item, &header, attempt->alone))
        return -1;
    item->record.width = (uint32_t)header.width;
    item->record.height = (uint32_t)header.height;
    if (run->config.settings->generator.tile)
        return 0;
    image_worker_limit(worker, item->decoder_bytes);
    if (image_worker_pixels(worker, &item->image, &item->error))
        return -1;
    item_memory_decoded(run, item);
    return 0;
}

/* A decoder that was killed may have been so because memory ran out: the image is tried again when
 * no other is in hand. One that needed more than the header says is given all the memory once. */
static int read_item(struct run *run, struct item *item)
{
    struct attempt how = {false, false};
    for (int attempt = 0;; attempt++) {
        item->error = (struct error){0};
        if (read_once(run, item, &how) == 0)
            return 0;
        item_memory_give(run, item);
        if (image_worker_over(run->resources.image_worker) && !how.all) {
            how.all = true;
            if (!begin(run, item))
                return -1;
            continue;
        }
        if (!read_again(run, item, attempt))
            return -1;
        how.alone = how.alone || item->error.system == ECHILD || item->error.code == ERROR_MEMORY;
    }
}

/* Says what `worker` has noticed while it decoded the image. */
static void notice_image(struct run *run, const struct item *item,
                         const struct image_worker *worker)
{
    const struct image_notes notes = image_worker_notes(worker);
    run_notice_image(run, item->path, &notes);
}

int item_read(struct run *run, struct item *item)
{
    if (item->mark)
        return -1;
    if (item->error.code != ERROR_NONE) /* a folder may have gone with its file system */
        check_mounts(run, item);
    if (item->error.code != ERROR_NONE || !begin(run, item))
        return -1;
    double start = clock_now();
    int status = read_item(run, item);
    if (status == 0 && !run->config.settings->generator.tile)
        notice_image(run, item, run->resources.image_worker);
    item->seconds = clock_now() - start;
    return status;
}

static int find_masks_in_tiles(struct run *run, int worker, struct item *item,
                               const struct generate_known *known)
{
    const struct tiles_source source = {
        .decoder = run->resources.strip_workers[worker],
        .path = item->path,
        .options = &run->config.reading,
    };
    struct image_header header;
    image_worker_limit(source.decoder, item->decoder_bytes);
    if (tiles_generate(run->resources.generators[worker], &source, known, &item->record.masks,
                       &header, &item->error))
        return -1;
    item->record.width = (uint32_t)header.width;
    item->record.height = (uint32_t)header.height;
    notice_image(run, item, source.decoder);
    return 0;
}

/* `known` NULL: nothing is. */
static int find_masks(struct run *run, int worker, struct item *item,
                      const struct generate_known *known)
{
    if (run->config.settings->generator.tile)
        return find_masks_in_tiles(run, worker, item, known);
    item->record.width = (uint32_t)item->image.width;
    item->record.height = (uint32_t)item->image.height;
    if (item_embeddings_begin(run, item, worker))
        return -1;
    return generate_beside(run->resources.generators[worker], &item->image, known,
                           &item->record.masks, &item->error);
}

static double (*corners_of(const struct record_known *known, struct error *error))[4]
{
    double(*corners)[4] = memory_new(known->box_count, sizeof *corners, "boxes", error);
    for (size_t i = 0; corners && i < known->box_count; i++)
        memcpy(corners[i], known->boxes[i].corners, sizeof corners[i]);
    return corners;
}

/* The masks that are known, and what is found beside them. */
static int find_beside(struct run *run, int worker, struct item *item, struct record_known *known)
{
    double(*corners)[4] = corners_of(known, &item->error);
    if (!corners)
        return -1;
    const struct generate_known beside = {
        .masks = &known->record.masks,
        .boxes = corners[0],
        .box_count = known->box_count,
        .parts = run->config.settings->known_parts,
    };
    int status = find_masks(run, worker, item, &beside);
    memory_free(corners);
    return status ? -1 : record_known_join(known, &item->record, &item->error);
}

static int make_masks(struct run *run, int worker, struct item *item)
{
    struct record_known known;
    const struct size image = {(int32_t)item->record.width, (int32_t)item->record.height};
    if (!run->resources.known)
        return find_masks(run, worker, item, NULL);
    int status = item_known_read(run, item, image, &known);
    if (status == 0)
        status = find_beside(run, worker, item, &known);
    record_known_free(&known);
    return status;
}

/* All but the image's size, which the next attempt needs. */
static void empty_record(struct record *record)
{
    const uint32_t width = record->width, height = record->height;
    record_free(record);
    record->width = width;
    record->height = height;
}

/* With tiles the pixels are read here, so the file system may fail here. */
static int compute_item(struct run *run, int worker, struct item *item)
{
    for (int attempt = 0;; attempt++) {
        item->error = (struct error){0};
        if (make_masks(run, worker, item) == 0 && item_embeddings_make(run, item, worker) == 0)
            return 0;
        empty_record(&item->record);
        if (!read_again(run, item, attempt))
            return -1;
    }
}

void item_leave_out(struct run *run, struct item *item, const char *part)
{
    run_notice_part(run, item->path, part, &item->error);
    item->error = (struct error){0};
}

/* Whatever keeps an overlay from being painted, want of memory too, costs the overlay alone. */
static void paint_overlay(struct run *run, struct item *item)
{
    const struct picture_style style = picture_settings_style(run->config.settings);
    if (picture_overlay(&item->image, &item->record, &style, &item->overlay, &item->overlay_size,
                        &item->error))
        item_leave_out(run, item, "overlay");
}

static int complete_record(struct run *run, struct item *item)
{
    item->record.image_id = record_image_id(item->key);
    item->record.file_name = strdup(item->key);
    if (item->record.file_name)
        return 0;
    error_set(&item->error, ERROR_MEMORY, "no memory for a name");
    item_give_up(run, item);
    return -1;
}

int item_compute(struct run *run, struct item *item, int worker)
{
    if (!begin(run, item))
        return -1;
    double start = clock_now();
    item->worker = (uint32_t)worker;
    int status = run_wake_worker(&run->config, &run->resources, worker, &item->error);
    if (status)
        item_give_up(run, item);
    else
        status = compute_item(run, worker, item);
    if (status == 0)
        status = item_label(run, item, worker);
    memory_free(item->clip_rows);
    item->clip_rows = NULL;
    if (status == 0)
        status = complete_record(run, item);
    if (status == 0 && run->config.settings->overlay)
        paint_overlay(run, item);
    item->seconds += clock_now() - start;
    return status;
}

void item_clear(struct item *item)
{
    free(item->path);
    free(item->key);
    free(item->tar);
    free(item->file);
    memory_free(item->overlay);
    free(item->embeddings);
    memory_free(item->clip_rows);
    record_free(&item->record);
    tar_sample_free(item->sample);
    item->path = item->key = item->tar = NULL;
    item->file = NULL;
    item->overlay = NULL;
    item->embeddings = NULL;
    item->clip_rows = NULL;
    item->sample = NULL;
    item->tag = NULL;
    item->place = 0;
    item->mark = SINK_IMAGE;
    item->shares_record = false;
    item->error = (struct error){0};
    item->dropped = false;
    item->seconds = 0;
}

void item_free(struct item *item)
{
    item_clear(item);
    image_free(&item->image);
}
