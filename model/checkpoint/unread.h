/* unread.h - tells the families of models that maskmill does not read, to name them in messages.
 * Internal to model/checkpoint. */
#ifndef MODEL_CHECKPOINT_UNREAD_H
#define MODEL_CHECKPOINT_UNREAD_H

struct tensor;
struct tensor_table;

/* The family that a tensor's name belongs to, and what to do about it if anything ("a SAM 3
 * model, which maskmill does not read"): a constant text, or NULL if there is none. Otherwise
 * *shown is that tensor. */
const char *unread_family(const struct tensor_table *table, const struct tensor **shown);

/* The same of the Python class of a pickled module ("ultralytics.nn.tasks.SegmentationModel"). */
const char *unread_class(const char *class);

#endif
