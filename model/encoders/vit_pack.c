/* Loading the ViT image encoder: packs the tensors for the products. */
#include "model/encoders/vit.h"

#include <math.h>

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"
#include "model/kernels/half16.h"

static size_t chunks(const struct vit_sizes *s)
{
    return (s->hidden + VIT_HIDDEN - 1) / VIT_HIDDEN;
}

/* A copy of from[rows][n], last row first, times factor. NULL with ERROR_MEMORY. */
static float *reversed(size_t rows, size_t n, const float *from, float factor, struct error *error)
{
    float *to = memory_new(rows * n, sizeof(float), "relative positions", error);
    for (size_t r = 0; to && r < rows; r++)
        for (size_t i = 0; i < n; i++)
            to[r * n + i] = from[(rows - 1 - r) * n + i] * factor;
    return to;
}

/* Packs a matrix of a block in the precision of the blocks. */
static int pack(const struct vit *vit, struct matmul_packed *packed, struct matmul_right right,
                struct error *error)
{
    if (vit->half16)
        return matmul_pack_half16(packed, vit->half16, right, "encoder block", error);
    return matmul_pack(packed, vit->isa, right, "encoder block", error);
}

static int pack_qkv(const struct vit *vit, struct vit_packed_block *packed,
                    const struct vit_block *block, struct error *error)
{
    const struct vit_sizes *s = &vit->weights.sizes;
    packed->qkv = memory_new(3 * s->heads, sizeof *packed->qkv, "encoder block", error);
    if (!packed->qkv)
        return -1;
    for (size_t i = 0; i < 3 * s->heads; i++) {
        size_t row = i * s->head_width;
        struct matmul_right part = matmul_linear(
            s->width, s->head_width, block->qkv.weight + row * s->width, block->qkv.bias + row);
        if (pack(vit, &packed->qkv[i], part, error) < 0)
            return -1;
    }
    return 0;
}

static int pack_mlp(const struct vit *vit, struct vit_packed_block *packed,
                    const struct vit_block *block, struct error *error)
{
    const struct vit_sizes *s = &vit->weights.sizes;
    struct matmul_right lin1 =
        matmul_linear(s->width, s->hidden, block->lin1.weight, block->lin1.bias);
    packed->lin2 = memory_new(chunks(s), sizeof *packed->lin2, "encoder block", error);
    if (!packed->lin2 || pack(vit, &packed->lin1, lin1, error) < 0)
        return -1;
    for (size_t c = 0; c < chunks(s); c++) {
        size_t first = c * VIT_HIDDEN;
        size_t count = s->hidden - first < VIT_HIDDEN ? s->hidden - first : VIT_HIDDEN;
        struct matmul_right part = {count, s->width,
                                    matmul_transposed(block->lin2.weight + first, s->hidden),
                                    c == 0 ? block->lin2.bias : NULL};
        if (pack(vit, &packed->lin2[c], part, error) < 0)
            return -1;
    }
    return 0;
}

static int pack_block(const struct vit *vit, struct vit_packed_block *packed,
                      const struct vit_block *block, struct error *error)
{
    const struct vit_sizes *s = &vit->weights.sizes;
    size_t rows = 2 * block->window - 1;
    float scale = sqrtf((float)s->head_width);
    if (block->rel_pos_h) {
        packed->rel_h = reversed(rows, s->head_width, block->rel_pos_h, scale, error);
        packed->rel_w = reversed(rows, s->head_width, block->rel_pos_w, scale, error);
        if (!packed->rel_h || !packed->rel_w)
            return -1;
    }
    if (pack_qkv(vit, packed, block, error) < 0 || pack_mlp(vit, packed, block, error) < 0)
        return -1;
    return pack(vit, &packed->proj,
                matmul_linear(s->width, s->width, block->proj.weight, block->proj.bias), error);
}

/* Releases the memory of the tensors that are packed. */
static void release_block(struct vit_block *block, size_t b, struct checkpoint *checkpoint)
{
    static const char *const names[] = {"attn.qkv.weight",  "attn.rel_pos_h",  "attn.rel_pos_w",
                                        "attn.proj.weight", "mlp.lin1.weight", "mlp.lin2.weight"};
    char name[VIT_NAME_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        checkpoint_release(checkpoint, vit_name(name, b, names[i]));
    block->qkv.weight = block->proj.weight = block->lin1.weight = block->lin2.weight = NULL;
    block->rel_pos_h = block->rel_pos_w = NULL;
}

int vit_load(struct vit *vit, struct checkpoint *checkpoint, enum isa isa,
             const struct half16_kernel *half16, int image_size, struct error *error)
{
    *vit = (struct vit){.isa = isa, .half16 = half16};
    struct vit_weights *w = &vit->weights;
    if (vit_weights_read(w, checkpoint, image_size, error) < 0)
        return -1;
    if (half16 &&
        (w->sizes.head_width % half16->group != 0 || w->sizes.hidden % half16->group != 0))
        return error_set(
            error, ERROR_UNSUPPORTED,
            "bf16 and f16 need even widths, but heads are %zu wide and the MLP %zu; use f32",
            w->sizes.head_width, w->sizes.hidden);
    size_t patch = 3 * w->sizes.patch * w->sizes.patch;
    vit->blocks = memory_new(w->sizes.depth, sizeof *vit->blocks, "encoder blocks", error);
    if (!vit->blocks ||
        matmul_pack(&vit->patch, isa,
                    matmul_linear(patch, w->sizes.width, w->patch_weight, w->patch_bias),
                    "patch embedding", error) < 0)
        return -1;
    checkpoint_release(checkpoint, "image_encoder.patch_embed.proj.weight");
    w->patch_weight = NULL;
    for (size_t b = 0; b < w->sizes.depth; b++) {
        if (pack_block(vit, &vit->blocks[b], &w->blocks[b], error) < 0)
            return -1;
        release_block(&w->blocks[b], b, checkpoint);
    }
    return neck_pack(&vit->neck, &w->neck, checkpoint, isa, error);
}

static void free_block(struct vit_packed_block *packed, const struct vit_sizes *s)
{
    for (size_t i = 0; packed->qkv && i < 3 * s->heads; i++)
        matmul_packed_free(&packed->qkv[i]);
    for (size_t c = 0; packed->lin2 && c < chunks(s); c++)
        matmul_packed_free(&packed->lin2[c]);
    matmul_packed_free(&packed->proj);
    matmul_packed_free(&packed->lin1);
    memory_free(packed->qkv);
    memory_free(packed->lin2);
    memory_free(packed->rel_h);
    memory_free(packed->rel_w);
}

void vit_free(struct vit *vit)
{
    for (size_t b = 0; vit->blocks && b < vit->weights.sizes.depth; b++)
        free_block(&vit->blocks[b], &vit->weights.sizes);
    memory_free(vit->blocks);
    matmul_packed_free(&vit->patch);
    neck_free(&vit->neck);
    vit_weights_free(&vit->weights);
}
