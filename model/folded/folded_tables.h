/* folded_tables.h - the tables of one image, by position, which all prompts use. */
#ifndef MODEL_FOLDED_FOLDED_TABLES_H
#define MODEL_FOLDED_FOLDED_TABLES_H

#include "model/folded/folded_weights.h"

/* Fills tables[strips][rows][STRIP] from embedding[C][N]. Rows: FOLDED_TABLES of D rows, C rows for
 * the upscaling, one of P(g E) times the constant part of X2, and the squared lengths of E and of
 * P(g E). Uses up to `threads` OpenMP threads. */
void folded_tables_fill(const struct decoder_tensors *tensors, const struct folded_weights *weights,
                        const float *embedding, int threads, float *tables);

#endif
