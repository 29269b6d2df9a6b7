#include "images/image_format.h"

#include <ctype.h>
#include <string.h>

#include "images/image.h"
#include "images/image_kind.h"

static const struct image_format formats[] = {
    /* progressive: 16-bit coefficients */
    {IMAGE_JPEG,
     "JPEG",
     {"jpg", "jpeg", "jpe", "jfif"},
     "jpegload_source",
     0,
     3,
     "\xff\xd8\xff",
     0,
     8},
    /* interlaced: four bands of 16 bits */
    {IMAGE_PNG, "PNG", {"png"}, "pngload_source", 0, 8, "\x89PNG\r\n\x1a\n", 0, 8},
    {IMAGE_TIFF, "TIFF", {"tif", "tiff"}, "tiffload_source", 0, 4, "II*\0", 0, 0},
    {IMAGE_TIFF, "TIFF", {""}, "tiffload_source", 0, 4, "MM\0*", 0, 0},
    {IMAGE_TIFF, "TIFF", {""}, "tiffload_source", 0, 4, "II+\0", 0, 0},
    {IMAGE_TIFF, "TIFF", {""}, "tiffload_source", 0, 4, "MM\0+", 0, 0},
    /* RGBA, twice */
    {IMAGE_WEBP, "WebP", {"webp"}, "webpload_source", 8, 4, "WEBP", 8, 8},
    /* RGBA and a canvas */
    {IMAGE_GIF, "GIF", {"gif"}, "gifload_source", 0, 4, "GIF8", 8, 8},
    /* planes and RGBA */
    {IMAGE_HEIF, "HEIC or AVIF", {"heic", "heif", "avif"}, "heifload_source", 4, 4, "ftyp", 8, 8},
};

/* In words of fixed size, since walks of large folders call it for every name. */
bool image_has_extension(const char *name)
{
    const char *dot = strrchr(name, '.');
    char word[IMAGE_EXTENSION_SIZE] = {0};
    size_t length = dot && dot != name ? strlen(dot + 1) : 0;
    if (length == 0 || length >= sizeof word)
        return false;
    for (size_t i = 0; i < length; i++)
        word[i] = (char)tolower((unsigned char)dot[i + 1]);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        for (size_t j = 0; j < IMAGE_EXTENSIONS && formats[i].extensions[j][0]; j++)
            if (memcmp(word, formats[i].extensions[j], sizeof word) == 0)
                return true;
    return false;
}

const struct image_format *image_format_find(const uint8_t *start, size_t size)
{
    if (image_kind_is_film(start, size))
        return NULL;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (size >= formats[i].offset + formats[i].length &&
            memcmp(start + formats[i].offset, formats[i].magic, formats[i].length) == 0)
            return &formats[i];
    return NULL;
}

const char *image_extension(size_t index)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        for (size_t j = 0; j < IMAGE_EXTENSIONS && formats[i].extensions[j][0]; j++)
            if (index-- == 0)
                return formats[i].extensions[j];
    return NULL;
}

bool image_is_known(const void *start, size_t size)
{
    return image_format_find(start, size) != NULL;
}

bool image_format_begins(const uint8_t *start, size_t size)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].offset == 0 && size >= 2 && size < formats[i].length &&
            memcmp(start, formats[i].magic, size) == 0)
            return true;
    return false;
}
