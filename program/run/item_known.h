/* item_known.h - run --known: what is known of an image, from its file to its record. */
#ifndef PROGRAM_RUN_ITEM_KNOWN_H
#define PROGRAM_RUN_ITEM_KNOWN_H

#include <stdint.h>

#include "base/geometry.h"

struct error;
struct item;
struct record_known;
struct run;
struct run_config;
struct run_resources;

/* Opens what --known names, and computes config->known_sha256 of its files of many images. Nothing without
 * --known. Returns 0, or -1 as known_index_open, or with ERROR_USAGE: it lies in the output folder, or the reverse. */
int item_known_open(struct run_config *config, struct run_resources *resources,
                    struct error *error);

/* Finds the image's text: sets item->known. 0, or -1 with item->error, as known_index_find. */
int item_known_find(const struct run *run, struct item *item);

/* Bytes that reading that text takes, and holding what is in it. */
uint64_t item_known_memory(const struct item *item);

/* Reads what is known of an image of this size; `known` is freed by record_known_free. 0, or -1 with
 * item->error: ERROR_RECORD or ERROR_IMAGE are about this image. */
int item_known_read(struct run *run, struct item *item, struct size image,
                    struct record_known *known);

/* At the end: a warning if no image had known masks. */
void item_known_finish(const struct run *run);

#endif
