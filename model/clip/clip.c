#include "model/clip/clip.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "model/checkpoint/checkpoint.h"
#include "model/clip/clip_config.h"
#include "model/clip/clip_model.h"
#include "model/kernels/kernels.h"

enum {
    IMAGE_ROWS =
        800, /* about as many tokens of images at a time: more take memory and no less time */
    TEXT_ROWS = 512 /* of texts */
};

/* The name that the sizes of a published model have: "ViT-B/32", "ViT-L/14@336px". */
static void name_model(struct clip_info *info)
{
    static const struct {
        int width;
        const char *letter;
    } known[] = {{384, "-S"}, {768, "-B"}, {1024, "-L"}};
    const char *letter = "";
    char size[16] = "";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (info->image.width == known[i].width)
            letter = known[i].letter;
    if (info->image_size != 224)
        snprintf(size, sizeof size, "@%dpx", info->image_size);
    snprintf(info->name, sizeof info->name, "ViT%s/%d%s", letter, info->patch, size);
}

static struct clip_tower_info describe(const struct clip_tower *tower)
{
    bool quick = tower->activate == kernels_for(tower->isa)->quick_gelu;
    return (struct clip_tower_info){(int)tower->width, (int)tower->heads, (int)tower->depth,
                                    quick ? "QuickGELU" : "GELU"};
}

static void fill_info(struct clip *clip)
{
    const struct clip_weights *w = &clip->weights;
    clip->info = (struct clip_info){
        .image_size = (int)w->image.image_size,
        .patch = (int)w->image.patch,
        .width = (int)w->width,
        .context = (int)w->text.tower.length,
        .vocabulary = (int)w->text.vocabulary,
        .logit_scale = w->logit_scale,
        .image = describe(&w->image.tower),
        .text = describe(&w->text.tower),
        .parameters = checkpoint_summary(clip->checkpoint).parameters,
    };
    name_model(&clip->info);
}

/* Reads the open checkpoint. */
static int read_model(struct clip *clip, const char *path, struct error *error)
{
    if (clip_weights_read(&clip->weights, clip->checkpoint, matmul_isa(), error) < 0)
        return -1;
    if (strcmp(checkpoint_summary(clip->checkpoint).naming, "transformers") == 0 &&
        clip_config_apply(&clip->weights, path, error) < 0)
        return -1;
    if (clip_config_check_heads(&clip->weights, error) < 0)
        return -1;
    fill_info(clip);
    return 0;
}

int clip_load(struct clip **clip, const char *path, struct error *error)
{
    *clip = memory_new(1, sizeof **clip, "CLIP", error);
    if (*clip && kernels_check_environment(error) == 0 &&
        checkpoint_open(&(*clip)->checkpoint, path, error) == 0 &&
        read_model(*clip, path, error) == 0)
        return 0;
    if (strncmp(error->text, path, strlen(path)) != 0)
        error_prefix(error, "%s", path);
    clip_free(*clip);
    *clip = NULL;
    return -1;
}

void clip_free(struct clip *clip)
{
    if (!clip)
        return;
    clip_weights_free(&clip->weights);
    checkpoint_close(clip->checkpoint);
    memory_free(clip);
}

const struct clip_info *clip_info(const struct clip *clip)
{
    return &clip->info;
}

const struct checkpoint *clip_checkpoint(const struct clip *clip)
{
    return clip->checkpoint;
}

/* What clip_scratch_new is asked for. */
struct layout {
    const struct clip *clip;
    struct clip_scratch *scratch;
};

static void lay_out(void *context, struct arena *arena)
{
    const struct layout *layout = context;
    struct clip_scratch *scratch = layout->scratch;
    struct clip_buffers *buffers = &scratch->buffers;
    const struct clip_image_tower *image = &layout->clip->weights.image;
    const struct clip_tower *first = &image->tower, *second = &layout->clip->weights.text.tower;
    size_t rows = scratch->images * first->length, texts = scratch->text_rows;
    size_t patch = 3 * image->patch * image->patch + CLIP_ROW_GAP;
    buffers->x = arena_floats(arena, 1, larger(rows * first->width, texts * second->width));
    buffers->y =
        arena_floats(arena, 1, larger(rows * clip_y_row(first), texts * clip_y_row(second)));
    buffers->qkv =
        arena_floats(arena, 1, larger(rows * clip_qkv_row(first), texts * clip_qkv_row(second)));
    buffers->hidden = arena_floats(
        arena, 1,
        larger(rows * larger(clip_hidden_row(first), patch), texts * clip_hidden_row(second)));
    buffers->starts = arena_take(arena, larger(scratch->images, texts) + 1, sizeof(size_t));
    buffers->attentions = arena_take(arena, (size_t)buffers->threads, sizeof *buffers->attentions);
    for (int i = 0; i < buffers->threads; i++) {
        struct flash_attention attention;
        attention_layout(&attention, first->isa, NULL, CLIP_HEAD_WIDTH, arena);
        if (buffers->attentions) /* NULL while the arena only measures */
            buffers->attentions[i] = attention;
    }
}

struct clip_scratch *clip_scratch_new(const struct clip *clip, int images, int threads,
                                      struct error *error)
{
    static const char what[] = "CLIP's scratch";
    struct clip_scratch *scratch = memory_new(1, sizeof *scratch, what, error);
    if (!scratch)
        return NULL;
    size_t most = larger(IMAGE_ROWS / clip->weights.image.tower.length, 1);
    scratch->images = larger((size_t)images < most ? (size_t)images : most, 1);
    scratch->text_rows = larger(clip->weights.text.tower.length, TEXT_ROWS);
    scratch->buffers.threads = threads;
    struct layout layout = {clip, scratch};
    if (arena_make(&scratch->arena, lay_out, &layout, what, error) == 0)
        return scratch;
    clip_scratch_free(scratch);
    return NULL;
}

void clip_scratch_free(struct clip_scratch *scratch)
{
    if (!scratch)
        return;
    arena_free(&scratch->arena);
    memory_free(scratch);
}

bool clip_are_sound(const float *embeddings, size_t count, size_t width, size_t *bad)
{
    for (*bad = 0; *bad < count; (*bad)++) {
        double square = 0;
        for (size_t i = 0; i < width; i++)
            square += (double)embeddings[*bad * width + i] * embeddings[*bad * width + i];
        if (!isfinite(square) || square == 0)
            return false;
    }
    return true;
}
