/* decoder.h - how a command decodes images: in processes apart (images/image_worker.h), within the
 * limits that --max-pixels, --image-timeout and --memory set. */
#ifndef PROGRAM_DECODER_H
#define PROGRAM_DECODER_H

#include <stdint.h>

#include "images/image.h"

struct error;
struct image_pool;
struct image_server;
struct image_worker;
struct settings;

/* Begins with all zeros. */
struct decoder {
    struct image_server *server; /* owned; starts the processes */
    struct image_pool *pool;     /* owned; NULL until decoder_open */
};

/* Private memory of the server and the first process that decodes, and of each other one, without any
 * image. */
enum { DECODER_PROCESSES = 24 << 20, DECODER_PROCESS = 8 << 20 };

/* Starts the server. It forks: call it before the first thread. 0 or -1 (ERROR_UNSUPPORTED). The
 * caller calls decoder_stop in any case. */
int decoder_start(struct decoder *decoder, struct error *error);

/* Makes the pool, for up to `threads` threads at a time. Images get the memory that the program has
 * not taken yet, so call it after the model is loaded. 0 or -1 (ERROR_MEMORY). */
int decoder_open(struct decoder *decoder, const struct settings *settings, int threads,
                 struct error *error);

/* Both, for a command that has no model: its pool serves a thread for each core. 0 or -1. */
int decoder_start_and_open(struct decoder *decoder, const struct settings *settings,
                           struct error *error);

/* A worker for one thread of `run`, which limits its memory itself (item_memory.h). NULL with
 * ERROR_MEMORY or ERROR_IO. The caller frees it before the decoder stops. */
struct image_worker *decoder_worker(const struct decoder *decoder, const struct settings *settings,
                                    struct error *error);

/* How images are read. */
struct image_options decoder_reading(const struct settings *settings);

/* Bytes that the program and its processes may have in all: --memory, or what is free and what the
 * program has already (`used`). */
uint64_t decoder_budget(const struct settings *settings, uint64_t used);

/* Ends all processes. */
void decoder_stop(struct decoder *decoder);

#endif
