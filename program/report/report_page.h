/* report_page.h - the page of a report, put together from the files of report/. */
#ifndef PROGRAM_REPORT_REPORT_PAGE_H
#define PROGRAM_REPORT_REPORT_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

struct report_page {
    char *text;    /* owned: [length], HTML with style, worker, code and policy in place */
    size_t length; /* bytes */
    size_t data;   /* where the documents of a single file go */
};

enum report_page_kind {
    REPORT_PAGE_REPORT, /* connects to nothing */
    REPORT_PAGE_REVIEW  /* with the tools of `maskmill review`; connects to where it came from */
};

/* Puts the page together; freed with report_page_free. 0 or -1 (ERROR_MEMORY). */
int report_page_make(struct report_page *page, enum report_page_kind kind, struct error *error);
void report_page_free(struct report_page *page);

/* The page's Content-Security-Policy as a header has it: the one in the page, and that no frame may hold the
 * page. Freed with free(3). NULL with ERROR_MEMORY. */
char *report_page_policy(enum report_page_kind kind, struct error *error);

/* Whether a file that begins with `size` bytes `start` is such a page. REPORT_PAGE_START bytes
 * tell. */
enum { REPORT_PAGE_START = 64 };
bool report_page_is(const char *start, size_t size);

#endif
