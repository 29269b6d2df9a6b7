#include "records/review.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/name_index.h"
#include "base/text_line.h"
#include "records/record.h"
#include "records/review_replay.h"

struct review {
    struct name_index names;      /* of images: file_name */
    struct review_image **images; /* [count] owned, by the numbers of their names */
    size_t count, capacity;
    uint64_t last; /* number of an event */
};

struct review *review_new(struct error *error)
{
    struct review *review = calloc(1, sizeof *review);
    if (!review)
        error_set(error, ERROR_MEMORY, "no memory for a review");
    return review;
}

static void image_free(struct review_image *image)
{
    if (!image)
        return;
    for (size_t i = 0; i < image->event_count; i++)
        review_event_free(&image->events[i].event);
    free(image->events);
    free(image->masks);
    free(image);
}

void review_free(struct review *review)
{
    if (!review)
        return;
    for (size_t i = 0; i < review->count; i++)
        image_free(review->images[i]);
    free(review->images);
    name_index_free(&review->names);
    free(review);
}

/* The image of that name, made if there is none. NULL with ERROR_MEMORY. */
static struct review_image *image_of(struct review *review, const char *name, struct error *error)
{
    size_t index = name_index_find(&review->names, name);
    if (index != NAME_INDEX_NONE)
        return review->images[index];
    if (memory_grow((void **)&review->images, &review->capacity, review->count + 1,
                    sizeof *review->images, error))
        return NULL;
    struct review_image *image = calloc(1, sizeof *image);
    if (!image) {
        error_set(error, ERROR_MEMORY, "no memory for the images of a review");
        return NULL;
    }
    index = name_index_put(&review->names, name, error);
    if (index == NAME_INDEX_NONE) {
        free(image);
        return NULL;
    }
    *image = (struct review_image){.name = review->names.names[index], .index = index};
    review->images[review->count++] = image;
    return image;
}

const struct review_image *review_of(const struct review *review, const char *name)
{
    size_t index = name_index_find(&review->names, name);
    return index != NAME_INDEX_NONE && review->images[index]->event_count ? review->images[index]
                                                                          : NULL;
}

size_t review_count(const struct review *review)
{
    return review->count;
}

const struct review_image *review_at(const struct review *review, size_t index)
{
    return review->images[index];
}

uint64_t review_last(const struct review *review)
{
    return review->last;
}

/* ---- adding ---- */

/* Makes room for one more event. Most images have few, so it begins with one. */
static int make_room(struct review_image *image, struct error *error)
{
    size_t room = image->capacity ? 2 * image->capacity : 1;
    if (image->event_count < image->capacity)
        return 0;
    struct review_stored *events = reallocarray(image->events, room, sizeof *events);
    if (!events)
        return error_set(error, ERROR_MEMORY, "no memory for %zu events", room);
    image->events = events;
    image->capacity = room;
    return 0;
}

/* Moves an event to the end of its image's, without a replay. 0, or -1 and nothing has changed. */
static int take(struct review *review, struct review_event *event, struct review_image **result,
                struct error *error)
{
    if (event->number != review->last + 1)
        return error_set(error, ERROR_RECORD, "event is %llu, not %llu",
                         (unsigned long long)event->number, (unsigned long long)review->last + 1);
    struct review_image *image = image_of(review, event->image, error);
    if (!image || make_room(image, error))
        return -1;
    if (event->op == REVIEW_UNDO && !review_event_of(image, event->undoes))
        return error_set(error, ERROR_RECORD,
                         "it undoes %llu, which is no earlier event of its image",
                         (unsigned long long)event->undoes);
    image->events[image->event_count++] = (struct review_stored){.event = *event};
    image->last = review->last = event->number;
    *result = image;
    return 0;
}

/* Frees what nobody asks for once an event has its place. */
static void shed(struct review_image *image)
{
    struct review_event *event = &image->events[image->event_count - 1].event;
    free(event->by);
    free(event->image);
    event->by = event->image = NULL;
}

int review_add(struct review *review, struct review_event *event, struct error *error)
{
    struct review_image *image;
    uint64_t faulty;
    if (take(review, event, &image, error))
        return -1;
    if (review_replay(image, &faulty, error) == 0) {
        shed(image);
        *event = (struct review_event){0};
        return 0;
    }
    review->last--;
    image->event_count--;
    image->last = image->event_count ? image->events[image->event_count - 1].event.number : 0;
    return -1;
}

/* ---- the log ---- */

/* A log that is being read. */
struct reading {
    struct review *review;
    const char *path;
    FILE *file;
    struct text_line line;
    uint64_t size; /* bytes of whole lines so far */
};

/* An error about one line. */
static int line_error(const struct reading *reading, uint64_t number, struct error *error)
{
    return error->code == ERROR_RECORD ? error_prefix(error, "%s, line %llu: not an event",
                                                      reading->path, (unsigned long long)number)
                                       : error_prefix(error, "%s", reading->path);
}

static int take_line(struct reading *reading, struct error *error)
{
    struct review_event event;
    struct review_image *image;
    if (reading->line.cut)
        return error_set(error, ERROR_RECORD, "the line is longer than %d bytes", REVIEW_LINE_MAX);
    if (review_event_line(&event, reading->line.bytes, reading->line.used, error))
        return -1;
    if (take(reading->review, &event, &image, error)) {
        review_event_free(&event);
        return -1;
    }
    shed(image);
    reading->size += reading->line.used + 1;
    return 0;
}

static int read_lines(struct reading *reading, struct error *error)
{
    int more;
    uint64_t number = 0;
    while ((more = text_line_next(&reading->line, reading->file, REVIEW_LINE_MAX, error)) > 0 &&
           !reading->line.torn) {
        number++;
        if (take_line(reading, error))
            return line_error(reading, number, error);
    }
    if (more < 0)
        return error_prefix(error, "%s", reading->path);
    if (ferror(reading->file))
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be read", reading->path);
    return 0;
}

/* The images' states, once all events are known: the number of an event is that of its line. */
static int replay_all(struct reading *reading, struct error *error)
{
    for (size_t i = 0; i < reading->review->count; i++) {
        uint64_t faulty;
        if (review_replay(reading->review->images[i], &faulty, error))
            return line_error(reading, faulty, error);
    }
    return 0;
}

static int check_size(const struct reading *reading, struct error *error)
{
    struct stat status;
    if (fstat(fileno(reading->file), &status))
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be read", reading->path);
    return status.st_size <= REVIEW_FILE_MAX
               ? 0
               : error_set(error, ERROR_RECORD, "%s: it is larger than %d MiB", reading->path,
                           REVIEW_FILE_MAX >> 20);
}

struct review *review_read(const struct folder *run, uint64_t *size, struct error *error)
{
    char *path;
    struct reading reading = {.file = folder_stream(run, REVIEW_FILE, error)};
    if (!reading.file)
        return NULL;
    if (asprintf(&path, "%s%s", run->prefix, REVIEW_FILE) < 0) {
        error_set(error, ERROR_MEMORY, "%s: no memory for its name", REVIEW_FILE);
        fclose(reading.file);
        return NULL;
    }
    reading.path = path;
    reading.review = review_new(error);
    if (!reading.review || check_size(&reading, error) || read_lines(&reading, error) ||
        replay_all(&reading, error)) {
        review_free(reading.review);
        reading.review = NULL;
    }
    if (size)
        *size = reading.size;
    fclose(reading.file);
    text_line_free(&reading.line);
    free(path);
    return reading.review;
}

/* ---- states ---- */

const struct review_mask *review_mask_of(const struct review_image *image, int64_t id)
{
    size_t low = 0, high = image ? image->mask_count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (image->masks[middle].id == id)
            return &image->masks[middle];
        if (image->masks[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool review_says(const struct review_image *image)
{
    for (size_t i = 0; i < image->event_count; i++)
        if (image->events[i].counts && image->events[i].event.op != REVIEW_UNDO)
            return true;
    return false;
}

bool review_of_other_record(const struct review_image *image, uint64_t record)
{
    for (size_t i = 0; image && i < image->event_count; i++) {
        const struct review_stored *stored = &image->events[i];
        if (stored->counts && stored->event.op != REVIEW_UNDO && stored->event.of_record &&
            stored->event.record != record)
            return true;
    }
    return false;
}

int review_record_hash(const struct record *record, uint64_t *hash, struct error *error)
{
    const size_t count = record->masks.count;
    uint64_t *words = memory_new(2 * count + 2, sizeof *words, "a record's hash", error);
    if (!words)
        return -1;
    words[0] = record->width;
    words[1] = record->height;
    for (size_t i = 0; i < count; i++) {
        const struct rle *rle = &record->masks.items[i].rle;
        words[2 * i + 2] = (uint64_t)record_id(record, i);
        words[2 * i + 3] = hash_bytes(rle->counts, rle->length * sizeof *rle->counts);
    }
    *hash = hash_bytes(words, (2 * count + 2) * sizeof *words);
    memory_free(words);
    return 0;
}
