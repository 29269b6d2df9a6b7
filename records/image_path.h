/* image_path.h - from a record to its image file. */
#ifndef RECORDS_IMAGE_PATH_H
#define RECORDS_IMAGE_PATH_H

struct error;
struct image_pool;
struct record;

/* FOLDER/file_name, owned by the caller, freed with free(3). Records are untrusted: NULL with
 * ERROR_RECORD for a name that leaves the folder (absolute, or with a ".." component), or with
 * ERROR_MEMORY. */
char *image_path(const char *folder, const char *file_name, struct error *error);

/* Refuses such a name. Returns 0, or -1 with ERROR_RECORD. */
int image_path_check(const char *file_name, struct error *error);

/* Finds the image that an unnamed record (record.h) is about: FOLDER/NAME with the extension of a
 * supported format. Puts its name into the record, with the id that belongs to it, and the image's
 * size, read by `pool`, if the record does not know it. Returns 0, or -1 with ERROR_RECORD (there is none, or there
 * are several), ERROR_IMAGE or ERROR_MEMORY. */
int image_path_complete(struct record *record, const char *folder, struct image_pool *pool,
                        struct error *error);

#endif
