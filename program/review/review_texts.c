#include "program/review/review_texts.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

enum { ROW, END, PLACE };

int review_texts_add(struct review_texts *texts, size_t row, const char *text, size_t length,
                     struct error *error)
{
    uint64_t begin = texts->count ? texts->places[PLACE * (texts->count - 1) + END] : 0;
    if (!texts->file)
        texts->file = tmpfile();
    if (!texts->file || fwrite(text, 1, length, texts->file) != length || fflush(texts->file))
        return error_set_system(error, ERROR_IO, errno, "no temporary file for records");
    if (memory_grow((void **)&texts->places, &texts->capacity, texts->count + 1,
                    PLACE * sizeof *texts->places, error))
        return -1;
    uint64_t *place = texts->places + PLACE * texts->count++;
    place[ROW] = row;
    place[END] = begin + length;
    return 0;
}

static int compare_row(const void *key, const void *element)
{
    uint64_t row = *(const uint64_t *)key, other = *(const uint64_t *)element;
    return (row > other) - (row < other);
}

static int read_all(int file, char *text, size_t length, uint64_t begin, struct error *error)
{
    for (size_t got = 0; got < length;) {
        ssize_t now = pread(file, text + got, length - got, (off_t)(begin + got));
        if (now <= 0 && errno != EINTR)
            return error_set_system(error, ERROR_IO, now ? errno : EIO,
                                    "the temporary file for records cannot be read");
        got += now > 0 ? (size_t)now : 0;
    }
    return 0;
}

int review_texts_read(const struct review_texts *texts, size_t row, char **text, size_t *length,
                      struct error *error)
{
    const uint64_t key = row;
    const uint64_t *place = texts->count ? bsearch(&key, texts->places, texts->count,
                                                   PLACE * sizeof *texts->places, compare_row)
                                         : NULL;
    if (!place)
        return error_set(error, ERROR_RECORD, "image %zu has no record", row);
    uint64_t begin = place == texts->places ? 0 : place[END - PLACE];
    *length = (size_t)(place[END] - begin);
    *text = malloc(*length + 1);
    if (!*text)
        return error_set(error, ERROR_MEMORY, "no memory for a record");
    if (read_all(fileno(texts->file), *text, *length, begin, error) == 0)
        return 0;
    free(*text);
    *text = NULL;
    return -1;
}

void review_texts_free(struct review_texts *texts)
{
    if (texts->file)
        fclose(texts->file);
    free(texts->places);
    *texts = (struct review_texts){0};
}
