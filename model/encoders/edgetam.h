/* edgetam.h - the image encoder of EdgeTAM: the RepViT trunk (repvit.h), then SAM 2's neck
 * (fpn.h). */
#ifndef MODEL_ENCODERS_EDGETAM_H
#define MODEL_ENCODERS_EDGETAM_H

#include "model/encoders/encoder_kind.h"

extern const struct encoder_kind edgetam_kind;

#endif
