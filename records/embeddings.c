#include "records/embeddings.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/half.h"
#include "base/json_load.h"

enum {
    NPY_PREFIX = 10, /* magic, version, length of the header */
    NPY_ALIGNMENT = 64,
    HEADER_MAX = 4096, /* bytes of either format's header: both hold one entry */
    LENGTH_BYTES = 8   /* safetensors: of the header's length */
};

static const unsigned char NPY_MAGIC[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};

/* The header as NumPy writes it, but for the shape and the spaces at its end. */
#define NPY_HEADER "{'descr': '<f2', 'fortran_order': False, 'shape': ("

static const struct {
    const char *name, *extension;
} formats[] = {
    [EMBEDDINGS_NPY] = {"npy", ".npy"}, [EMBEDDINGS_SAFETENSORS] = {"safetensors", ".safetensors"}};

bool embeddings_format_find(const char *name, enum embeddings_format *format)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0) {
            *format = (enum embeddings_format)i;
            return true;
        }
    return false;
}

bool embeddings_format_of(const char *file_name, enum embeddings_format *format)
{
    const char *point = strrchr(file_name, '.');
    return point && embeddings_format_find(point + 1, format);
}

const char *embeddings_extension(enum embeddings_format format)
{
    return formats[format].extension;
}

/* ---- writing */

/* Writes the header for a file of `data` bytes of rows, its prefix included, into text[HEADER_MAX]. Returns its
 * length. */
static size_t write_npy_header(char *text, const struct embeddings_rows *rows)
{
    int length = snprintf(text + NPY_PREFIX, HEADER_MAX - NPY_PREFIX, NPY_HEADER "%zu, %zu), }",
                          rows->count, rows->width);
    size_t used = NPY_PREFIX + (size_t)length + 1; /* with its newline */
    size_t padded = (used + NPY_ALIGNMENT - 1) / NPY_ALIGNMENT * NPY_ALIGNMENT;
    memset(text + used - 1, ' ', padded - used);
    text[padded - 1] = '\n';
    memcpy(text, NPY_MAGIC, sizeof NPY_MAGIC);
    text[sizeof NPY_MAGIC] = (char)((padded - NPY_PREFIX) & 0xff);
    text[sizeof NPY_MAGIC + 1] = (char)((padded - NPY_PREFIX) >> 8);
    return padded;
}

static size_t write_safetensors_header(char *text, const struct embeddings_rows *rows)
{
    int length =
        snprintf(text + LENGTH_BYTES, HEADER_MAX - LENGTH_BYTES,
                 "{\"__metadata__\":{\"format\":\"maskmill embeddings 1\",\"kind\":\"%s\"},"
                 "\"embeddings\":{\"dtype\":\"F16\",\"shape\":[%zu,%zu],"
                 "\"data_offsets\":[0,%zu]}}",
                 rows->kind, rows->count, rows->width, 2 * rows->count * rows->width);
    size_t used = (size_t)length, padded = (used + LENGTH_BYTES - 1) / LENGTH_BYTES * LENGTH_BYTES;
    memset(text + LENGTH_BYTES + used, ' ', padded - used);
    for (int i = 0; i < LENGTH_BYTES; i++)
        text[i] = (char)(padded >> 8 * i & 0xff);
    return LENGTH_BYTES + padded;
}

char *embeddings_bytes(const struct embeddings_rows *rows, enum embeddings_format format,
                       size_t *size, struct error *error)
{
    char header[HEADER_MAX];
    const size_t numbers = rows->count * rows->width;
    const size_t before = format == EMBEDDINGS_NPY ? write_npy_header(header, rows)
                                                   : write_safetensors_header(header, rows);
    char *bytes = rows->count <= (SIZE_MAX / 4) / rows->width ? malloc(before + 2 * numbers) : NULL;
    if (!bytes) {
        error_set(error, ERROR_MEMORY, "no memory for %zu embeddings", rows->count);
        return NULL;
    }
    memcpy(bytes, header, before);
    for (size_t i = 0; i < numbers; i++) {
        uint16_t half = half_of(rows->rows[i]);
        bytes[before + 2 * i] = (char)(half & 0xff);
        bytes[before + 2 * i + 1] = (char)(half >> 8);
    }
    *size = before + 2 * numbers;
    return bytes;
}

/* ---- reading */

/* Takes the shape, and the rows that follow the header. */
static int take_rows(struct embeddings *embeddings, unsigned long long count,
                     unsigned long long width, const unsigned char *rows, size_t available,
                     struct error *error)
{
    if (width < 1 || width > EMBEDDINGS_WIDTH_MAX || count > EMBEDDINGS_FILE_MAX)
        return error_set(error, ERROR_RECORD, "%llu x %llu are no embeddings of masks", count,
                         width);
    if (available != 2 * count * width)
        return error_set(error, ERROR_RECORD,
                         "%llu embeddings of %llu numbers take %llu bytes, it has %zu (truncated?)",
                         count, width, 2 * count * width, available);
    embeddings->rows = rows;
    embeddings->count = (size_t)count;
    embeddings->width = (size_t)width;
    return 0;
}

static int parse_npy(struct embeddings *embeddings, const unsigned char *bytes, size_t size,
                     struct error *error)
{
    char header[HEADER_MAX];
    unsigned long long count = 0, width = 0;
    int end = -1;
    size_t length = size >= NPY_PREFIX ? bytes[8] + 256U * bytes[9] : SIZE_MAX;
    if (length >= HEADER_MAX || length > size - NPY_PREFIX)
        return error_set(error, ERROR_RECORD, "its header is cut off or too long");
    memcpy(header, bytes + NPY_PREFIX, length);
    header[length] = '\0';
    if (sscanf(header, NPY_HEADER "%12llu, %6llu), }%n", &count, &width, &end) != 2 || end < 0 ||
        strspn(header + end, " \n") != length - (size_t)end)
        return error_set(error, ERROR_RECORD,
                         "it holds no embeddings: expected an array of '<f2' in two dimensions");
    return take_rows(embeddings, count, width, bytes + NPY_PREFIX + length,
                     size - NPY_PREFIX - length, error);
}

static int read_safetensors_header(struct embeddings *embeddings, const json_t *header,
                                   const unsigned char *data, size_t available, struct error *error)
{
    const char *dtype = NULL, *kind = NULL;
    json_int_t count, width, begin, end;
    if (json_unpack((json_t *)header, "{s:{s:s, s:[I,I!], s:[I,I!]}, s?:{s?:s}}", "embeddings",
                    "dtype", &dtype, "shape", &count, &width, "data_offsets", &begin, &end,
                    "__metadata__", "kind", &kind) ||
        strcmp(dtype, "F16") != 0 || begin != 0 || count < 0 || width < 0 || end < 0 ||
        (size_t)end != available)
        return error_set(error, ERROR_RECORD,
                         "it holds no embeddings: expected one F16 tensor \"embeddings\" [count, "
                         "width] that fills the file");
    if (kind)
        snprintf(embeddings->kind, sizeof embeddings->kind, "%s", kind);
    if (strspn(embeddings->kind, "abcdefghijklmnopqrstuvwxyz") != strlen(embeddings->kind))
        return error_set(error, ERROR_RECORD, "its \"kind\" is not a word of small letters");
    return take_rows(embeddings, (unsigned long long)count, (unsigned long long)width, data,
                     available, error);
}

static int parse_safetensors(struct embeddings *embeddings, const unsigned char *bytes, size_t size,
                             struct error *error)
{
    uint64_t length = 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        length = length << 8 | bytes[i];
    if (length > HEADER_MAX || length > size - LENGTH_BYTES)
        return error_set(error, ERROR_RECORD, "its header is cut off or too long");
    json_t *header = json_load_bounded((const char *)bytes + LENGTH_BYTES, (size_t)length,
                                       JSON_REJECT_DUPLICATES, NULL);
    if (!header)
        return error_set(error, ERROR_RECORD, "its header is not JSON");
    int status = read_safetensors_header(embeddings, header, bytes + LENGTH_BYTES + length,
                                         size - LENGTH_BYTES - (size_t)length, error);
    json_decref(header);
    return status;
}

int embeddings_parse(struct embeddings *embeddings, const void *bytes, size_t size,
                     struct error *error)
{
    const unsigned char *first = bytes;
    *embeddings = (struct embeddings){0};
    if (size >= sizeof NPY_MAGIC && memcmp(first, NPY_MAGIC, sizeof NPY_MAGIC) == 0)
        return parse_npy(embeddings, first, size, error);
    if (size > LENGTH_BYTES && first[LENGTH_BYTES] == '{')
        return parse_safetensors(embeddings, first, size, error);
    return error_set(error, ERROR_RECORD, "it is no .npy of format 1.0 and no safetensors file");
}

int embeddings_read(struct embeddings *embeddings, const struct folder *folder, const char *name,
                    struct error *error)
{
    char *bytes;
    size_t size;
    *embeddings = (struct embeddings){0};
    if (folder_read(folder, name, EMBEDDINGS_FILE_MAX, &bytes, &size, error))
        return -1;
    if (embeddings_parse(embeddings, bytes, size, error)) {
        free(bytes);
        *embeddings = (struct embeddings){0};
        return error_prefix(error, "%s%s", folder->prefix, name);
    }
    embeddings->file = bytes;
    return 0;
}

char *embeddings_name(const char *name, size_t length, enum embeddings_format format,
                      struct error *error)
{
    char *file;
    if (asprintf(&file, EMBEDDINGS_FOLDER "/%.*s%s", (int)length, name,
                 formats[format].extension) >= 0)
        return file;
    error_set(error, ERROR_MEMORY, "%.*s: no memory for the name of its embeddings", (int)length,
              name);
    return NULL;
}

int embeddings_find(const struct folder *records, const char *name, char **file,
                    struct stat *status, struct error *error)
{
    for (int format = EMBEDDINGS_NPY; format <= EMBEDDINGS_SAFETENSORS; format++) {
        *file = embeddings_name(name, strlen(name), (enum embeddings_format)format, error);
        if (!*file)
            return -1;
        if (folder_stat(records, *file, status) == 0)
            return 1;
        free(*file);
        *file = NULL;
    }
    return 0;
}

int embeddings_of_record(struct embeddings *embeddings, const struct folder *records,
                         const char *name, struct error *error)
{
    char *file;
    struct stat status;
    int found = embeddings_find(records, name, &file, &status, error);
    if (found <= 0)
        return found;
    found = embeddings_read(embeddings, records, file, error) ? -1 : 1;
    free(file);
    return found;
}

void embeddings_free(struct embeddings *embeddings)
{
    free(embeddings->file);
    *embeddings = (struct embeddings){0};
}
