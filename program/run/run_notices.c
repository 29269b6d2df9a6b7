#include "program/run/run_notices.h"

#include <inttypes.h>

#include "jobs/progress.h"
#include "program/run/run.h"

/* Of 65,535: such values give at most 63 of 255. Cameras and microscopes of 12 or 14 bits and depth
 * in millimetres stay below. */
enum { DARK = 16383 };

/* Warnings of a kind that are printed one by one. */
enum { FIRST_FEW = 10 };

void run_notice_image(struct run *run, const char *path, const struct image_notes *notes)
{
    struct run_notices *notices = &run->outcome.notices;
    struct progress *progress = run->resources.progress;
    bool dark = run->config.reading.depth == IMAGE_UPPER_8_BITS && notes->deep &&
                notes->greatest > notes->least && notes->greatest <= DARK;
    if (dark && atomic_fetch_add(&notices->dark, 1) < FIRST_FEW)
        progress_log(
            progress, PROGRESS_WARNING,
            "%s: its 16-bit values reach only %u of 65535, so the picture is nearly black; "
            "--scale-16bit minmax spreads them",
            path, (unsigned)notes->greatest);
    if (notes->end_added && atomic_fetch_add(&notices->ends_added, 1) < FIRST_FEW)
        progress_log(progress, PROGRESS_WARNING,
                     "%s: its end marker is missing, but all of its pixels are there", path);
    if (notes->pages)
        atomic_fetch_add(&notices->pages, 1);
}

void run_notice_part(struct run *run, const char *path, const char *part, const struct error *error)
{
    atomic_fetch_add(&run->outcome.notices.parts_left_out, 1);
    progress_log(run->resources.progress, PROGRESS_WARNING, "%s: %s left out: %s", path, part,
                 error->text);
}

void run_notices_finish(const struct run *run)
{
    const struct run_notices *notices = &run->outcome.notices;
    struct progress *progress = run->resources.progress;
    uint64_t dark = atomic_load(&notices->dark), ends_added = atomic_load(&notices->ends_added);
    uint64_t pages = atomic_load(&notices->pages);
    uint64_t parts = atomic_load(&notices->parts_left_out);
    if (dark > FIRST_FEW)
        progress_log(progress, PROGRESS_WARNING,
                     "%" PRIu64
                     " images are nearly black, because their 16-bit values are low; see "
                     "--scale-16bit",
                     dark);
    if (ends_added > FIRST_FEW)
        progress_log(progress, PROGRESS_WARNING,
                     "%" PRIu64 " images lack their end marker, but all of their pixels are there",
                     ends_added);
    if (pages > 0)
        progress_log(progress, PROGRESS_INFO,
                     "%" PRIu64 " images have further pages or frames; only the first is taken",
                     pages);
    if (parts > 0)
        progress_log(progress, PROGRESS_WARNING,
                     "%" PRIu64 " overlays or files of further formats are left out; the records "
                     "are complete",
                     parts);
}
