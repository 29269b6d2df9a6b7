/* similar_print.h - how masks are printed. */
#ifndef PROGRAM_SIMILAR_SIMILAR_PRINT_H
#define PROGRAM_SIMILAR_SIMILAR_PRINT_H

struct json_text;
struct similar_mask;

/* A similarity as it is shown: vectors are rounded, so that of two equal ones may be a little above 1. */
static inline double similar_shown(double similarity)
{
    return similarity < 1 ? similarity : 1;
}

/* Appends the members "file_name", "record", "id" and "bbox" ([x, y, w, h], as in records), without braces. */
void similar_json_mask(struct json_text *text, const struct similar_mask *mask);

/* Prints a mask for people: "a/b.jpg:3  120 x 80 at 17,5", and a newline. */
void similar_print_mask(const struct similar_mask *mask);

#endif
