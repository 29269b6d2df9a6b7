#include "model/checkpoint/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/path.h"
#include "model/checkpoint/checkpoint_file.h"
#include "model/checkpoint/convert.h"
#include "model/checkpoint/foreign.h"
#include "model/checkpoint/pth.h"
#include "model/checkpoint/safetensors.h"
#include "model/checkpoint/shards.h"
#include "model/checkpoint/tensor_names.h"
#include "model/checkpoint/tensor_prefix.h"
#include "model/checkpoint/tensor_table.h"
#include "model/checkpoint/unread.h"

struct checkpoint {
    char *name;                    /* for messages: the path, or the name that the caller gave */
    struct checkpoint_file *files; /* [count], owned: all mapped, or one of the caller's bytes */
    size_t count, capacity;
    struct tensor_table table;
};

static int refuse_foreign(const unsigned char *bytes, size_t size, struct error *error)
{
    const char *known = foreign_file(bytes, size);
    return known ? error_set(error, ERROR_MODEL, "not a checkpoint, but %s", known)
                 : error_set(error, ERROR_MODEL,
                             "not a checkpoint: neither PyTorch (.pth) nor .safetensors");
}

/* Adds the file's tensors to the table. */
static int read_tensors(struct checkpoint *checkpoint, const struct checkpoint_file *file,
                        struct error *error)
{
    struct tensor_table *table = &checkpoint->table;
    int failed;
    if (pth_recognise(file->bytes, file->size))
        failed = pth_read(file->bytes, file->size, table, error);
    else if (safetensors_recognise(file->bytes, file->size))
        failed = safetensors_read(file->bytes, file->size, table, error);
    else
        failed = refuse_foreign(file->bytes, file->size, error);
    return failed ? error_prefix(error, "%s", file->path) : 0;
}

/* Gives the tensors their official names and puts them in order. */
static int finish_table(struct checkpoint *checkpoint, struct error *error)
{
    struct tensor_table *table = &checkpoint->table;
    tensor_prefix_drop(table);
    if (tensor_names_translate(table, error) || tensor_table_sort(table, error))
        return error_prefix(error, "%s", checkpoint->name);
    return 0;
}

static struct checkpoint *new_checkpoint(const char *name, struct error *error)
{
    struct checkpoint *checkpoint = calloc(1, sizeof *checkpoint);
    if (checkpoint)
        checkpoint->name = strdup(name);
    if (!checkpoint || !checkpoint->name) {
        free(checkpoint);
        error_set(error, ERROR_MEMORY, "%s: no memory", name);
        return NULL;
    }
    return checkpoint;
}

/* A new place at the end of the files. NULL with ERROR_MEMORY. */
static struct checkpoint_file *add_file(struct checkpoint *checkpoint, struct error *error)
{
    if (memory_grow((void **)&checkpoint->files, &checkpoint->capacity, checkpoint->count + 1,
                    sizeof *checkpoint->files, error))
        return NULL;
    return &checkpoint->files[checkpoint->count++];
}

/* Maps one more file. NULL on errors. */
static struct checkpoint_file *map_file(struct checkpoint *checkpoint, const char *path,
                                        struct error *error)
{
    struct checkpoint_file *file = add_file(checkpoint, error);
    return file && checkpoint_file_map(file, path, error) == 0 ? file : NULL;
}

/* Reads the files that an index lists, which lie beside it. */
static int read_shards(struct checkpoint *checkpoint, const struct checkpoint_file *index,
                       struct error *error)
{
    struct shards shards;
    int folder = (int)(path_base(index->path) - index->path);
    int failed = shards_read(index->bytes, index->size, &shards, error);
    if (failed)
        error_prefix(error, "%s", index->path);
    for (size_t i = 0; !failed && i < shards.count; i++) {
        char *path;
        if (asprintf(&path, "%.*s%s", folder, index->path, shards.names[i]) < 0) {
            failed = error_set(error, ERROR_MEMORY, "%s: no memory", index->path);
            break;
        }
        const struct checkpoint_file *shard = map_file(checkpoint, path, error);
        failed = shard ? read_tensors(checkpoint, shard, error) : -1;
        if (failed)
            error_append(error, " (one of the %zu files that %s lists)", shards.count, index->path);
        free(path);
    }
    shards_free(&shards);
    return failed;
}

/* Reads a file, or those of an index. */
static int read_path(struct checkpoint *checkpoint, const char *path, struct error *error)
{
    struct checkpoint_file *file = map_file(checkpoint, path, error);
    if (!file)
        return -1;
    if (!shards_recognise(file->bytes, file->size))
        return read_tensors(checkpoint, file, error);
    struct checkpoint_file index = *file; /* no part of the model itself */
    checkpoint->count--;
    int failed = read_shards(checkpoint, &index, error);
    checkpoint_file_close(&index);
    return failed;
}

static int read_all(struct checkpoint *checkpoint, struct error *error)
{
    struct stat status;
    char *inside = NULL;
    if (stat(checkpoint->name, &status) == 0 && S_ISDIR(status.st_mode) &&
        !(inside = shards_find(checkpoint->name, error)))
        return -1;
    int failed = read_path(checkpoint, inside ? inside : checkpoint->name, error);
    free(inside);
    return failed ? failed : finish_table(checkpoint, error);
}

/* The result of an attempt to open. */
static int opened(struct checkpoint **checkpoint, int failed)
{
    if (failed) {
        checkpoint_close(*checkpoint);
        *checkpoint = NULL;
    }
    return failed;
}

int checkpoint_open(struct checkpoint **checkpoint, const char *path, struct error *error)
{
    *checkpoint = new_checkpoint(path, error);
    return *checkpoint ? opened(checkpoint, read_all(*checkpoint, error)) : -1;
}

static int read_memory(struct checkpoint *checkpoint, const void *bytes, size_t size,
                       struct error *error)
{
    struct checkpoint_file *file = add_file(checkpoint, error);
    if (!file || checkpoint_file_borrow(file, bytes, size, checkpoint->name, error) ||
        read_tensors(checkpoint, file, error))
        return -1;
    return finish_table(checkpoint, error);
}

int checkpoint_open_memory(struct checkpoint **checkpoint, const void *bytes, size_t size,
                           const char *name, struct error *error)
{
    *checkpoint = new_checkpoint(name, error);
    return *checkpoint ? opened(checkpoint, read_memory(*checkpoint, bytes, size, error)) : -1;
}

void checkpoint_close(struct checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    tensor_table_clear(&checkpoint->table);
    for (size_t i = 0; i < checkpoint->count; i++)
        checkpoint_file_close(&checkpoint->files[i]);
    free(checkpoint->files);
    free(checkpoint->name);
    free(checkpoint);
}

const void *checkpoint_bytes(const struct checkpoint *checkpoint, size_t file, size_t *size)
{
    if (file >= checkpoint->count)
        return NULL;
    *size = checkpoint->files[file].size;
    return checkpoint->files[file].bytes;
}

int checkpoint_check_unchanged(const struct checkpoint *checkpoint, struct error *error)
{
    for (size_t i = 0; i < checkpoint->count; i++)
        if (checkpoint_file_check_unchanged(&checkpoint->files[i], error))
            return -1;
    return 0;
}

bool checkpoint_shape(const struct checkpoint *checkpoint, const char *name, struct shape *shape)
{
    const struct tensor *tensor = tensor_table_find(&checkpoint->table, name);
    if (tensor && shape)
        *shape = tensor->shape;
    return tensor != NULL;
}

int checkpoint_check_family(const struct checkpoint *checkpoint, struct error *error)
{
    const struct tensor *shown;
    const char *family = unread_family(&checkpoint->table, &shown);
    return family ? error_set(error, ERROR_MODEL, "%s: %s (it has a tensor %s)", checkpoint->name,
                              family, tensor_own_name(shown))
                  : 0;
}

/* Drops the mapped pages that belong to one tensor alone. The kernel reads them again if needed. */
static void drop_pages(const struct checkpoint *checkpoint, const struct tensor *tensor)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)tensor->bytes + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)tensor->bytes + tensor->extent) / page * page;
    if (checkpoint->files[0].fd >= 0 && start < end)
        madvise((void *)start, end - start, MADV_DONTNEED);
}

/* Sets tensor->data to the numbers in place if possible, else to a converted copy. */
static int load(struct checkpoint *checkpoint, struct tensor *tensor, struct error *error)
{
    size_t bad;
    if (convert_in_place(tensor)) {
        tensor->data = (const float *)(const void *)tensor->bytes;
    } else {
        tensor->owned = memory_new(tensor->count, sizeof(float), tensor_own_name(tensor), error);
        if (!tensor->owned)
            return error_prefix(error, "%s", checkpoint->name);
        convert_tensor(tensor, tensor->owned);
        tensor->data = tensor->owned;
        drop_pages(checkpoint, tensor);
    }
    if (convert_is_finite(tensor->data, tensor->count, &bad))
        return 0;
    checkpoint_release(checkpoint, tensor->name);
    return error_set(error, ERROR_MODEL, "%s: tensor %s holds NaN or infinity at number %zu of %zu",
                     checkpoint->name, tensor_own_name(tensor), bad, tensor->count);
}

const float *checkpoint_tensor(struct checkpoint *checkpoint, const char *name,
                               struct shape expected, struct error *error)
{
    char wanted[SHAPE_TEXT_SIZE], found[SHAPE_TEXT_SIZE], text[CHECKPOINT_NAME_SIZE];
    struct tensor *tensor = tensor_table_find(&checkpoint->table, name);
    const char *own = checkpoint_own_name(checkpoint, name, text);
    if (!tensor) {
        error_set(error, ERROR_MODEL, "%s: tensor %s is missing, expected with shape %s",
                  checkpoint->name, own, shape_text(&expected, wanted));
        return NULL;
    }
    if (!shape_equal(&tensor->shape, &expected)) {
        error_set(error, ERROR_MODEL, "%s: tensor %s is %s, expected %s", checkpoint->name, own,
                  shape_text(&tensor->shape, found), shape_text(&expected, wanted));
        return NULL;
    }
    if (!convert_knows(tensor->dtype)) {
        error_set(error, ERROR_MODEL, "%s: tensor %s has dtype %s, expected F32, F16, BF16 or F64",
                  checkpoint->name, own, dtype_name(tensor->dtype));
        return NULL;
    }
    tensor->used = true;
    if (!tensor->data && load(checkpoint, tensor, error))
        return NULL;
    return tensor->data;
}

const char *checkpoint_first_name(const struct checkpoint *checkpoint)
{
    /* tensor_table_sort refuses an empty table */
    return tensor_own_name(&checkpoint->table.tensors[0]);
}

const char *checkpoint_own_name(const struct checkpoint *checkpoint, const char *name,
                                char text[CHECKPOINT_NAME_SIZE])
{
    const struct tensor *tensor = tensor_table_find(&checkpoint->table, name);
    return tensor ? tensor_own_name(tensor)
                  : tensor_names_own(&checkpoint->table, name, text, CHECKPOINT_NAME_SIZE);
}

void checkpoint_release(struct checkpoint *checkpoint, const char *name)
{
    struct tensor *tensor = tensor_table_find(&checkpoint->table, name);
    if (!tensor || !tensor->data)
        return;
    if (tensor->owned)
        memory_free(tensor->owned);
    else
        drop_pages(checkpoint, tensor);
    tensor->owned = NULL;
    tensor->data = NULL;
}

int checkpoint_tensors(struct checkpoint *checkpoint, const char *prefix,
                       const struct checkpoint_want *wants, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        char *name;
        if (asprintf(&name, "%s%s", prefix, wants[i].name) < 0)
            return error_set(error, ERROR_MEMORY, "%s: no memory", checkpoint->name);
        *wants[i].tensor = checkpoint_tensor(checkpoint, name, wants[i].shape, error);
        free(name);
        if (!*wants[i].tensor)
            return -1;
    }
    return 0;
}

/* Tensors that no mask of a still image needs: buffers, the head of a classifier, and what SAM 2
 * and EdgeTAM have for videos, under its own names and those of transformers. */
static bool is_ignored(const char *name)
{
    static const char *const prefixes[] = {
        "image_encoder.norm_head.",
        "image_encoder.head.",
        "memory_attention.",
        "memory_encoder.",
        "mask_downsample.",
        "spatial_perceiver.",
        "mask_decoder.pred_obj_score_head.",
        "maskmem_tpos_enc",
        "no_mem_pos_enc",
        "no_obj_",
        "obj_ptr_",
        "memory_temporal_positional_encoding",
        "no_memory_positional_encoding",
        "no_object_pointer",
        "object_pointer_proj.",
        "temporal_positional_encoding_projection_layer.",
    };
    static const char *const suffixes[] = {
        "attention_bias_idxs", "num_batches_tracked", "pixel_mean", "pixel_std", "n_averaged",
        /* CLIP */
        "input_resolution", "context_length", "vocab_size", "attn_mask", "position_ids"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t tail = strlen(suffixes[i]);
        if (length >= tail && strcmp(name + length - tail, suffixes[i]) == 0)
            return true;
    }
    return false;
}

int checkpoint_check_unused(const struct checkpoint *checkpoint, struct error *error)
{
    const struct tensor_table *table = &checkpoint->table;
    const char *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < table->tensor_count; i++) {
        const struct tensor *tensor = &table->tensors[i];
        if (tensor->used || is_ignored(tensor->name))
            continue;
        first = first ? first : tensor_own_name(tensor);
        count++;
    }
    if (count == 0)
        return 0;
    return error_set(error, ERROR_MODEL,
                     "%s: unexpected architecture: %zu unknown tensors, first %s", checkpoint->name,
                     count, first);
}

const char *checkpoint_metadata(const struct checkpoint *checkpoint, const char *key)
{
    const struct tensor_table *table = &checkpoint->table;
    for (size_t i = 0; i < table->metadata_count; i++)
        if (strcmp(table->metadata[i].key, key) == 0)
            return table->metadata[i].value;
    return NULL;
}

bool checkpoint_metadata_at(const struct checkpoint *checkpoint, size_t i, const char **key,
                            const char **value)
{
    const struct tensor_table *table = &checkpoint->table;
    if (i >= table->metadata_count)
        return false;
    *key = table->metadata[i].key;
    *value = table->metadata[i].value;
    return true;
}

struct checkpoint_summary checkpoint_summary(const struct checkpoint *checkpoint)
{
    const struct tensor_table *table = &checkpoint->table;
    struct checkpoint_summary summary = {
        .format = table->format,
        .files = checkpoint->count,
        .dtype = "none",
        .inside = table->inside,
        .prefix = table->prefix,
        .wrapper = table->wrapper ? table->wrapper : "",
        .naming = table->naming ? table->naming : "official",
    };
    for (size_t i = 0; i < table->tensor_count; i++) {
        const struct tensor *tensor = &table->tensors[i];
        if (!tensor->used)
            continue;
        const char *dtype = dtype_name(tensor->dtype);
        if (summary.tensors == 0)
            summary.dtype = dtype;
        else if (strcmp(summary.dtype, dtype) != 0)
            summary.dtype = "mixed";
        summary.tensors++;
        summary.parameters += tensor->count;
    }
    return summary;
}
