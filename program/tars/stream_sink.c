#include "program/tars/stream_sink.h"

#include "base/error.h"
#include "jobs/list.h"
#include "program/run/collection.h"
#include "program/run/input_kind.h"
#include "program/run/item.h"
#include "program/run/item_embeddings.h"
#include "program/run/item_end.h"
#include "program/run/run.h"
#include "program/run/run_formats.h"
#include "program/run/run_setup.h"

/* The stream ends here, without the mark of its end. */
static void fail(struct stream_sink *stream, const struct error *error)
{
    stream->broken = true;
    if (error->code != ERROR_STOPPED) /* the run is ending already */
        run_fail(stream->run, error);
}

static void finish_image(struct stream_sink *stream, struct item *item)
{
    struct error error;
    bool failed = item->error.code != ERROR_NONE;
    if ((failed && tar_sample_make(item, &stream->samples, &error)) ||
        tar_stream_append(&stream->stream, &item->sample->members, &error))
        fail(stream, &error);
    else if (failed)
        item_note_failed(stream->run, item);
    else
        item_count_done(stream->run, item);
}

static void finish(void *context, struct item *item, enum item_outcome outcome)
{
    struct stream_sink *stream = context;
    struct error error;
    if (outcome == ITEM_DROPPED || (outcome == ITEM_MARK && item->mark != SINK_TAR_END))
        stream->broken = true;
    if (outcome == ITEM_FAILED && !item->tar) /* the input cannot be read any further */
        fail(stream, &item->error);
    if (stream->broken)
        return;
    if (outcome != ITEM_MARK)
        finish_image(stream, item);
    else if (run_check_models(&stream->run->resources, &error) ||
             tar_stream_end(&stream->stream, &error))
        fail(stream, &error);
}

static int write_item(void *context, struct item *item)
{
    struct stream_sink *stream = context;
    return tar_sample_write(item, stream->run, &stream->samples);
}

static int begin(void *context, const struct list_item *tar, void **tag, struct error *error)
{
    struct stream_sink *stream = context;
    (void)error;
    stream->samples.folder = input_is_stream(tar->path) ? 0 : tar->folder;
    *tag = stream;
    return 1;
}

static int admit(void *context, struct submission *image, struct error *error)
{
    (void)context;
    (void)image;
    (void)error;
    return 1;
}

static bool stopping(void *context)
{
    const struct run *run = context;
    return run_stopping(run);
}

struct sink stream_sink(struct stream_sink *stream, struct run *run, int fd)
{
    stream->run = run;
    stream->stream = (struct tar_stream){
        .fd = fd, .name = "standard output", .stopping = stopping, .context = run};
    stream->samples = (struct tar_sample_options){
        .fields = run_formats_fields(run->resources.formats),
        .copy_images = run->config.settings->copy_images,
        .embeddings_ending = item_embeddings_ending(run),
    };
    return (struct sink){.in_order = true,
                         .write = write_item,
                         .finish = finish,
                         .begin = begin,
                         .admit = admit,
                         .context = stream};
}

void stream_sink_free(struct stream_sink *stream)
{
    tar_stream_free(&stream->stream);
}
