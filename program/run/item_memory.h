/* item_memory.h - the memory that an image has while it is in the run: as much as its header says, of
 * the room that the workers leave. An image for which too little is left waits until others have
 * been written; one that is larger than that room waits until it is alone, and the workers that have
 * nothing to do free theirs. Only what would not fit then is refused. Where what is free at the start
 * is too little for an image of ordinary size, that is the machine's fault, not the image's.
 *
 * The decoder is held to what its header says, and to a little more. An image for which that was too
 * little may try again with all the room there is.
 *
 * Only the reading thread takes memory, and holds none while it waits; so the others come to an end.
 */
#ifndef PROGRAM_RUN_ITEM_MEMORY_H
#define PROGRAM_RUN_ITEM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image_header;
struct item;
struct run;

/* Room for this image is left when the workers are counted: a photograph of 12 megapixels, however
 * it is stored (14 bytes a pixel for a progressive JPEG, rows and file), or an ordinary one of 24
 * (6 bytes a pixel: decoded in the child, and copied). */
enum { ITEM_MEMORY_ORDINARY = 192 << 20 };

/* What a decoder may take to open an image, or beyond what the header says. Each process that decodes
 * has that in the budget. */
enum { ITEM_MEMORY_SLACK = 32 << 20 };

/* The largest encoded image, in bytes, that is taken from a tar or a pipe: a third of what an image may
 * take, since it lies in this process, then in the decoder's, too, with the pixels beside it. */
size_t item_memory_encoded(const struct run *run);

/* Before the image is opened: sets item->decoder_bytes, and with `all` takes all the room there is. */
void item_memory_begin(struct run *run, struct item *item, bool all);

/* Takes what decoding and holding the image needs, with --tile a row of tiles of it, unless all has
 * been taken; `alone`: while no other image is in hand. Sets item->decoder_bytes. Returns 0, or -1
 * with item->error: it can never fit (ERROR_IMAGE; ERROR_MEMORY if the machine is too small). */
int item_memory_take(struct run *run, struct item *item, const struct image_header *header,
                     bool alone);

/* Gives back what only decoding needed. */
void item_memory_decoded(struct run *run, struct item *item);

/* Frees the pixels and gives everything back. */
void item_memory_give(struct run *run, struct item *item);

#endif
