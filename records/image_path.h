/* image_path.h - from a record's file_name to the image file. */
#ifndef RECORDS_IMAGE_PATH_H
#define RECORDS_IMAGE_PATH_H

struct error;

/* FOLDER/file_name, owned by the caller, freed with free(3). Records are untrusted: NULL with
 * ERROR_RECORD for a name that leaves the folder (absolute, or with a ".." component), or with
 * ERROR_MEMORY. */
char *image_path(const char *folder, const char *file_name, struct error *error);

#endif
