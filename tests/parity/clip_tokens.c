/* clip_tokens.c - tokens of texts, for live_tokens.py: reads texts from standard input, each with a zero behind it, and
 * writes a line for each: its tokens, or the error. Usage: clip_tokens VOCABULARY CONTEXT TRUNCATE(0|1) */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "model/clip/clip_tokens.h"

static void print_tokens(const struct clip_tokenizer *tokenizer, const char *text, int context,
                         bool truncate)
{
    struct error error;
    int32_t *tokens = calloc((size_t)context, sizeof *tokens);
    if (!tokens)
        exit(2);
    if (clip_tokenize(tokenizer, text, truncate, tokens, context, &error)) {
        printf("error: %s\n", error.text);
    } else {
        int count = context;
        while (count > 0 && tokens[count - 1] == 0)
            count--;
        for (int i = 0; i < count; i++)
            printf("%d%c", tokens[i], i + 1 < count ? ' ' : '\n');
    }
    free(tokens);
}

int main(int count, char **arguments)
{
    struct clip_tokenizer *tokenizer;
    struct error error;
    char *text = NULL;
    size_t capacity = 0;
    if (count != 4)
        return 2;
    if (clip_tokenizer_load(&tokenizer, arguments[1], &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    while (getdelim(&text, &capacity, '\0', stdin) > 0)
        print_tokens(tokenizer, text, atoi(arguments[2]), atoi(arguments[3]) != 0);
    free(text);
    clip_tokenizer_free(tokenizer);
    return 0;
}
