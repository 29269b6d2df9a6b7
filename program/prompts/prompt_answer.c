#include "program/prompts/prompt_answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "library/mm_handles.h"
#include "program/prompts/prompt_set.h"
#include "records/record.h"

/* Appends one mask: a record's annotation, with one member more. */
static int append_mask(struct json_text *text, const struct mask *mask, size_t id, size_t number,
                       struct error *error)
{
    char *annotation = record_annotation_text(mask, (int64_t)id, mask->absent, error);
    if (!annotation)
        return -1;
    json_text_bytes(text, annotation, strlen(annotation) - 1); /* without its brace */
    free(annotation);
    json_text_raw(text, ", \"prompt\": ");
    json_text_integer(text, (int64_t)number);
    json_text_raw(text, "}");
    return 0;
}

int prompt_answer_append(struct json_text *text, const struct prompt_set *set,
                         const struct mm_masks *masks, struct error *error)
{
    size_t each = masks->list.count / set->count; /* all prompts have as many masks */
    json_text_raw(text, "[");
    for (size_t i = 0; i < masks->list.count; i++) {
        json_text_raw(text, i ? ", " : "");
        if (append_mask(text, &masks->list.items[i], i, i / each, error))
            return -1;
    }
    json_text_raw(text, "]");
    return 0;
}
