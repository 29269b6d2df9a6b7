/* Boxes of a detector: the first byte chooses a line of NDJSON or COCO's JSON. Each image has a label, and
 * each of its boxes is usable or has a fault; what becomes of a box's members is JSON again. */
#include "replay.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "base/json_text.h"
#include "program/predict/detections.h"
#include "program/predict/json_value.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_members(const json_t *members)
{
    struct json_text text = {0};
    struct error error;
    size_t length;
    check(members != NULL);
    json_value_append(&text, members);
    char *made = json_text_take(&text, &length, &error);
    check(made != NULL);
    json_t *again = json_load_bounded(made, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    check(again && json_typeof(again) == json_typeof(members));
    json_decref(again);
    free(made);
}

static int visit(void *context, struct detections *detections, struct error *error)
{
    (void)context;
    (void)error;
    check(detections->label != NULL);
    detections_name(detections);
    for (size_t i = 0; i < detections->count; i++) {
        const struct detection *detection = &detections->items[i];
        const double *box = detection->box;
        check(detection->fault ? *detection->fault != '\0' : box[0] < box[2] && box[1] < box[3]);
        check_members(detection->members);
    }
    while (detections->count > 1)
        detection_drop(detections, 0);
    return 0;
}

static void fault(void *context, const char *text)
{
    (void)context;
    check(*text != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct detections_visitor visitor = {visit, fault, NULL};
    struct error error;
    if (size < 1)
        return 0;
    (data[0] & 1 ? detections_read_line : detections_read_document)(
        (const char *)data + 1, size - 1, "file", &visitor, &error);
    return 0;
}
