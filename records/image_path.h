/* image_path.h - from a record to its image file, below a folder of images. */
#ifndef RECORDS_IMAGE_PATH_H
#define RECORDS_IMAGE_PATH_H

struct error;
struct folder;
struct image;
struct image_header;
struct image_pool;
struct record;

/* Records are untrusted: refuses a file_name that leaves the folder (absolute, or with a ".."
 * component). Returns 0, or -1 with ERROR_RECORD. */
int image_path_check(const char *file_name, struct error *error);

/* Has the header of the image `file_name` below `images` (image_place.h) read by `pool`. Returns 0, or
 * -1 with ERROR_RECORD (image_path_check), ERROR_IMAGE or ERROR_MEMORY. */
int image_path_header(const struct folder *images, const char *file_name, struct image_pool *pool,
                      struct image_header *header, struct error *error);

/* Has the image itself read. Returns as image_path_header. */
int image_path_read(const struct folder *images, const char *file_name, struct image_pool *pool,
                    struct image *image, struct error *error);

/* Finds the image that an unnamed record (record.h) is about: below `images`, the record's name with
 * the extension of a supported format. Puts its name into the record, with the id that belongs to
 * it, and the image's size, read by `pool`, if the record does not know it. Returns 0, or -1 with
 * ERROR_RECORD (there is none, or there are several), ERROR_IMAGE or ERROR_MEMORY. */
int image_path_complete(struct record *record, const struct folder *images, struct image_pool *pool,
                        struct error *error);

#endif
