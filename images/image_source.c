#include "images/image_source.h"

#include <errno.h>
#include <sched.h>

#include "base/error.h"
#include "images/image_fail.h"
#include "images/image_jpeg_end.h"
#include "images/image_kind.h"
#include "images/image_png.h"
#include "images/image_values.h"

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What libvips and libtiff hold of a TIFF at a time: two rows of tiles, and one tile as stored and as
 * decoded; or some rows, and a strip as stored, which may be the whole file. */
static uint64_t tiff_bytes(const struct image_source *source)
{
    const struct image_tiff *tiff = &source->tiff;
    uint64_t line = VIPS_IMAGE_SIZEOF_LINE(source->pixels);
    uint64_t height = (uint64_t)source->pixels->Ysize, part = tiff->part_height;
    if (tiff->tiled)
        return lesser(2 * part, height) * line +
               2 * part * tiff->part_width * VIPS_IMAGE_SIZEOF_PEL(source->pixels);
    if (tiff->compression == TIFF_COMPRESSION_NONE)
        return 0;
    gint64 file = vips_source_length(source->bytes);
    uint64_t strip = 2 * line * (part ? lesser(part, height) : height);
    return file > 0 ? lesser((uint64_t)file, strip) : strip;
}

/* Decoders of AVIF start a thread for each CPU, with memory of its own. */
static uint64_t thread_bytes(void)
{
    enum { BYTES_EACH = 512 << 10 };
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) ? 0 : (uint64_t)CPU_COUNT(&set) * BYTES_EACH;
}

/* Fills the header from what libvips has read. */
static void set_header(struct image_source *source)
{
    VipsImage *pixels = source->pixels;
    if (source->orientation == 0 || vips_image_get_typeof(pixels, VIPS_META_ORIENTATION) != 0)
        source->orientation = vips_image_get_orientation(pixels);
    bool sideways = source->orientation >= 5;
    source->header.width = sideways ? pixels->Ysize : pixels->Xsize;
    source->header.height = sideways ? pixels->Xsize : pixels->Ysize;
    bool interlaced = vips_image_get_typeof(pixels, "interlaced") != 0;
    int held = interlaced ? source->format->interlaced : source->format->whole;
    uint64_t count = (uint64_t)pixels->Xsize * (uint64_t)pixels->Ysize;
    /* Decoders and libvips keep some tens of rows. */
    uint64_t rows = pixels->Ysize < 1024 ? pixels->Ysize : 1024;
    source->header.decoder_bytes =
        count * (uint64_t)held + rows * VIPS_IMAGE_SIZEOF_LINE(pixels) + source->file.size;
    if (source->format->kind == IMAGE_TIFF)
        source->header.decoder_bytes += tiff_bytes(source);
    if (source->format->kind == IMAGE_HEIF)
        source->header.decoder_bytes += thread_bytes();
    source->header.bytes = count * 3 + source->header.decoder_bytes;
}

static bool has_gray_planes(const struct image_tiff *tiff)
{
    return tiff->planes == TIFF_PLANES_APART && tiff->samples > 1 &&
           tiff->photometric <= TIFF_PHOTOMETRIC_BLACK_IS_0;
}

/* What libtiff, and so OpenCV, does with the colours of a TIFF. */
static int set_tiff_colour(struct image_source *source, struct error *error)
{
    const struct image_tiff *tiff = &source->tiff;
    /* libvips takes YCbCr samples for RGB, except in JPEG tiles, which libjpeg converts. */
    if (tiff->photometric == TIFF_PHOTOMETRIC_YCBCR && tiff->compression != TIFF_COMPRESSION_JPEG)
        return image_fail_colours(source, "YCbCr", error);
    if (source->colour == IMAGE_CMYK_JPEG ||
        (source->planes && tiff->photometric == TIFF_PHOTOMETRIC_CMYK))
        source->colour = IMAGE_CMYK_TIFF;
    /* Several bands of gray are not colours; the first one counts. */
    if (tiff->photometric <= TIFF_PHOTOMETRIC_BLACK_IS_0) {
        source->colour = IMAGE_GRAY;
        source->rounded = has_gray_planes(tiff);
    }
    if (source->colour == IMAGE_RGB) {
        source->rounded = true;
        source->blend = source->pixels->Bands > 3 && tiff->extra_sample == TIFF_EXTRA_UNASSOCIATED;
    }
    return 0;
}

/* The background colour that libvips gives for the transparent pixels of a GIF. */
static void set_paper(struct image_source *source)
{
    double *background;
    int length;
    if (source->pixels->Bands != 4 ||
        vips_image_get_typeof(source->pixels, "background") != VIPS_TYPE_ARRAY_DOUBLE ||
        vips_image_get_array_double(source->pixels, "background", &background, &length) ||
        length != 3)
        return;
    source->has_paper = true;
    for (int c = 0; c < 3; c++)
        source->paper[c] = (uint8_t)background[c];
}

/* Finds how colours are stored. Refuses what OpenCV does not read (floating point) or reads in its
 * own way (Lab). */
static int set_colour(struct image_source *source, struct error *error)
{
    const VipsImage *pixels = source->pixels;
    switch (pixels->Type) {
    case VIPS_INTERPRETATION_CMYK:
        source->colour = IMAGE_CMYK_JPEG;
        break;
    case VIPS_INTERPRETATION_sRGB:
    case VIPS_INTERPRETATION_RGB16:
    case VIPS_INTERPRETATION_RGB:
    case VIPS_INTERPRETATION_B_W:
    case VIPS_INTERPRETATION_GREY16:
    case VIPS_INTERPRETATION_MULTIBAND:
        source->colour = pixels->Bands < 3 ? IMAGE_GRAY : IMAGE_RGB;
        break;
    default:
        return image_fail_colours(source, vips_enum_nick(VIPS_TYPE_INTERPRETATION, pixels->Type),
                                  error);
    }
    bool whole = pixels->BandFmt == VIPS_FORMAT_UCHAR || pixels->BandFmt == VIPS_FORMAT_USHORT;
    if (!whole || pixels->Coding != VIPS_CODING_NONE)
        return error_set(error, ERROR_IMAGE,
                         "%s: samples stored as %s are not supported; convert it to 8 or 16 bits",
                         source->name, vips_enum_nick(VIPS_TYPE_BAND_FORMAT, pixels->BandFmt));
    return 0;
}

static int check_limits(const struct image_source *source, const struct image_options *options,
                        struct error *error)
{
    const struct image_header *header = &source->header;
    uint64_t count = (uint64_t)header->width * (uint64_t)header->height;
    if (options && options->max_pixels > 0 && count > options->max_pixels)
        return error_set(error, ERROR_IMAGE,
                         "%s: %d x %d pixels are more than the limit of %llu; raise --max-pixels "
                         "if it is meant to be that large",
                         source->name, header->width, header->height,
                         (unsigned long long)options->max_pixels);
    return 0;
}

/* What libvips must see other than it is in a TIFF so that its samples are those that libtiff gives
 * OpenCV. */
static void patch_tiff(struct image_source *source)
{
    const struct image_tiff *tiff = &source->tiff;
    /* libvips would divide by an associated alpha. So it does not see what extra bands mean: the
     * tag gets a number that has no meaning. */
    if (tiff->extra_sample_entry)
        image_patch_add(&source->patched, tiff->extra_sample_entry, 0xff, 0xff);
    bool little = !tiff->big_endian;
    /* libvips would mix the planes of gray images; libtiff shows the first one. */
    if (has_gray_planes(tiff) && tiff->samples_position)
        image_patch_add(&source->patched, tiff->samples_position, little, !little);
    /* libvips does not read tiles in planes apart, not even where there is one plane. */
    bool one_plane = has_gray_planes(tiff) || tiff->samples == 1;
    if (tiff->planes == TIFF_PLANES_APART && one_plane && tiff->planes_position)
        image_patch_add(&source->patched, tiff->planes_position, little, !little);
}

/* Reads the tags of a TIFF. Refuses what is sound but not read. */
static int prepare_tiff(struct image_source *source, struct error *error)
{
    source->tiff = image_tiff_read(source->bytes);
    if (image_tiff_is_raw(&source->tiff))
        return error_set(error, ERROR_IMAGE,
                         "%s: a camera's raw file, of which only a small preview could be read; "
                         "develop it to TIFF or JPEG",
                         source->name);
    const char *reason = image_tiff_unsupported(&source->tiff);
    if (reason)
        return error_set(error, ERROR_IMAGE,
                         "%s: TIFFs with %s are not supported; convert it to PNG, or to a plain "
                         "TIFF of 8 or 16 bits",
                         source->name, reason);
    source->notes.pages = image_tiff_has_pages(source->bytes, &source->tiff);
    source->planes = image_planes_count(&source->tiff);
    if (!source->planes)
        patch_tiff(source);
    return 0;
}

/* Finds what libvips does not see, and patches the file for reading alone. */
static int prepare(struct image_source *source, struct error *error)
{
    struct image_jpeg_end end;
    enum image_format_kind kind = source->format->kind;
    if (source->depth == IMAGE_VALUES && image_values_prepare(source, error))
        return -1;
    if (kind == IMAGE_TIFF && prepare_tiff(source, error))
        return -1;
    if (kind == IMAGE_PNG) {
        source->orientation = image_png_late_orientation(source->bytes);
    } else if (kind == IMAGE_JPEG && image_jpeg_lacks_end(source->bytes, &end)) {
        image_patch_add(&source->patched, end.position, 0xff, 0xd9);
        source->doubtful = end.buffered;
        source->notes.end_added = true;
    }
    if (source->patched.count > 0)
        source->bytes = image_patched_source(&source->patched, source->bytes);
    return source->bytes ? 0
                         : error_set(error, ERROR_MEMORY, "%s: no memory to open it", source->name);
}

int image_source_load(struct image_source *source, struct error *error)
{
    if (source->region)
        g_object_unref(source->region);
    if (source->pixels)
        g_object_unref(source->pixels);
    source->region = NULL;
    source->pixels = NULL;
    if (source->planes)
        return image_planes_load(source, error);
    VipsFailOn fail_on = source->doubtful ? VIPS_FAIL_ON_WARNING : VIPS_FAIL_ON_ERROR;
    if (vips_call(source->format->loader, source->bytes, &source->pixels, "access",
                  VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, NULL))
        return image_fail_header(source, error);
    return 0;
}

/* Reads and checks the header of source->bytes. libvips has one error buffer for all threads, which
 * may hold a message about another image, so its text is never shown. */
static int open_pixels(struct image_source *source, const struct image_options *options,
                       struct error *error)
{
    uint8_t *start = NULL; /* the source's own */
    gint64 sniffed = vips_source_sniff_at_most(source->bytes, &start, IMAGE_KIND_BYTES);
    size_t size = sniffed > 0 ? (size_t)sniffed : 0;
    if (sniffed < 0 && source->from_file) /* libvips keeps the errno for itself */
        return error_set_system(error, ERROR_IMAGE, EIO, "%s: cannot be read", source->name);
    source->depth = options ? options->depth : IMAGE_UPPER_8_BITS;
    source->format = image_format_find(start, size);
    if (!source->format)
        return image_fail_kind(source, start, size, error);
    if (prepare(source, error))
        return -1;
    if (image_source_load(source, error))
        return -1;
    set_header(source);
    if (check_limits(source, options, error) || set_colour(source, error))
        return -1;
    if (source->depth == IMAGE_VALUES && image_values_check(source, error))
        return -1;
    set_paper(source);
    /* libvips counts reduced copies in a TIFF, too. */
    if (source->format->kind != IMAGE_TIFF)
        source->notes.pages = vips_image_get_n_pages(source->pixels) > 1;
    return source->format->kind == IMAGE_TIFF ? set_tiff_colour(source, error) : 0;
}

/* Opens source->bytes, which is NULL if it could not be made. */
static int open_bytes(struct image_source *source, const struct image_options *options,
                      struct error *error)
{
    if (!source->bytes)
        error_set(error, ERROR_IMAGE, "%s: libvips cannot read from it", source->name);
    else if (open_pixels(source, options, error) == 0)
        return 0;
    if (source->from_file)
        image_file_check(&source->file, source->name, error);
    image_source_close(source);
    return -1;
}

int image_source_open(struct image_source *source, int descriptor, const char *name, bool pieces,
                      const struct image_options *options, struct error *error)
{
    *source = (struct image_source){.name = name};
    if (image_file_open(&source->file, descriptor, name, pieces, error))
        return -1;
    source->from_file = true;
    if (source->file.bytes)
        source->bytes = vips_source_new_from_memory(source->file.bytes, source->file.size);
    else
        source->bytes = vips_source_new_from_descriptor(source->file.descriptor);
    return open_bytes(source, options, error);
}

int image_source_open_path(struct image_source *source, const char *path, bool pieces,
                           const struct image_options *options, struct error *error)
{
    int descriptor = image_file_descriptor(path, error);
    return descriptor < 0 ? -1
                          : image_source_open(source, descriptor, path, pieces, options, error);
}

int image_source_open_memory(struct image_source *source, const void *bytes, size_t size,
                             const char *name, const struct image_options *options,
                             struct error *error)
{
    *source = (struct image_source){.name = name};
    if (size == 0)
        return error_set(error, ERROR_IMAGE, "%s: the file is empty; copy it again", name);
    source->bytes = vips_source_new_from_memory(bytes, size);
    return open_bytes(source, options, error);
}

void image_source_close(struct image_source *source)
{
    if (source->region)
        g_object_unref(source->region);
    if (source->pixels)
        g_object_unref(source->pixels);
    image_planes_close(source);
    if (source->bytes)
        g_object_unref(source->bytes);
    if (source->patched.file)
        g_object_unref(source->patched.file);
    if (source->from_file)
        image_file_close(&source->file);
    *source = (struct image_source){0};
    vips_error_clear(); /* never shown, but it would grow */
}
