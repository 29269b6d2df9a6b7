/* verify_main.c - `maskmill verify`. */
#include <stdio.h>

#include "base/error.h"
#include "images/image.h"
#include "program/arguments.h"
#include "program/commands.h"
#include "records/verify.h"

static void print_help(void)
{
    puts("usage: maskmill verify DIR [--images DIR]\n\n"
         "Reads every record under DIR back and prints each fault with its file and reason: text\n"
         "that is not a record, run strings that are damaged or do not fill the image, areas and\n"
         "boxes that disagree with the runs, points and crops outside the image, ids that repeat,\n"
         "records under another image's name.\n\n"
         "      --images DIR  also check that each image is there and of the size recorded\n"
         "  -h, --help\n\n"
         "Exit status: 0 no faults, 1 faults found, 2 usage, 3 environment.");
}

static void print_fault(void *context, const char *path, long annotation, const char *reason)
{
    (void)context;
    if (annotation >= 0)
        printf("%s: annotation %ld: %s\n", path, annotation, reason);
    else
        printf("%s: %s\n", path, reason);
}

static int run_command(struct verify_job *job)
{
    struct error error;
    int result = image_library_start(&error);
    if (result == 0) {
        result = verify_records(job, &error);
        image_library_stop();
    }
    if (result) {
        fprintf(stderr, "maskmill verify: %s\n", error.text);
        return EXIT_ENVIRONMENT;
    }
    printf("%llu records, %llu good annotations, %llu faults\n",
           (unsigned long long)job->records_read, (unsigned long long)job->annotations,
           (unsigned long long)job->faults);
    return job->faults ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}

int verify_main(int argc, char **argv)
{
    struct verify_job job = {.found = print_fault};
    const struct arguments arguments = {
        .command = "verify",
        .print_help = print_help,
        .options = {{.name = "images", .value = &job.images}},
        .wanted = "one folder of records",
    };
    int status;
    return arguments_read(&arguments, argc, argv, &job.records, &status) ? run_command(&job)
                                                                         : status;
}
