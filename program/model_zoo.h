/* model_zoo.h - the published checkpoints. `maskmill info` identifies a file by them and `maskmill
 * fetch-model` downloads them. docs/models.md has licences and the sources of these facts. */
#ifndef PROGRAM_MODEL_ZOO_H
#define PROGRAM_MODEL_ZOO_H

#include <stddef.h>
#include <stdint.h>

struct model_zoo_entry {
    const char *name;   /* what fetch-model takes: "vit_b" */
    const char *title;  /* "SAM ViT-B" */
    const char *file;   /* as published */
    const char *url;    /* of its folder, with the last slash */
    uint64_t size;      /* bytes */
    const char *sha256; /* 64 hexadecimal digits, lower case */
    const char *licence;
};

/* The table; *count entries. */
const struct model_zoo_entry *model_zoo_table(size_t *count);

/* The checkpoint with that name or that hash, or NULL. */
const struct model_zoo_entry *model_zoo_find(const char *name);
const struct model_zoo_entry *model_zoo_identify(const char *sha256);

#endif
