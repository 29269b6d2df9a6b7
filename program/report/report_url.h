/* report_url.h - from the page of a report to the folder of its photographs. */
#ifndef PROGRAM_REPORT_REPORT_URL_H
#define PROGRAM_REPORT_REPORT_URL_H

struct error;

/* The relative URL from a page in the folder `from` to the folder `to`, with a '/' at its end:
 * "../photos/". Both are paths of folders that are there. Bytes other than RFC 3986's unreserved
 * characters are percent-encoded. Owned by the caller, freed with free(3). NULL with ERROR_IO or
 * ERROR_MEMORY. */
char *report_url_relative(const char *from, const char *to, struct error *error);

#endif
