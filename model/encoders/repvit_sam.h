/* repvit_sam.h - the image encoder of RepViT-SAM: the RepViT trunk (repvit.h), then SAM's neck. */
#ifndef MODEL_ENCODERS_REPVIT_SAM_H
#define MODEL_ENCODERS_REPVIT_SAM_H

#include "model/encoders/encoder_kind.h"

extern const struct encoder_kind repvit_sam_kind;

#endif
