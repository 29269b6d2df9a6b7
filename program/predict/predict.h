/* predict.h - `maskmill predict`: what its three ways share.
 *
 *   IMAGE and prompts    predict_image.c -+
 *   a detector's boxes   predict_boxes.c -+-> library -> predict_record.c -> predict_output.c
 *   requests on stdin    predict_serve.c --> image_cache -> library -> a line of JSON
 */
#ifndef PROGRAM_PREDICT_PREDICT_H
#define PROGRAM_PREDICT_PREDICT_H

#include <stdint.h>

#include "program/command.h"
#include "program/decoder.h"

struct error;
struct mm_model;
struct mm_segmenter;
struct prompt_frame_size;
struct settings;

struct predict {
    const struct command *command;
    struct settings *settings;
    struct decoder decoder;
    struct mm_model *model;         /* owned */
    struct mm_segmenter *segmenter; /* owned; uses all threads */
    float *text;                    /* owned: of all prompts, set in the segmenter; NULL: none */
    uint64_t cache_bytes;           /* memory for embeddings */
    bool library_started;           /* libvips, for what is written */
};

/* What the memory that the model leaves is for. */
enum predict_way {
    PREDICT_IMAGE, /* one decoder */
    PREDICT_BOXES, /* whatever predict_lanes.h decides; the decoder is not opened yet */
    PREDICT_SERVE  /* one decoder has half of it, embeddings the other (cache_bytes) */
};

/* Loads the model and makes all above; the decoder's server runs already. 0 or -1. */
int predict_start(struct predict *predict, enum predict_way way, struct error *error);

/* Size and model of prompts on an image of these sides. */
struct prompt_frame_size predict_frame(const struct predict *predict, int32_t width,
                                       int32_t height);

/* The three ways. Each fills *error and returns EXIT_ALL_DONE or EXIT_SOME_FAILED, or -1. */
int predict_image(struct predict *predict, const char *path, struct error *error);
int predict_boxes(struct predict *predict, const char *path, struct error *error);
int predict_serve(struct predict *predict, struct error *error);

#endif
