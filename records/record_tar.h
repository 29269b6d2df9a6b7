/* record_tar.h - the records in a tar: those that `run --to tar` and the format "tar" write, and SA-1B's
 * own. Every NAME.json in it is one; NAME.error.json says why an image has none, and is passed over. */
#ifndef RECORDS_RECORD_TAR_H
#define RECORDS_RECORD_TAR_H

struct image_pool;
struct record_cutter;

/* Gives every record of a tar, open as `file`, to the cutter's visit, in the tar's order. It is parsed
 * in a process apart, made by the pool's server. One that is too large has part->error. Returns 1 once
 * all were given; -1 with ERROR_IO if the tar is damaged, or ERROR_MEMORY if the machine is short of
 * something, after what comes before; or what `visit` returned. */
int record_tar_cut(const struct record_cutter *cutter, int file, struct image_pool *pool);

#endif
