#include "model/checkpoint/unread.h"

#include <stdbool.h>
#include <string.h>

#include "model/checkpoint/tensor_table.h"

#define NOT_READ ", which maskmill does not read"

#define LORA_OF_SAM2                                                                               \
    "a SAM 2 with a LoRA adapter, or the adapter alone: merge it into its model in Python "        \
    "(merge_and_unload in peft), and save the state_dict of that"
#define LORA                                                                                       \
    "a model with a LoRA adapter, or the adapter alone: merge it into its model in Python "        \
    "(merge_and_unload in peft), and save the state_dict of that"
#define SAM3 "a SAM 3 model" NOT_READ
#define CLIP                                                                                       \
    "a CLIP model, which tells what masks show and finds none: give it as --clip, beside a model " \
    "of the Segment Anything family"
#define ADAPTER "a SAM with adapter layers (SAM-Med2D and the like)" NOT_READ
#define FASTSAM "FastSAM or another YOLO of ultralytics" NOT_READ

/* A name, or a part of one, that no other family has. It begins the name or stands behind a dot. */
struct mark {
    const char *part;
    const char *also; /* another part of the same name; NULL: none */
    const char *says;
};

/* The first that fits holds: adapters before their models. */
static const struct mark marks[] = {
    {"lora_A", "trunk.", LORA_OF_SAM2},
    {"lora_A", "backbone.", LORA_OF_SAM2},
    {"lora_A", NULL, LORA},
    {"lora_a", NULL, LORA},
    {"linear_a_q.", NULL, LORA}, /* SAMed; beside it, the adapter alone */
    {"w_a_000", NULL, LORA},
    {"w_a_linear_q.", NULL, LORA}, /* micro-sam */
    {"Adapter.", NULL, ADAPTER},
    {"MLP_Adapter.", NULL, ADAPTER},
    {"Space_Adapter.", NULL, ADAPTER},
    {"detr_decoder.", NULL, SAM3},
    {"backbone.vision_backbone.trunk.", NULL, SAM3},
    {"vision_encoder.backbone.embeddings.", NULL, SAM3},
    {"proto.cv1.conv.", NULL, FASTSAM},
    {"visual.conv1.weight", NULL, CLIP},
    {"vision_model.embeddings.patch_embedding.", NULL, CLIP},
};

static bool has_part(const char *name, const char *part)
{
    for (const char *at = name; (at = strstr(at, part)); at++)
        if (at == name || at[-1] == '.')
            return true;
    return false;
}

const char *unread_family(const struct tensor_table *table, const struct tensor **shown)
{
    for (size_t m = 0; m < sizeof marks / sizeof *marks; m++)
        for (size_t i = 0; i < table->tensor_count; i++) {
            const char *name = tensor_own_name(&table->tensors[i]);
            if (!has_part(name, marks[m].part) || (marks[m].also && !strstr(name, marks[m].also)))
                continue;
            *shown = &table->tensors[i];
            return marks[m].says;
        }
    return NULL;
}

const char *unread_class(const char *class)
{
    static const char ultralytics[] = "ultralytics.";
    return strncmp(class, ultralytics, sizeof ultralytics - 1) == 0 ? FASTSAM : NULL;
}
