/* Which TIFFs are read. */
#include "images/image_tiff.h"

/* Compressions in use; `read`: by every libtiff, by some, or by none. */
enum compression_read { READ_NEVER, READ_RARELY, READ_ALWAYS };

static const struct compression {
    unsigned code;
    enum compression_read read;
    const char *name;
} compressions[] = {
    {1, READ_ALWAYS, NULL},
    {2, READ_ALWAYS, NULL},
    {3, READ_ALWAYS, NULL},
    {4, READ_ALWAYS, NULL},
    {5, READ_ALWAYS, NULL},
    {6, READ_RARELY, "old-style JPEG compression"},
    {7, READ_ALWAYS, NULL},
    {8, READ_ALWAYS, NULL},
    {9, READ_NEVER, "JBIG compression"},
    {10, READ_NEVER, "JBIG compression"},
    {32766, READ_ALWAYS, NULL}, /* NeXT */
    {32771, READ_ALWAYS, NULL}, /* Group 3 fax, word-aligned */
    {32773, READ_ALWAYS, NULL}, /* PackBits */
    {32809, READ_ALWAYS, NULL}, /* ThunderScan */
    {32909, READ_RARELY, "PixarLog compression"},
    {32946, READ_ALWAYS, NULL}, /* Deflate, old code */
    {33003, READ_NEVER, "JPEG 2000 compression"},
    {33004, READ_NEVER, "JPEG 2000 compression"},
    {33005, READ_NEVER, "JPEG 2000 compression"},
    {34661, READ_RARELY, "JBIG compression"},
    {34676, READ_ALWAYS, NULL}, /* LogLuv; its colours are refused */
    {34677, READ_ALWAYS, NULL},
    {34712, READ_NEVER, "JPEG 2000 compression"},
    {34887, READ_RARELY, "LERC compression"},
    {34892, READ_NEVER, "lossy DNG compression"},
    {22610, READ_NEVER, "JPEG XR compression"},
    {34934, READ_NEVER, "JPEG XR compression"},
    {34925, READ_RARELY, "LZMA compression"},
    {50000, READ_RARELY, "Zstandard compression"},
    {50001, READ_RARELY, "WebP compression"},
    {50002, READ_NEVER, "JPEG XL compression"},
    {52546, READ_NEVER, "JPEG XL compression"},
};

static const struct compression *find_compression(const struct image_tiff *tiff)
{
    static const struct compression unknown = {0, READ_NEVER, "an unknown compression"};
    for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++)
        if (compressions[i].code == tiff->compression)
            return &compressions[i];
    return &unknown;
}

bool image_tiff_is_raw(const struct image_tiff *tiff)
{
    enum { FILTER_ARRAY = 32803, LINEAR_RAW = 34892 };
    bool preview = (tiff->kind & TIFF_KIND_PREVIEW) && tiff->has_sub_directories;
    return tiff->raw || preview || tiff->photometric == FILTER_ARRAY ||
           tiff->photometric == LINEAR_RAW;
}

const char *image_tiff_unsupported(const struct image_tiff *tiff)
{
    const struct compression *compression = find_compression(tiff);
    if (compression->read == READ_NEVER)
        return compression->name;
    if (tiff->sample_format == TIFF_SAMPLES_FLOAT)
        return "floating-point samples";
    if (tiff->sample_format == TIFF_SAMPLES_SIGNED)
        return "signed samples";
    if (tiff->sample_format == 5 || tiff->sample_format == 6)
        return "complex samples";
    if (tiff->bits > 16)
        return "samples of more than 16 bits";
    if (tiff->bits == 12)
        return "12-bit samples";
    if (tiff->bits != 1 && tiff->bits != 2 && tiff->bits != 4 && tiff->bits != 8 &&
        tiff->bits != 16)
        return "samples of other than 1, 2, 4, 8 or 16 bits";
    bool gray = tiff->photometric <= TIFF_PHOTOMETRIC_BLACK_IS_0;
    if (tiff->planes == TIFF_PLANES_APART && tiff->samples > 1 && tiff->tiled && !gray &&
        tiff->photometric != TIFF_PHOTOMETRIC_RGB && tiff->photometric != TIFF_PHOTOMETRIC_CMYK)
        return "tiles in planes apart";
    /* libtiff multiplies by this alpha, but libvips reads gray from planes one at a time. */
    if (tiff->planes == TIFF_PLANES_APART && tiff->samples > 1 && gray &&
        tiff->extra_sample == TIFF_EXTRA_UNASSOCIATED)
        return "gray and alpha in planes apart";
    return NULL;
}

const char *image_tiff_rare_compression(const struct image_tiff *tiff)
{
    return find_compression(tiff)->name;
}
