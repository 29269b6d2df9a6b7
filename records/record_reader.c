#include "records/record_reader.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "records/record.h"

int reader_fault(struct record_reader *reader, const char *format, ...)
{
    char reason[ERROR_TEXT_SIZE / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    bool first = reader->found++ == 0;
    if (reader->faults)
        reader->faults->found(reader->faults->context, reader->annotation, reason);
    else if (first && reader->annotation >= 0)
        error_set(reader->error, ERROR_RECORD, "annotation %ld: %s", reader->annotation, reason);
    else if (first)
        error_set(reader->error, ERROR_RECORD, "%s", reason);
    return -1;
}

int reader_no_memory(struct record_reader *reader)
{
    reader->no_memory = true;
    return -1;
}

int reader_check_pixels(struct record_reader *reader, int64_t width, int64_t height)
{
    if (width * height > UINT32_MAX)
        return reader_fault(reader, "%lld x %lld pixels are more than 2^32 - 1", (long long)width,
                            (long long)height);
    if (reader->max_pixels && (uint64_t)(width * height) > reader->max_pixels)
        return reader_fault(reader, "%lld x %lld pixels are more than --max-pixels %llu",
                            (long long)width, (long long)height,
                            (unsigned long long)reader->max_pixels);
    return 0;
}

/* Whoever collects faults wants to know of members that are missing; others can do without. A known
 * mask comes from elsewhere, and has what it had there. */
static int absent(struct record_reader *reader, const char *name)
{
    bool wanted = reader->faults && reader->source != MASK_SOURCE_KNOWN;
    return wanted ? reader_fault(reader, "%s is missing", name) : READ_ABSENT;
}

int reader_integer(struct record_reader *reader, const json_t *object, const char *name,
                   const int64_t range[2], int64_t *number)
{
    const json_t *value = json_object_get(object, name);
    if (!value)
        return absent(reader, name);
    if (!json_is_integer(value))
        return reader_fault(reader, "%s is not an integer", name);
    *number = json_integer_value(value);
    if (*number < range[0] || *number > range[1])
        return reader_fault(reader, "%s is %lld, outside %lld to %lld", name, (long long)*number,
                            (long long)range[0], (long long)range[1]);
    return 0;
}

int reader_real(struct record_reader *reader, const json_t *object, const char *name, float *number)
{
    const json_t *value = json_object_get(object, name);
    bool ours = reader->source != MASK_SOURCE_KNOWN && (reader->sa1b || reader->faults);
    if (!value && record_source_is_person(reader->source))
        return READ_ABSENT; /* a person may do without scores */
    if (!value || (json_is_null(value) && !ours))
        return absent(reader, name);
    if (!json_is_number(value))
        return reader_fault(reader, "%s is not a number", name);
    *number = (float)json_number_value(value);
    if (!isfinite(*number))
        return reader_fault(reader, "%s is out of range", name);
    return 0;
}

int reader_whole(struct record_reader *reader, const json_t *object, const char *name, size_t count,
                 int32_t *numbers)
{
    const json_t *array = json_object_get(object, name);
    if (!array)
        return absent(reader, name);
    if (json_array_size(array) != count)
        return reader_fault(reader, "%s is not a list of %zu numbers", name, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(array, i);
        double number = json_number_value(value);
        if (!json_is_number(value) || number != floor(number) || fabs(number) > INT32_MAX)
            return reader_fault(reader, "%s[%zu] is not a whole number of pixels", name, i);
        numbers[i] = (int32_t)number;
    }
    return 0;
}
