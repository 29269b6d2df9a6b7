/* label_map.h - true segments from a label map: an image in which each number is a segment.
 *
 * A map's pixels are numbers of 24 bits, as IMAGE_VALUES (images/image.h) gives them. */
#ifndef PROGRAM_EVAL_LABEL_MAP_H
#define PROGRAM_EVAL_LABEL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct image;
struct segments;

/* What a number says. */
enum label_codes {
    LABEL_VALUES,     /* a segment, whose class it is as well */
    LABEL_CITYSCAPES, /* from 1000 on class * 1000 + instance, else a class (cityscapesScripts) */
    LABEL_ADE20K      /* of R, G, B: class R / 10 * 256 + G, instance B (ADE20K's _seg.png) */
};

enum { LABEL_RANGES_MAX = 64, LABEL_MOST = (1 << 24) - 1 };

/* Numbers from `first` to `last`. */
struct label_range {
    uint32_t first, last;
};

struct label_rules {
    enum label_codes codes;
    struct label_range ignored[LABEL_RANGES_MAX]; /* no segments; of ADE20K classes, not numbers */
    size_t ignored_count;
    bool components; /* each 8-connected part of a number is a segment of its own */
};

/* Adds the ranges of a text to those ignored: "0", "255,65535", "0-999,2000-". Returns 0, or -1 with
 * ERROR_USAGE. */
int label_rules_ignore(struct label_rules *rules, const char *text, struct error *error);

/* Reads the name of codes: "values", "cityscapes", "ade20k". False if it is none. */
bool label_codes_parse(const char *text, enum label_codes *codes);

/* Makes a segment of each number that is not ignored, sorted by number, parts by their first pixel row
 * by row. `segments` is empty. Returns 0, or -1 with ERROR_RECORD (more segments than an evaluation
 * takes: the image is no label map) or ERROR_MEMORY, and nothing in it. */
int label_map_segments(const struct image *map, const struct label_rules *rules,
                       struct segments *segments, struct error *error);

#endif
