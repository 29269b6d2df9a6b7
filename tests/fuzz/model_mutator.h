/* model_mutator.h - changes of whole lines for libFuzzer's work on fuzz_model.c, whose inputs are
 * lists of names and sizes. Random bytes alone would only make one tensor missing. */
#ifndef TESTS_FUZZ_MODEL_MUTATOR_H
#define TESTS_FUZZ_MODEL_MUTATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's own changes, and the function that it calls for ours; it says their names. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

struct mutation {
    char part[24];  /* of the lines that change; "": all */
    char old[12];   /* the size that becomes another; "": the lines go */
    char other[12]; /* what it becomes */
};

/* Whether the text from `at` on is a whole word: `word` between blanks or ends of lines. */
static inline bool is_word(const char *at, const char *word)
{
    size_t length = strlen(word);
    return length > 0 && at[-1] == ' ' && strncmp(at, word, length) == 0 &&
           (at[length] == ' ' || at[length] == '\0');
}

/* Appends the line to text[size], changed or not. Returns the new length. */
static inline size_t mutate_line(const struct mutation *mutation, const char *line, char *text,
                                 size_t length, size_t size)
{
    bool meant = strstr(line, mutation->part);
    if ((meant && !*mutation->old) || length + 2 * strlen(line) + sizeof mutation->other > size)
        return length;
    for (const char *at = line; *at; at++)
        if (meant && at > line && is_word(at, mutation->old)) {
            length += (size_t)sprintf(text + length, "%s", mutation->other);
            at += strlen(mutation->old) - 1;
        } else {
            text[length++] = *at;
        }
    text[length++] = '\n';
    return length;
}

/* Chooses a part of a random line's name and one of its sizes. */
static inline struct mutation choose(const char *text, size_t size, unsigned int *seed)
{
    static const char *const sizes[] = {"0",  "1",  "2",  "3",  "4",  "6",  "7",  "8",
                                        "12", "16", "24", "32", "48", "64", "320"};
    struct mutation mutation = {0};
    size_t start = (size_t)rand_r(seed) % size;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    size_t name = strcspn(text + start, " \n"), line = strcspn(text + start, "\n");
    size_t first = name ? (size_t)rand_r(seed) % name : 0, length = (size_t)rand_r(seed) % 20 + 4;
    if (rand_r(seed) % 4)
        snprintf(mutation.part, sizeof mutation.part, "%.*s",
                 (int)(length < name - first ? length : name - first), text + start + first);
    if (line <= name || rand_r(seed) % 3 == 0)
        return mutation;
    size_t at = name + (size_t)rand_r(seed) % (line - name);
    while (at > name && text[start + at] != ' ')
        at--;
    snprintf(mutation.old, sizeof mutation.old, "%.*s", (int)strcspn(text + start + at + 1, " \n"),
             text + start + at + 1);
    snprintf(mutation.other, sizeof mutation.other, "%s",
             sizes[(size_t)rand_r(seed) % (sizeof sizes / sizeof *sizes)]);
    return mutation;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    if (size == 0 || rand_r(&seed) % 3 == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    char *text = calloc(1, size + 1), *changed = malloc(max_size);
    if (!text || !changed)
        abort();
    memcpy(text, data, size);
    struct mutation mutation = choose(text, size, &seed);
    size_t length = 0;
    if (*mutation.part || *mutation.old)
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
            length = mutate_line(&mutation, line, changed, length, max_size);
    if (length > 0)
        memcpy(data, changed, length);
    free(text);
    free(changed);
    return length > 0 ? length : size;
}

#endif
