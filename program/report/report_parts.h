/* report_parts.h - the files of report/, as the program holds them (report_parts.S). */
#ifndef PROGRAM_REPORT_REPORT_PARTS_H
#define PROGRAM_REPORT_REPORT_PARTS_H

#include <stddef.h>

struct report_part {
    const char *bytes; /* [size], not terminated */
    size_t size;
};

extern const struct report_part report_frame;  /* index.html */
extern const struct report_part report_style;  /* all CSS, joined */
extern const struct report_part report_worker; /* all JavaScript of the worker, joined */
extern const struct report_part report_code;   /* all other JavaScript, joined */

/* The same for `maskmill review`: with the files that report/review/files names. */
extern const struct report_part report_review_style;
extern const struct report_part report_review_worker;
extern const struct report_part report_review_code;

#endif
