/* record.h - SA-1B records, written and read: one JSON object for each image.
 *
 *   {"image": {"image_id", "width", "height", "file_name"},
 *    "annotations": [{"segmentation": {"size": [h, w], "counts"}, "area", "bbox": [x, y, w, h],
 *                     "predicted_iou", "point_coords": [[x, y]], "stability_score",
 *                     "crop_box": [x, y, w, h], "id", "source", "category",
 *                     "category_score"}]}
 *
 * Field order, spacing, escapes and numbers are those of Python's json.dump on the reference's
 * output, so equal masks give equal bytes. bbox width is max x - min x, as in the reference and in
 * the SA-1B data set. An image without masks is a valid record. "source" is there only where
 * mask.source says something: "known", "grid", "point", "box", "mask" or "text"; "category", the name of the mask's
 * class, only where there is one; "category_score", how sure a model is of it, only where one has named it.
 *
 * File names are bytes on Linux. A name in valid UTF-8 is written as it is (non-ASCII characters as
 * \u escapes). In any other name, each invalid byte becomes U+FFFD, and the image object gets a
 * fifth member, "file_name_hex", with the exact bytes in hexadecimal; reading restores them.
 */
#ifndef RECORDS_RECORD_H
#define RECORDS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filters/mask.h"

struct error;
struct folder;

/* What one annotation says beyond its mask. Texts are owned, freed with free(3). */
struct record_extra {
    /* The annotation's own JSON object, written as it is: a known mask's. NULL: it is made from the
     * mask. Left out where another form of "segmentation" is asked for (RECORD_AS_RUNS). */
    char *own;
    /* Further members, ', "name": value' for each, written last. NULL: none. */
    char *more;
};

struct record_category {
    char *name;  /* owned; NULL: none */
    float score; /* above 0, at most 1; 0: it has none */
};

struct record {
    int64_t image_id; /* 0 .. 2^53 - 1 */
    /* Pixels; width * height < 2^32. 0 x 0: not known, only in a record that was read from a list
     * without masks. */
    uint32_t width, height;
    char *file_name; /* owned, freed with free(3); a path relative to the input root */
    /* file_name is the record's own name: the document that was read does not say the image's. */
    bool unnamed;
    struct mask_list masks;      /* owned; every mask's runs have the image's size */
    int64_t *ids;                /* owned; [masks.count], as read; NULL: 0, 1, 2, ... */
    struct record_extra *extras; /* owned; [extra_count] of the first masks; NULL: none */
    size_t extra_count;
    struct record_category *categories; /* owned; [category_count] of the first masks */
    size_t category_count;
};

enum { RECORD_CATEGORY_MAX = 256 }; /* bytes */

/* The mask's id: as read, or its number. */
int64_t record_id(const struct record *record, size_t index);

/* The name of the mask's class; NULL: it has none. */
const char *record_category(const struct record *record, size_t index);

/* Its score; 0: it has none. */
float record_category_score(const struct record *record, size_t index);

/* Sets it to a copy; NULL: none. It has no score then. 0 or -1 (ERROR_MEMORY). */
int record_set_category(struct record *record, size_t index, const char *name, struct error *error);

/* Gives the class of a mask that has one a score, above 0 and at most 1; 0 takes it away. */
void record_set_category_score(struct record *record, size_t index, float score);

/* Whether a text names a class: 1 to RECORD_CATEGORY_MAX bytes that are plain (plain_text.h). Readers pass
 * over other texts. */
bool record_is_category(const char *name);

/* The word for a source, as in records; NULL for MASK_SOURCE_NONE. */
const char *record_source_name(enum mask_source source);

/* Whether it is one of those that people make masks with: point, box, mask and text. */
bool record_source_is_person(enum mask_source source);

/* The source of that name; MASK_SOURCE_NONE for NULL and for any other text. */
enum mask_source record_source_of(const char *name);

/* Frees what the record owns and zeroes it. */
void record_free(struct record *record);

/* The image id of a path relative to its input root: the upper 52 bits of hash_bytes (base/hash.h).
 * It depends on the path alone, so adding images changes no other id, and a double holds it
 * exactly. The probability that any two of n paths collide is about n^2 / 2^53. */
int64_t record_image_id(const char *relative_path);

/* Optional members beyond SA-1B's; a set of bits. */
enum record_field {
    RECORD_AREA_FRACTION = 1, /* "area_fraction": area / (width * height) */
    RECORD_CENTROID = 2,      /* "centroid": [x, y], mean of the pixel coordinates */
    RECORD_BBOX_COCO = 4,     /* "bbox_coco": [x, y, w, h] with w = max - min + 1 */
    RECORD_RUNS = 8,          /* "runs": the uncompressed run lengths, background first */
    /* Not a member but another form of "segmentation": {"size", "counts": [run lengths]}. For
     * formats, not for --fields. */
    RECORD_AS_RUNS = 16,
    /* Members of SA-1B's that an annotation lacks (mask.absent), for it was read from another tool's
     * record. */
    RECORD_NO_IOU = 32,
    RECORD_NO_STABILITY = 64,
    RECORD_NO_POINT = 128,
    RECORD_NO_CROP = 256,
};

/* Reads a comma-separated list of the names above ("centroid,runs") into a set of bits.
 * Returns 0, or -1 with ERROR_USAGE naming the unknown field and the known ones. */
int record_fields_parse(unsigned *fields, const char *list, struct error *error);

/* The members that annotation `index` lacks: RECORD_NO_... bits. */
unsigned record_absent(const struct record *record, size_t index);

/* The JSON text of a record, terminated, without a newline; *length is its strlen. Floats are
 * widened to double and printed with the fewest digits that read back the same.
 * The caller frees it with free(3). Returns NULL with ERROR_MEMORY, or ERROR_RECORD when a score
 * or a coordinate is not finite. */
char *record_text(const struct record *record, unsigned fields, size_t *length,
                  struct error *error);

/* What stands in the place of the record of an image that has none, and why:
 *   {"image": {"image_id", "file_name"}, "error"}
 * With the same form, ownership and errors. */
char *record_error_text(const char *file_name, const char *reason, size_t *length,
                        struct error *error);

/* The JSON text of one member of "annotations", with the same form, ownership and errors. */
char *record_annotation_text(const struct mask *mask, int64_t id, unsigned fields,
                             struct error *error);

/* Receives all faults of a record instead of the first. `annotation` is the index in the list, or
 * -1 for a fault outside the annotations. */
struct record_faults {
    void (*found)(void *context, long annotation, const char *reason);
    void *context;
};

/* What a record is read from. All borrowed. */
struct record_source {
    const char *bytes; /* [length] */
    size_t length;
    const char *name; /* the record's: it names the image if the document does not */
    /* Images with more pixels are refused: a few bytes of runs may describe 2^32 of them, and whoever
     * draws them asks for that memory. 0: no limit but 2^32 - 1. */
    uint64_t max_pixels;
};

/* Reads a record from untrusted text, in any of the forms of record_document.h and mask_json.h,
 * into `record`, which must be zeroed or freed. All of it is validated: JSON, types, ranges, sizes,
 * run strings (canonical, sum h * w), area and bbox against the runs, points and crop boxes inside
 * the image, ids unique. Other members are ignored. An empty mask is valid.
 * Without `faults`, members that other tools leave out may be missing, all but the segmentation,
 * and reading stops at the first fault: -1 with ERROR_RECORD, "annotation 3: area is 17, the runs
 * have 18". With `faults`, every fault is reported, missing members too, annotations with faults
 * are dropped, and the function returns 0 unless the image object itself is unusable or memory is
 * short. On -1 the record is empty. */
int record_parse(struct record *record, const struct record_source *text,
                 const struct record_faults *faults, struct error *error);

/* As record_parse, from the file `name` below `folder`, of at most RECORD_FILE_MAX bytes; `as` has
 * the record's name and the limit. Messages begin with the path. Also returns -1 with ERROR_IO,
 * which is not reported to `faults`. */
int record_read(struct record *record, const struct folder *folder, const char *name,
                const struct record_source *as, const struct record_faults *faults,
                struct error *error);

enum { RECORD_FILE_MAX = 64 << 20 }; /* bytes */

#endif
