/* folded_tables.h - the tables of one image, by position, which all prompts use. */
#ifndef MODEL_FOLDED_FOLDED_TABLES_H
#define MODEL_FOLDED_FOLDED_TABLES_H

#include "model/folded/folded_weights.h"

/* Fills tables[strips][rows][STRIP]. Rows: FOLDED_TABLES of D rows, C rows for the upscaling, twice
 * mask_rows of E and of P(g E) times what the channels of a mask add to them, one of P(g E) times
 * the constant part of X2, the squared lengths of E and of P(g E), if the model
 * has high-resolution features, high1 and high0 of struct folded_upscale, and in 16 bits the FOLDED_TABLES as
 * elements. Uses up to `threads` OpenMP threads. */
void folded_tables_fill(const struct decoder_tensors *tensors, const struct folded_weights *weights,
                        const struct decoder_input *input, int threads, float *tables);

/* Tables from `first` to before `end`. */
struct folded_tables_span {
    int first, end;
};

/* Tables of one strip, each of `table_size` floats, as elements: those that are summed over positions along,
 * the others across. Does nothing with floats, which are elements. */
void folded_tables_pack(const struct folded_kernels *kernels, size_t table_size, const float *rows,
                        struct folded_tables_span span, float *elements);

#endif
