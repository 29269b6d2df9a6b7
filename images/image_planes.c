/* A TIFF of three planes, each of n tiles, lists the positions of 3 n tiles: first those of the
 * first plane. Plane k is read as a gray image that has the tiles k n .. (k + 1) n - 1 only. */
#include "images/image_planes.h"

#include "base/error.h"
#include "images/image_fail.h"
#include "images/image_source.h"

int image_planes_count(const struct image_tiff *tiff)
{
    if (!tiff->tiled || tiff->planes != TIFF_PLANES_APART)
        return 0;
    if (tiff->photometric == TIFF_PHOTOMETRIC_CMYK && tiff->samples >= 4)
        return 4;
    if (tiff->photometric != TIFF_PHOTOMETRIC_RGB || tiff->samples < 3)
        return 0;
    return tiff->samples > 3 && tiff->extra_sample == TIFF_EXTRA_UNASSOCIATED ? 4 : 3;
}

/* Makes a directory entry look as if it had only the values of plane k. */
static bool keep_values(struct image_patched *patched, const struct image_source *source,
                        uint64_t entry, uint64_t k)
{
    const struct image_tiff *tiff = &source->tiff;
    int word = tiff->big ? 8 : 4;
    struct image_tiff_array array;
    if (!entry || !image_tiff_array(source->bytes, tiff, entry, &array) ||
        array.count % tiff->samples)
        return false;
    uint64_t count = array.count / tiff->samples, size = count * (uint64_t)array.size;
    uint64_t from = array.position + k * size, value = entry + 4 + (uint64_t)word;
    image_patch_number(patched, entry + 4, word, count, tiff->big_endian);
    if (size > (uint64_t)word) {
        image_patch_number(patched, value, word, from, tiff->big_endian);
        return true;
    }
    uint8_t bytes[8];
    if (!image_bytes_at(source->bytes, from, bytes, (size_t)size))
        return false;
    for (uint64_t i = 0; i < size; i += 2)
        image_patch_add(patched, value + i, bytes[i], bytes[i + 1]);
    return true;
}

static int open_plane(struct image_source *source, int k, struct error *error)
{
    const struct image_tiff *tiff = &source->tiff;
    struct image_plane_source *plane = &source->plane[k];
    struct image_patched *patched = &plane->patched;
    if (!tiff->samples_position || !tiff->planes_position || !tiff->photometric_position ||
        !keep_values(patched, source, tiff->parts_entry, (uint64_t)k) ||
        !keep_values(patched, source, tiff->part_sizes_entry, (uint64_t)k))
        return image_fail_header(source, error);
    image_patch_number(patched, tiff->samples_position, 2, 1, tiff->big_endian);
    image_patch_number(patched, tiff->planes_position, 2, 1, tiff->big_endian);
    image_patch_number(patched, tiff->photometric_position, 2, TIFF_PHOTOMETRIC_BLACK_IS_0,
                       tiff->big_endian);
    if (tiff->extra_sample_entry) /* a tag without a meaning */
        image_patch_add(patched, tiff->extra_sample_entry, 0xff, 0xff);
    g_object_ref(source->bytes);
    plane->bytes = image_patched_source(patched, source->bytes);
    return plane->bytes ? 0
                        : error_set(error, ERROR_MEMORY, "%s: no memory to open it", source->name);
}

/* Opens planes[0] .. planes[count - 1]; those that were opened are the caller's, also after -1. */
static int load_planes(struct image_source *source, VipsImage **planes, struct error *error)
{
    for (int k = 0; k < source->planes; k++) {
        if (!source->plane[k].bytes && open_plane(source, k, error))
            return -1;
        if (vips_call(source->format->loader, source->plane[k].bytes, &planes[k], "access",
                      VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL))
            return image_fail_header(source, error);
    }
    return 0;
}

int image_planes_load(struct image_source *source, struct error *error)
{
    VipsImage *planes[IMAGE_PLANES_MAX] = {NULL};
    int status = load_planes(source, planes, error);
    if (status == 0 && vips_bandjoin(planes, &source->pixels, source->planes, NULL))
        status = image_fail_header(source, error);
    for (int k = 0; k < source->planes; k++)
        if (planes[k])
            g_object_unref(planes[k]);
    return status;
}

void image_planes_close(struct image_source *source)
{
    for (int k = 0; k < source->planes; k++) {
        if (source->plane[k].bytes)
            g_object_unref(source->plane[k].bytes);
        if (source->plane[k].patched.file)
            g_object_unref(source->plane[k].patched.file);
    }
}
