/* image_size.h - S of an encoder whose tensors do not show it. */
#ifndef MODEL_ENCODERS_IMAGE_SIZE_H
#define MODEL_ENCODERS_IMAGE_SIZE_H

struct checkpoint;

/* The largest S, which is that of --image-size, too. Loading takes memory for each position, and a
 * few bytes of metadata can ask for it. */
enum { IMAGE_SIZE_MAX = 1 << 13 };

/* What the caller asks for (0: nothing), else what the file's metadata say, else 0; -1 if the
 * metadata hold no number. The encoder checks the result. */
int image_size_said(const struct checkpoint *checkpoint, int asked);

/* The same, but 1024 instead of 0: the size of nearly all published models. */
int image_size_of(const struct checkpoint *checkpoint, int asked);

#endif
