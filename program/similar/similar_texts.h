/* similar_texts.h - texts as queries: CLIP's embeddings of --text, for a run whose embeddings are CLIP's. */
#ifndef PROGRAM_SIMILAR_SIMILAR_TEXTS_H
#define PROGRAM_SIMILAR_SIMILAR_TEXTS_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct labels;
struct settings;
struct similar_run;

/* Begins with all zeros. */
struct similar_texts {
    struct labels *labels; /* owned; NULL: there is no --text */
    uint16_t *halves;      /* owned: [count][width], float16 */
    size_t count, width;   /* width: of the run's rows */
};

/* Embeds each --text. Nothing without one. Returns 0, or -1 as labels_open_texts and labels_prepare, or with
 * ERROR_USAGE: the embeddings of the open run are none of this CLIP's. similar_texts_free in any case. */
int similar_texts_open(struct similar_texts *texts, const struct similar_run *run, int threads,
                       struct error *error);
void similar_texts_free(struct similar_texts *texts);

/* The text of a number. */
const char *similar_texts_name(const struct similar_texts *texts, size_t number);

#endif
