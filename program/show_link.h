/* show_link.h - from a document to a file beside it. */
#ifndef PROGRAM_SHOW_LINK_H
#define PROGRAM_SHOW_LINK_H

struct error;

/* The path of the existing file `file`, relative to the folder in which the file `document` is to lie
 * (which need not be there yet): "../photos/a.jpg". *link is freed by the caller with free(3). Returns 0, or
 * -1 with ERROR_IO (the file is gone) or ERROR_MEMORY. */
int show_link(char **link, const char *document, const char *file, struct error *error);

#endif
