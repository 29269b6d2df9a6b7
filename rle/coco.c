#include "rle/coco.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "rle/rle.h"

enum {
    FIRST_CHARACTER = 48,
    GROUP_BITS = 5,
    GROUP_MASK = 31,
    SIGN_BIT = 16,
    MORE_BIT = 32,
    LONGEST_NUMBER = 7 /* groups: 35 bits hold any difference of two 32-bit counts */
};

char *coco_string(const struct rle *rle, size_t *length, struct error *error)
{
    size_t bytes;
    char *text = NULL;
    if (!__builtin_mul_overflow(rle->length, (size_t)LONGEST_NUMBER, &bytes) && bytes < SIZE_MAX)
        text = malloc(bytes + 1);
    if (!text) {
        error_set(error, ERROR_MEMORY, "no memory for the text of %zu runs", rle->length);
        return NULL;
    }
    char *next = text;
    for (size_t i = 0; i < rle->length; i++) {
        int64_t value = rle->counts[i];
        if (i > 2)
            value -= rle->counts[i - 2];
        int more = 1;
        while (more) {
            int group = (int)(value & GROUP_MASK);
            value >>= GROUP_BITS;
            more = value != (group & SIGN_BIT ? -1 : 0);
            *next++ = (char)(group + (more ? MORE_BIT : 0) + FIRST_CHARACTER);
        }
    }
    *next = '\0';
    if (length)
        *length = (size_t)(next - text);
    char *shorter = realloc(text, (size_t)(next - text) + 1);
    return shorter ? shorter : text;
}

/* Reads one number at text[*at] and moves *at past it. 0 or -1 (ERROR_RECORD). */
static int read_number(const char *text, size_t length, size_t *at, int64_t *value,
                       struct error *error)
{
    *value = 0;
    int64_t weight = 1;
    for (int groups = 0; groups < LONGEST_NUMBER; groups++) {
        if (*at == length)
            return error_set(error, ERROR_RECORD, "the run string ends inside a number");
        int code = (unsigned char)text[*at] - FIRST_CHARACTER;
        if (code < 0 || code > (GROUP_MASK | MORE_BIT))
            return error_set(error, ERROR_RECORD,
                             "character %zu of the run string is code %d, expected 48..111", *at,
                             code + FIRST_CHARACTER);
        ++*at;
        *value += (code & GROUP_MASK) * weight;
        weight <<= GROUP_BITS;
        if (!(code & MORE_BIT)) {
            if (code & SIGN_BIT)
                *value -= weight;
            return 0;
        }
    }
    return error_set(error, ERROR_RECORD,
                     "a number before character %zu of the run string is longer than 35 bits", *at);
}

int coco_parse(struct rle *rle, const char *text, size_t length, uint32_t height, uint32_t width,
               struct error *error)
{
    uint64_t pixels = (uint64_t)height * width;
    if (pixels > UINT32_MAX)
        return error_set(error, ERROR_RECORD, "a mask of %u x %u pixels is too large", height,
                         width);
    rle_begin(rle, height, width);
    size_t at = 0;
    while (at < length) {
        int64_t value;
        if (read_number(text, length, &at, &value, error))
            return -1;
        size_t i = rle->length;
        if (i > 2)
            value += rle->counts[i - 2];
        if (value < 0 || (uint64_t)value > pixels - rle->end)
            return error_set(error, ERROR_RECORD,
                             "run %zu of the mask is %lld, %llu pixels are left", i,
                             (long long)value, (unsigned long long)(pixels - rle->end));
        if (memory_grow((void **)&rle->counts, &rle->capacity, i + 1, sizeof *rle->counts, error))
            return -1;
        rle->counts[rle->length++] = (uint32_t)value;
        rle->end += (uint32_t)value;
    }
    return rle_check(rle, error);
}
