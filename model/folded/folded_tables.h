/* folded_tables.h - what the folded decoder knows of one image: tables by position that every
 * prompt shares. */
#ifndef MODEL_FOLDED_FOLDED_TABLES_H
#define MODEL_FOLDED_FOLDED_TABLES_H

#include "model/folded/folded_weights.h"

/* Fills tables[tiles][rows][TILE] from embedding[C][N]. Rows: TABLES of D rows, C rows for the
 * upscaling, one of P(g E) against the constant part of X2, and the squared lengths of E and of
 * P(g E). Tiles are shared out to `threads` OpenMP threads. */
void decoder_table_fill(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                        const float *embedding, int threads, float *tables);

#endif
