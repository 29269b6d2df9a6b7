#include "records/record_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "records/record_walk.h"

enum { BATCH = 64 }; /* entries read in parallel: enough for many cores, little memory */

struct batch {
    const struct record_stream *stream;
    struct record_entry entries[BATCH];
    size_t count;
};

void record_entry_fault(struct record_entry *entry, long annotation, const char *reason)
{
    const struct record_fault fault = {annotation, strdup(reason)};
    if (!fault.reason) {
        error_set(&entry->error, ERROR_MEMORY, "%s: no memory for a message", entry->path);
        return;
    }
    if (memory_grow((void **)&entry->faults, &entry->fault_capacity, entry->fault_count + 1,
                    sizeof *entry->faults, &entry->error))
        free(fault.reason);
    else
        entry->faults[entry->fault_count++] = fault;
}

static void collect(void *context, long annotation, const char *reason)
{
    record_entry_fault(context, annotation, reason);
}

static void read_entry(const struct record_stream *stream, struct record_entry *entry)
{
    const struct record_faults faults = {collect, entry};
    struct error error = {0};
    entry->usable = record_read(&entry->record, entry->path, entry->name,
                                stream->every_fault ? &faults : NULL, &error) == 0;
    if (!entry->usable)
        entry->error = error;
    else if (stream->work)
        stream->work(stream->context, entry);
}

static void entry_free(struct record_entry *entry)
{
    free((char *)entry->path);
    free((char *)entry->name);
    record_free(&entry->record);
    for (size_t i = 0; i < entry->fault_count; i++)
        free(entry->faults[i].reason);
    free(entry->faults);
    free(entry->data);
    *entry = (struct record_entry){0};
}

/* Reads the batch's entries in parallel, visits them in order, and empties the batch. */
static int flush(struct batch *batch, struct error *error)
{
    const struct record_stream *stream = batch->stream;
    int result = 0;
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < batch->count; i++)
        read_entry(stream, &batch->entries[i]);
    for (size_t i = 0; result == 0 && i < batch->count; i++) {
        const struct record_entry *entry = &batch->entries[i];
        if (entry->error.code == ERROR_MEMORY) {
            *error = entry->error;
            result = -1;
        } else {
            result = stream->visit(stream->context, entry, error);
        }
    }
    for (size_t i = 0; i < batch->count; i++)
        entry_free(&batch->entries[i]);
    batch->count = 0;
    return result;
}

static int add(void *context, const char *path, const char *name, struct error *error)
{
    struct batch *batch = context;
    struct record_entry *entry = &batch->entries[batch->count++];
    entry->path = strdup(path);
    entry->name = strdup(name);
    if (!entry->path || !entry->name)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", path);
    return batch->count == BATCH ? flush(batch, error) : 0;
}

int record_stream(const struct record_stream *stream, const char *folder, struct error *error)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return error_set(error, ERROR_MEMORY, "%s: no memory to read its records", folder);
    batch->stream = stream;
    int result = record_walk(folder, add, batch, error);
    if (result == 0)
        result = flush(batch, error);
    for (size_t i = 0; i < batch->count; i++)
        entry_free(&batch->entries[i]);
    free(batch);
    return result;
}
