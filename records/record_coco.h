/* record_coco.h - a COCO document of many images, cut into one for each.
 *
 * The file is read twice: once to note where each image and each annotation lies, in 24 bytes each;
 * then piece by piece for each image. */
#ifndef RECORDS_RECORD_COCO_H
#define RECORDS_RECORD_COCO_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct record_coco;
struct record_cutter;
struct record_part;

/* Cuts the open file `fd`, which is at its beginning. Returns as record_collection_read. */
int record_coco_cut(const struct record_cutter *cutter, int fd);

/* The same file's images one by one, in any order: a document with any number of images, or a list of
 * results, whose images are those that it has results of. Only path and error of a cutter are used.
 *
 * Notes where everything lies in `fd`, which is at its beginning. Returns 1; 0 if the file is neither of both;
 * or -1 (ERROR_RECORD: no JSON, or, with *coco set, two images of one id; ERROR_IO, ERROR_MEMORY). *coco is
 * freed with record_coco_free. */
int record_coco_note(struct record_coco **coco, const struct record_cutter *cutter, int fd);
void record_coco_free(struct record_coco *coco);

/* Number of images; whether there are descriptions of them, and not only ids. */
size_t record_coco_count(const struct record_coco *coco);
bool record_coco_described(const struct record_coco *coco);

/* An image's id; the bytes of its text, 0 if it has no annotation. */
int64_t record_coco_id(const struct record_coco *coco, size_t index);
uint64_t record_coco_bytes(const struct record_coco *coco, size_t index);

/* Its file_name, freed by the caller. Returns 1; 0 if it has none; -1 with ERROR_IO or ERROR_MEMORY. */
int record_coco_name(const struct record_coco *coco, const struct record_cutter *cutter, int fd,
                     size_t index, char **name);

/* Builds the object that describes it, freed by the caller with json_decref; NULL if it is damaged. Returns 0
 * or -1 (ERROR_IO, ERROR_MEMORY). */
int record_coco_image(const struct record_coco *coco, const struct record_cutter *cutter, int fd,
                      size_t index, json_t **image);

/* Makes the text of an image's own document, part->text, which is the caller's, and its length. Sets
 * part->error if it is too large. Any thread may call it. Returns 0 or -1 (ERROR_IO, ERROR_MEMORY). */
int record_coco_text(const struct record_coco *coco, const struct record_cutter *cutter, int fd,
                     size_t index, struct record_part *part);

#endif
