/* Loading EfficientViT-SAM's image encoder: packs the tensors for the products. */
#include "model/encoders/efficientvit.h"

#include "model/encoders/conv_norm.h"

/* Packs a 1x1 convolution and frees its weights. */
static int pack_1x1(struct matmul_packed *packed, enum isa isa, struct conv *conv,
                    struct error *error)
{
    int status =
        matmul_pack(packed, isa, matmul_linear(conv->in, conv->out, conv->weight, conv->bias),
                    "encoder convolution", error);
    conv_drop_weight(conv);
    return status;
}

static int pack_fused(struct fused_mbconv *packed, enum isa isa, struct fused_mbconv_weights *fused,
                      bool residual, struct error *error)
{
    int status = fused_mbconv_pack(packed, isa, fused, residual, error);
    conv_drop_weight(&fused->spatial);
    conv_drop_weight(&fused->project);
    return status;
}

static int pack_attention(struct efficientvit_packed_attention *packed, enum isa isa,
                          struct efficientvit_attention_weights *attention, struct error *error)
{
    if (pack_1x1(&packed->qkv, isa, &attention->qkv, error) < 0 ||
        pack_1x1(&packed->proj, isa, &attention->proj, error) < 0 ||
        depthwise_pack(&packed->local, &attention->local, error) < 0 ||
        grouped_pack(&packed->mix, isa, &attention->mix, error) < 0)
        return -1;
    conv_drop_weight(&attention->local);
    conv_drop_weight(&attention->mix);
    return 0;
}

static int pack_inverted(struct wide_mbconv *packed, enum isa isa, struct mbconv_weights *inverted,
                         bool residual, struct error *error)
{
    int status = wide_mbconv_pack(packed, isa, inverted, residual, error);
    conv_drop_weight(&inverted->expand);
    conv_drop_weight(&inverted->depthwise);
    conv_drop_weight(&inverted->project);
    return status;
}

static int pack_res(struct efficientvit_packed_block *packed, enum isa isa,
                    struct efficientvit_block *block, struct error *error)
{
    if (winograd_pack(&packed->first, isa, &block->first, error) < 0 ||
        winograd_pack(&packed->second, isa, &block->second, error) < 0)
        return -1;
    conv_drop_weight(&block->first);
    conv_drop_weight(&block->second);
    return 0;
}

static int pack_block(struct efficientvit_packed_block *packed, enum isa isa,
                      struct efficientvit_block *block, struct error *error)
{
    if (block->kind == EFFICIENTVIT_RES)
        return pack_res(packed, isa, block, error);
    if (block->kind == EFFICIENTVIT_FUSED)
        return pack_fused(&packed->fused, isa, &block->fused, block->residual, error);
    if (block->kind == EFFICIENTVIT_ATTENTION &&
        pack_attention(&packed->attention, isa, &block->attention, error) < 0)
        return -1;
    return pack_inverted(&packed->inverted, isa, &block->inverted, block->residual, error);
}

static int pack_stage(struct efficientvit *efficientvit, size_t i, struct error *error)
{
    struct efficientvit_stage *stage = &efficientvit->weights.stages[i];
    struct efficientvit_packed_block *blocks =
        memory_new(stage->depth, sizeof *blocks, "encoder blocks", error);
    efficientvit->blocks[i] = blocks;
    for (size_t b = 0; blocks && b < stage->depth; b++)
        if (pack_block(&blocks[b], efficientvit->isa, &stage->blocks[b], error) < 0)
            return -1;
    return blocks ? 0 : -1;
}

static int pack_neck(struct efficientvit *efficientvit, struct error *error)
{
    struct efficientvit_weights *w = &efficientvit->weights;
    for (size_t i = 0; i < EFFICIENTVIT_INPUTS; i++)
        if (pack_1x1(&efficientvit->inputs[i], efficientvit->isa, &w->inputs[i], error) < 0)
            return -1;
    efficientvit->middle = memory_new(w->depth, sizeof *efficientvit->middle, "neck", error);
    for (size_t i = 0; efficientvit->middle && i < w->depth; i++)
        if (pack_fused(&efficientvit->middle[i], efficientvit->isa, &w->middle[i], true, error) < 0)
            return -1;
    return efficientvit->middle
               ? pack_1x1(&efficientvit->output, efficientvit->isa, &w->output, error)
               : -1;
}

int efficientvit_load(struct efficientvit *efficientvit, struct checkpoint *checkpoint,
                      enum isa isa, int image_size, struct error *error)
{
    struct efficientvit_weights *w = &efficientvit->weights;
    *efficientvit = (struct efficientvit){.isa = isa};
    if (efficientvit_weights_read(w, checkpoint, image_size, error) < 0)
        return -1;
    struct conv3_weights stem = {w->stem.in, w->stem.out, w->stem.stride, w->stem.weight,
                                 w->stem.bias};
    if (conv3_pack(&efficientvit->stem, isa, &stem, error) < 0)
        return -1;
    conv_drop_weight(&w->stem);
    for (size_t i = 0; i < w->stage_count; i++)
        if (pack_stage(efficientvit, i, error) < 0)
            return -1;
    return pack_neck(efficientvit, error);
}

static void free_block(struct efficientvit_packed_block *block)
{
    winograd_free(&block->first);
    winograd_free(&block->second);
    fused_mbconv_free(&block->fused);
    matmul_packed_free(&block->attention.qkv);
    depthwise_free(&block->attention.local);
    grouped_free(&block->attention.mix);
    matmul_packed_free(&block->attention.proj);
    wide_mbconv_free(&block->inverted);
}

void efficientvit_free(struct efficientvit *efficientvit)
{
    const struct efficientvit_weights *w = &efficientvit->weights;
    conv3_free(&efficientvit->stem);
    for (size_t i = 0; i < w->stage_count; i++) {
        for (size_t b = 0; efficientvit->blocks[i] && b < w->stages[i].depth; b++)
            free_block(&efficientvit->blocks[i][b]);
        memory_free(efficientvit->blocks[i]);
    }
    for (size_t i = 0; i < EFFICIENTVIT_INPUTS; i++)
        matmul_packed_free(&efficientvit->inputs[i]);
    for (size_t i = 0; efficientvit->middle && i < w->depth; i++)
        fused_mbconv_free(&efficientvit->middle[i]);
    memory_free(efficientvit->middle);
    matmul_packed_free(&efficientvit->output);
    efficientvit_weights_free(&efficientvit->weights);
}
