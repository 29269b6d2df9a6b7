#include "images/image_patch.h"

#include <assert.h>

void image_patch_add(struct image_patched *patched, uint64_t position, uint8_t first,
                     uint8_t second)
{
    assert(patched->count < IMAGE_PATCHES_MAX);
    patched->patches[patched->count++] = (struct image_patch){position, {first, second}};
}

void image_patch_number(struct image_patched *patched, uint64_t position, int size, uint64_t number,
                        bool big_endian)
{
    uint8_t bytes[8] = {0};
    for (int i = 0; i < size; i++)
        bytes[big_endian ? size - 1 - i : i] = (uint8_t)(number >> 8 * i);
    for (int i = 0; i < size; i += 2)
        image_patch_add(patched, position + (uint64_t)i, bytes[i], bytes[i + 1]);
}

/* Reads up to `length` bytes of the file at the reading position; 0 behind its end. */
static gint64 read_original(struct image_patched *patched, void *buffer, gint64 length)
{
    if (vips_source_seek(patched->file, (gint64)patched->position, SEEK_SET) < 0)
        return -1;
    return vips_source_read(patched->file, buffer, (size_t)length);
}

static gint64 read_patched(VipsSourceCustom *source, void *buffer, gint64 length, void *data)
{
    struct image_patched *patched = data;
    uint8_t *bytes = buffer;
    (void)source;
    uint64_t left = patched->position < patched->size ? patched->size - patched->position : 0;
    if (left == 0 || length <= 0)
        return 0;
    gint64 got = read_original(patched, buffer, length);
    if (got < 0)
        return -1;
    if (got == 0) /* behind the end of the file there are only patches */
        got = left < (uint64_t)length ? (gint64)left : length;
    for (int i = 0; i < patched->count; i++)
        for (uint64_t k = 0; k < 2; k++) {
            uint64_t place = patched->patches[i].position + k - patched->position;
            if (place < (uint64_t)got)
                bytes[place] = patched->patches[i].bytes[k];
        }
    patched->position += (uint64_t)got;
    return got;
}

static gint64 seek_patched(VipsSourceCustom *source, gint64 offset, int whence, void *data)
{
    struct image_patched *patched = data;
    (void)source;
    gint64 from = whence == SEEK_CUR   ? (gint64)patched->position
                  : whence == SEEK_END ? (gint64)patched->size
                                       : 0;
    if (offset < -from)
        return -1;
    patched->position = (uint64_t)(from + offset);
    return from + offset;
}

VipsSource *image_patched_source(struct image_patched *patched, VipsSource *file)
{
    patched->file = file;
    gint64 size = vips_source_length(file);
    patched->position = 0;
    patched->size = size < 0 ? 0 : (uint64_t)size;
    for (int i = 0; i < patched->count; i++)
        if (patched->patches[i].position + 2 > patched->size)
            patched->size = patched->patches[i].position + 2;
    VipsSourceCustom *source = vips_source_custom_new();
    if (!source)
        return NULL;
    g_signal_connect(source, "read", G_CALLBACK(read_patched), patched);
    g_signal_connect(source, "seek", G_CALLBACK(seek_patched), patched);
    return VIPS_SOURCE(source);
}

bool image_bytes_at(VipsSource *file, uint64_t position, uint8_t *bytes, size_t size)
{
    if (position > INT64_MAX ||
        vips_source_seek(file, (gint64)position, SEEK_SET) != (gint64)position)
        return false;
    for (size_t done = 0; done < size;) {
        gint64 got = vips_source_read(file, bytes + done, size - done);
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}
