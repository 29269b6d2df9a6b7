#include "images/image_fail.h"

#include "base/error.h"
#include "images/image_cut.h"
#include "images/image_kind.h"
#include "images/image_source.h"

int image_fail_kind(const struct image_source *source, const uint8_t *start, size_t size,
                    struct error *error)
{
    if (image_format_begins(start, size))
        return error_set(error, ERROR_IMAGE, "%s: truncated after %zu bytes; copy it again",
                         source->name, size);
    const char *kind = image_kind(start, size);
    return error_set(error, ERROR_IMAGE, "%s: %s", source->name,
                     kind ? kind
                          : "not a JPEG, PNG, TIFF, WebP, GIF, HEIC or AVIF image; convert it or "
                            "leave it out");
}

/* What is sound but not read; NULL: nothing is known. */
static const char *unsupported(const struct image_source *source)
{
    if (source->format->kind == IMAGE_JPEG)
        return image_jpeg_unsupported(source->bytes);
    if (source->format->kind == IMAGE_PNG)
        return image_png_unsupported(source->bytes);
    return NULL;
}

static bool is_cut(const struct image_source *source)
{
    switch (source->format->kind) {
    case IMAGE_JPEG:
        return source->patched.count == 0 && image_jpeg_is_cut(source->bytes);
    case IMAGE_PNG:
        return image_png_is_cut(source->bytes);
    case IMAGE_TIFF:
        return image_tiff_is_cut(source->bytes, &source->tiff);
    case IMAGE_WEBP:
        return image_riff_is_cut(source->bytes);
    case IMAGE_HEIF:
        return image_iso_media_is_cut(source->bytes);
    case IMAGE_GIF:
        return image_gif_is_cut(source->bytes);
    }
    return false;
}

static int fail_unsupported(const struct image_source *source, const char *what,
                            struct error *error)
{
    return error_set(error, ERROR_IMAGE,
                     "%s: %ss with %s are not supported; convert it to PNG or TIFF", source->name,
                     source->format->name, what);
}

int image_fail_header(const struct image_source *source, struct error *error)
{
    const char *what = unsupported(source);
    const char *rare =
        source->format->kind == IMAGE_TIFF ? image_tiff_rare_compression(&source->tiff) : NULL;
    if (what)
        return fail_unsupported(source, what, error);
    if (is_cut(source))
        return error_set(
            error, ERROR_IMAGE,
            "%s: truncated: its %s data go on after the end of the file; copy it again",
            source->name, source->format->name);
    if (rare)
        return error_set(
            error, ERROR_IMAGE,
            "%s: damaged, or its %s is not supported here; convert it or copy it again",
            source->name, rare);
    return error_set(error, ERROR_IMAGE,
                     "%s: its %s header is damaged or of a kind that libvips cannot read; copy it "
                     "again or convert it",
                     source->name, source->format->name);
}

int image_fail_rows(const struct image_source *source, int32_t first, int32_t last,
                    struct error *error)
{
    const char *what = unsupported(source);
    const char *rare =
        source->format->kind == IMAGE_TIFF ? image_tiff_rare_compression(&source->tiff) : NULL;
    int32_t height = source->pixels->Ysize;
    if (what)
        return fail_unsupported(source, what, error);
    if (is_cut(source) || source->doubtful)
        return error_set(error, ERROR_IMAGE,
                         "%s: truncated: rows %d to %d of %d cannot be decoded; copy it again",
                         source->name, first, last, height);
    if (rare)
        return error_set(error, ERROR_IMAGE,
                         "%s: rows %d to %d of %d cannot be decoded: damaged, or its %s is not "
                         "supported here; convert it or copy it again",
                         source->name, first, last, height, rare);
    return error_set(error, ERROR_IMAGE,
                     "%s: damaged: rows %d to %d of %d cannot be decoded; copy it again",
                     source->name, first, last, height);
}

int image_fail_colours(const struct image_source *source, const char *colours, struct error *error)
{
    return error_set(error, ERROR_IMAGE,
                     "%s: colours stored as %s are not supported; convert it to RGB", source->name,
                     colours);
}
