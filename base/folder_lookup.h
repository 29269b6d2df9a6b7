/* folder_lookup.h - opening a name below an open folder, where nothing on the way may be a link.
 *
 * Both functions take a relative name of one or more components, and flags and mode as open(2) does;
 * the descriptor is closed on exec. They return it, or -1 with errno: ELOOP if a component is a
 * symbolic link, EXDEV if the name leads out of the folder. */
#ifndef BASE_FOLDER_LOOKUP_H
#define BASE_FOLDER_LOOKUP_H

#include <sys/types.h>

/* Asks the kernel for it (openat2, Linux 5.6), else goes step by step. */
int folder_lookup(int folder, const char *name, int flags, mode_t mode);

/* Opens one component after the other, each without following a link. For kernels and sandboxes
 * that have no openat2. */
int folder_lookup_steps(int folder, const char *name, int flags, mode_t mode);

#endif
