/* small_model.h - a safetensors file of random numbers in memory. */
#ifndef TESTS_UNIT_SMALL_MODEL_H
#define TESTS_UNIT_SMALL_MODEL_H

#include <check.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_HEADER_MAX = 1 << 16 };

struct small_model {
    char header[SMALL_HEADER_MAX];
    size_t header_length;
    float *numbers;
    size_t count, capacity;
    uint32_t state; /* of the random numbers */
};

static inline float small_model_random(struct small_model *model)
{
    model->state = model->state * 1664525u + 1013904223u;
    return (float)(model->state >> 8) / (float)(1 << 23) - 1.0f;
}

static inline void small_model_begin(struct small_model *model, uint32_t seed)
{
    memset(model, 0, sizeof *model);
    model->state = seed;
    model->header[0] = '{';
    model->header_length = 1;
}

/* Adds a tensor of numbers from middle - spread to middle + spread. `rank` sizes of type int
 * follow. */
static inline void small_model_add(struct small_model *model, const char *name, float middle,
                                   float spread, int rank, ...)
{
    va_list sizes;
    size_t count = 1, room = SMALL_HEADER_MAX - model->header_length;
    char shape[100] = "";
    va_start(sizes, rank);
    for (int i = 0; i < rank; i++) {
        int size = va_arg(sizes, int);
        count *= (size_t)size;
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), i ? ",%d" : "%d", size);
    }
    va_end(sizes);
    int written = snprintf(model->header + model->header_length, room,
                           "\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]},",
                           name, shape, model->count * 4, (model->count + count) * 4);
    ck_assert(written > 0 && (size_t)written < room);
    model->header_length += (size_t)written;
    while (model->count + count > model->capacity) {
        model->capacity = model->capacity ? 2 * model->capacity : 1 << 16;
        model->numbers = realloc(model->numbers, model->capacity * sizeof(float));
        ck_assert_ptr_nonnull(model->numbers);
    }
    for (size_t i = 0; i < count; i++)
        model->numbers[model->count++] = middle + spread * small_model_random(model);
}

/* The *size bytes of the file, freed by the caller with free(3). Ends the model. */
static inline unsigned char *small_model_end(struct small_model *model, size_t *size)
{
    model->header[model->header_length - 1] = '}';
    while (model->header_length % 8 != 0)
        model->header[model->header_length++] = ' ';
    uint64_t length = model->header_length;
    *size = 8 + model->header_length + model->count * 4;
    unsigned char *bytes = malloc(*size);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, model->header, model->header_length);
    memcpy(bytes + 8 + model->header_length, model->numbers, model->count * 4);
    free(model->numbers);
    return bytes;
}

/* Replaces each `from` in the header of a file by `to`, and sets *size. The bytes are freed; so
 * is the result, by the caller with free(3). */
static inline unsigned char *small_model_renamed(unsigned char *bytes, size_t *size,
                                                 const char *from, const char *to)
{
    uint64_t length;
    memcpy(&length, bytes, 8);
    size_t room = 2 * (size_t)length, used = 0, end = (size_t)length;
    unsigned char *result = malloc(8 + room + *size);
    ck_assert_ptr_nonnull(result);
    const char *header = (const char *)bytes + 8;
    for (size_t i = 0; i < end && used + 64 < room;) {
        bool here = i + strlen(from) <= end && memcmp(header + i, from, strlen(from)) == 0;
        const char *piece = here ? to : header + i;
        size_t count = here ? strlen(to) : 1;
        memcpy(result + 8 + used, piece, count);
        used += count;
        i += here ? strlen(from) : 1;
    }
    while (used % 8 != 0)
        result[8 + used++] = ' ';
    memcpy(result + 8 + used, bytes + 8 + end, *size - 8 - end);
    *size += used - end;
    length = used;
    memcpy(result, &length, 8);
    free(bytes);
    return result;
}

#endif
