/* cage.h - takes from the calling process whatever a decoder does not need, before it reads the
 * first byte of a stranger.
 *
 * In the cage a process has its memory, threads and clocks, and the descriptors that are open: it
 * may read, write, map, duplicate and close them. It cannot open, make, change or look for a file,
 * make one larger, start a process or a program, use the network, signal or trace another process,
 * or get memory that is executable. What it needs of the system it opens and reads before.
 *
 * Three walls stand behind one another:
 *   seccomp   a list of system calls with their arguments. It must be there.
 *   Landlock  no right to any file, address or signal, where the kernel has it.
 *   limits    no capabilities, new privileges, core dumps, growing files, more than 64 descriptors.
 */
#ifndef IMAGES_CAGE_H
#define IMAGES_CAGE_H

struct error;

/* Whether this system has what a cage needs. Any process, at any time. 0 or -1 (ERROR_UNSUPPORTED).
 */
int cage_check(struct error *error);

/* Puts the calling process into the cage, for good. It must have one thread. Returns 0; or -1 with
 * ERROR_UNSUPPORTED and an errno: then the process may be half in the cage, and should end. */
int cage_enter(struct error *error);

#endif
