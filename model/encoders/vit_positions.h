/* vit_positions.h - position embeddings of another grid than the image's: get_abs_pos of
 * efficient_sam_encoder.py (EfficientSAM). */
#ifndef MODEL_ENCODERS_VIT_POSITIONS_H
#define MODEL_ENCODERS_VIT_POSITIONS_H

#include <stddef.h>

/* to[grid][grid][D] = from[side][side][D], enlarged or made smaller (cubic.h). */
void vit_positions_resize(size_t side, size_t grid, size_t width, const float *from, float *to);

#endif
