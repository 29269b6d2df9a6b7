/* verify_main.c - `maskmill verify`. */
#include <stdio.h>

#include "base/error.h"
#include "base/plain_text.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/decoder.h"
#include "records/record_none.h"
#include "records/verify.h"

static void print_fault(void *context, const char *path, long annotation, const char *reason)
{
    (void)context;
    if (annotation >= 0)
        plain_line(stdout, "%s: annotation %ld: %s", path, annotation, reason);
    else
        plain_line(stdout, "%s: %s", path, reason);
}

static int verify(struct verify_job *job, const struct settings *settings, struct error *error)
{
    struct decoder decoder = {0};
    int result = decoder_start_and_open(&decoder, settings, error);
    job->pool = decoder.pool;
    if (result == 0)
        result = verify_records(job, error);
    if (result == 0 && job->records_read == 0)
        result = record_none(job->records, error);
    decoder_stop(&decoder);
    return result;
}

enum exit_status verify_main(struct command_line *line)
{
    struct error error;
    struct verify_job job = {.records = line->operands[0],
                             .images = line->settings.images,
                             .trust_folder = line->settings.trust_folder,
                             .max_pixels = line->settings.max_pixels,
                             .found = print_fault};
    int result = verify(&job, &line->settings, &error);
    if (result)
        return command_fail(line->command, &error);
    printf("%llu records, %llu good annotations, %llu faults\n",
           (unsigned long long)job.records_read, (unsigned long long)job.annotations,
           (unsigned long long)job.faults);
    return job.faults ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
