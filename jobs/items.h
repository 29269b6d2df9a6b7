/* items.h - what the caller says about the items that a run works on, since the texts, ledgers and
 * metrics of jobs/ speak of them in the caller's words. */
#ifndef JOBS_ITEMS_H
#define JOBS_ITEMS_H

#include <stdint.h>

/* An unknown number of items: files that hold many are among the inputs, and how many they hold
 * shows only when they are read. Printed as "-", null in JSON, absent in files. */
#define ITEMS_UNKNOWN UINT64_MAX

/* ASCII identifiers in lower case: they also name members of JSON and metrics. */
struct item_words {
    const char *item;    /* "page": one item */
    const char *items;   /* "pages" */
    const char *results; /* "lines": what an item yields, counted over the run */
};

#endif
