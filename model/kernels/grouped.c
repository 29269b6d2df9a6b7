#include "model/kernels/grouped.h"

#include "base/memory.h"

int grouped_pack(struct grouped *grouped, enum isa isa, const struct conv *conv,
                 struct error *error)
{
    size_t in = conv->in / conv->groups, out = conv->out / conv->groups;
    *grouped = (struct grouped){.in = conv->in, .out = conv->out};
    grouped->parts = memory_new(conv->groups, sizeof *grouped->parts, "convolution", error);
    if (!grouped->parts)
        return -1;
    grouped->groups = conv->groups;
    for (size_t g = 0; g < conv->groups; g++) {
        struct matmul_right part =
            matmul_linear(in, out, conv->weight + g * out * in, conv->bias + g * out);
        if (matmul_pack(&grouped->parts[g], isa, part, "convolution", error) < 0)
            return -1;
    }
    return 0;
}

void grouped_free(struct grouped *grouped)
{
    for (size_t g = 0; g < grouped->groups; g++)
        matmul_packed_free(&grouped->parts[g]);
    memory_free(grouped->parts);
    *grouped = (struct grouped){0};
}

void grouped_run(const struct grouped *grouped, size_t positions, const float *x, size_t x_row,
                 float *y, size_t y_row)
{
    size_t in = grouped->in / grouped->groups, out = grouped->out / grouped->groups;
    for (size_t g = 0; g < grouped->groups; g++)
        matmul_packed(positions, matmul_rows(x + g * in, x_row), &grouped->parts[g],
                      matmul_set(y + g * out, y_row));
}
