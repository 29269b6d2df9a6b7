#include "program/digest.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>

#include "base/error.h"

enum { BLOCK = 1 << 16 };

/* GLib's checksum, under a name that needs no header of GLib. GLib ends the program if it cannot
 * allocate one. */
struct digest *digest_new(void)
{
    return (struct digest *)g_checksum_new(G_CHECKSUM_SHA256);
}

void digest_add(struct digest *digest, const void *bytes, size_t size)
{
    g_checksum_update((GChecksum *)digest, bytes, (gssize)size);
}

void digest_finish(struct digest *digest, char text[DIGEST_TEXT])
{
    snprintf(text, DIGEST_TEXT, "%s", g_checksum_get_string((GChecksum *)digest));
    g_checksum_free((GChecksum *)digest);
}

int digest_file(const char *path, char text[DIGEST_TEXT], struct error *error)
{
    unsigned char block[BLOCK];
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set_system(error, ERROR_IO, errno, "%s", path);
    struct digest *digest = digest_new();
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;)
        digest_add(digest, block, got);
    int failed = ferror(file) ? errno : 0;
    fclose(file);
    digest_finish(digest, text);
    return failed ? error_set_system(error, ERROR_IO, failed, "%s", path) : 0;
}

void digest_bytes(const void *bytes, size_t size, char text[DIGEST_TEXT])
{
    struct digest *digest = digest_new();
    digest_add(digest, bytes, size);
    digest_finish(digest, text);
}
