/* folded_tables.h - the tables of one image, by position, which all prompts use. */
#ifndef MODEL_FOLDED_FOLDED_TABLES_H
#define MODEL_FOLDED_FOLDED_TABLES_H

#include "model/folded/folded_weights.h"

/* Fills tables[strips][rows][STRIP]. Rows: FOLDED_TABLES of D rows, C rows for the upscaling, twice
 * mask_rows of E and of P(g E) times what the channels of a mask add to them, one of P(g E) times
 * the constant part of X2, the squared lengths of E and of P(g E), and, if the model
 * has high-resolution features, high1 and high0 of struct folded_upscale. Uses up to `threads`
 * OpenMP threads. */
void folded_tables_fill(const struct decoder_tensors *tensors, const struct folded_weights *weights,
                        const struct decoder_input *input, int threads, float *tables);

#endif
