#include "text/gunzip.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

enum { CHUNK = 1 << 16 }; /* bytes that are made room for at a time */

bool gunzip_recognise(const char *bytes, size_t size)
{
    return size >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
}

struct unpacked {
    char *bytes; /* owned: [used] */
    size_t used, capacity;
};

static int unpack(GConverter *converter, const char *bytes, size_t size, size_t most,
                  struct unpacked *to, struct error *error)
{
    GConverterResult result = G_CONVERTER_CONVERTED;
    while (result != G_CONVERTER_FINISHED) {
        gsize read = 0, written = 0;
        GError *reason = NULL;
        if (to->used > most)
            return error_set(error, ERROR_MODEL, "more than %zu bytes when unpacked", most);
        if (memory_grow((void **)&to->bytes, &to->capacity, to->used + CHUNK, 1, error))
            return -1;
        result = g_converter_convert(converter, bytes, size, to->bytes + to->used,
                                     to->capacity - to->used, G_CONVERTER_INPUT_AT_END, &read,
                                     &written, &reason);
        if (result == G_CONVERTER_ERROR) {
            error_set(error, ERROR_MODEL, "a damaged gzip file: %s",
                      reason ? reason->message : "unknown reason");
            g_clear_error(&reason);
            return -1;
        }
        bytes += read;
        size -= read;
        to->used += written;
    }
    if (to->used > most)
        return error_set(error, ERROR_MODEL, "more than %zu bytes when unpacked", most);
    if (memory_grow((void **)&to->bytes, &to->capacity, to->used + 1, 1, error))
        return -1;
    to->bytes[to->used] = '\0';
    return 0;
}

int gunzip(const char *bytes, size_t size, size_t most, char **text, size_t *length,
           struct error *error)
{
    struct unpacked to = {0};
    GZlibDecompressor *converter = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    int status = unpack(G_CONVERTER(converter), bytes, size, most, &to, error);
    g_object_unref(converter);
    *text = status ? NULL : to.bytes;
    *length = status ? 0 : to.used;
    if (status)
        free(to.bytes);
    return status;
}
