#include "records/review_replay.h"

#include <stdlib.h>

#include "base/error.h"
#include "records/review.h"

/* Index of the event of that number, or event_count. */
static size_t index_of(const struct review_image *image, uint64_t number)
{
    size_t low = 0, high = image->event_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (image->events[middle].event.number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < image->event_count && image->events[low].event.number == number
               ? low
               : image->event_count;
}

const struct review_event *review_event_of(const struct review_image *image, uint64_t number)
{
    size_t index = index_of(image, number);
    return index < image->event_count ? &image->events[index].event : NULL;
}

/* From the last event back: what undoes an event stands behind it, so it is decided already. */
static void find_counting(struct review_image *image)
{
    for (size_t i = 0; i < image->event_count; i++)
        image->events[i].counts = true;
    for (size_t i = image->event_count; i-- > 0;) {
        const struct review_event *event = &image->events[i].event;
        if (event->op == REVIEW_UNDO && image->events[i].counts)
            image->events[index_of(image, event->undoes)].counts = false;
    }
}

static bool is_of_mask(const struct review_event *event)
{
    return event->op != REVIEW_IMAGE && event->op != REVIEW_UNDO;
}

/* By mask, then in the order of the log. */
static int compare(const void *a, const void *b)
{
    const struct review_stored *x = *(const struct review_stored *const *)a,
                               *y = *(const struct review_stored *const *)b;
    if (x->event.mask != y->event.mask)
        return x->event.mask < y->event.mask ? -1 : 1;
    return x->event.number < y->event.number ? -1 : 1;
}

/* The events of masks, in the order of `compare`: an array of *count, freed with free(3). */
static const struct review_stored **sort_events(const struct review_image *image, size_t *count,
                                                struct error *error)
{
    const struct review_stored **sorted = malloc((image->event_count + 1) * sizeof *sorted);
    *count = 0;
    if (!sorted) {
        error_set(error, ERROR_MEMORY, "no memory for %zu events", image->event_count);
        return NULL;
    }
    for (size_t i = 0; i < image->event_count; i++)
        if (is_of_mask(&image->events[i].event))
            sorted[(*count)++] = &image->events[i];
    qsort(sorted, *count, sizeof *sorted, compare);
    return sorted;
}

/* What an event that counts does to its mask. */
static void apply(struct review_mask *mask, const struct review_event *event)
{
    switch (event->op) {
    case REVIEW_ACCEPT:
        mask->decision = REVIEW_ACCEPTED;
        break;
    case REVIEW_REJECT:
        mask->decision = REVIEW_REJECTED;
        break;
    case REVIEW_REOPEN:
        mask->decision = REVIEW_UNDECIDED;
        break;
    case REVIEW_ADD:
    case REVIEW_REPLACE:
        mask->decision = REVIEW_ACCEPTED;
        mask->annotation = event->annotation;
        break;
    case REVIEW_REMOVE:
        mask->removed = true;
        break;
    case REVIEW_CLASS:
        mask->classed = true;
        mask->class_name = event->class_name;
        break;
    case REVIEW_IMAGE:
    case REVIEW_UNDO:
        break;
    }
}

/* The mask of events[count], all of which are its. Returns 0, or -1 with the faulty event in *faulty. */
static int fold(struct review_mask *mask, const struct review_stored *const *events, size_t count,
                uint64_t *faulty)
{
    bool there = true; /* the event that added it counts, or it is the record's */
    *mask = (struct review_mask){.id = events[0]->event.mask};
    for (size_t i = 0; i < count; i++) {
        const struct review_event *event = &events[i]->event;
        if (event->op == REVIEW_ADD && i > 0) {
            *faulty = event->number;
            return -1;
        }
        if (event->op == REVIEW_ADD) {
            mask->added = true;
            there = events[i]->counts;
        }
        if (events[i]->counts)
            apply(mask, event);
    }
    mask->removed |= !there;
    return 0;
}

/* Makes masks[*count] of the sorted events. */
static int fold_all(struct review_mask *masks, size_t *count,
                    const struct review_stored *const *sorted, size_t events, uint64_t *faulty)
{
    *count = 0;
    for (size_t first = 0, end; first < events; first = end) {
        for (end = first + 1; end < events && sorted[end]->event.mask == sorted[first]->event.mask;
             end++)
            continue;
        if (fold(&masks[(*count)++], &sorted[first], end - first, faulty))
            return -1;
    }
    return 0;
}

static enum review_status find_status(const struct review_image *image)
{
    for (size_t i = image->event_count; i-- > 0;)
        if (image->events[i].event.op == REVIEW_IMAGE && image->events[i].counts)
            return image->events[i].event.status;
    return REVIEW_OPEN_IMAGE;
}

int review_replay(struct review_image *image, uint64_t *faulty, struct error *error)
{
    size_t events, count = 0;
    const struct review_stored **sorted = sort_events(image, &events, error);
    struct review_mask *masks = sorted ? malloc((events + 1) * sizeof *masks) : NULL;
    int status = -1;
    if (sorted && !masks)
        error_set(error, ERROR_MEMORY, "no memory for a review of %zu events", events);
    if (masks) {
        find_counting(image);
        status = fold_all(masks, &count, sorted, events, faulty);
        if (status)
            error_set(error, ERROR_RECORD, "it adds a mask that was there before");
    }
    free(sorted);
    if (status) {
        free(masks);
        return -1;
    }
    struct review_mask *fitting = realloc(masks, (count + 1) * sizeof *masks);
    free(image->masks);
    image->masks = fitting ? fitting : masks;
    image->mask_count = count;
    image->status = find_status(image);
    return 0;
}
