/* item_label.h - run --classes: the masks of an image get classes from CLIP. */
#ifndef PROGRAM_RUN_ITEM_LABEL_H
#define PROGRAM_RUN_ITEM_LABEL_H

#include <stdint.h>

#include "base/geometry.h"

struct error;
struct item;
struct run;
struct run_config;
struct run_resources;

/* Loads what --classes and --clip name, and computes config->classes_sha256 and config->clip_sha256. Nothing without
 * --classes and --embeddings clip. 0, or -1 as labels_open_classes, or with ERROR_USAGE: other options contradict. */
int item_label_open(struct run_config *config, struct run_resources *resources,
                    struct error *error);

/* Runs the texts through CLIP. 0, or -1 as labels_prepare. */
int item_label_prepare(struct run_resources *resources, struct error *error);

/* Bytes that it takes at most for an image of this size, beside its worker's. */
uint64_t item_label_memory(const struct run *run, struct size image);

/* Names the masks of the item's record. 0, or -1: item->error is about the image, or the run ends. */
int item_label(struct run *run, struct item *item, int worker);

#endif
