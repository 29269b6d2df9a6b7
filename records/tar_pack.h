/* tar_pack.h - members of a tar as bytes, for whoever writes tars: WebDataset's layout, with names that
 * every reader takes the same way.
 *
 * A member is a header, its bytes, and zeros up to a multiple of TAR_BLOCK. The header is ustar's; a pax
 * header comes before it where a name or a size does not fit. Owner and times are fixed, so equal members
 * are equal bytes.
 *
 * The names of a sample's members are KEY.ENDING. KEY is the image's path without its extension, with
 * every '.', '%', backslash and non-printing or non-ASCII byte as %XX. So a key has no dot, which is where
 * readers cut it, and unquoting restores the path. */
#ifndef RECORDS_TAR_PACK_H
#define RECORDS_TAR_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum {
    TAR_BLOCK = 512,    /* bytes */
    TAR_RECORD = 10240, /* a tar's size is a multiple of it */
    TAR_END_MOST = TAR_RECORD + 2 * TAR_BLOCK
};

/* The ending of the member that says why an image has no record. */
#define TAR_PACK_ERROR "error.json"

/* Growing bytes. Zeroed at first; freed with tar_pack_free. */
struct tar_pack {
    char *bytes; /* owned: [used] */
    size_t used, capacity;
};

void tar_pack_free(struct tar_pack *pack);

/* False in a build without libarchive, where no member can be packed. */
bool tar_pack_supported(void);

/* Appends the header of a file of `size` bytes. Returns 0, or -1 with ERROR_MEMORY, ERROR_UNSUPPORTED,
 * or ERROR_IO (a name that no header can hold); then nothing is appended. */
int tar_pack_header(struct tar_pack *pack, const char *name, uint64_t size, struct error *error);

/* Appends a whole member. As tar_pack_header. */
int tar_pack_member(struct tar_pack *pack, const char *name, const void *bytes, size_t size,
                    struct error *error);

/* Bytes of a member: its headers, and all of it with its padding. */
struct tar_pack_size {
    size_t header, all;
};

/* Those of the member that begins at `at` in `pack`, which these functions have filled. */
struct tar_pack_size tar_pack_size_at(const struct tar_pack *pack, size_t at);

/* The zeros that follow `size` bytes of a member. */
size_t tar_pack_padding(uint64_t size);

/* The zeros that end a tar whose members take `size` bytes; at most TAR_END_MOST. */
size_t tar_pack_end(uint64_t size);

/* KEY for a path without its extension. Freed by the caller with free(3); NULL with ERROR_MEMORY. */
char *tar_pack_key(const char *path, struct error *error);

/* "KEY.ending", with the ending in lower case. As tar_pack_key. */
char *tar_pack_name(const char *key, const char *ending, struct error *error);

/* The ending of an image's member: the extension of its file name without the dot; "img" if it has
 * none, or one that is not alphanumeric, or the record's own. Points into `file_name`, or is constant. */
const char *tar_pack_image_ending(const char *file_name);

#endif
