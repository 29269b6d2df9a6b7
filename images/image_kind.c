#include "images/image_kind.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define CONVERT ", which is not read; convert it to PNG or TIFF"
#define DEVELOP ", which is not read; develop it to TIFF or JPEG"
#define UNPACK ", not an image; unpack it"
#define FRAMES ", not an image; extract its frames as PNG or JPEG"
#define PAGES ", not an image; convert its pages to PNG or TIFF"
#define LEAVE ", not an image; leave it out"
#define RAW "a camera's raw file" DEVELOP
#define FILM "a video" FRAMES
#define AS_TEXT ": it was copied as text; copy it again as binary"
/* The magic bytes and their number, without the string's terminator. */
#define MAGIC(bytes) sizeof(bytes) - 1, bytes

struct kind {
    size_t offset, length; /* of the magic bytes */
    const char *magic;
    const char *text;
};

static const struct kind kinds[] = {
    /* images */
    {0, MAGIC("8BPS"), "a Photoshop file (PSD)" CONVERT},
    {0, MAGIC("\0\0\0\x0cjP  \r\n\x87\n"), "a JPEG 2000 image" CONVERT},
    {0, MAGIC("\xff\x4f\xff\x51"), "a JPEG 2000 image" CONVERT},
    {0, MAGIC("\0\0\0\x0cJXL \r\n\x87\n"), "a JPEG XL image" CONVERT},
    {0, MAGIC("\xff\x0a"), "a JPEG XL image" CONVERT},
    {0, MAGIC("II\xbc"), "a JPEG XR image" CONVERT},
    {128, MAGIC("DICM"), "a DICOM file" CONVERT},
    {0, MAGIC("\x76\x2f\x31\x01"), "an OpenEXR image" CONVERT},
    {0, MAGIC("#?RADIANCE"), "a Radiance HDR image" CONVERT},
    {0, MAGIC("#?RGBE"), "a Radiance HDR image" CONVERT},
    {0, MAGIC("DDS "), "a DirectDraw surface (DDS)" CONVERT},
    {0, MAGIC("SIMPLE  ="), "a FITS file" CONVERT},
    {0, MAGIC("gimp xcf"), "a GIMP file (XCF)" CONVERT},
    {0, MAGIC("\0\0\1\0"), "an icon (ICO)" CONVERT},
    {344, MAGIC("n+1\0"), "a NIfTI volume" CONVERT},
    /* raw files of cameras that are not TIFFs */
    {0, MAGIC("FUJIFILMCCD-RAW"), RAW},
    {0, MAGIC("IIU\0"), RAW},
    {0, MAGIC("IIRO"), RAW},
    {0, MAGIC("IIRS"), RAW},
    {0, MAGIC("MMOR"), RAW},
    {0, MAGIC("FOVb"), RAW},
    {0, MAGIC("\0MRM"), RAW},
    {4, MAGIC("ftypcrx "), RAW},
    /* numbers */
    {0, MAGIC("\x89HDF\r\n\x1a\n"), "an HDF5 file" CONVERT},
    {0, MAGIC("\x93NUMPY"), "a NumPy array" CONVERT},
    {0, MAGIC("MATLAB 5.0 MAT-file"), "a MATLAB file" CONVERT},
    /* documents and archives */
    {0, MAGIC("%PDF-"), "a PDF document" PAGES},
    {0, MAGIC("%!PS"), "a PostScript document" PAGES},
    {0, MAGIC("AT&TFORM"), "a DjVu document" PAGES},
    {0, MAGIC("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "an Office or Thumbs.db file" LEAVE},
    {0, MAGIC("PK\3\4"), "a ZIP archive" UNPACK},
    {0, MAGIC("PK\5\6"), "an empty ZIP archive" LEAVE},
    {257, MAGIC("ustar"), "a tar archive" UNPACK},
    {0, MAGIC("\x1f\x8b"), "a gzip file" UNPACK},
    {0, MAGIC("BZh"), "a bzip2 file" UNPACK},
    {0, MAGIC("\3757zXZ\0"), "an xz file" UNPACK},
    {0, MAGIC("\x28\xb5\x2f\xfd"), "a Zstandard file" UNPACK},
    {0, MAGIC("7z\xbc\xaf\x27\x1c"), "a 7z archive" UNPACK},
    {0, MAGIC("Rar!"), "a RAR archive" UNPACK},
    {0, MAGIC("\0\5\x16\7"), "a resource fork of macOS (AppleDouble)" LEAVE},
    {0, MAGIC("\0\5\x16\0"), "a resource fork of macOS (AppleSingle)" LEAVE},
    /* films; those with "ftyp" are below */
    {8, MAGIC("AVI "), FILM},
    {8, MAGIC("WAVE"), "a sound file" LEAVE},
    {0, MAGIC("\x1a\x45\xdf\xa3"), FILM},
    {0, MAGIC("\0\0\1\xba"), FILM},
    {0, MAGIC("FLV\1"), FILM},
    {4, MAGIC("moov"), FILM},
    {4, MAGIC("mdat"), FILM},
    {4, MAGIC("wide"), FILM},
    /* images that went through a program for text */
    {0, MAGIC("\x89PNG\n\x1a\n"), "a PNG whose line ends were changed" AS_TEXT},
    {0, MAGIC("\x89PNG\r\r\n\x1a\r"), "a PNG whose line ends were changed" AS_TEXT},
    {0, MAGIC("\xef\xbf\xbdPNG"), "a PNG with its bytes replaced" AS_TEXT},
    {0, MAGIC("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"), "an image with its bytes replaced" AS_TEXT},
    {0, MAGIC("version https://git-lfs.github.com/spec/"),
     "a Git LFS pointer, not the image itself; run `git lfs pull`"},
};

bool image_kind_is_film(const uint8_t *start, size_t size)
{
    static const char *const brands[] = {"iso", "mp4", "mp7",  "M4",   "qt ",  "3g",   "avc",
                                         "MSN", "f4v", "F4V",  "dash", "mmp4", "XAVC", "crx",
                                         "cmf", "NDS", "hvc1", "mj2",  "CAEP", "pana"};
    if (size < 12 || memcmp(start + 4, "ftyp", 4) != 0)
        return false;
    for (size_t i = 0; i < sizeof brands / sizeof *brands; i++)
        if (memcmp(start + 8, brands[i], strlen(brands[i])) == 0)
            return true;
    return false;
}

/* "BM" alone is too short to be sure: the size of the header that follows must be one in use. */
static bool is_bmp(const uint8_t *start, size_t size)
{
    static const uint8_t sizes[] = {12, 16, 40, 52, 56, 64, 108, 124};
    return size >= 18 && memcmp(start, "BM", 2) == 0 && start[15] == 0 && start[16] == 0 &&
           memchr(sizes, start[14], sizeof sizes) != NULL;
}

static bool is_pnm(const uint8_t *start, size_t size)
{
    return size >= 3 && start[0] == 'P' && start[1] >= '1' && start[1] <= '7' && isspace(start[2]);
}

/* Whether `word` is somewhere in `text`, in upper or lower case. */
static bool holds(const char *text, const char *word)
{
    for (; *text; text++)
        if (strncasecmp(text, word, strlen(word)) == 0)
            return true;
    return false;
}

/* Text without control characters, in any encoding that extends ASCII. */
static bool is_text(const uint8_t *start, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (start[i] == 127 || (start[i] < ' ' && !isspace(start[i]) && start[i] != 27))
            return false;
    return true;
}

static const char *text_kind(const uint8_t *start, size_t size)
{
    char text[IMAGE_KIND_BYTES + 1];
    memcpy(text, start, size);
    text[size] = '\0';
    if (holds(text, "<html") || holds(text, "<!doctype html") || holds(text, "<head>"))
        return "a web page (HTML), not an image; often an error page saved in its place: download "
               "it again";
    if (holds(text, "<svg"))
        return "an SVG drawing" CONVERT;
    size_t first = strspn(text, " \t\r\n\xef\xbb\xbf");
    if (text[first] == '<')
        return "XML text, not an image; if it is an error message of a server, download the image "
               "again";
    if (text[first] == '{' || text[first] == '[')
        return "JSON text, not an image; if it is an error message of a server, download the image "
               "again";
    return "a text file" LEAVE;
}

static bool all_zeros(const uint8_t *start, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (start[i] != 0)
            return false;
    return size > 0;
}

const char *image_kind(const uint8_t *start, size_t size)
{
    if (all_zeros(start, size))
        return "it begins with zeros, so it was not written or copied to its end; copy it again";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (size >= kinds[i].offset + kinds[i].length &&
            memcmp(start + kinds[i].offset, kinds[i].magic, kinds[i].length) == 0)
            return kinds[i].text;
    if (image_kind_is_film(start, size))
        return "a video or sound file" FRAMES;
    if (is_bmp(start, size))
        return "a BMP image" CONVERT;
    if (is_pnm(start, size))
        return "a PNM image" CONVERT;
    return size <= IMAGE_KIND_BYTES && is_text(start, size) ? text_kind(start, size) : NULL;
}
