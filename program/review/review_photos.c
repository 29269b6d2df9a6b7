#include "program/review/review_photos.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image.h"
#include "program/report/report_photo.h"
#include "program/review/review_session.h"

enum { BYTES_MOST = 64 << 20 }; /* that are kept: some 60 copies, or 4,000 thumbnails */

/* One that is kept, or being made: then it has no bytes yet. */
struct slot {
    size_t row;
    enum photo_kind kind;
    bool making;
    struct report_jpeg jpeg;    /* owned */
    struct slot *newer, *older; /* by last use */
};

struct review_photos {
    const struct review_session *session;
    pthread_mutex_t mutex;  /* guards all below */
    pthread_cond_t changed; /* any of it */
    struct slot *newest, *oldest;
    uint64_t bytes;                    /* of all slots */
    size_t ahead[REVIEW_PHOTOS_AHEAD]; /* [ahead_count] rows */
    size_t ahead_count;
    bool closing;
    pthread_t thread;
};

/* ---- slots; with the mutex */

static void unlink_slot(struct review_photos *photos, struct slot *slot)
{
    *(slot->newer ? &slot->newer->older : &photos->newest) = slot->older;
    *(slot->older ? &slot->older->newer : &photos->oldest) = slot->newer;
}

static void link_newest(struct review_photos *photos, struct slot *slot)
{
    slot->newer = NULL;
    slot->older = photos->newest;
    *(photos->newest ? &photos->newest->newer : &photos->oldest) = slot;
    photos->newest = slot;
}

static struct slot *find(const struct review_photos *photos, size_t row, enum photo_kind kind)
{
    struct slot *slot = photos->newest;
    while (slot && (slot->row != row || slot->kind != kind))
        slot = slot->older;
    return slot;
}

static void drop(struct review_photos *photos, struct slot *slot)
{
    unlink_slot(photos, slot);
    photos->bytes -= slot->jpeg.size;
    memory_free(slot->jpeg.bytes);
    free(slot);
}

/* A slot that the caller is going to fill. NULL: there is one already, or no memory. */
static struct slot *begin_slot(struct review_photos *photos, size_t row, enum photo_kind kind)
{
    struct slot *slot = find(photos, row, kind) ? NULL : calloc(1, sizeof *slot);
    if (!slot)
        return NULL;
    slot->row = row;
    slot->kind = kind;
    slot->making = true;
    link_newest(photos, slot);
    return slot;
}

/* Takes the JPEG over, if there is one. What was used longest ago goes. */
static void finish_slot(struct review_photos *photos, struct slot *slot, struct report_jpeg *jpeg)
{
    if (!slot)
        return;
    slot->making = false;
    slot->jpeg = *jpeg;
    *jpeg = (struct report_jpeg){0};
    photos->bytes += slot->jpeg.size;
    if (!slot->jpeg.bytes)
        drop(photos, slot);
    struct slot *newer;
    for (slot = photos->oldest; slot && photos->bytes > BYTES_MOST; slot = newer) {
        newer = slot->newer;
        if (!slot->making)
            drop(photos, slot);
    }
}

/* ---- making */

/* Reads a row's photograph for what is wanted of it. */
static int read_photo(const struct review_photos *photos, size_t row, bool thumb, bool copy,
                      struct report_photo *photo, struct error *error)
{
    struct report_photos wanted = photos->session->source.photos;
    wanted.thumb_side = thumb ? wanted.thumb_side : 0;
    wanted.copy_side = copy ? wanted.copy_side : 0;
    int result =
        report_photo_read(&wanted, review_session_name(photos->session, row), photo, error);
    image_thread_stop(); /* threads of the server end without a word */
    return result;
}

static int copy_jpeg(struct report_jpeg *to, const struct report_jpeg *from, struct error *error)
{
    *to = *from;
    if (!from->bytes)
        return 0;
    to->bytes = memory_new(from->size, 1, "a photograph", error);
    if (!to->bytes)
        return -1;
    memcpy(to->bytes, from->bytes, from->size);
    return 0;
}

/* Makes the photograph of a row, which has no slot of this kind: a thumbnail alone, or a copy and the thumbnail
 * beside it. With the mutex, which is left meanwhile. *jpeg (may be NULL) gets one of its own. */
static int make(struct review_photos *photos, size_t row, enum photo_kind kind,
                struct report_jpeg *jpeg, struct error *error)
{
    struct report_photo photo = {0};
    struct slot *thumb = begin_slot(photos, row, PHOTO_THUMB);
    struct slot *copy = kind == PHOTO_COPY ? begin_slot(photos, row, PHOTO_COPY) : NULL;
    bool begun = kind == PHOTO_COPY ? copy : thumb;
    int result = begun ? 0 : error_set(error, ERROR_MEMORY, "no memory for a photograph");
    pthread_mutex_unlock(&photos->mutex);
    if (result == 0)
        result = read_photo(photos, row, thumb, copy, &photo, error);
    if (result == 0 && jpeg)
        result = copy_jpeg(jpeg, kind == PHOTO_COPY ? &photo.copy : &photo.thumb, error);
    pthread_mutex_lock(&photos->mutex);
    finish_slot(photos, thumb, &photo.thumb);
    finish_slot(photos, copy, &photo.copy);
    pthread_cond_broadcast(&photos->changed);
    report_photo_free(&photo);
    return result;
}

int review_photos_get(struct review_photos *photos, size_t row, enum photo_kind kind,
                      struct report_jpeg *jpeg, struct error *error)
{
    struct slot *slot;
    int result;
    *jpeg = (struct report_jpeg){0};
    pthread_mutex_lock(&photos->mutex);
    while ((slot = find(photos, row, kind)) && slot->making)
        pthread_cond_wait(&photos->changed, &photos->mutex);
    if (slot) {
        unlink_slot(photos, slot);
        link_newest(photos, slot);
        result = copy_jpeg(jpeg, &slot->jpeg, error);
    } else {
        result = make(photos, row, kind, jpeg, error);
    }
    pthread_mutex_unlock(&photos->mutex);
    return result;
}

/* ---- ahead */

static void *work_ahead(void *argument)
{
    struct error ignored;
    struct review_photos *photos = argument;
    pthread_mutex_lock(&photos->mutex);
    while (!photos->closing) {
        if (photos->ahead_count == 0) {
            pthread_cond_wait(&photos->changed, &photos->mutex);
            continue;
        }
        size_t row = photos->ahead[0];
        photos->ahead_count--;
        memmove(photos->ahead, photos->ahead + 1, photos->ahead_count * sizeof *photos->ahead);
        if (!find(photos, row, PHOTO_COPY))
            make(photos, row, PHOTO_COPY, NULL, &ignored);
    }
    pthread_mutex_unlock(&photos->mutex);
    return NULL;
}

void review_photos_ahead(struct review_photos *photos, const size_t *rows, size_t count)
{
    pthread_mutex_lock(&photos->mutex);
    photos->ahead_count = count < REVIEW_PHOTOS_AHEAD ? count : REVIEW_PHOTOS_AHEAD;
    memcpy(photos->ahead, rows, photos->ahead_count * sizeof *rows);
    pthread_cond_broadcast(&photos->changed);
    pthread_mutex_unlock(&photos->mutex);
}

/* ---- life */

struct review_photos *review_photos_new(const struct review_session *session, struct error *error)
{
    struct review_photos *photos = memory_new(1, sizeof *photos, "photographs", error);
    if (!photos)
        return NULL;
    photos->session = session;
    pthread_mutex_init(&photos->mutex, NULL);
    pthread_cond_init(&photos->changed, NULL);
    int failed = pthread_create(&photos->thread, NULL, work_ahead, photos);
    if (failed == 0)
        return photos;
    error_set_system(error, ERROR_MEMORY, failed, "cannot start a thread");
    memory_free(photos);
    return NULL;
}

void review_photos_free(struct review_photos *photos)
{
    if (!photos)
        return;
    pthread_mutex_lock(&photos->mutex);
    photos->closing = true;
    pthread_cond_broadcast(&photos->changed);
    pthread_mutex_unlock(&photos->mutex);
    pthread_join(photos->thread, NULL);
    while (photos->newest)
        drop(photos, photos->newest);
    pthread_cond_destroy(&photos->changed);
    pthread_mutex_destroy(&photos->mutex);
    memory_free(photos);
}
