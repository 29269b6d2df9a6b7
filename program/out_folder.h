/* out_folder.h - output folders beside the records that a command reads. */
#ifndef PROGRAM_OUT_FOLDER_H
#define PROGRAM_OUT_FOLDER_H

struct error;

/* Where among the records an output folder may lie. */
enum out_place {
    OUT_NOWHERE,
    OUT_FORMATS /* in DIR/@NAME, which no reader of DIR enters */
};

/* Refuses an output folder among the records (a folder or a file): what is written there would be
 * taken for records, by this walk or the next one. If it is empty, as one that was just made, it is
 * removed. Returns 0, or -1 with ERROR_USAGE. */
int out_folder_check(const char *records, const char *out, enum out_place place,
                     struct error *error);

#endif
