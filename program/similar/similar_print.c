#include "program/similar/similar_print.h"

#include <inttypes.h>
#include <string.h>

#include "base/json_text.h"
#include "base/plain_text.h"
#include "program/similar/similar_masks.h"

static void append_name(struct json_text *text, const char *member, const char *name)
{
    json_text_raw(text, member);
    json_text_string(text, name, strlen(name));
}

void similar_json_mask(struct json_text *text, const struct similar_mask *mask)
{
    const struct box *box = &mask->image->boxes[mask->at];
    const int32_t numbers[] = {box->x0, box->y0, box->x1 - box->x0, box->y1 - box->y0};
    append_name(text, "\"file_name\": ", mask->image->file_name);
    append_name(text, ", \"record\": ", mask->image->name);
    json_text_raw(text, ", \"id\": ");
    json_text_integer(text, mask->image->ids[mask->at]);
    json_text_raw(text, ", \"bbox\": [");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        json_text_raw(text, i ? ", " : "");
        json_text_integer(text, numbers[i]);
    }
    json_text_raw(text, "]");
}

void similar_print_mask(const struct similar_mask *mask)
{
    const struct box *box = &mask->image->boxes[mask->at];
    plain_line(stdout, "%s:%" PRId64 "  %d x %d at %d,%d", mask->image->file_name,
               mask->image->ids[mask->at], box->x1 - box->x0 + 1, box->y1 - box->y0 + 1, box->x0,
               box->y0);
}
