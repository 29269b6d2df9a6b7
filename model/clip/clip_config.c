#include "model/clip/clip_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/json_cursor.h"
#include "base/path.h"
#include "base/read_file.h"
#include "model/kernels/kernels.h"

/* Published towers up to these widths have heads of 64. */
enum { IMAGE_WIDEST = 1024, TEXT_WIDEST = 1280 };

static bool piece_is(const char *text, const struct json_piece *piece, const char *wanted)
{
    return piece->length == strlen(wanted) &&
           memcmp(text + piece->offset, wanted, piece->length) == 0;
}

static int set_activation(struct clip_tower *tower, const char *text,
                          const struct json_piece *piece, struct error *error)
{
    const struct kernels *kernels = kernels_for(tower->isa);
    if (piece_is(text, piece, "\"quick_gelu\""))
        tower->activate = kernels->quick_gelu;
    else if (piece_is(text, piece, "\"gelu\""))
        tower->activate = kernels->gelu;
    else
        return error_set(error, ERROR_MODEL,
                         "hidden_act is neither quick_gelu nor gelu, which are all that maskmill "
                         "has");
    return 0;
}

static int check_heads(const struct clip_tower *tower, int64_t heads, struct error *error)
{
    return heads == (int64_t)tower->heads
               ? 0
               : error_set(error, ERROR_MODEL,
                           "num_attention_heads is %lld for a width of %zu: only heads of %d are "
                           "read",
                           (long long)heads, tower->width, CLIP_HEAD_WIDTH);
}

/* The text's fault, or an earlier error. */
static int damaged(const struct json_cursor *cursor, struct error *error)
{
    return cursor->fault
               ? error_set(error, ERROR_MODEL, "line %zu: %s", cursor->line, cursor->fault)
               : -1;
}

/* The object of one tower, which is the cursor's next value. */
static int read_tower(struct clip_tower *tower, struct json_cursor *cursor, const char *text,
                      struct error *error)
{
    char key[JSON_KEY];
    struct json_piece piece;
    int64_t heads;
    int found, number;
    if (json_cursor_enter(cursor, '{') != 1)
        return json_cursor_skip(cursor, NULL) ? damaged(cursor, error) : 0;
    while ((found = json_cursor_next(cursor, key)) > 0) {
        if (strcmp(key, "num_attention_heads") == 0) {
            number = json_cursor_integer(cursor, &heads);
            if (number < 0)
                return damaged(cursor, error);
            if (number > 0 && check_heads(tower, heads, error) < 0)
                return -1;
            tower->heads_said = number > 0;
            continue;
        }
        if (json_cursor_skip(cursor, &piece) < 0)
            return damaged(cursor, error);
        if (strcmp(key, "hidden_act") == 0 && set_activation(tower, text, &piece, error) < 0)
            return -1;
    }
    return found < 0 ? damaged(cursor, error) : 0;
}

/* Whether the object at the cursor has the model_type of a CLIP; its other members are passed over. Damage is left
 * for the next reading to find. */
static bool is_of_clip(struct json_cursor cursor, const char *text)
{
    char key[JSON_KEY];
    struct json_piece piece;
    while (json_cursor_next(&cursor, key) > 0 && json_cursor_skip(&cursor, &piece) == 0)
        if (strcmp(key, "model_type") == 0)
            return piece_is(text, &piece, "\"clip\"");
    return false;
}

int clip_config_read(struct clip_weights *weights, const char *text, size_t length,
                     struct error *error)
{
    char key[JSON_KEY];
    struct json_cursor cursor;
    int found = 0, failed = 0;
    json_cursor_text(&cursor, text, length);
    if (json_cursor_enter(&cursor, '{') != 1 || !is_of_clip(cursor, text))
        return 0;
    while (!failed && (found = json_cursor_next(&cursor, key)) > 0) {
        bool image = strcmp(key, "vision_config") == 0, words = strcmp(key, "text_config") == 0;
        if (image || words)
            failed = read_tower(image ? &weights->image.tower : &weights->text.tower, &cursor, text,
                                error);
        else if (json_cursor_skip(&cursor, NULL) < 0)
            failed = damaged(&cursor, error);
    }
    if (failed)
        return -1;
    return found < 0 || json_cursor_end(&cursor) < 0 ? damaged(&cursor, error) : 0;
}

static int check_width(const struct clip_tower *tower, const char *name, size_t widest,
                       struct error *error)
{
    return tower->heads_said || tower->width <= widest
               ? 0
               : error_set(
                     error, ERROR_MODEL,
                     "the %s tower is %zu wide: only heads of %d are read, which ViT-H/14 and "
                     "larger models do not have, and no config.json of transformers says "
                     "that this one has",
                     name, tower->width, CLIP_HEAD_WIDTH);
}

int clip_config_check_heads(const struct clip_weights *weights, struct error *error)
{
    return check_width(&weights->image.tower, "image", IMAGE_WIDEST, error) ||
                   check_width(&weights->text.tower, "text", TEXT_WIDEST, error)
               ? -1
               : 0;
}

/* The path of config.json in or beside `path`, freed by the caller. NULL with ERROR_MEMORY. */
static char *config_path(const char *path, struct error *error)
{
    struct stat status;
    char *config;
    bool folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    int length = folder ? (int)strlen(path) : (int)(path_base(path) - path);
    if (asprintf(&config, "%.*s%sconfig.json", length, path, folder ? "/" : "") >= 0)
        return config;
    error_set(error, ERROR_MEMORY, "no memory for a path");
    return NULL;
}

int clip_config_apply(struct clip_weights *weights, const char *path, struct error *error)
{
    char *text = NULL, *config = config_path(path, error);
    size_t length;
    if (!config)
        return -1;
    int failed = read_file(config, CLIP_CONFIG_MAX, &text, &length, error);
    if (failed && error->code == ERROR_IO && error->system == ENOENT) {
        failed = 0;
    } else if (!failed && clip_config_read(weights, text, length, error) < 0) {
        error_prefix(error, "%s", config);
        failed = -1;
    }
    free(text);
    free(config);
    return failed;
}
