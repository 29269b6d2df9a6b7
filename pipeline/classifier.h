/* classifier.h - what CLIP says of masks: their embeddings, and how similar they are to texts.
 *
 *   texts:  tokens -> text tower -> unit length, mean over a class's texts, unit length        once
 *   masks:  crop (clip_crop.h) -> image tower -> unit length
 *   label:  similarity = embedding . class; score = softmax over classes of logit scale * similarity
 *
 * Letters: E width of an embedding (clip_info). Sums have a fixed order, so results do not depend on threads.
 */
#ifndef PIPELINE_CLASSIFIER_H
#define PIPELINE_CLASSIFIER_H

#include <stddef.h>
#include <stdint.h>

#include "pipeline/clip_crop.h"

struct clip;
struct error;
struct image;
struct mask_list;

/* Classes as embeddings. Immutable, shared by threads. */
struct clip_classes;

/* The texts of all classes, each with the same number of them. Borrowed. */
struct clip_texts {
    const int32_t *tokens; /* [classes][texts][context of clip_info] */
    size_t classes, texts;
};

/* `clip` must outlive them. NULL with ERROR_MEMORY, or as clip_embed_text. Freed by clip_classes_free. */
struct clip_classes *clip_classes_new(const struct clip *clip, const struct clip_texts *texts,
                                      int threads, struct error *error);

/* NULL is allowed. */
void clip_classes_free(struct clip_classes *classes);

/* The embedding of a class, [E], of unit length; lives as long as they. */
const float *clip_classes_row(const struct clip_classes *classes, size_t number);

/* similarities[classes]: the cosine similarity of an embedding of unit length, [E], to each class. */
void clip_similarities(const struct clip_classes *classes, const float *embedding,
                       float *similarities);

/* The class to which a mask is most similar, the first of several; CLIP_CLASS_NONE for an empty mask. */
enum { CLIP_CLASS_NONE = -1 };

struct clip_class {
    int32_t number; /* of the class */
    float score;    /* its share in the softmax, 0..1 */
};

/* The label of these similarities, which are of at least one class. */
struct clip_class clip_class_of(const struct clip_classes *classes, const float *similarities);

/* All scratch memory of one thread that calls. */
struct classifier;

/* `threads` share the work. `clip` must outlive it. NULL with ERROR_MEMORY. Freed by classifier_free. */
struct classifier *classifier_new(const struct clip *clip, enum clip_background background,
                                  int threads, struct error *error);

/* NULL is allowed. */
void classifier_free(struct classifier *classifier);

/* embeddings[masks->count][E], of unit length; zeros for an empty mask. The masks have the image's size. Returns 0, or
 * -1 with ERROR_IMAGE or ERROR_MEMORY as clip_crop_make and clip_embed_images. */
int classifier_embed(struct classifier *classifier, const struct image *image,
                     const struct mask_list *masks, float *embeddings, struct error *error);

/* labels[masks->count], of their embeddings[masks->count][E] as classifier_embed makes them. 0, or -1 with
 * ERROR_MEMORY. */
int clip_classes_masks(const struct clip_classes *classes, const struct mask_list *masks,
                       const float *embeddings, struct clip_class *labels, struct error *error);

/* labels[masks->count], by both of these. Returns as classifier_embed. */
int classifier_masks(struct classifier *classifier, const struct clip_classes *classes,
                     const struct image *image, const struct mask_list *masks,
                     struct clip_class *labels, struct error *error);

#endif
