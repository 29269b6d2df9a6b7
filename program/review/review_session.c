#include "program/review/review_session.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "images/image_pool.h"
#include "jobs/progress.h"
#include "program/command_progress.h"
#include "program/settings.h"
#include "records/image_path.h"
#include "records/image_place.h"
#include "records/record.h"
#include "records/record_stream.h"
#include "records/review.h"

enum {
    THUMB_SIDE = 320, /* pixels */
    COPY_SIDE = 2048  /* of a photograph that is looked at closely */
};

static bool find_image(void *context, const char *file_name, struct image_place *place)
{
    struct error ignored;
    const struct review_session *session = context;
    *place = (struct image_place){.folder = session->images, .name = file_name};
    return image_path_check(file_name, &ignored) == 0;
}

static void print_refused(void *context, const char *text)
{
    const struct review_session *session = context;
    command_progress_say(session->source.progress, "review", text);
}

static int open_folders(struct review_session *session, const char *records, struct error *error)
{
    const struct settings *settings = session->settings;
    session->folder = folder_open(records, settings->trust_folder, error);
    if (!session->folder)
        return -1;
    if (!settings->images)
        return 0;
    session->images = folder_open(settings->images, settings->trust_folder, error);
    return session->images ? 0 : -1;
}

static int keep_text(void *context, size_t row, const char *text, size_t length,
                     struct error *error)
{
    struct review_session *session = context;
    return review_texts_add(&session->texts, row, text, length, error);
}

static int read_rows(struct review_session *session, struct error *error)
{
    size_t count;
    struct report_source *source = &session->source;
    if (report_run_count(source->records, source->trust_folder, &count, error))
        return -1;
    source->progress = command_progress_new();
    command_progress_expect(source->progress, count);
    int result = report_run_write(&session->run, NULL, error);
    progress_free(source->progress);
    source->progress = NULL;
    return result;
}

int review_session_open(struct review_session *session, const struct settings *settings,
                        struct image_pool *pool, const char *records, struct error *error)
{
    session->settings = settings;
    session->pool = pool;
    if (open_folders(session, records, error))
        return -1;
    session->source = (struct report_source){
        .records = records,
        .trust_folder = settings->trust_folder,
        .max_pixels = settings->max_pixels,
        .images = session->images,
        .photos = {.find = session->images ? find_image : NULL, .context = session, .pool = pool},
        .refused = print_refused,
        .keep = keep_text,
        .context = session,
    };
    session->run.source = &session->source;
    if (read_rows(session, error))
        return -1;
    session->seen =
        memory_new(review_session_rows(session) + 1, sizeof *session->seen, "records", error);
    if (!session->seen)
        return -1;
    if (session->images) { /* from now on, there are photographs */
        session->source.photos.thumb_side = THUMB_SIDE;
        session->source.photos.copy_side = COPY_SIDE;
    }
    return 0;
}

void review_session_close(struct review_session *session)
{
    report_run_free(&session->run);
    review_texts_free(&session->texts);
    memory_free((void *)session->seen);
    folder_close(session->images);
    folder_close(session->folder);
}

size_t review_session_rows(const struct review_session *session)
{
    return session->run.rows.count;
}

const char *review_session_name(const struct review_session *session, size_t row)
{
    return session->run.rows.items[row].name;
}

/* Reads the record of a row from its file, or from its text. */
static int read_record(const struct review_session *session, size_t row, struct record *record,
                       struct error *error)
{
    const struct report_row *place = &session->run.rows.items[row];
    const struct record_stream stream = {.max_pixels = session->source.max_pixels,
                                         .pool = session->pool};
    struct record_source source = {.name = place->name, .max_pixels = stream.max_pixels};
    char *text;
    if (place->status != REPORT_DONE)
        return error_set(error, ERROR_RECORD, "%.200s: has no record", place->name);
    if (place->file)
        return record_stream_read(&stream, session->folder, place->file, record, error);
    if (review_texts_read(&session->texts, row, &text, &source.length, error))
        return -1;
    source.bytes = text;
    int result = record_parse(record, &source, NULL, error);
    free(text);
    return result;
}

/* Whether the record is about the image of its row, and has the masks that it had when it was read first. */
static int check_same(const struct review_session *session, size_t row, const struct record *record,
                      struct error *error)
{
    const char *name = review_session_name(session, row);
    uint64_t hash, before = 0;
    if (strcmp(record->file_name, name) != 0)
        return error_set(error, ERROR_RECORD,
                         "%.200s: its record is about another image than when the review began; "
                         "start it again",
                         name);
    if (review_record_hash(record, &hash, error))
        return -1;
    if (atomic_compare_exchange_strong(&session->seen[row], &before, hash) || before == hash)
        return 0;
    return error_set(error, ERROR_RECORD,
                     "%.200s: its record was made anew during the review, and its masks are others "
                     "now; start the review again",
                     name);
}

int review_session_record(const struct review_session *session, size_t row, struct record *record,
                          struct error *error)
{
    if (read_record(session, row, record, error) ||
        report_run_complete(&session->source, record, error))
        return -1;
    if (check_same(session, row, record, error) == 0)
        return 0;
    record_free(record);
    return -1;
}
