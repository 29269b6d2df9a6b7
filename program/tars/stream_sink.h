/* stream_sink.h - the images of one tar become a tar on standard output (tar_stream.h). Nothing is kept of such
 * a run: no ledger, no folder. */
#ifndef PROGRAM_TARS_STREAM_SINK_H
#define PROGRAM_TARS_STREAM_SINK_H

#include <stdbool.h>

#include "program/run/sink.h"
#include "program/tars/tar_sample.h"
#include "program/tars/tar_stream.h"

struct run;

struct stream_sink {
    struct run *run;
    struct tar_stream stream;
    struct tar_sample_options samples;
    bool broken; /* an image was dropped, or could not be written: nothing may follow */
};

/* The sink that writes to `fd`, which it borrows. `stream`, zeroed, must outlive it, and is freed with
 * stream_sink_free. */
struct sink stream_sink(struct stream_sink *stream, struct run *run, int fd);
void stream_sink_free(struct stream_sink *stream);

#endif
