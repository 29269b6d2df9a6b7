/* url.h - paths as relative URLs. */
#ifndef BASE_URL_H
#define BASE_URL_H

struct error;
struct json_text;

/* Appends a path, percent-encoded (RFC 3986) but for its slashes. */
void url_put_path(struct json_text *to, const char *path);

/* The way from the folder `from` to the file or folder `to`, as a path: "../photos/a.jpg"; "" from a
 * folder to itself. Both must be there; links in them are followed. Freed by the caller with free(3). NULL
 * with ERROR_IO or ERROR_MEMORY. */
char *url_way(const char *from, const char *to, struct error *error);

#endif
