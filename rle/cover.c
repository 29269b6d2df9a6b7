#include "rle/cover.h"

#include "base/memory.h"
#include "rle/rle.h"

enum { WORD = 64 }; /* bits */

int cover_begin(struct cover *cover, uint32_t height, uint32_t width, struct error *error)
{
    cover->words = (size_t)(((uint64_t)height * width + WORD - 1) / WORD);
    cover->bits = memory_new(cover->words, sizeof *cover->bits, "covered pixels", error);
    return cover->bits ? 0 : -1;
}

/* Sets the bits start .. end - 1; there is at least one. */
static void set_range(uint64_t *bits, uint32_t start, uint32_t end)
{
    uint32_t first = start / WORD, last = (end - 1) / WORD;
    uint64_t head = UINT64_MAX << start % WORD;
    uint64_t tail = UINT64_MAX >> (WORD - 1 - (end - 1) % WORD);
    if (first == last) {
        bits[first] |= head & tail;
        return;
    }
    bits[first] |= head;
    for (uint32_t i = first + 1; i < last; i++)
        bits[i] = UINT64_MAX;
    bits[last] |= tail;
}

void cover_add(struct cover *cover, const struct rle *rle)
{
    uint32_t start = 0;
    for (size_t run = 0; run < rle->length; start += rle->counts[run++])
        if (run % 2 == 1)
            set_range(cover->bits, start, start + rle->counts[run]);
}

/* The first pixel from `start` on that is covered, or, if not `covered`, the first that is not; `end` if there
 * is none before it. */
static uint32_t find_pixel(const uint64_t *bits, uint32_t start, uint32_t end, bool covered)
{
    const uint64_t flip = covered ? 0 : UINT64_MAX;
    for (uint64_t at = start; at < end; at = (at / WORD + 1) * WORD) {
        uint64_t word = (bits[at / WORD] ^ flip) & (UINT64_MAX << at % WORD);
        if (word == 0)
            continue;
        uint64_t found = at / WORD * WORD + (uint64_t)__builtin_ctzll(word);
        return found < end ? (uint32_t)found : end;
    }
    return end;
}

int cover_left(const struct cover *cover, const struct rle *rle, struct rle *left,
               struct error *error)
{
    uint32_t start = 0;
    rle_begin(left, rle->height, rle->width);
    for (size_t run = 0; run < rle->length; start += rle->counts[run++]) {
        uint32_t end = start + rle->counts[run];
        for (uint32_t at = start; run % 2 == 1 && at < end;) {
            uint32_t from = find_pixel(cover->bits, at, end, false);
            at = find_pixel(cover->bits, from, end, true);
            if (from < at && rle_add(left, from, at, error))
                return -1;
        }
    }
    return rle_end(left, error);
}

bool cover_has(const struct cover *cover, uint32_t pixel)
{
    return cover->bits[pixel / WORD] >> pixel % WORD & 1;
}

uint64_t cover_area(const struct cover *cover)
{
    uint64_t area = 0;
    for (size_t i = 0; i < cover->words; i++)
        area += (uint64_t)__builtin_popcountll(cover->bits[i]);
    return area;
}

void cover_free(struct cover *cover)
{
    memory_free(cover->bits);
    *cover = (struct cover){0};
}
