/* maskmill.h - masks of images with Segment Anything models, on the CPU.
 *
 *     mm_model ----+
 *                  +--> mm_segmenter --set_image--> embedding --predict, generate--> mm_masks
 *     mm_options --+
 *
 * A segmenter encodes an image once. Then it answers prompts (points, a box, an earlier mask), or
 * prompts a whole grid of points as the reference's SamAutomaticMaskGenerator does (of a SAM 2 or an
 * EdgeTAM, SAM2AutomaticMaskGenerator). How an image is resized depends on the model, too; docs/models.md
 * and docs/options.md say what differs.
 *
 * Errors: a function that can fail takes a `struct mm_error *`, which may be NULL. It returns -1 or
 * NULL after filling the struct, and leaves nothing behind that the caller must free. The library
 * never prints and never exits.
 *
 * Ownership: what mm_X_new, mm_X_open, mm_X_read or a `struct mm_masks **` gives belongs to the
 * caller, who frees it with mm_X_free (NULL is allowed). Texts and blocks are freed with mm_free.
 *
 * Threads: a model is immutable; any number of threads may use it at once. Options, images and
 * masks may be read by several threads at once, and changed by one. A segmenter serves one thread
 * at a time and may itself use several threads (OpenMP) for one image. For many images, one
 * segmenter of one thread for each core is fastest. Results have the same bits for any number of
 * threads.
 *
 * Coordinates are pixels of the image, origin top left, x to the right.
 */
#ifndef MASKMILL_H
#define MASKMILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MM_API __attribute__((visibility("default")))

/* The library's version, "0.1.0". */
MM_API const char *mm_version(void);

/* ---- errors */

enum mm_error_code {
    MM_OK = 0,
    MM_ERROR_USAGE,      /* an argument is wrong */
    MM_ERROR_MODEL,      /* the checkpoint is unusable */
    MM_ERROR_IMAGE,      /* the image is unusable */
    MM_ERROR_RECORD,     /* a result cannot be written as a record (a score is not finite) */
    MM_ERROR_IO,         /* the file system refused */
    MM_ERROR_MEMORY,     /* memory is short */
    MM_ERROR_STOPPED,    /* the callback asked for an end */
    MM_ERROR_UNSUPPORTED /* this CPU or this build cannot do it */
};

enum { MM_ERROR_TEXT_SIZE = 1024 };

struct mm_error {
    enum mm_error_code code;
    int system;                    /* errno of the failure, or 0 */
    char text[MM_ERROR_TEXT_SIZE]; /* one line without a newline: what, where, what to do */
};

/* Frees a text or a block that this library returned. NULL is allowed. */
MM_API void mm_free(void *block);

/* ---- models */

struct mm_model;

enum mm_precision {
    MM_F32,
    MM_BF16, /* operands of products in bfloat16: a ViT's with AVX512-BF16 or BF16 of ARM, and every
                model's mask decoder on x86-64 CPUs that multiply pairs twice as fast as floats (AMD's) */
    MM_F16   /* a ViT's in half precision: AVX512-FP16 */
};

struct mm_model_options {
    enum mm_precision precision;
    int image_size; /* side of the model's input, a multiple of 16 or more (docs/models.md); 0: the
                       model's own. A ViT of SAM's takes no other */
};

/* Opens a checkpoint: .pth, .pt or .safetensors, told apart by content, or a folder or an index of
 * shards as transformers saves them. `path` NULL is the built-in
 * model; `options` NULL is all zeros. */
MM_API struct mm_model *mm_model_open(const char *path, const struct mm_model_options *options,
                                      struct mm_error *error);

/* As mm_model_open, from the `size` bytes of a checkpoint in memory. They must stay readable and
 * unchanged for the life of the model. */
MM_API struct mm_model *mm_model_open_memory(const void *bytes, size_t size,
                                             const struct mm_model_options *options,
                                             struct mm_error *error);
MM_API void mm_model_free(struct mm_model *model);

/* The image encoder: "ViT-B", "Hiera-T", ... Lives as long as the model. */
MM_API const char *mm_model_name(const struct mm_model *model);
/* Side of the square in pixels that the image encoder sees: 1024 in most published models, 512 in
 * EfficientViT-SAM L0 to L2. Prompts and masks are in pixels of the image all the same. */
MM_API int mm_model_image_size(const struct mm_model *model);
/* Side of a low-resolution mask: mm_mask.logits and mm_prompt.logits. */
MM_API int mm_model_low_size(const struct mm_model *model);
MM_API uint64_t mm_model_parameters(const struct mm_model *model);
/* A value of the checkpoint's safetensors metadata, or NULL. Lives as long as the model. */
MM_API const char *mm_model_metadata(const struct mm_model *model, const char *key);

/* ---- options of the automatic stage */

struct mm_options;

/* Names, meanings and defaults are those of SamAutomaticMaskGenerator where it has them. All
 * values are numbers; flags are 0 or 1. `maskmill run --help` describes each, and
 * docs/options.md says which to change. */
enum mm_option {
    MM_POINTS_PER_SIDE,                /* 1..1024 */
    MM_POINTS_PER_BATCH,               /* 1 and up; changes no result */
    MM_PRED_IOU_THRESH,                /* 0..1; 0 keeps all */
    MM_STABILITY_SCORE_THRESH,         /* 0..1; 0 keeps all */
    MM_STABILITY_SCORE_OFFSET,         /* logits */
    MM_BOX_NMS_THRESH,                 /* 0..1 */
    MM_CROP_N_LAYERS,                  /* 0..8 */
    MM_CROP_NMS_THRESH,                /* 0..1 */
    MM_CROP_OVERLAP_RATIO,             /* 0..1 */
    MM_CROP_N_POINTS_DOWNSCALE_FACTOR, /* 1 and up */
    MM_MIN_MASK_REGION_AREA,           /* pixels; 0: no clean-up */
    /* beyond the reference; off by default */
    MM_REGION_CLEANUP,     /* enum mm_region_cleanup */
    MM_MASK_THRESHOLD,     /* a pixel is foreground if its logit is above it */
    MM_SINGLE_MASK,        /* flag: one mask a point instead of three */
    MM_USE_M2M,            /* flag: each mask goes back in as a prompt */
    MM_MIN_AREA,           /* pixels */
    MM_MAX_AREA,           /* pixels; 0: no limit */
    MM_MAX_AREA_FRACTION,  /* 0..1 of the image; 0: no limit */
    MM_MASK_NMS_THRESH,    /* 0..1; 1: off */
    MM_CONTAINMENT_THRESH, /* 0..1; 1: off */
    MM_MAX_MASKS,          /* 0: no limit */
    MM_NON_OVERLAPPING,    /* enum mm_non_overlapping */
    MM_CROP_LAYER_SET      /* bit k: search crop layer k (0: the whole image); 0: all layers */
};

enum mm_region_cleanup { MM_CLEANUP_AMG, MM_CLEANUP_SA1B };
enum mm_non_overlapping { MM_OVERLAP_KEEP, MM_OVERLAP_TO_SMALLER, MM_OVERLAP_TO_BETTER };

/* The reference's defaults, and over them the model's own: those that its metadata brings, or its
 * family (pred_iou_thresh 0.8 of SAM 2 and EdgeTAM). `model` NULL: the reference's alone. */
MM_API struct mm_options *mm_options_new(const struct mm_model *model, struct mm_error *error);
MM_API void mm_options_free(struct mm_options *options);

/* Returns 0, or -1 with MM_ERROR_USAGE: no such option, or a value outside its range. */
MM_API int mm_options_set(struct mm_options *options, enum mm_option option, double value,
                          struct mm_error *error);
MM_API double mm_options_get(const struct mm_options *options, enum mm_option option);

/* Points to prompt in place of the regular grid: xy[count][2], x then y, as fractions 0..1 of the
 * image (and of each crop). Copied. `count` 0 returns to the grid. */
MM_API int mm_options_set_points(struct mm_options *options, const double *xy, size_t count,
                                 struct mm_error *error);

/* ---- images */

struct mm_image;

/* Decodes a file (JPEG, PNG, TIFF, WebP, GIF, HEIC, AVIF) to 8-bit RGB, upright by its EXIF
 * orientation; 16-bit samples keep their upper 8 bits. Decoders run in this process: for files that
 * nobody vouches for, decode in a process apart and use mm_image_new. The first call starts libvips
 * for this process, with its cache off and every other loader blocked. */
MM_API struct mm_image *mm_image_read(const char *path, struct mm_error *error);

/* As mm_image_read, from the `size` bytes of an encoded image. */
MM_API struct mm_image *mm_image_read_memory(const void *bytes, size_t size,
                                             struct mm_error *error);

/* Copies 8-bit RGB pixels: rgb[height][stride], `stride` bytes from row to row, at least
 * 3 * width. width * height must be below 2^32. */
MM_API struct mm_image *mm_image_new(const uint8_t *rgb, int32_t width, int32_t height,
                                     size_t stride, struct mm_error *error);
MM_API void mm_image_free(struct mm_image *image);

MM_API int32_t mm_image_width(const struct mm_image *image);
MM_API int32_t mm_image_height(const struct mm_image *image);
/* rgb[height][width][3], rows adjacent. Lives as long as the image. */
MM_API const uint8_t *mm_image_rgb(const struct mm_image *image);

/* ---- segmenting */

struct mm_segmenter;
struct mm_masks;

/* `threads` share each image; at least 1. The model must outlive the segmenter; the options are
 * copied, NULL: mm_options_new(model). */
MM_API struct mm_segmenter *mm_segmenter_new(const struct mm_model *model,
                                             const struct mm_options *options, int threads,
                                             struct mm_error *error);
MM_API void mm_segmenter_free(struct mm_segmenter *segmenter);

/* Takes an image, which must outlive its use here, and encodes it. */
MM_API int mm_segmenter_set_image(struct mm_segmenter *segmenter, const struct mm_image *image,
                                  struct mm_error *error);

enum { MM_POINTS_MAX = 16 };

/* One object to segment, by any of points, a box and an earlier mask. All zeros is a prompt without
 * anything; set what there is. Coordinates may lie outside of the image, up to 2^24 pixels; what is not
 * finite is refused. */
struct mm_prompt {
    const double *points; /* [point_count][2], x then y; NULL where there are none */
    const int *labels;    /* [point_count]: 1 foreground, 0 background; NULL: all foreground */
    int point_count;      /* 0..MM_POINTS_MAX */
    const double *box;    /* x0, y0, x1, y1; NULL where there is none */
    const float *logits;  /* [low_size][low_size] of an earlier mask (mm_mask.logits), or NULL;
                             an EfficientSAM refuses them */
    bool single;          /* the model's one mask for clear prompts, instead of its three */
};

/* The model's masks of one prompt on the image that was set, as SamPredictor.predict or
 * SAM2ImagePredictor.predict gives them: three, or one with `single`, in the model's order and
 * unfiltered. Those of a SAM-HQ are three as well, each with the HQ mask added. The single mask of a
 * SAM 2 is the best of the three where its own is unstable. */
MM_API int mm_segmenter_predict(struct mm_segmenter *segmenter, const struct mm_prompt *prompt,
                                struct mm_masks **masks, struct mm_error *error);

/* The masks of many prompts: those of prompt 0, then of 1, ..., each as mm_segmenter_predict gives them
 * and with the same bits, but without logits. All threads of the segmenter work on them; prompts of one
 * shape (number of points, with or without box, mask, `single`) are decoded together. If one prompt is
 * wrong, the call fails and the message has its number. The first call makes a decoder for each further
 * thread, some 40 MB each. */
MM_API int mm_segmenter_predict_many(struct mm_segmenter *segmenter,
                                     const struct mm_prompt *prompts, size_t count,
                                     struct mm_masks **masks, struct mm_error *error);

/* A mask of the image that was set, as run lengths (mm_mask.runs), into the logits of a mask prompt:
 * logits[low_size][low_size], from -10 where the mask covers nothing, in the padding, too, to 10 where it
 * covers all. Send them with a point or the object's box: models follow a mask alone badly. */
MM_API int mm_segmenter_mask_logits(const struct mm_segmenter *segmenter, const uint32_t *runs,
                                    size_t run_count, float *logits, struct mm_error *error);

/* ---- embeddings, to prompt several images by turns */

/* What prompts on an image need of it. It is immutable: any number of segmenters may use it at once. */
struct mm_embedding;

/* Encodes an image; neither it nor the segmenter is needed by the embedding, but the model is. The image
 * that was set before is set no more. NULL with an error. */
MM_API struct mm_embedding *mm_segmenter_encode(struct mm_segmenter *segmenter,
                                                const struct mm_image *image,
                                                struct mm_error *error);
MM_API void mm_embedding_free(struct mm_embedding *embedding);

/* Memory that it holds, in bytes: 14 MB with the built-in model, 32 MB with SAM's, more with SAM 2's and
 * with MM_BF16. */
MM_API size_t mm_embedding_bytes(const struct mm_embedding *embedding);

/* Takes an embedding in place of an image. It must outlive its use here, and come from the same model.
 * Prompts are answered; mm_segmenter_generate needs the image and refuses. */
MM_API int mm_segmenter_set_embedding(struct mm_segmenter *segmenter,
                                      const struct mm_embedding *embedding, struct mm_error *error);

/* Called by the calling thread while masks are generated, with the share of prompts that is done,
 * 0..1. Returns true to go on, false to stop. */
typedef bool mm_progress(void *context, double done);

/* Every mask of the image that was set, best first, as the options say. `progress` may be NULL.
 * A call that `progress` stops returns -1 with MM_ERROR_STOPPED. */
MM_API int mm_segmenter_generate(struct mm_segmenter *segmenter, mm_progress *progress,
                                 void *context, struct mm_masks **masks, struct mm_error *error);

/* ---- edges */

/* How edges are found; mm_edges_defaults gives the paper's. */
struct mm_edges_options {
    int points_per_side;   /* 1..1024: 16 */
    double box_nms_thresh; /* 0..1: 0.7 */
    double mask_threshold; /* logits: 0 */
    bool thick;            /* leave out thinning: false */
};
MM_API struct mm_edges_options mm_edges_defaults(void);

/* The edges of the image that was set, as "Segment Anything" (section 7.2) finds them: the borders of all
 * masks that a coarse grid of points gives, each as strong as the model is sure of it.
 * map[height][width], 0..1 and divided by the largest; all zeros where no mask is found. `options` NULL
 * is mm_edges_defaults(). docs/edges.md has each step. */
MM_API int mm_segmenter_edges(struct mm_segmenter *segmenter,
                              const struct mm_edges_options *options, float *map,
                              struct mm_error *error);

/* ---- masks */

/* A view of one mask; it lives as long as its mm_masks. */
struct mm_mask {
    int32_t width, height;  /* pixels of the image */
    uint64_t area;          /* foreground pixels */
    int32_t box[4];         /* x0, y0, x1, y1 of the foreground, all inclusive; zeros if empty */
    double predicted_iou;   /* the model's own estimate of the mask's quality; 0..1 in SAM 2's
                               models, not bounded in others */
    double stability_score; /* 0..1 */
    double point[2];        /* x, y of the prompt; of predict: its first point, or zeros */
    int32_t crop[4];        /* x, y, width, height of the crop that it was found in */
    /* COCO's run lengths: the pixels column by column, background and foreground in turn,
     * background first; they sum to width * height. */
    const uint32_t *runs; /* [run_count] */
    size_t run_count;
    const float
        *logits;   /* [low_size][low_size] of predict, to refine the mask; else NULL. Those of a
                            SAM 2 are cut to -32..32 */
    size_t prompt; /* of predict_many: the number of its prompt; else 0 */
};

MM_API size_t mm_masks_count(const struct mm_masks *masks);
/* Mask `i`, below mm_masks_count. */
MM_API struct mm_mask mm_masks_get(const struct mm_masks *masks, size_t i);
MM_API void mm_masks_free(struct mm_masks *masks);

/* COCO's compressed string of the runs. */
MM_API char *mm_mask_coco_string(const struct mm_mask *mask, struct mm_error *error);

/* Writes 0 or 1 for every pixel to bits[height][stride], row by row; stride is at least width. */
MM_API void mm_mask_bitmap(const struct mm_mask *mask, uint8_t *bits, size_t stride);

/* Outlines, exact to the pixel, on the corners between pixels; outer rings run clockwise on the
 * screen, holes the other way. One block of memory, freed with mm_free. */
struct mm_polygons {
    size_t ring_count;
    const size_t *ring_start; /* [ring_count + 1]: corners of ring r are ring_start[r] and up */
    const int32_t *xy;        /* [ring_start[ring_count]][2] */
};
MM_API struct mm_polygons *mm_mask_polygons(const struct mm_mask *mask, struct mm_error *error);

/* All masks as a record of SA-1B: {"image": {...}, "annotations": [...]}, with the bytes that
 * `maskmill run` writes. `file_name` also decides the image_id, as there. */
MM_API char *mm_masks_record(const struct mm_masks *masks, const char *file_name,
                             struct mm_error *error);

/* One mask as a member of "annotations" with that id. */
MM_API char *mm_mask_record(const struct mm_mask *mask, int64_t id, struct mm_error *error);

#ifdef __cplusplus
}
#endif

#endif
