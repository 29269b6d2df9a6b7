/* zip.h - finds stored (uncompressed) members of a zip or zip64 archive in memory.
 *
 * Format: PKWARE's APPNOTE.TXT 6.3. Checksums are not verified, since that would read checkpoints
 * of several gigabytes twice. */
#ifndef MODEL_CHECKPOINT_ZIP_H
#define MODEL_CHECKPOINT_ZIP_H

#include <stdbool.h>
#include <stddef.h>

struct error;

struct zip_member {
    const char *name; /* within the archive's bytes, not terminated */
    size_t name_length;
    const unsigned char *bytes; /* its data as it lies in the archive */
    size_t size;                /* bytes */
    bool packed;                /* compressed or encrypted: the data is of no use here */
};

/* Members sorted by name in memcmp's order, shorter first. */
struct zip {
    struct zip_member *members;
    size_t count, capacity;
};

/* Whether the bytes begin like a zip archive, valid or not. */
bool zip_recognise(const unsigned char *bytes, size_t size);

/* Reads the central directory, packed members included. `zip` points into `bytes`, which must
 * outlive it. Returns 0, or -1 with ERROR_MODEL (no end record, sizes or offsets outside the file,
 * duplicate names) or ERROR_MEMORY. Call zip_close in any case. */
int zip_open(struct zip *zip, const unsigned char *bytes, size_t size, struct error *error);

void zip_close(struct zip *zip);

/* The member with exactly that name, or NULL. */
const struct zip_member *zip_find(const struct zip *zip, const char *name, size_t length);

#endif
