/* Loading the RepViT trunk: packs the tensors for the products. */
#include "model/encoders/conv_norm.h"
#include "model/encoders/repvit.h"
#include "model/kernels/mbconv.h"

static int pack_1x1(struct matmul_packed *packed, enum isa isa, struct conv *conv,
                    struct error *error)
{
    struct matmul_right right = matmul_linear(conv->in, conv->out, conv->weight, conv->bias);
    if (matmul_pack(packed, isa, right, "encoder block", error) < 0)
        return -1;
    conv_drop_weight(conv);
    return 0;
}

static int pack_block(struct repvit_block *block, struct repvit_block_weights *weights,
                      enum isa isa, struct error *error)
{
    if (depthwise_pack(&block->local, &weights->local, error) < 0 ||
        (weights->widen.out && pack_1x1(&block->widen, isa, &weights->widen, error) < 0) ||
        pack_1x1(&block->expand, isa, &weights->expand, error) < 0)
        return -1;
    conv_drop_weight(&weights->local);
    return pack_1x1(&block->project, isa, &weights->project, error);
}

int repvit_load(struct repvit *repvit, struct checkpoint *checkpoint, enum repvit_naming naming,
                enum isa isa, int image_size, struct error *error)
{
    struct repvit_weights *w = &repvit->weights;
    *repvit = (struct repvit){.isa = isa};
    if (repvit_weights_read(w, checkpoint, naming, image_size, error) < 0 ||
        stem_pack(&repvit->stem, &w->stem1, &w->stem2, isa, w->image_size, error) < 0)
        return -1;
    repvit->blocks = memory_new(w->count, sizeof *repvit->blocks, "encoder blocks", error);
    if (!repvit->blocks)
        return -1;
    for (size_t i = 0; i < w->count; i++)
        if (pack_block(&repvit->blocks[i], &w->blocks[i], isa, error) < 0)
            return -1;
    return 0;
}

void repvit_free(struct repvit *repvit)
{
    for (size_t i = 0; repvit->blocks && i < repvit->weights.count; i++) {
        depthwise_free(&repvit->blocks[i].local);
        matmul_packed_free(&repvit->blocks[i].widen);
        matmul_packed_free(&repvit->blocks[i].expand);
        matmul_packed_free(&repvit->blocks[i].project);
    }
    memory_free(repvit->blocks);
    stem_free(&repvit->stem);
    repvit_weights_free(&repvit->weights);
}
