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

/* COCO's ranges of a segment's area in pixels, bounds included: all, up to 32^2, from 32^2 to 96^2,
 * from 96^2 to 10^10. A segment of exactly 32^2 pixels is in two of them. */
enum eval_range { RANGE_ALL, RANGE_SMALL, RANGE_MEDIUM, RANGE_LARGE, RANGES };

enum {
    EVAL_CLICKS_MAX = 9,
    EVAL_CHOICES = 3,       /* masks of a first click */
    EVAL_LEVELS = 2,        /* IoU 0.5 and 0.75 at which a mask is right */
    RECALL_THRESHOLDS = 10, /* IoU 0.5, 0.55, ... 0.95 */
    RECALL_MASKS_MAX = 1000 /* masks of an image that average recall takes */
};

/* One true segment. */
struct eval_segment {
    double area;      /* pixels; the data set's own number where it has one */
    int32_t category; /* 0: none */
    bool crowd;       /* COCO's iscrowd: not clicked, ignored by recall and precision */

    /* The first click's masks in the model's order: predicted and actual IoU. */
    int choices; /* 0..EVAL_CHOICES; 0: not clicked */
    double predicted[EVAL_CHOICES], iou[EVAL_CHOICES];
    double
        later[EVAL_CLICKS_MAX - 1]; /* IoU after 2, 3, ... clicks; eval_image.clicks - 1 of them */
    double box;                     /* IoU of the mask of its box, with eval_image.boxes */

    /* The highest score among the masks that overlap it by 0.5 and by 0.75; -INFINITY: none. */
    double found_score[EVAL_LEVELS];
    /* The rank, from 0, of the mask that COCO's matching gives it; -1: none, or not in the range. */
    int16_t rank[RANGES][RECALL_THRESHOLDS];
};

/* One automatic mask. */
struct eval_mask {
    double score;     /* predicted IoU */
    double area;      /* pixels */
    double iou;       /* with the segment that it overlaps most, of any annotator */
    double crowd_iou; /* its share inside the crowd region that covers most of it */
    /* COCO's matching: bit t is set where the mask counts neither as right nor as wrong. */
    uint16_t ignored[RANGES];
};

/* Zeroed at first. */
struct eval_image {
    int clicks;                    /* on each segment: 0..EVAL_CLICKS_MAX */
    bool boxes;                    /* box prompts were measured */
    uint64_t empty_segments;       /* true segments without a pixel, left out */
    struct eval_segment *segments; /* owned */
    struct eval_mask *masks;       /* owned; by score, highest first, equal ones in their order */
    size_t segment_count, mask_count;
};

/* Whether an area in pixels is in a range. */
bool eval_range_has(enum eval_range range, double area);

/* Appends the outcome's members to an object that was opened and has a member already:
 * ', "clicks": 9, ..., "segments": [...], "masks": [...]'. */
void eval_image_write(const struct eval_image *image, struct json_text *text);

/* Reads the outcome from the object that has the members of eval_image_write; others are passed
 * over. The object is untrusted. `image` must be zeroed or freed. Returns 0, or -1 with ERROR_RECORD
 * ("segment 3: area is not a number") or ERROR_MEMORY and nothing in it. */
int eval_image_read(struct eval_image *image, const json_t *object, struct error *error);

void eval_image_free(struct eval_image *image);

#endif
