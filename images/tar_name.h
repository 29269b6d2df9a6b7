/* tar_name.h - names of tars and of their members, as text. A member's name is whatever a stranger
 * wrote; these rules keep it within the tar's own folder. */
#ifndef IMAGES_TAR_NAME_H
#define IMAGES_TAR_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a file name has the extension of a tar file, in upper or lower case: .tar; .tar.gz, .tgz;
 * .tar.zst, .tzst; .tar.xz, .txz; .tar.bz2, .tbz2, .tbz. */
bool tar_name_is_tar(const char *path);

/* Length of a tar's path without that extension. */
size_t tar_name_stem(const char *path);

/* Drops a member's empty and "." components, in place. Returns 0, or -1 with the name as it was if
 * nothing is left or a component is "..". */
int tar_name_tidy(char *name);

/* Writes the name of the member that a link leads to. The target of a hard link (`folder` 0) counts
 * from the top of the tar, that of a symbolic link from its own folder: the first `folder` bytes of
 * its tidy name. `to` has room for `folder` + strlen(target) + 2 bytes. Returns 0, or -1 if the link
 * leads out of the tar or to its top. */
int tar_name_follow(char *to, const char *link, size_t folder, const char *target);

#endif
