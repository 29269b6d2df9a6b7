#include "tests/reference/repvit_reference.h"

#include "tests/reference/fpn_reference.h"
#include "tests/reference/neck_reference.h"
#include "tests/reference/repvit_trunk_reference.h"

static void free_levels(float **levels)
{
    for (size_t i = 0; i < REPVIT_STAGES_MAX; i++)
        memory_free(levels[i]);
}

/* levels[i][D][side][side] = the result of stage i. free_levels is due, also after a failure. */
static int run_trunk(const struct repvit_weights *weights, const float *input, float **levels,
                     struct error *error)
{
    for (size_t i = 0; i < weights->stages; i++) {
        const struct repvit_block_weights *last = &weights->blocks[weights->ends[i] - 1];
        levels[i] = memory_new(last->side * last->side * last->project.out, sizeof(float),
                               "reference encoder", error);
        if (!levels[i])
            return -1;
    }
    return repvit_trunk_reference(weights, input, levels, error);
}

struct repvit_sam_layout {
    struct neck_reference_scratch scratch;
    struct neck_weights weights;
    float *x; /* [N][in], what the neck gets */
};

static void lay_out_repvit_sam(void *context, struct arena *arena)
{
    struct repvit_sam_layout *layout = context;
    const struct neck_weights *w = &layout->weights;
    neck_reference_layout(&layout->scratch, w, arena);
    layout->x = arena_floats(arena, w->grid * w->grid, w->in);
}

/* The neck of RepViT-SAM over planes[in][G][G]. */
static int run_neck(struct checkpoint *checkpoint, const struct repvit_block_weights *last,
                    const float *planes, float *embedding, struct error *error)
{
    struct repvit_sam_layout layout;
    struct arena arena = {0};
    size_t n = last->side * last->side, in = last->project.out;
    if (neck_read(&layout.weights, checkpoint, last->side, in, error) < 0 ||
        arena_make(&arena, lay_out_repvit_sam, &layout, "reference encoder", error) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < in; c++)
            layout.x[i * in + c] = planes[c * n + i];
    neck_reference_run(&layout.weights, &layout.scratch, layout.x, embedding);
    arena_free(&arena);
    return 0;
}

int repvit_sam_reference(struct checkpoint *checkpoint, int image_size, const float *input,
                         const struct encoding *to, struct error *error)
{
    struct repvit_weights weights;
    float *levels[REPVIT_STAGES_MAX] = {NULL};
    int status = repvit_weights_read(&weights, checkpoint, REPVIT_SAM, image_size, error);
    if (status == 0)
        status = run_trunk(&weights, input, levels, error);
    if (status == 0)
        status = run_neck(checkpoint, &weights.blocks[weights.count - 1], levels[0], to->embedding,
                          error);
    free_levels(levels);
    repvit_weights_free(&weights);
    return status;
}

int edgetam_reference(struct checkpoint *checkpoint, int image_size, const float *input,
                      const struct encoding *to, struct error *error)
{
    struct repvit_weights weights;
    struct fpn_weights neck;
    float *levels[REPVIT_STAGES_MAX] = {NULL};
    size_t widths[FPN_LEVELS];
    int status = repvit_weights_read(&weights, checkpoint, REPVIT_TIMM, image_size, error);
    if (status == 0)
        status = run_trunk(&weights, input, levels, error);
    for (size_t i = 0; status == 0 && i < FPN_LEVELS; i++)
        widths[i] = weights.blocks[weights.ends[i] - 1].project.out;
    if (status == 0)
        status = fpn_read(&neck, checkpoint, (size_t)image_size / 16, widths, error);
    if (status == 0)
        status = fpn_reference_run(&neck, levels, to, error);
    free_levels(levels);
    repvit_weights_free(&weights);
    return status;
}
