/* A text as CLIP reads it: no spaces at its ends, none but single ones within, and cut into words without a rest. */
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/clip/clip_clean.h"
#include "model/clip/clip_words.h"
#include "text/code_points.h"
#include "text/unicode.h"

static void check(const struct code_points *clean)
{
    size_t at = 0, start, length;
    for (size_t i = 0; i < clean->count; i++) {
        uint32_t point = clean->points[i];
        bool edge = i == 0 || i + 1 == clean->count || clean->points[i - 1] == ' ';
        if (point > CODE_POINT_MAX || (point >= 0xd800 && point < 0xe000))
            abort();
        if (unicode_is_space(point) && (point != ' ' || edge))
            abort();
    }
    while ((length = clip_word(clean->points, clean->count, at, &start)) > 0) {
        if (start < at || length > clean->count - start)
            abort();
        at = start + length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct code_points clean = {0};
    struct error error;
    char *text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (clip_clean(text, &clean, &error) == 0)
        check(&clean);
    else if (error.code != ERROR_USAGE)
        abort();
    code_points_free(&clean);
    free(text);
    return 0;
}
