/* predict_serve.c - requests on standard input, answers on standard output; docs/predict.md has the
 * protocol. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/plain_text.h"
#include "include/maskmill.h"
#include "jobs/stop.h"
#include "program/model_load.h"
#include "program/pipe/pipe_output.h"
#include "program/predict/predict.h"
#include "program/predict/serve_lines.h"
#include "program/predict/serve_request.h"
#include "program/prompts/image_cache.h"
#include "program/prompts/prompt_answer.h"
#include "program/prompts/prompt_predict.h"
#include "program/run/run_setup.h"
#include "program/segmenter.h"
#include "program/settings.h"

struct serving {
    struct predict *predict;
    struct stop *stop;         /* owned */
    struct image_cache *cache; /* owned */
    struct serve_lines lines;
    int output; /* the answers' descriptor; 0: not taken yet */
    uint64_t answered, failed;
};

/* ---- one request */

/* Appends the masks of the prompts on an image that is held. */
static int append_masks(const struct serving *serving, const struct serve_request *request,
                        const struct cached_image *image, struct json_text *text,
                        struct error *error)
{
    const struct predict *predict = serving->predict;
    const struct prompt_target target = {predict->segmenter,
                                         predict_frame(predict, image->width, image->height)};
    struct mm_error failure = {0};
    struct mm_masks *masks = NULL;
    if (request->set.count == 0) {
        json_text_raw(text, "[]");
        return 0;
    }
    if (mm_segmenter_set_embedding(predict->segmenter, image->embedding, &failure))
        return segmenter_error(error, &failure);
    int status = prompt_predict(&target, &request->set, NULL, &masks, error);
    if (status == 0)
        status = prompt_answer_append(text, &request->set, masks, error);
    mm_masks_free(masks);
    return status;
}

static int append_answer(const struct serving *serving, const struct serve_request *request,
                         struct json_text *text, struct error *error)
{
    const struct cache_image wanted = {.name = request->image};
    const struct cached_image *image = image_cache_get(serving->cache, &wanted, error);
    if (!image)
        return -1;
    json_text_raw(text, ", \"width\": ");
    json_text_integer(text, image->width);
    json_text_raw(text, ", \"height\": ");
    json_text_integer(text, image->height);
    json_text_raw(text, ", \"masks\": ");
    int status = append_masks(serving, request, image, text, error);
    image_cache_release(serving->cache, image);
    return status;
}

static void begin(struct json_text *text, const struct serve_request *request)
{
    json_text_raw(text, "{\"id\": ");
    json_text_raw(text, request->id ? request->id : "null");
}

/* The answer's line, freed by the caller with free(3): masks, or what is wrong. NULL without memory. */
static char *make_answer(struct serving *serving, const struct serve_request *request,
                         size_t *length, struct error *error)
{
    struct json_text text = {0};
    struct error fault = request->fault;
    char *line = NULL;
    begin(&text, request);
    if (fault.code == ERROR_NONE && append_answer(serving, request, &text, &fault) == 0) {
        json_text_raw(&text, "}\n");
        line = json_text_take(&text, length, &fault);
    }
    serving->answered++;
    if (line)
        return line;
    json_text_free(&text);
    serving->failed++;
    begin(&text, request);
    json_text_raw(&text, ", \"error\": ");
    json_text_string(&text, fault.text, strlen(fault.text));
    json_text_raw(&text, "}\n");
    return json_text_take(&text, length, error);
}

static int answer(struct serving *serving, const struct serve_line *line, struct error *error)
{
    struct serve_request request = {0};
    size_t length;
    int status = 0;
    if (line->cut)
        error_set(&request.fault, ERROR_USAGE, "a line of more than %d bytes", SERVE_LINE_MAX);
    else
        status = serve_request_read(&request, line->bytes, line->length, error);
    char *text = status == 0 ? make_answer(serving, &request, &length, error) : NULL;
    if (!text || model_load_check(serving->predict->model, error) ||
        pipe_output_write(serving->output, text, length, error))
        status = -1;
    free(text);
    serve_request_free(&request);
    return status;
}

/* ---- all requests */

static bool is_blank(const struct serve_line *line)
{
    size_t at = 0;
    while (at < line->length && strchr(" \t\r", line->bytes[at]))
        at++;
    return at == line->length && !line->cut;
}

static int serve(struct serving *serving, struct error *error)
{
    struct serve_line line;
    int found;
    while ((found = serve_lines_next(&serving->lines, &line, error)) > 0) {
        if (!is_blank(&line) && answer(serving, &line, error))
            return -1;
        if (stop_reason(serving->stop) != STOP_NONE)
            return 0;
    }
    return found;
}

static int set_up(struct serving *serving, struct error *error)
{
    struct predict *predict = serving->predict;
    /* Signals are blocked before the first thread starts. */
    if (!(serving->stop = stop_new(0, error)) || run_take_output(&serving->output, error) ||
        predict_start(predict, PREDICT_SERVE, error))
        return -1;
    const struct image_cache_options options = {.segmenter = predict->segmenter,
                                                .pool = predict->decoder.pool,
                                                .bytes = predict->cache_bytes};
    serving->cache = image_cache_new(&options, error);
    serving->lines.input = (struct pipe_input){STDIN_FILENO, serving->output, serving->stop};
    return serving->cache ? 0 : -1;
}

static void tell_end(const struct serving *serving)
{
    if (!serving->predict->settings->quiet)
        plain_line(stderr,
                   "maskmill predict: %" PRIu64 " requests answered, %" PRIu64
                   " of them with an error; %" PRIu64 " images encoded",
                   serving->answered, serving->failed, image_cache_encoded(serving->cache));
}

int predict_serve(struct predict *predict, struct error *error)
{
    struct serving serving = {.predict = predict};
    int status = set_up(&serving, error);
    if (status == 0)
        status = serve(&serving, error);
    if (serving.cache)
        tell_end(&serving);
    bool stopped = status == 0 && stop_reason(serving.stop) != STOP_NONE;
    image_cache_free(serving.cache);
    serve_lines_free(&serving.lines);
    stop_free(serving.stop);
    return status ? -1 : stopped ? EXIT_STOPPED : EXIT_ALL_DONE;
}
