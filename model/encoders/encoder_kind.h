/* encoder_kind.h - what model/encoder.c needs to know of an architecture. Every encoder in this
 * folder offers one, and encoder.c has the table of all. Letters as in sam.h. */
#ifndef MODEL_ENCODERS_ENCODER_KIND_H
#define MODEL_ENCODERS_ENCODER_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/isa.h"
#include "model/encoders/encoding.h"

struct arena;
struct checkpoint;
struct error;
struct half16_kernel;

/* What the caller wants of an encoder. */
struct encoder_wish {
    enum isa isa;
    const struct half16_kernel *half16; /* of the products; NULL: floats. Only for `half16` kinds */
    int image_size;                     /* S; 0: the model's own */
    bool early;                         /* `early` of struct encoding is wanted; encoder.c refuses
                                           a kind that does not give it */
};

struct encoder_kind {
    const char *mark;    /* the official name of a tensor that no architecture below it in the table
                            of encoder.c has */
    const char *title;   /* for messages: "SAM's ViT" */
    bool half16;         /* whether it can multiply in 16 bits */
    size_t size;         /* of the encoder's struct; it starts zeroed */
    size_t scratch_size; /* of its scratch's struct */

    /* Reads image_encoder.* and packs. Returns 0, or -1 with ERROR_MODEL, ERROR_MEMORY or
     * ERROR_UNSUPPORTED; in either case `free` is due. */
    int (*load)(void *encoder, struct checkpoint *checkpoint, const struct encoder_wish *wish,
                struct error *error);
    void (*free)(void *encoder);

    void (*describe)(const void *encoder, struct encoder_info *info);

    /* Takes the scratch for up to `threads` threads from the arena. */
    void (*layout)(void *scratch, const void *encoder, size_t threads, struct arena *arena);

    /* input[3][S][S] -> *to, with up to `threads` OpenMP threads. The bits do not depend on their
     * number. */
    void (*run)(const void *encoder, void *scratch, const float *input, int threads,
                const struct encoding *to);
};

#endif
