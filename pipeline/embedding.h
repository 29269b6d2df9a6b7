/* embedding.h - an encoded region: what prompts on it need. */
#ifndef PIPELINE_EMBEDDING_H
#define PIPELINE_EMBEDDING_H

#include <stddef.h>

#include "filters/scan/scan.h"
#include "pipeline/prompt_frame.h"

struct error;
struct sam;
struct sam_image;

/* Once it is made, nobody writes it: several threads may prompt it at once. */
struct embedding {
    struct sam_image *image;        /* owned */
    struct prompt_frame frame;      /* where its prompts lie */
    struct scan_geometry *geometry; /* owned: from logits to pixels; NULL before embedding_fit */
};

/* Room for an embedding; `sam` must outlive it. NULL with ERROR_MEMORY. */
struct embedding *embedding_new(const struct sam *sam, struct error *error);

/* Takes over the region's size, in pixels. Returns 0, or -1 with ERROR_MEMORY. */
int embedding_fit(struct embedding *embedding, const struct sam *sam, struct size region,
                  struct error *error);

/* Memory that it holds, but for the tables of its size, which are some 100 kB. */
size_t embedding_bytes(const struct embedding *embedding);

void embedding_free(struct embedding *embedding);

#endif
