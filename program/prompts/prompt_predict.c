#include "program/prompts/prompt_predict.h"

#include "base/error.h"
#include "base/memory.h"
#include "library/mm_handles.h"
#include "pipeline/mask_prompt.h"
#include "program/segmenter.h"
#include "records/record.h"

/* The library's view of a set, while it is asked. */
struct asked {
    struct mm_prompt *prompts; /* owned: [count] */
    float *logits;             /* owned: [masks][low_size][low_size] */
};

static void view(const struct prompt *prompt, bool single, struct mm_prompt *asked)
{
    *asked = (struct mm_prompt){
        .points = prompt->point_count > 0 ? prompt->points[0] : NULL,
        .labels = prompt->labels,
        .point_count = prompt->point_count,
        .box = prompt->has_box ? prompt->box : NULL,
        .single = single,
    };
}

/* A mask of low_size x low_size, which is in the model's frame already. */
static void low_logits(const struct rle *mask, float *logits)
{
    size_t at = 0;
    for (size_t run = 0; run < mask->length; run++) {
        const float sign = run % 2 ? 1 : -1;
        for (uint32_t left = mask->counts[run]; left > 0; left--, at++)
            logits[at % mask->height * mask->width + at / mask->height] = sign * MASK_PROMPT_LOGIT;
    }
}

static int mask_logits(const struct prompt_target *target, const struct rle *mask, float *logits,
                       struct error *error)
{
    const struct prompt_frame_size *frame = &target->frame;
    struct mm_error failure = {0};
    if (mask->width != (uint32_t)frame->width || mask->height != (uint32_t)frame->height)
        low_logits(mask, logits);
    else if (mm_segmenter_mask_logits(target->segmenter, mask->counts, mask->length, logits,
                                      &failure))
        return segmenter_error(error, &failure);
    return 0;
}

/* Logits of all masks of the set, one after the other. */
static int set_masks(const struct prompt_target *target, const struct prompt_set *set,
                     struct asked *asked, struct error *error)
{
    size_t low = (size_t)target->frame.low_size, used = 0;
    if (set->masks == 0)
        return 0;
    asked->logits = memory_new(set->masks, low * low * sizeof(float), "masks as prompts", error);
    if (!asked->logits)
        return -1;
    for (size_t i = 0; i < set->count; i++) {
        const struct rle *mask = &set->items[i].mask;
        float *logits = asked->logits + used * low * low;
        if (mask->width == 0)
            continue;
        if (mask_logits(target, mask, logits, error))
            return -1;
        asked->prompts[i].logits = logits;
        used++;
    }
    return 0;
}

static int make(const struct prompt_target *target, const struct prompt_set *set,
                struct asked *asked, struct error *error)
{
    asked->prompts = memory_new(set->count, sizeof *asked->prompts, "prompts", error);
    if (!asked->prompts)
        return -1;
    for (size_t i = 0; i < set->count; i++)
        view(&set->items[i], !set->multimask, &asked->prompts[i]);
    return set_masks(target, set, asked, error);
}

static int ask(struct mm_segmenter *segmenter, const struct mm_prompt *prompts, size_t count,
               struct mm_masks **masks, struct error *error)
{
    struct mm_error failure = {0};
    int status = count == 1 ? mm_segmenter_predict(segmenter, prompts, masks, &failure)
                            : mm_segmenter_predict_many(segmenter, prompts, count, masks, &failure);
    return status ? segmenter_error(error, &failure) : 0;
}

/* What records say of the masks' prompts. */
static void describe(const struct prompt_set *set, struct mask_list *list)
{
    size_t each = list->count / set->count; /* all prompts have as many masks */
    for (size_t i = 0; i < list->count; i++) {
        const struct prompt *prompt = &set->items[i / each];
        list->items[i].source = prompt_source(prompt);
        list->items[i].absent = prompt->point_count > 0 ? 0 : RECORD_NO_POINT;
    }
}

int prompt_predict(const struct prompt_target *target, const struct prompt_set *set,
                   const float *previous, struct mm_masks **masks, struct error *error)
{
    struct asked asked = {0};
    *masks = NULL;
    if (prompt_set_check(set, &target->frame, error))
        return -1;
    int status = make(target, set, &asked, error);
    if (status == 0 && previous)
        asked.prompts[0].logits = previous;
    if (status == 0)
        status = ask(target->segmenter, asked.prompts, set->count, masks, error);
    if (status == 0)
        describe(set, &(*masks)->list);
    memory_free(asked.prompts);
    memory_free(asked.logits);
    return status;
}
