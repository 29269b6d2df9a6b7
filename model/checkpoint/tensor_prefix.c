#include "model/checkpoint/tensor_prefix.h"

#include <stdio.h>
#include <string.h>

#include "model/checkpoint/tensor_table.h"

bool tensor_prefix_of_encoder(const char *name, size_t length, size_t *prefix)
{
    static const char *const encoders[] = {"image_encoder.pos_embed",
                                           "image_encoder.patch_embed.seq.0.c.weight"};
    for (size_t i = 0; i < sizeof encoders / sizeof *encoders; i++) {
        size_t tail = strlen(encoders[i]);
        if (length < tail || memcmp(name + length - tail, encoders[i], tail) != 0)
            continue;
        *prefix = length - tail;
        if (*prefix == 0 || name[*prefix - 1] == '.')
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
