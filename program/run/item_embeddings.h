/* item_embeddings.h - the embeddings of an image's masks in a run (--embeddings). */
#ifndef PROGRAM_RUN_ITEM_EMBEDDINGS_H
#define PROGRAM_RUN_ITEM_EMBEDDINGS_H

struct error;
struct item;
struct run;

/* Before the masks of the item's image are found: takes the image. Does nothing without --embeddings. Returns 0, or
 * -1 with item->error. */
int item_embeddings_begin(struct run *run, struct item *item, int worker);

/* Once item->record has the masks: makes item->embeddings, the bytes of a file. Does nothing without
 * --embeddings. Returns 0, or -1 with item->error. */
int item_embeddings_make(struct run *run, struct item *item, int worker);

/* The name of their file below the output folder, "@embeddings/NAME.npy"; freed by free(3). NULL with
 * ERROR_MEMORY. */
char *item_embeddings_name(const struct run *run, const struct item *item, struct error *error);

/* Before the item's record is put in its place: removes embeddings that would be taken for that record's and are not.
 * Those are of the other format; without --embeddings of both, if an earlier record is replaced. Returns 0, or -1 with
 * item->error. */
int item_embeddings_remove_old(struct run *run, struct item *item);

/* Its ending: "npy". */
const char *item_embeddings_ending(const struct run *run);

#endif
