/* predict_text.h - predict --text: the automatic masks of an image that CLIP finds most similar to a text. */
#ifndef PROGRAM_PREDICT_PREDICT_TEXT_H
#define PROGRAM_PREDICT_PREDICT_TEXT_H

struct classifier;
struct error;
struct image;
struct labels;
struct mm_segmenter;
struct record;
struct settings;

/* All borrowed. */
struct predict_text_job {
    const struct image *image;
    const struct labels *labels; /* the texts, prepared */
    struct classifier *classifier;
    int top; /* best masks for each text; 0: all */
};

/* Makes the record of the image called `file_name`, which is set in the segmenter: for each text the masks most similar
 * to it, best first. The category is the text, the member text_score the cosine similarity. A mask may be there for
 * several texts. The caller frees the record by record_free. 0, or -1 with the errors of mm_segmenter_generate and
 * classifier_embed. */
int predict_text(struct record *record, const char *file_name, const struct predict_text_job *job,
                 struct mm_segmenter *segmenter, struct error *error);

#endif
