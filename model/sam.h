/* sam.h - the interface of the model: load, encode an image, decode prompts. Nothing outside model/
 * includes any other header of model/, except tests and `maskmill info`.
 *
 * Letters used in shapes, here and throughout model/:
 *   S  image_size, pixels of the square model input (1024 in the official models)
 *   G  grid, positions of the embedding along one side: S / 16 (64); see also prompt_size
 *   N  positions of the embedding: G * G
 *   C  embed_dim, channels of the embedding (256)
 *   L  low_size, pixels of a low-resolution mask along one side: 4 * G (256)
 *   M  masks a prompt: 4. Index 0 is the single-mask output (but see sam_single_logits), 1..3 are
 *      the multimask output
 *   P  prompts in one batch;  T  tokens a prompt;  H  heads
 *
 * Lifetimes: a process has one `struct sam`, immutable after loading and shared by all threads. A
 * worker has one `struct sam_encoder`. An image in flight has one `struct sam_image`: sam_encode
 * writes it, and afterwards it is read-only, so several decoding threads may share it. A decoding
 * thread has one `struct sam_decoder`. The model outlives the others.
 */
#ifndef MODEL_SAM_H
#define MODEL_SAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/decoder/prompts.h"   /* struct sam_prompts, SAM_MASKS, SAM_BATCH */
#include "model/encoders/encoding.h" /* enum sam_resize */

struct error;
struct sam;
struct sam_encoder;
struct sam_image;
struct sam_decoder;

enum sam_precision {
    SAM_F32,
    SAM_BF16, /* operands of the ViT's products are rounded to bfloat16, which needs AVX512-BF16 or BF16
                 of ARM; and those of the folded decoder's, where half16_bf16_pairs is not NULL */
    SAM_F16 /* those of the ViT's to half precision; needs AVX512-FP16 */
};

struct sam_options {
    int image_size; /* S to use, 0: the model's own */
    enum sam_precision precision;
};

/* What was read from the tensors. All of it is constant for the life of the model. */
struct sam_info {
    const char *family; /* of published models, as their authors call it: "SAM", "SAM 2.1" */
    const char *name;   /* of the image encoder: "ViT-B", "Hiera-T"; "ViT" if it is none that is
                           published. docs/models.md has all */
    int image_size;     /* S */
    int prompt_size;    /* side of the square in whose pixels prompts are given; S or more */
    enum sam_resize resize;
    int grid;            /* G */
    int embed_dim;       /* C */
    int low_size;        /* L */
    bool best_only;      /* the published generator keeps the best of a point's three masks alone
                            (SAM-HQ) */
    bool sam2;           /* whether the decoder is SAM 2's: so are then the generator's defaults */
    bool takes_masks;    /* whether prompts may have masks; EfficientSAM's may not */
    int text_width;      /* E: numbers of a text's embedding; 0: prompts may have no text */
    uint64_t parameters; /* numbers in all tensors that are used */
    const char *kernels; /* that multiply: isa_name of matmul_isa */
    const char *half16;  /* how they multiply operands of 16 bits: "pairs", "singles", "halves",
                            "tiles"; "" with SAM_F32 */
    const char *dtype;   /* as stored: "F32", "F16", "BF16" or "mixed" */
    const char *inside;  /* keys of the dictionaries around the weights: "", "model", "ema.model" */
    const char *prefix;  /* dropped from the names of all tensors: "", "module." */
    const char *wrapper; /* dropped within names: "", "_orig_mod." */
};

/* Loads a checkpoint: .pth/.pt (zip or legacy pickle) or .safetensors, told apart by content,
 * not by name; also a folder or an index of shards, as checkpoint_open. Every tensor's name and
 * shape is checked, NaN and infinite weights are refused. Returns 0, or -1 with ERROR_MODEL
 * (unusable), ERROR_IO, ERROR_MEMORY, ERROR_UNSUPPORTED (this CPU cannot multiply in that
 * precision) or ERROR_USAGE (kernels_check_environment). *sam is owned by the caller. */
int sam_load(struct sam **sam, const char *path, const struct sam_options *options,
             struct error *error);

/* As sam_load, from `size` bytes of a safetensors file in memory, which must stay readable for the
 * life of the model. `name` stands for the path in messages. */
int sam_load_memory(struct sam **sam, const void *bytes, size_t size, const char *name,
                    const struct sam_options *options, struct error *error);

void sam_free(struct sam *sam);

const struct sam_info *sam_info(const struct sam *sam);

/* The open file behind the model. Lives as long as `sam`. */
const struct checkpoint *sam_checkpoint(const struct sam *sam);

/* The value of a safetensors metadata key ("pred_iou_thresh"), or NULL. Lives as long as `sam`. */
const char *sam_metadata(const struct sam *sam, const char *key);

/* Scratch of the image encoder for up to `threads` threads. NULL with ERROR_MEMORY. */
struct sam_encoder *sam_encoder_new(const struct sam *sam, int threads, struct error *error);
void sam_encoder_free(struct sam_encoder *encoder);

/* Room for one image's embedding and everything of the decoder that depends on the image alone.
 * NULL with ERROR_MEMORY. */
struct sam_image *sam_image_new(const struct sam *sam, struct error *error);
void sam_image_free(struct sam_image *image);
/* Memory that it holds. */
size_t sam_image_bytes(const struct sam_image *image);

/* Scratch of one decoding thread. NULL with ERROR_MEMORY. */
struct sam_decoder *sam_decoder_new(const struct sam *sam, struct error *error);
void sam_decoder_free(struct sam_decoder *decoder);

/* Runs the image encoder on input[3][S][S] (normalised RGB planes, zeros where padded) with up to
 * `threads` OpenMP threads; the result has the same bits for any number of them. Returns 0, or -1
 * with ERROR_IMAGE if a result is not finite (values that do not fit SAM_F16, say); the image
 * is then unusable until it is encoded again. */
int sam_encode(const struct sam *sam, struct sam_encoder *encoder, const float *input, int threads,
               struct sam_image *image, struct error *error);

/* Copies the embedding, [C][G][G], to `out`; for tests and tools. */
void sam_embedding(const struct sam_image *image, float *out);

/* Decodes a batch up to the predicted IoU, iou[P][M], on the calling thread. A prompt's result does
 * not depend on the others in its batch. The decoder remembers the batch for sam_logits. Cannot
 * fail. */
void sam_decode(struct sam_decoder *decoder, const struct sam_image *image,
                const struct sam_prompts *prompts, float *iou);

/* How many prompts of such a batch (`count` aside) the decoder has room for at a time: 1..SAM_BATCH. In a
 * larger batch, prompts are decoded again for their logits. */
int sam_batch(const struct sam_decoder *decoder, const struct sam_prompts *prompts);

/* Optional, between sam_decode and sam_logits: says which masks of the batch sam_logits will be
 * asked for, bit m of wanted[P] for mask m. This is faster, since what those masks have in common
 * is read once. The logits have the same bits without it. */
void sam_want(struct sam_decoder *decoder, const struct sam_image *image,
              const unsigned char *wanted);

/* Low-resolution logits of masks which[0..count) (each 0..M-1, count 1..M) of prompt `prompt` of
 * the batch that `decoder` decoded last, from the same image: logits[count][L][L]. */
void sam_logits(struct sam_decoder *decoder, const struct sam_image *image, int prompt,
                const int *which, int count, float *logits);

/* The single-mask output of a prompt. It is mask 0; but in SAM 2's models, where mask 0 is unstable,
 * it is the one of masks 1..M-1 with the highest predicted IoU. Which one is known once there are
 * logits. */

/* The mask of the highest predicted IoU among the multimask output 1..3 of iou[M]; the first of
 * equal ones. */
int sam_best_mask(const float *iou);

/* The masks that may be it, bit m for mask m, by the prompt's iou[M] of sam_decode. */
unsigned char sam_single_candidates(const struct sam_image *image, const float *iou);

/* As sam_logits for the mask that is it: logits[L][L]. Returns its number; iou[M] as above. */
int sam_single_logits(struct sam_decoder *decoder, const struct sam_image *image, int prompt,
                      const float *iou, float *logits);

/* Cuts logits[count][L][L] as the published predictor does before it gives them back to serve as mask
 * prompts: to -32..32 in SAM 2's models, not at all in others. */
void sam_limit_logits(const struct sam_image *image, int count, float *logits);

#endif
