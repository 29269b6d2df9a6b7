#include "model/kernels/linear_attention.h"

#include "model/kernels/linear_attention_kernel.h"
#include "model/kernels/matmul.h"

ISA_DECLARE(const struct linear_attention_kernel, linear_attention_kernel);

static const float EPS = 1e-15f; /* as in the official code */

void linear_attention_layout(struct linear_attention *scratch, size_t positions, size_t dim,
                             struct arena *arena)
{
    scratch->queries = arena_take(arena, positions * dim, sizeof(float));
    scratch->keys = arena_take(arena, positions * dim, sizeof(float));
    scratch->state = arena_take(arena, dim * dim, sizeof(float));
    scratch->sum = arena_take(arena, dim, sizeof(float));
}

void linear_attention_run(enum isa isa, const struct linear_attention *scratch,
                          const struct linear_attention_head *head)
{
    static const struct linear_attention_kernel *const variants[] =
        ISA_VARIANTS(linear_attention_kernel);
    size_t dim = head->dim, n = head->positions;
    struct matmul_view values = matmul_rows(head->qkv + 2 * dim, head->qkv_row);
    variants[isa]->gather(scratch, head);
    matmul(isa, (struct matmul_shape){dim, dim, n}, matmul_transposed(scratch->keys, dim), values,
           matmul_set(scratch->state, dim));
    matmul(isa, (struct matmul_shape){n, dim, dim}, matmul_rows(scratch->queries, dim),
           matmul_rows(scratch->state, dim), matmul_set(head->out, head->out_row));
    variants[isa]->divide(scratch, head, EPS);
}
