/* model_zoo.h - the published checkpoints. `maskmill info` identifies a file by them and `maskmill
 * fetch-model` downloads them. docs/models.md has licences and the sources of these facts. */
#ifndef PROGRAM_MODEL_ZOO_H
#define PROGRAM_MODEL_ZOO_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct model_zoo_entry {
    const char *name;   /* what fetch-model takes: "vit_b" */
    const char *family; /* "SAM" */
    const char *title;  /* "SAM ViT-B" */
    const char *file;   /* as published */
    const char *url;    /* of its folder, with the last slash */
    uint64_t size;      /* bytes; 0: unknown */
    uint64_t rounding;  /* the true size differs from `size` by no more; 0: exact */
    const char *sha256; /* 64 hexadecimal digits, lower case; NULL: no sum is known */
    const char *licence;
    const char *saved_as; /* what fetch-model calls the file unless told; NULL: as published */
};

/* The table; *count entries. */
const struct model_zoo_entry *model_zoo_table(size_t *count);

/* The checkpoint with that name or that hash, or NULL. */
const struct model_zoo_entry *model_zoo_find(const char *name);
const struct model_zoo_entry *model_zoo_identify(const char *sha256);

/* The name under which fetch-model saves the file unless told. */
const char *model_zoo_saved_as(const struct model_zoo_entry *entry);

/* "375.0 MB", "139 MB" where only that is known, or "size unknown". */
void model_zoo_print_size(const struct model_zoo_entry *entry, FILE *to);

#endif
