/* predict_many.h - many prompts on one embedding, by several threads:
 *
 *   prompts -> those of one shape together -> batches, each by the next free thread -> masks, in the
 *   order of the prompts
 *
 * A prompt's masks depend neither on the other prompts nor on the number of threads.
 */
#ifndef PIPELINE_PREDICT_MANY_H
#define PIPELINE_PREDICT_MANY_H

#include <stddef.h>

#include "pipeline/predictor.h"

/* A predictor for each of several threads. One caller at a time. */
struct predictors;

/* `sam` must outlive them. Makes the first one; the others are made when predict_many needs them. NULL
 * with ERROR_MEMORY. */
struct predictors *predictors_new(const struct sam *sam, const struct predictor_options *options,
                                  int threads, struct error *error);
void predictors_free(struct predictors *predictors);

/* The first of them, for one prompt at a time. */
struct predictor *predictors_first(const struct predictors *predictors);

/* All of them, one for each thread: [threads]. They are made as far as they are missing. NULL with
 * ERROR_MEMORY. */
struct predictor *const *predictors_all(struct predictors *predictors, struct error *error);

/* Predicts prompts[0..count), each as predictor_predict does, into the empty lists masks[count]. If a
 * prompt cannot be answered, none is, and the message names it. Returns 0, or -1 as predictor_predict;
 * there may be masks in the lists all the same. */
int predict_many(struct predictors *predictors, const struct embedding *embedding,
                 const struct predictor_prompt *prompts, size_t count, struct mask_list *masks,
                 struct error *error);

#endif
