/* segmenter.h - the settings as what the library (include/maskmill.h) takes, and its errors back.
 */
#ifndef PROGRAM_SEGMENTER_H
#define PROGRAM_SEGMENTER_H

struct error;
struct mm_error;
struct mm_image;
struct mm_model;
struct mm_segmenter;
struct settings;

/* Copies an error of the library. Returns -1. */
int segmenter_error(struct error *to, const struct mm_error *from);

/* A segmenter with the generator's options of completed settings, shared by `threads` threads. The
 * caller frees it with mm_segmenter_free; `model` must outlive it. NULL with the library's error.
 */
struct mm_segmenter *segmenter_new(const struct mm_model *model, const struct settings *settings,
                                   int threads, struct error *error);

/* mm_segmenter_set_image, with the program's error. 0 or -1. */
int segmenter_set_image(struct mm_segmenter *segmenter, const struct mm_image *image,
                        struct error *error);

#endif
