#include "program/spool/spool_marker.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "base/json_text.h"

char *spool_marker_text(const struct spool_marker *marker, size_t *size, struct error *error)
{
    struct json_text text = {0};
    json_text_raw(&text, "{\"tar_bytes\": ");
    json_text_integer(&text, (int64_t)marker->tar_bytes);
    json_text_raw(&text, ", \"tar_sha256\": \"");
    json_text_raw(&text, marker->tar_sha256);
    json_text_raw(&text, "\", \"ndjson_bytes\": ");
    json_text_integer(&text, (int64_t)marker->ndjson_bytes);
    json_text_raw(&text, ", \"images\": ");
    json_text_integer(&text, (int64_t)marker->images);
    json_text_raw(&text, ", \"failed\": ");
    json_text_integer(&text, (int64_t)marker->failed);
    json_text_raw(&text, ", \"configuration_sha256\": \"");
    json_text_raw(&text, marker->configuration);
    json_text_raw(&text, "\"}\n");
    return json_text_take(&text, size, error);
}

static bool read_number(const json_t *object, const char *name, uint64_t *number)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *number = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_digest(const json_t *object, const char *name, char digest[DIGEST_TEXT])
{
    const json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);
    if (!text || json_string_length(value) != DIGEST_TEXT - 1 ||
        strspn(text, "0123456789abcdef") != DIGEST_TEXT - 1)
        return false;
    memcpy(digest, text, DIGEST_TEXT);
    return true;
}

int spool_marker_parse(struct spool_marker *marker, const char *text, size_t size,
                       struct error *error)
{
    json_t *object = json_load_bounded(text, size, JSON_REJECT_DUPLICATES, NULL);
    bool good = read_number(object, "tar_bytes", &marker->tar_bytes) &&
                read_number(object, "ndjson_bytes", &marker->ndjson_bytes) &&
                read_number(object, "images", &marker->images) &&
                read_number(object, "failed", &marker->failed) &&
                read_digest(object, "tar_sha256", marker->tar_sha256) &&
                read_digest(object, "configuration_sha256", marker->configuration) &&
                marker->failed <= marker->images;
    json_decref(object);
    return good ? 0 : error_set(error, ERROR_RECORD, "this is not the marker of a shard");
}
