#include "program/review/review_print.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/plain_text.h"
#include "program/command_line.h"
#include "program/decoder.h"
#include "records/image_path.h"
#include "records/record_none.h"
#include "records/record_stream.h"
#include "records/review.h"

struct printing {
    const struct settings *settings;
    const struct review *review; /* may be empty */
    size_t records;
    bool refused; /* a record cannot be read, or a name not be printed */
};

/* Prints one image's name. Names below --images are the log's or the record's, which a stranger may have
 * written. */
static void print_name(struct printing *printing, const char *name)
{
    const struct settings *settings = printing->settings;
    struct error error;
    if (settings->images && image_path_check(name, &error)) {
        plain_line(stderr, "maskmill review: %s", error.text);
        printing->refused = true;
        return;
    }
    if (!settings->null_separated && strpbrk(name, "\r\n")) {
        plain_line(stderr, "maskmill review: %s: its name has a line's end; --null can print it",
                   name);
        printing->refused = true;
        return;
    }
    if (settings->images)
        printf("%s%s", settings->images,
               settings->images[strlen(settings->images) - 1] == '/' ? "" : "/");
    fputs(name, stdout);
    putchar(settings->null_separated ? '\0' : '\n');
}

/* ---- open images: among all records ---- */

static int visit(void *context, const struct record_entry *entry, struct error *error)
{
    struct printing *printing = context;
    (void)error;
    printing->records++;
    if (!entry->usable) {
        plain_line(stderr, "maskmill review: %s", entry->error.text);
        printing->refused = true;
        return 0;
    }
    const struct review_image *image = review_of(printing->review, entry->record.file_name);
    if (!image || image->status == REVIEW_OPEN_IMAGE)
        print_name(printing, entry->record.file_name);
    return 0;
}

static int print_open(struct printing *printing, const char *run, struct error *error)
{
    const struct settings *settings = printing->settings;
    struct decoder decoder = {0};
    int result = decoder_start_and_open(&decoder, settings, error);
    const struct record_stream stream = {.trust_folder = settings->trust_folder,
                                         .max_pixels = settings->max_pixels,
                                         .pool = decoder.pool,
                                         .visit = visit,
                                         .context = printing};
    if (result == 0)
        result = record_stream(&stream, run, error);
    if (result == 0 && printing->records == 0)
        result = record_none(run, error);
    decoder_stop(&decoder);
    return result;
}

/* ---- the others: among the images of the review ---- */

typedef bool is_kind(const struct review_image *image);

static bool is_done(const struct review_image *image)
{
    return image->status == REVIEW_DONE;
}

/* A removed mask of the record is a rejected one, too. */
static bool is_rejected(const struct review_image *image)
{
    bool rejected = image->status == REVIEW_REJECTED_IMAGE;
    for (size_t i = 0; !rejected && i < image->mask_count; i++) {
        const struct review_mask *mask = &image->masks[i];
        rejected = mask->removed ? !mask->added : mask->decision == REVIEW_REJECTED;
    }
    return rejected;
}

static bool is_accepted(const struct review_image *image)
{
    bool accepted = false;
    for (size_t i = 0; !accepted && i < image->mask_count; i++)
        accepted = !image->masks[i].removed && image->masks[i].decision == REVIEW_ACCEPTED;
    return accepted && image->status != REVIEW_REJECTED_IMAGE;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int print_reviewed(struct printing *printing, is_kind *is, struct error *error)
{
    size_t count = 0;
    const char **names = calloc(review_count(printing->review) + 1, sizeof *names);
    if (!names)
        return error_set(error, ERROR_MEMORY, "no memory for the images of a review");
    for (size_t i = 0; i < review_count(printing->review); i++) {
        const struct review_image *image = review_at(printing->review, i);
        if (is(image))
            names[count++] = image->name;
    }
    qsort(names, count, sizeof *names, compare);
    for (size_t i = 0; i < count; i++)
        print_name(printing, names[i]);
    free(names);
    return 0;
}

/* The run's review; an empty one if nobody reviewed it. */
static struct review *read_review(const char *path, bool trusted, struct error *error)
{
    struct folder *run = folder_open(path, trusted, error);
    struct review *review = run ? review_read(run, NULL, error) : NULL;
    if (run && !review && error->code == ERROR_IO && error->system == ENOENT)
        review = review_new(error);
    folder_close(run);
    return review;
}

static int print_kind(struct printing *printing, const char *run, struct error *error)
{
    const char *kind = printing->settings->print;
    if (strcmp(kind, "open") == 0)
        return print_open(printing, run, error);
    return print_reviewed(printing,
                          strcmp(kind, "done") == 0       ? is_done
                          : strcmp(kind, "accepted") == 0 ? is_accepted
                                                          : is_rejected,
                          error);
}

enum exit_status review_print(struct command_line *line)
{
    struct error error;
    const char *run = line->operands[0];
    struct review *review = read_review(run, line->settings.trust_folder, &error);
    struct printing printing = {.settings = &line->settings, .review = review};
    int result = review ? print_kind(&printing, run, &error) : -1;
    review_free(review);
    if (result == 0 && (fflush(stdout) || ferror(stdout)))
        result = error_set_system(&error, ERROR_IO, errno, "standard output");
    if (result)
        return command_fail(line->command, &error);
    return printing.refused ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
