#include "model/checkpoint/tensor_prefix.h"

#include <stdio.h>
#include <string.h>

#include "model/checkpoint/tensor_names.h"
#include "model/checkpoint/tensor_table.h"

/* In what part of the model a wrapper is looked for: before that, it belongs to the prefix. */
static char *find_part(char *name)
{
    static const char *const parts[] = {"image_encoder.",      "vision_encoder.",
                                        "prompt_encoder.",     "mask_decoder.",
                                        "sam_prompt_encoder.", "sam_mask_decoder."};
    char *first = NULL;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char *found = strstr(name, parts[i]);
        if (found && (found == name || found[-1] == '.') && (!first || found < first))
            first = found;
    }
    return first;
}

/* The wrapper at the start of `name`, or NULL. */
static const char *wrapper_at(const char *name)
{
    /* torch.compile, DataParallel, FSDP, checkpoint_wrapper */
    static const char *const wrappers[] = {"_orig_mod.", "module.", "_fsdp_wrapped_module.",
                                           "_checkpoint_wrapped_module."};
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
        if (strncmp(name, wrappers[i], strlen(wrappers[i])) == 0)
            return wrappers[i];
    return NULL;
}

/* Drops the wrappers from a name, in place. Returns the last one, or NULL. */
static const char *unwrap(char *name)
{
    const char *found = NULL;
    char *at = find_part(name);
    at = at ? strchr(at, '.') : NULL;
    while (at) {
        const char *wrapper = wrapper_at(at + 1);
        if (wrapper) { /* another may follow in its place */
            size_t length = strlen(wrapper);
            memmove(at + 1, at + 1 + length, strlen(at + 1 + length) + 1);
            found = wrapper;
        } else {
            at = strchr(at + 1, '.');
        }
    }
    return found;
}

/* The tensors by which image encoders are recognised; NULL past the last. */
static const char *encoder_at(size_t i)
{
    static const char *const official[] = {
        "image_encoder.pos_embed", "image_encoder.patch_embed.seq.0.c.weight",
        "image_encoder.features.0.0.c.weight",
        "image_encoder.backbone.stages.0.op_list.0.conv.weight", "visual.conv1.weight"}; /* CLIP */
    enum { OFFICIAL = sizeof official / sizeof *official };
    return i < OFFICIAL ? official[i] : tensor_names_encoder(i - OFFICIAL);
}

bool tensor_prefix_of_encoder(const char *name, size_t length, size_t *prefix)
{
    char plain[TENSOR_WHERE_SIZE];
    if (length >= sizeof plain || memchr(name, '\0', length))
        return false;
    snprintf(plain, sizeof plain, "%.*s", (int)length, name);
    unwrap(plain);
    length = strlen(plain);
    const char *encoder;
    for (size_t i = 0; (encoder = encoder_at(i)); i++) {
        size_t tail = strlen(encoder);
        if (length < tail || strcmp(plain + length - tail, encoder) != 0)
            continue;
        *prefix = length - tail;
        if (*prefix == 0 || plain[*prefix - 1] == '.')
            return true;
    }
    return false;
}

/* The name of the encoder's tensor with the shortest prefix, or NULL. */
static const char *find_encoder(const struct tensor_table *table, size_t *prefix)
{
    const char *found = NULL;
    for (size_t i = 0; i < table->tensor_count; i++) {
        const char *name = table->tensors[i].name;
        size_t length;
        if (!tensor_prefix_of_encoder(name, strlen(name), &length) || (found && length >= *prefix))
            continue;
        found = name;
        *prefix = length;
    }
    return found;
}

static bool has_prefix(const char *name, const char *prefix, size_t length)
{
    return strncmp(name, prefix, length) == 0 && name[length] != '\0';
}

void tensor_prefix_drop(struct tensor_table *table)
{
    for (size_t i = 0; i < table->tensor_count; i++) {
        const char *wrapper = unwrap(table->tensors[i].name);
        table->wrapper = wrapper ? wrapper : table->wrapper;
    }
    size_t length = 0;
    const char *encoder = find_encoder(table, &length);
    if (!encoder || length == 0 || length >= sizeof table->prefix)
        return;
    snprintf(table->prefix, sizeof table->prefix, "%.*s", (int)length, encoder);
    for (size_t i = 0; i < table->tensor_count; i++) {
        char *name = table->tensors[i].name;
        if (has_prefix(name, table->prefix, length))
            memmove(name, name + length, strlen(name + length) + 1);
    }
}
