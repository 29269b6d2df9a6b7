/* eval_image.h - the outcome of one image: what was measured on each true segment and on each mask.
 *
 * All figures are sums over such outcomes (eval_sums.h). An outcome that was written as JSON and
 * read again gives the same figures, bit for bit. */
#ifndef PROGRAM_EVAL_EVAL_IMAGE_H
#define PROGRAM_EVAL_EVAL_IMAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_text;

/* COCO's ranges of an area in pixels, bounds included: all (up to 10^10), up to 32^2, 32^2 to 96^2,
 * from 96^2. What has exactly 32^2 pixels is in two of them. */
enum eval_range { RANGE_ALL, RANGE_SMALL, RANGE_MEDIUM, RANGE_LARGE, RANGES };

enum {
    EVAL_CLICKS_MAX = 9,
    EVAL_CHOICES = 3 /* masks of a first click */
};

/* One true segment. */
struct eval_segment {
    double area;      /* pixels; the data set's own number where it has one */
    int32_t category; /* 0: none */
    bool crowd;       /* COCO's iscrowd: not prompted, ignored by recall and precision */

    /* The first click's masks in the model's order: predicted and actual IoU. */
    int choices; /* 0..EVAL_CHOICES; 0: not clicked */
    double predicted[EVAL_CHOICES], iou[EVAL_CHOICES];
    /* IoU after 2, 3, ... clicks: as many as eval_image.clicks says, less one. */
    double later[EVAL_CLICKS_MAX - 1];
    double box; /* IoU of the mask of its box, with eval_image.boxes */
};

/* One automatic mask. */
struct eval_mask {
    double score;   /* predicted IoU */
    double area;    /* pixels */
    double best;    /* IoU with the segment, of any annotator, that it overlaps most; no crowds */
    double crowded; /* its share inside the crowd region that covers most of it */
};

/* A mask and a segment with an IoU of 0.5 or more; for a crowd region it is the share of the mask
 * inside it. Recall and precision need no others. */
struct eval_overlap {
    uint32_t mask, segment; /* their indices */
    double iou;             /* 0.5..1 */
};

/* Zeroed at first. */
struct eval_image {
    int clicks;                    /* on each segment: 0..EVAL_CLICKS_MAX */
    bool boxes;                    /* box prompts were measured */
    uint64_t empty_segments;       /* true segments without a pixel, left out */
    struct eval_segment *segments; /* owned */
    struct eval_mask *masks;       /* owned; by score, highest first, equal ones in their order */
    struct eval_overlap *overlaps; /* owned; by mask, then by segment */
    size_t segment_count, mask_count, overlap_count;
};

/* Whether an area in pixels is in a range. */
bool eval_range_has(enum eval_range range, double area);

/* Appends the outcome's members to an object that was opened and has a member already:
 * ', "clicks": 9, ..., "segments": [...], "masks": [...], "overlaps": [...]'. */
void eval_image_write(const struct eval_image *image, struct json_text *text);

/* Reads the outcome from an object with the members of eval_image_write; others are passed over. The
 * object is untrusted. `image` must be zeroed or freed. Returns 0, or -1 with ERROR_RECORD
 * ("segment 3: area is not a number") or ERROR_MEMORY and nothing in it. */
int eval_image_read(struct eval_image *image, const json_t *object, struct error *error);

void eval_image_free(struct eval_image *image);

#endif
