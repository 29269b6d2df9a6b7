/* clip.h - CLIP: an image and a text become embeddings in one space, whose cosine similarity says how well they go
 * together. The networks are described in model/MODEL.md.
 *
 * Letters: S pixels of the square input's side; E width of an embedding.
 *
 * The model is immutable after loading and shared by threads; each thread that calls has a scratch of its own. */
#ifndef MODEL_CLIP_CLIP_H
#define MODEL_CLIP_CLIP_H

#include <stdbool.h>
#include <stdint.h>

struct clip;
struct checkpoint;
struct clip_scratch;
struct error;

/* A tower: blocks of attention and MLP over tokens. */
struct clip_tower_info {
    int width, heads, layers;
    const char *activation; /* of the MLPs: "QuickGELU" or "GELU" */
};

struct clip_info {
    char name[32];     /* "ViT-B/32" */
    int image_size;    /* S: 224 */
    int patch;         /* pixels of a patch's side: 32 */
    int width;         /* E: 512 */
    int context;       /* tokens of a text: 77 */
    int vocabulary;    /* tokens are 0 .. vocabulary - 1: 49408 */
    float logit_scale; /* logits are this times cosine similarities; about 100 */
    struct clip_tower_info image, text;
    uint64_t parameters;
};

/* Whether an open checkpoint has the tensors of a CLIP, of a kind that can be read or another. */
bool clip_recognise(const struct checkpoint *checkpoint);

/* Reads a checkpoint: OpenAI's .pt (a TorchScript archive), a state dict (.pt, .pth, safetensors), or a file or folder
 * of transformers, told apart by content. Returns 0, or -1 with ERROR_IO, ERROR_MODEL (damaged, no CLIP, or one of
 * an architecture that is not read) or ERROR_MEMORY; messages begin with the path. Freed by clip_free; *clip is NULL
 * after a failure. */
int clip_load(struct clip **clip, const char *path, struct error *error);

/* NULL is allowed. */
void clip_free(struct clip *clip);

/* Lives as long as the model. */
const struct clip_info *clip_info(const struct clip *clip);

/* The open checkpoint, which lives as long as the model. */
const struct checkpoint *clip_checkpoint(const struct clip *clip);

/* All memory that one calling thread needs, for up to `images` images at a time (at least 1) and up to `threads`
 * threads. NULL with ERROR_MEMORY. Freed by clip_scratch_free. */
struct clip_scratch *clip_scratch_new(const struct clip *clip, int images, int threads,
                                      struct error *error);

/* NULL is allowed. */
void clip_scratch_free(struct clip_scratch *scratch);

/* inputs[count][3][S][S], resized and normalised -> embeddings[count][E], not normalised; any count. The bits of an
 * embedding depend on its image and the instruction set alone. Returns 0, or -1 with ERROR_IMAGE if an embedding is not
 * finite or has no length, as inputs that are no pixels or a broken model make it. */
int clip_embed_images(const struct clip *clip, struct clip_scratch *scratch, const float *inputs,
                      int count, float *embeddings, struct error *error);

/* tokens[context] -> embedding[E], not normalised: that at the first of the largest tokens, which is the end of
 * the text (clip_tokens.h). Returns 0, or -1 with ERROR_USAGE if a token is not in the vocabulary, ERROR_MODEL as
 * above. */
int clip_embed_text(const struct clip *clip, struct clip_scratch *scratch, const int32_t *tokens,
                    float *embedding, struct error *error);

/* As clip_embed_text, tokens[count][context] -> embeddings[count][E] with the same bits. Texts share their passes
 * over the weights, so many short ones take a fraction of the time. */
int clip_embed_texts(const struct clip *clip, struct clip_scratch *scratch, const int32_t *tokens,
                     int count, float *embeddings, struct error *error);

#endif
