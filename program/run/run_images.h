/* run_images.h - where the images of a run's records are, for a tar that carries them. */
#ifndef PROGRAM_RUN_RUN_IMAGES_H
#define PROGRAM_RUN_RUN_IMAGES_H

#include <stdbool.h>

struct error;
struct image_place;
struct run_config;
struct run_images;

/* Opens the inputs and reads which images the run has done. Freed with run_images_free. NULL with
 * ERROR_IO or ERROR_MEMORY. */
struct run_images *run_images_new(const struct run_config *config, struct error *error);

/* Finds the image of a record's file_name among the inputs. An entry of --list is found if its path
 * is its file_name. False for one that is not there, such as one in a tar. What the run has not done
 * is refused (place->refusal): the record may be somebody else's. */
bool run_images_find(const struct run_images *images, const char *file_name,
                     struct image_place *place);

/* NULL is allowed. */
void run_images_free(struct run_images *images);

#endif
