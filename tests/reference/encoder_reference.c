#include "tests/reference/encoder_reference.h"

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"
#include "tests/reference/efficientvit_reference.h"
#include "tests/reference/hiera_reference.h"
#include "tests/reference/repvit_reference.h"
#include "tests/reference/tinyvit_reference.h"
#include "tests/reference/vit_reference.h"

struct vit_layout {
    struct vit_reference_scratch scratch;
    struct vit_weights weights;
};

static void lay_out_vit(void *context, struct arena *arena)
{
    struct vit_layout *layout = context;
    vit_reference_layout(&layout->scratch, &layout->weights, arena);
}

static int run_vit(struct checkpoint *checkpoint, int image_size, const float *input,
                   const struct encoding *to, struct error *error)
{
    struct vit_layout layout;
    struct arena arena = {0};
    int status = vit_weights_read(&layout.weights, checkpoint, image_size, error);
    if (status == 0)
        status = arena_make(&arena, lay_out_vit, &layout, "reference encoder", error);
    if (status == 0)
        vit_reference_run(&layout.weights, &layout.scratch, input, to->embedding);
    arena_free(&arena);
    vit_weights_free(&layout.weights);
    return status;
}

struct tinyvit_layout {
    struct tinyvit_reference_scratch scratch;
    struct tinyvit_weights weights;
};

static void lay_out_tinyvit(void *context, struct arena *arena)
{
    struct tinyvit_layout *layout = context;
    tinyvit_reference_layout(&layout->scratch, &layout->weights, arena);
}

static int run_tinyvit(struct checkpoint *checkpoint, int image_size, const float *input,
                       const struct encoding *to, struct error *error)
{
    struct tinyvit_layout layout;
    struct arena arena = {0};
    int status = tinyvit_weights_read(&layout.weights, checkpoint, image_size, error);
    if (status == 0)
        status = arena_make(&arena, lay_out_tinyvit, &layout, "reference encoder", error);
    if (status == 0)
        tinyvit_reference_run(&layout.weights, &layout.scratch, input, to->embedding);
    arena_free(&arena);
    tinyvit_weights_free(&layout.weights);
    return status;
}

struct hiera_layout {
    struct hiera_reference_scratch scratch;
    struct hiera_weights weights;
};

static void lay_out_hiera(void *context, struct arena *arena)
{
    struct hiera_layout *layout = context;
    hiera_reference_layout(&layout->scratch, &layout->weights, arena);
}

static int run_hiera(struct checkpoint *checkpoint, int image_size, const float *input,
                     const struct encoding *to, struct error *error)
{
    struct hiera_layout layout;
    struct arena arena = {0};
    int status = hiera_weights_read(&layout.weights, checkpoint, image_size, error);
    if (status == 0)
        status = arena_make(&arena, lay_out_hiera, &layout, "reference encoder", error);
    if (status == 0)
        hiera_reference_run(&layout.weights, &layout.scratch, input, to);
    arena_free(&arena);
    hiera_weights_free(&layout.weights);
    return status;
}

struct efficientvit_layout {
    struct efficientvit_reference_scratch scratch;
    struct efficientvit_weights weights;
};

static void lay_out_efficientvit(void *context, struct arena *arena)
{
    struct efficientvit_layout *layout = context;
    efficientvit_reference_layout(&layout->scratch, &layout->weights, arena);
}

static int run_efficientvit(struct checkpoint *checkpoint, int image_size, const float *input,
                            const struct encoding *to, struct error *error)
{
    struct efficientvit_layout layout;
    struct arena arena = {0};
    int status = efficientvit_weights_read(&layout.weights, checkpoint, image_size, error);
    if (status == 0)
        status = arena_make(&arena, lay_out_efficientvit, &layout, "reference encoder", error);
    if (status == 0)
        efficientvit_reference_run(&layout.weights, &layout.scratch, input, to->embedding);
    arena_free(&arena);
    efficientvit_weights_free(&layout.weights);
    return status;
}

int encoder_reference(struct checkpoint *checkpoint, int image_size, const float *input,
                      const struct encoding *to, struct error *error)
{
    static const struct {
        const char *mark;
        int (*run)(struct checkpoint *checkpoint, int image_size, const float *input,
                   const struct encoding *to, struct error *error);
    } kinds[] = {
        {"image_encoder.pos_embed", run_vit},
        {"image_encoder.patch_embed.seq.0.c.weight", run_tinyvit},
        {"image_encoder.trunk.pos_embed", run_hiera},
        {"image_encoder.backbone.stages.0.op_list.0.conv.weight", run_efficientvit},
        {"image_encoder.features.0.0.c.weight", repvit_sam_reference},
        {"image_encoder.trunk.body.stem.conv1.c.weight", edgetam_reference},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (checkpoint_shape(checkpoint, kinds[i].mark, NULL))
            return kinds[i].run(checkpoint, image_size, input, to, error);
    return error_set(error, ERROR_MODEL, "an image encoder without a reference");
}
