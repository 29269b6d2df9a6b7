/* folder_write.h - writes the files of an image into the output folder. */
#ifndef PROGRAM_RUN_FOLDER_WRITE_H
#define PROGRAM_RUN_FOLDER_WRITE_H

struct item;
struct run;

/* Writes the other formats, the overlay, the embeddings, then the record. File system errors are retried as the options
 * say; those that concern the whole run end it. Sets item->bytes to the size of the record. Returns 0,
 * or -1: the item is dropped, or item->error says why this image cannot be written. The names are
 * durable once run->resources.batch has been flushed. */
int folder_write(struct run *run, struct item *item);

#endif
