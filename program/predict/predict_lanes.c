#include "program/predict/predict_lanes.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/memory.h"
#include "include/maskmill.h"
#include "jobs/memory_budget.h"
#include "program/predict/predict.h"
#include "program/run/item_memory.h"
#include "program/segmenter.h"
#include "program/settings.h"

static int add(struct predict_lanes *lanes, const struct predict *predict, struct error *error)
{
    struct mm_segmenter *segmenter = segmenter_new(predict->model, predict->settings, 1, error);
    if (!segmenter)
        return -1;
    lanes->segmenters[lanes->count++] = segmenter;
    return 0;
}

void predict_lanes_close(struct predict_lanes *lanes)
{
    for (int i = 0; lanes->segmenters && i < lanes->count; i++)
        mm_segmenter_free(lanes->segmenters[i]);
    memory_free(lanes->segmenters);
    *lanes = (struct predict_lanes){0};
}

/* Memory beside what the program has, `used`, and a decoder. */
static uint64_t left(const struct settings *settings, uint64_t used)
{
    uint64_t all = decoder_budget(settings, used), fixed = used + DECODER_PROCESSES;
    return all > fixed ? all - fixed : 0;
}

/* Makes the first, and as many more as have room by the memory that it took. */
static int add_all(struct predict_lanes *lanes, const struct predict *predict, int most,
                   struct error *error)
{
    uint64_t before = budget_memory_used(""), room = left(predict->settings, before);
    lanes->segmenters = memory_new((size_t)most, sizeof *lanes->segmenters, "segmenters", error);
    if (!lanes->segmenters || add(lanes, predict, error))
        return -1;
    uint64_t after = budget_memory_used("");
    uint64_t one = (after > before ? after - before : 0) + DECODER_PROCESS + ITEM_MEMORY_ORDINARY;
    while (lanes->count < most && (uint64_t)lanes->count + 1 <= room / one)
        if (add(lanes, predict, error))
            return -1;
    if (lanes->count == 1) /* the segmenter of all threads does as well */
        predict_lanes_close(lanes);
    return 0;
}

int predict_lanes_open(struct predict_lanes *lanes, struct predict *predict, int most,
                       struct error *error)
{
    const struct settings *settings = predict->settings;
    most = most < settings->threads ? most : settings->threads;
    bool room = left(settings, budget_memory_used("")) >= 2 * (uint64_t)ITEM_MEMORY_ORDINARY;
    if (most > 1 && room && add_all(lanes, predict, most, error))
        return -1;
    lanes->count = lanes->count < 1 ? 1 : lanes->count;
    return decoder_open(&predict->decoder, settings, lanes->count, error);
}
