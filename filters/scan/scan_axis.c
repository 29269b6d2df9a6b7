#include "filters/scan/scan_axis.h"

#include <math.h>

#include "base/memory.h"

static void fill(struct scan_axis *axis, int i, int output)
{
    axis->first[i] = output;
    axis->second[i] = output;
    axis->weight0[i] = 1;
    axis->weight1[i] = 0;
    if (axis->inputs == axis->outputs)
        return;
    float scale = (float)axis->inputs / (float)axis->outputs;
    float position = fmaf(scale, (float)output + 0.5f, -0.5f);
    position = position < 0 ? 0 : position;
    int last = axis->inputs - 1;
    int first = (int)floorf(position);
    first = first < last ? first : last;
    float weight = fminf(fmaxf(position - (float)first, 0), 1);
    axis->first[i] = first;
    axis->second[i] = first < last ? first + 1 : last;
    axis->weight0[i] = 1 - weight;
    axis->weight1[i] = weight;
}

int scan_axis_init(struct scan_axis *axis, int inputs, int outputs, struct error *error)
{
    size_t length = (size_t)outputs + SCAN_GROUP;
    *axis = (struct scan_axis){.inputs = inputs, .outputs = outputs};
    axis->first = memory_new(length, sizeof *axis->first, "interpolation table", error);
    axis->second = memory_new(length, sizeof *axis->second, "interpolation table", error);
    axis->weight0 = memory_new(length, sizeof *axis->weight0, "interpolation table", error);
    axis->weight1 = memory_new(length, sizeof *axis->weight1, "interpolation table", error);
    if (!axis->first || !axis->second || !axis->weight0 || !axis->weight1)
        return -1;
    for (int i = 0; i < outputs + SCAN_GROUP; i++)
        fill(axis, i, i < outputs ? i : outputs - 1);
    return 0;
}

void scan_axis_free(struct scan_axis *axis)
{
    memory_free(axis->first);
    memory_free(axis->second);
    memory_free(axis->weight0);
    memory_free(axis->weight1);
    *axis = (struct scan_axis){0};
}
