/* labels.h - names that masks get from CLIP, and what the options say of that: --clip, --clip-vocab, --classes,
 * --template, --clip-background, --class-min.
 *
 *   names -> texts -> tokens (labels_open) -> embeddings (labels_prepare), once; shared by threads from then on
 *   classifier (labels_worker), one a thread -> categories of a record's masks (name_masks.h)
 */
#ifndef PROGRAM_LABEL_LABELS_H
#define PROGRAM_LABEL_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "program/digest.h"

struct classifier;
struct clip;
struct clip_classes;
struct error;
struct labels;
struct settings;

/* Whether --embeddings asks for those of CLIP. */
bool labels_embed(const struct settings *settings);

/* Refuses options that have no meaning without others: --clip goes with --classes or --embeddings clip. 0 or -1
 * (ERROR_USAGE). */
int labels_check_options(const struct settings *settings, struct error *error);

/* Loads CLIP and its vocabulary, and reads and tokenises the names of --classes in all templates, or each of --text as
 * it is. Without --classes there are no names, and no vocabulary is needed. Names that are there twice count once.
 * `settings` must outlive it. Returns 0, or -1 as clip_open, or with ERROR_USAGE: a file of names or a template that is
 * none, a name that is too long. Freed by labels_free; *labels is NULL after a failure. */
int labels_open_classes(struct labels **labels, const struct settings *settings,
                        struct error *error);
int labels_open_texts(struct labels **labels, const struct settings *settings, struct error *error);

/* Runs the texts through CLIP, which may take seconds. 0, or -1 as clip_classes_new. */
int labels_prepare(struct labels *labels, int threads, struct error *error);

/* NULL is allowed. */
void labels_free(struct labels *labels);

size_t labels_count(const struct labels *labels);

/* The names, in their order; NULL past the last. */
const char *labels_name_of(const struct labels *labels, size_t number);

const struct clip *labels_clip(const struct labels *labels);
const struct clip_classes *labels_classes(const struct labels *labels); /* once prepared */

/* SHA-256 of the checkpoint's bytes (with what config.json says of activations, if that is GELU), and of names and
 * tokens. The first returns -1 with ERROR_IO if the file was changed since it was loaded. */
int labels_clip_digest(const struct labels *labels, char text[DIGEST_TEXT], struct error *error);
void labels_digest(const struct labels *labels, char text[DIGEST_TEXT]);

/* Whether the checkpoint's file is as it was when it was loaded. 0, or -1 with ERROR_IO. */
int labels_check_unchanged(const struct labels *labels, struct error *error);

/* What one thread that names masks needs; `threads` share its work. NULL with ERROR_MEMORY. Freed by
 * classifier_free. */
struct classifier *labels_worker(const struct labels *labels, int threads, struct error *error);

/* --class-min: masks whose class has a lower score get none. */
double labels_class_min(const struct labels *labels);

#endif
