/* name_fold.h - file systems that take different names for one: SMB, exFAT, APFS, HFS+, ext4 with
 * case folding. Two images whose records' names they take for one must not run together, or one
 * record would replace the other. */
#ifndef PROGRAM_RUN_NAME_FOLD_H
#define PROGRAM_RUN_NAME_FOLD_H

#include <stddef.h>

struct error;
struct folder;

/* What a file system takes for the same; a set of bits. */
enum name_fold {
    NAME_FOLD_ASCII = 1,    /* "a" and "A" */
    NAME_FOLD_UNICODE = 2,  /* an e with acute in upper and lower case */
    NAME_FOLD_FULL = 4,     /* a sharp s and "ss" */
    NAME_FOLD_NORMAL = 8,   /* an e with acute as one character, and as an e and an accent */
    NAME_FOLD_TRAILING = 16 /* "a" and "a." */
};

/* Finds out what the file system of the folder `below` in `run` takes for the same, in a folder
 * there that is made and removed again. Returns 0 with the bits in *how, or -1 with ERROR_IO or
 * ERROR_MEMORY. */
int name_fold_probe(const struct folder *run, const char *below, unsigned *how,
                    struct error *error);

/* The name of `length` bytes in the form that all names have that are the same: two names are taken
 * for one if their forms are equal. A path is folded component by component. In a name that is not
 * UTF-8, only ASCII letters are folded. Freed with free(3); GLib ends the program if memory is
 * short. */
char *name_fold(unsigned how, const char *name, size_t length);

#endif
