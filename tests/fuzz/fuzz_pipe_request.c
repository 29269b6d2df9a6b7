/* Standard input of `maskmill pipe`, in pieces of any size: the first byte chooses it. Every line is one
 * request, or none; each request can be answered; the same bytes give the same requests in one piece. */
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/json_load.h"
#include "base/memory.h"
#include "program/pipe/pipe_reader.h"

enum { MOST = 4096 };

/* The answer to a request begins with its id, which must be JSON. */
static void check_taken(const struct pipe_taken *taken)
{
    const struct pipe_request *request = &taken->request;
    size_t size = strlen(request->id) + 3;
    char *object = malloc(size);
    if (!object || !request->name || !*request->name || strchr(request->id, '\n'))
        abort();
    snprintf(object, size, "{%s}", request->id);
    json_t *built =
        json_load_bounded(object, strlen(object), JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
    if (!built || !json_object_get(built, "id"))
        abort();
    json_decref(built);
    free(object);
    bool fault = request->fault.code != ERROR_NONE;
    if (fault ? taken->bytes != NULL || request->fault.text[0] == '\0'
              : (taken->bytes == NULL) == (request->path == NULL))
        abort();
    if (taken->size > MOST || (taken->bytes && taken->size != request->follows))
        abort();
    if (request->name[0] == '/' || strstr(request->name, "/../") ||
        strncmp(request->name, "../", 3) == 0)
        abort();
}

/* Adds a request to the hash of all. */
static uint64_t add(uint64_t hash, struct pipe_taken *taken)
{
    check_taken(taken);
    hash = hash * 31 + hash_bytes(taken->request.id, strlen(taken->request.id));
    hash = hash * 31 + hash_bytes(taken->request.fault.text, strlen(taken->request.fault.text));
    hash = hash * 31 + (taken->bytes ? hash_bytes(taken->bytes, taken->size) : 0);
    pipe_taken_free(taken);
    return hash + 1;
}

static uint64_t read_pieces(const uint8_t *data, size_t size, size_t piece)
{
    struct error error = {0};
    struct pipe_taken taken;
    uint64_t hash = 0;
    bool cut;
    struct pipe_reader *reader = memory_new(1, sizeof *reader, "reader", &error);
    if (!reader)
        abort();
    reader->most = MOST;
    for (size_t at = 0; at < size;) {
        size_t used;
        size_t given = piece < size - at ? piece : size - at;
        int found = pipe_reader_take(reader, data + at, given, &used, &taken, &error);
        if (found < 0 || used == 0 || used > given)
            abort();
        at += used;
        if (found > 0)
            hash = add(hash, &taken);
    }
    if (pipe_reader_end(reader, &taken, &cut, &error) > 0)
        hash = add(hash, &taken) + cut;
    pipe_reader_free(reader);
    memory_free(reader);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    if (read_pieces(data + 1, size - 1, (size_t)data[0] + 1) !=
        read_pieces(data + 1, size - 1, size))
        abort();
    return 0;
}
