/* report.h - a report of one run, or of two beside each other. */
#ifndef PROGRAM_REPORT_REPORT_H
#define PROGRAM_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program/report/report_output.h"
#include "program/report/report_photo.h"

struct error;
struct folder;
struct image_pool;
struct progress;

enum report_photos_kind {
    REPORT_PHOTOS_AUTO, /* copies of a few, links to many */
    REPORT_PHOTOS_COPY, /* thumbnails, and copies of at most 1,280 pixels a side */
    REPORT_PHOTOS_LINK, /* thumbnails; the page shows the originals, where they lie */
    REPORT_PHOTOS_NONE  /* masks on gray */
};

/* What to report. All borrowed. */
struct report_job {
    const char *const *records; /* [runs]: folders or files */
    int runs;                   /* 1 or 2 */
    struct report_place place;
    bool trust_folder;
    uint64_t max_pixels;
    struct image_pool *pool;
    enum report_photos_kind photos;
    const char *images_path;     /* the folder of images; NULL: none is known */
    const struct folder *images; /* the same, open */
    /* Finds images elsewhere (struct report_photos); NULL: below `images`. */
    bool (*find)(void *context, const char *file_name, struct image_place *place);
    void *find_context;
    void (*refused)(void *context, const char *text); /* struct report_source */
    void *context;
    struct progress *progress; /* command_progress.h; NULL: none is shown */

    /* Out. */
    size_t images_count, masks, failed, refused_count, missing;
};

/* Writes the report. 0 or -1 with ERROR_USAGE, ERROR_IO or ERROR_MEMORY; then nothing is left. */
int report_write(struct report_job *job, struct error *error);

#endif
