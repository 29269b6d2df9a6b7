#include "pipeline/digest.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>

#include "base/error.h"

enum { BLOCK = 1 << 16 };

static void finish(GChecksum *sum, char text[DIGEST_TEXT])
{
    snprintf(text, DIGEST_TEXT, "%s", g_checksum_get_string(sum));
    g_checksum_free(sum);
}

int digest_file(const char *path, char text[DIGEST_TEXT], struct error *error)
{
    unsigned char block[BLOCK];
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set_system(error, ERROR_IO, errno, "%s", path);
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;)
        g_checksum_update(sum, block, (gssize)got);
    int failed = ferror(file) ? errno : 0;
    fclose(file);
    finish(sum, text);
    return failed ? error_set_system(error, ERROR_IO, failed, "%s", path) : 0;
}

void digest_bytes(const void *bytes, size_t size, char text[DIGEST_TEXT])
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, bytes, (gssize)size);
    finish(sum, text);
}
