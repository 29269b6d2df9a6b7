/* report_photo.h - the photographs of a report: thumbnails and copies. */
#ifndef PROGRAM_REPORT_REPORT_PHOTO_H
#define PROGRAM_REPORT_REPORT_PHOTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct image_place;
struct image_pool;

/* Where photographs are, and what is made of them. All borrowed. */
struct report_photos {
    /* Finds the image of a record's file_name, as export_job's find_image; NULL: there are none. */
    bool (*find)(void *context, const char *file_name, struct image_place *place);
    void *context;
    struct image_pool *pool;
    int32_t thumb_side; /* longest side of a thumbnail, pixels; 0: none is made */
    int32_t copy_side;  /* of a copy; 0: none */
};

struct report_jpeg {
    uint8_t *bytes; /* owned; NULL: none */
    size_t size;
    int32_t width, height; /* pixels */
};

struct report_photo {
    bool missing; /* it was not found, or it is no image */
    struct report_jpeg thumb, copy;
};

/* Looks for the photograph of `file_name` and makes what is wanted of it. Several threads may call it
 * at once. 0, or -1 with ERROR_MEMORY; the caller calls report_photo_free in either case. */
int report_photo_read(const struct report_photos *photos, const char *file_name,
                      struct report_photo *photo, struct error *error);
void report_photo_free(struct report_photo *photo);

#endif
