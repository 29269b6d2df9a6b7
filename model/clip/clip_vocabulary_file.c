#include "model/clip/clip_vocabulary_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json_load.h"
#include "base/path.h"
#include "base/read_file.h"
#include "model/checkpoint/shards.h"
#include "model/clip/clip_vocabulary_read.h"
#include "text/gunzip.h"

/* The folder that a file lies in, to be freed. */
static char *folder_of_file(const char *path, struct error *error)
{
    size_t length = (size_t)(path_base(path) - path);
    if (length > 1)
        length--; /* the slash */
    char *folder = length > 0 ? strndup(path, length) : strdup(".");
    if (!folder)
        error_set(error, ERROR_MEMORY, "no memory for a path");
    return folder;
}

/* Whether the file begins as a vocabulary may, packed or not: with a text. A checkpoint has a byte in its first
 * sixteen that no text has: it is a zip file, a pickle, or safetensors, which begins with a length of eight bytes.
 * *is_text is false for those. Returns 0 or -1. */
static int peek(const char *path, bool *is_text, struct error *error)
{
    char head[16];
    int fd = read_file_open(path, error);
    if (fd < 0)
        return -1;
    ssize_t size = pread(fd, head, sizeof head, 0);
    int reason = errno;
    close(fd);
    if (size < 0)
        return error_set_system(error, ERROR_IO, reason, "%s: cannot be read", path);
    *is_text = true;
    for (ssize_t i = 0; i < size; i++)
        if ((unsigned char)head[i] < ' ' && !strchr("\t\r\n", head[i] ? head[i] : 1))
            *is_text = false;
    *is_text = *is_text || gunzip_recognise(head, (size_t)size);
    return 0;
}

/* Reads a file and unpacks it. *text is terminated and freed by the caller. Returns 0 or -1. */
static int read_text(const char *path, char **text, size_t *size, struct error *error)
{
    if (read_file(path, CLIP_VOCABULARY_FILE_MAX, text, size, error))
        return -1;
    if (gunzip_recognise(*text, *size)) {
        char *packed = *text;
        int status = gunzip(packed, *size, CLIP_VOCABULARY_FILE_MAX, text, size, error);
        free(packed);
        if (status)
            return error_prefix(error, "%s", path);
    }
    if (memchr(*text, 0, *size)) {
        free(*text);
        return error_set(error, ERROR_MODEL, "%s: no vocabulary: it has bytes of value 0", path);
    }
    return 0;
}

/* vocab.json with the merges beside it. */
static int load_pair(struct clip_vocabulary *vocabulary, const char *path, const json_t *json,
                     struct error *error)
{
    size_t size;
    char *merges, *folder = folder_of_file(path, error);
    char *beside = folder ? path_join(folder, "merges.txt", error) : NULL;
    int status = beside ? read_text(beside, &merges, &size, error) : -1;
    if (status == 0) {
        status = clip_vocabulary_from_json(vocabulary, json, merges, error);
        if (status)
            error_prefix(error, "%s with %s", path, beside);
        free(merges);
    }
    free(beside);
    free(folder);
    return status;
}

static int load_json(struct clip_vocabulary *vocabulary, const char *path, const char *text,
                     size_t size, struct error *error)
{
    json_error_t reason;
    json_t *json = json_load_bounded(text, size, JSON_REJECT_DUPLICATES, &reason);
    int status;
    if (!json)
        return error_set(error, ERROR_MODEL, "%s: line %d: %s", path, reason.line, reason.text);
    if (json_is_object(json_object_get(json, "model"))) {
        status = clip_vocabulary_from_tokenizer(vocabulary, json, error);
        if (status)
            error_prefix(error, "%s", path);
    } else {
        status = load_pair(vocabulary, path, json, error);
    }
    json_decref(json);
    return status;
}

static int load_folder(struct clip_vocabulary *vocabulary, const char *folder, struct error *error);

/* A file beside which the vocabulary lies. */
static int load_beside(struct clip_vocabulary *vocabulary, const char *path, struct error *error)
{
    char *folder = folder_of_file(path, error);
    int status = folder ? load_folder(vocabulary, folder, error) : -1;
    free(folder);
    return status;
}

/* A file of weights has the vocabulary beside it; one that was `found` so must have it itself. */
static int load_of_weights(struct clip_vocabulary *vocabulary, const char *path, bool found,
                           struct error *error)
{
    return found ? error_set(error, ERROR_MODEL, "%s: no vocabulary of CLIP's", path)
                 : load_beside(vocabulary, path, error);
}

static int load_file(struct clip_vocabulary *vocabulary, const char *path, bool found,
                     struct error *error)
{
    bool is_text = false;
    char *text;
    size_t size;
    if (peek(path, &is_text, error))
        return -1;
    if (!is_text)
        return load_of_weights(vocabulary, path, found, error);
    if (read_text(path, &text, &size, error))
        return -1;
    int status;
    if (shards_recognise((const unsigned char *)text, size)) {
        status = load_of_weights(vocabulary, path, found, error);
    } else if (text[strspn(text, " \t\r\n")] == '{') {
        status = load_json(vocabulary, path, text, size, error);
    } else {
        status = clip_vocabulary_from_merges(vocabulary, text, error);
        if (status)
            error_prefix(error, "%s", path);
    }
    free(text);
    return status;
}

static int load_folder(struct clip_vocabulary *vocabulary, const char *folder, struct error *error)
{
    static const char *const names[] = {"tokenizer.json", "vocab.json", "merges.txt",
                                        "bpe_simple_vocab_16e6.txt.gz",
                                        "bpe_simple_vocab_16e6.txt"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = path_join(folder, names[i], error);
        if (!path)
            return -1;
        if (access(path, F_OK) == 0) {
            int status = load_file(vocabulary, path, true, error);
            free(path);
            return status;
        }
        free(path);
    }
    return error_set(error, ERROR_MODEL,
                     "%s: no vocabulary of CLIP's lies there: put OpenAI's "
                     "bpe_simple_vocab_16e6.txt.gz there, or a merges.txt or tokenizer.json",
                     folder);
}

int clip_vocabulary_load(struct clip_vocabulary *vocabulary, const char *path, struct error *error)
{
    struct stat status;
    if (stat(path, &status))
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be read", path);
    return S_ISDIR(status.st_mode) ? load_folder(vocabulary, path, error)
                                   : load_file(vocabulary, path, false, error);
}
