#include "model/encoders/repvit_names.h"

#include <stdio.h>

#include "model/checkpoint/checkpoint.h"

/* Steps of a place in timm's names. */
enum { BEFORE_DOWNSAMPLING, DOWNSAMPLING, BLOCKS };

struct repvit_place repvit_first_place(enum repvit_naming naming)
{
    return (struct repvit_place){0, naming == REPVIT_SAM ? 1 : BLOCKS};
}

/* name[REPVIT_NAME_SIZE] = base + rest */
static void join(char *name, const char *base, const char *rest)
{
    snprintf(name, REPVIT_NAME_SIZE, "%s%s", base, rest);
}

static void write_sam_names(struct repvit_place place, struct repvit_names *names)
{
    char base[REPVIT_NAME_SIZE / 2];
    snprintf(base, sizeof base, "image_encoder.features.%zu", place.step);
    join(names->local, base, ".token_mixer.0");
    join(names->squeeze, base, ".token_mixer.1");
    join(names->widen, base, ".token_mixer.2");
    join(names->expand, base, ".channel_mixer.m.0");
    join(names->project, base, ".channel_mixer.m.2");
}

static void write_timm_names(struct repvit_place place, struct repvit_names *names)
{
    static const char stage[] = "image_encoder.trunk.body.stages_";
    char base[REPVIT_NAME_SIZE - 24]; /* leaves room for the longest of the rests below */
    if (place.step == DOWNSAMPLING) {
        snprintf(base, sizeof base, "%s%zu.downsample", stage, place.stage);
        join(names->local, base, ".spatial_downsample");
        join(names->squeeze, "", "");
        join(names->widen, base, ".channel_downsample");
        join(names->expand, base, ".ffn.conv1");
        join(names->project, base, ".ffn.conv2");
        return;
    }
    if (place.step == BEFORE_DOWNSAMPLING)
        snprintf(base, sizeof base, "%s%zu.downsample.pre_block", stage, place.stage);
    else
        snprintf(base, sizeof base, "%s%zu.blocks.%zu", stage, place.stage, place.step - BLOCKS);
    join(names->local, base, ".token_mixer");
    join(names->squeeze, base, ".se");
    join(names->widen, "", "");
    join(names->expand, base, ".channel_mixer.conv1");
    join(names->project, base, ".channel_mixer.conv2");
}

/* Writes the names at `place`, and returns whether the checkpoint has such a block. */
static bool write_names(enum repvit_naming naming, const struct checkpoint *checkpoint,
                        struct repvit_place place, struct repvit_names *names)
{
    char weight[REPVIT_NAME_SIZE + 16];
    if (naming == REPVIT_SAM)
        write_sam_names(place, names);
    else
        write_timm_names(place, names);
    snprintf(weight, sizeof weight, "%s.c.weight", names->expand);
    return checkpoint_shape(checkpoint, weight, NULL);
}

bool repvit_names_at(enum repvit_naming naming, const struct checkpoint *checkpoint,
                     struct repvit_place *place, struct repvit_names *names)
{
    if (write_names(naming, checkpoint, *place, names))
        return true;
    if (naming == REPVIT_SAM || place->step < BLOCKS)
        return false;
    *place = (struct repvit_place){place->stage + 1, BEFORE_DOWNSAMPLING};
    return write_names(naming, checkpoint, *place, names);
}
