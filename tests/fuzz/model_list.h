/* model_list.h - a model as a list of its tensors, from which a whole file is made.
 *
 * Each line is "NAME SIZE SIZE ..." for a tensor of floats, or "KEY=VALUE" for metadata. The numbers are made
 * here, so a fuzzer's input stays small. */
#ifndef TESTS_FUZZ_MODEL_LIST_H
#define TESTS_FUZZ_MODEL_LIST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_MAX = 1 << 16,
    HEADER_ROOM = 1 << 18, /* bytes of JSON: each line may take some more than it has */
    LINE_ROOM = 96,        /* that JSON has around a line */
    DATA_MAX = 1 << 22,    /* bytes; a tensor that has no room there gets no data */
    METADATA_MAX = 512,    /* image size that metadata may ask for: */
    ALLOWED_MAX = 1 << 13  /* larger ones up to this are allowed, and cost what they cost */
};

struct model_list {
    char *header; /* [HEADER_ROOM] */
    size_t length, data;
};

static inline bool has_room(const struct model_list *file, size_t line)
{
    return file->length + line + LINE_ROOM < HEADER_ROOM;
}

static inline void put(struct model_list *file, const char *text, size_t length)
{
    memcpy(file->header + file->length, text, length);
    file->length += length;
}

/* Appends a tensor with the shape that stands in `sizes`: digits and blanks. */
static inline void put_tensor(struct model_list *file, const char *name, size_t name_length,
                              char *sizes)
{
    char end[LINE_ROOM];
    uint64_t bytes = sizeof(float);
    put(file, ",\"", 2);
    put(file, name, name_length);
    put(file, "\":{\"dtype\":\"F32\",\"shape\":[", 26);
    int rank = 0;
    for (char *at = sizes, *next; rank < 5; at = next, rank++) {
        uint64_t size = strtoull(at, &next, 10) & 0xffffffff;
        if (next == at)
            break;
        bytes = size && bytes > UINT32_MAX / size ? UINT32_MAX : bytes * size;
        int length = snprintf(end, sizeof end, "%s%llu", rank ? "," : "", (unsigned long long)size);
        put(file, end, (size_t)length);
    }
    if (bytes > DATA_MAX - file->data)
        bytes = 0;
    int length = snprintf(end, sizeof end, "],\"data_offsets\":[%zu,%zu]}", file->data,
                          file->data + (size_t)bytes);
    file->data += (size_t)bytes;
    put(file, end, (size_t)length);
}

static inline bool is_large(const char *line)
{
    static const char key[] = "image_size=";
    long size = strncmp(line, key, strlen(key)) == 0 ? strtol(line + strlen(key), NULL, 10) : 0;
    return size > METADATA_MAX && size <= ALLOWED_MAX;
}

/* Metadata come first, since they are one object. */
static inline void put_metadata(struct model_list *file, char *text)
{
    bool first = true;
    put(file, "{\"__metadata__\":{", 17);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *equals = strchr(line, '=');
        if (!equals || !has_room(file, strlen(line)) || is_large(line))
            continue;
        put(file, first ? "\"" : ",\"", first ? 1 : 2);
        put(file, line, (size_t)(equals - line));
        put(file, "\":\"", 3);
        put(file, equals + 1, strlen(equals + 1));
        put(file, "\"", 1);
        first = false;
    }
    put(file, "}", 1);
}

static inline void put_tensors(struct model_list *file, char *text)
{
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        size_t name = strcspn(line, " ");
        if (!strchr(line, '=') && has_room(file, name))
            put_tensor(file, line, name, line + name);
    }
    put(file, "}", 1);
}

/* Copies the input as text. What is no character of a name stands for a digit, so that random damage
 * changes sizes. */
static inline char *as_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        abort();
    for (size_t i = 0; i < size; i++) {
        bool plain = data[i] == '\n' || (data[i] >= ' ' && data[i] < 127);
        char c = plain ? (char)data[i] : (char)('0' + data[i] % 10);
        text[i] = c == '"' || c == '\\' ? '_' : c;
    }
    text[size] = '\0';
    return text;
}

/* The file in a block of exactly its size. Its numbers are positive, as a variance has to be. */
static inline uint8_t *model_list_file(const uint8_t *data, size_t size, size_t *file_size)
{
    static char header[HEADER_ROOM];
    struct model_list file = {.header = header};
    char *text = as_text(data, size);
    put_metadata(&file, text);
    free(text);
    text = as_text(data, size);
    put_tensors(&file, text);
    free(text);
    while (file.length % 8)
        put(&file, " ", 1);
    *file_size = 8 + file.length + file.data;
    uint8_t *bytes = aligned_alloc(64, (*file_size + 63) / 64 * 64);
    if (!bytes)
        abort();
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)file.length >> 8 * i);
    memcpy(bytes + 8, header, file.length);
    float *numbers = (float *)(void *)(bytes + 8 + file.length);
    for (size_t i = 0; i < file.data / sizeof(float); i++)
        numbers[i] = (float)(i % 13) / 128;
    return bytes;
}

#endif
