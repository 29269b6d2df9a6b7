#include "program/review/review_answers.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "include/maskmill.h"

struct kept {
    uint64_t number; /* 0: none */
    uint64_t used;   /* when, as a count of uses */
    size_t row, count;
    float *logits; /* [count][floats] owned */
};

struct review_answers {
    size_t floats;
    uint64_t last; /* number */
    uint64_t uses;
    struct kept kept[REVIEW_ANSWERS_KEPT];
};

struct review_answers *review_answers_new(size_t floats, struct error *error)
{
    struct review_answers *answers = memory_new(1, sizeof *answers, "answers", error);
    if (answers)
        answers->floats = floats;
    return answers;
}

void review_answers_free(struct review_answers *answers)
{
    if (!answers)
        return;
    for (size_t i = 0; i < REVIEW_ANSWERS_KEPT; i++)
        memory_free(answers->kept[i].logits);
    memory_free(answers);
}

static struct kept *least_used(struct review_answers *answers)
{
    struct kept *least = answers->kept;
    for (size_t i = 1; i < REVIEW_ANSWERS_KEPT; i++)
        if (answers->kept[i].used < least->used)
            least = &answers->kept[i];
    return least;
}

int review_answers_keep(struct review_answers *answers, size_t row, const struct mm_masks *masks,
                        uint64_t *number, struct error *error)
{
    size_t count = mm_masks_count(masks), floats = answers->floats;
    *number = ++answers->last;
    if (count == 0 || !mm_masks_get(masks, 0).logits)
        return 0;
    float *logits = memory_new(count, floats * sizeof *logits, "an answer", error);
    if (!logits)
        return -1;
    for (size_t i = 0; i < count; i++)
        memcpy(logits + i * floats, mm_masks_get(masks, i).logits, floats * sizeof *logits);
    struct kept *kept = least_used(answers);
    memory_free(kept->logits);
    *kept = (struct kept){
        .number = *number, .used = ++answers->uses, .row = row, .count = count, .logits = logits};
    return 0;
}

const float *review_answers_find(struct review_answers *answers, size_t row, uint64_t number,
                                 size_t mask)
{
    for (size_t i = 0; number && i < REVIEW_ANSWERS_KEPT; i++) {
        struct kept *kept = &answers->kept[i];
        if (kept->number != number || kept->row != row || mask >= kept->count)
            continue;
        kept->used = ++answers->uses;
        return kept->logits + mask * answers->floats;
    }
    return NULL;
}
