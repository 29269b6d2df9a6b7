/* report_folder.h - a report as a folder: made under a temporary name, put in place, removed. No
 * symbolic link is followed below the parent, which may be one into which others write. */
#ifndef PROGRAM_REPORT_REPORT_FOLDER_H
#define PROGRAM_REPORT_REPORT_FOLDER_H

#include <stdbool.h>

struct error;
struct folder;

/* Makes the empty folder `temporary` below `parent` and locks it. A report that a killed program left
 * there is removed; one that is being written is ERROR_IO. NULL with an error. */
struct folder *report_folder_make(const struct folder *parent, const char *temporary,
                                  struct error *error);

/* Whether `name` below `parent` is a folder with a report's page, and nothing else than a report in
 * it. */
bool report_folder_is(const struct folder *parent, const char *name);

/* Renames `temporary` to `name`, both below `parent`; a report or an empty folder of that name is
 * replaced. 0 or -1 with ERROR_IO. */
int report_folder_place(const struct folder *parent, const char *temporary, const char *name,
                        struct error *error);

/* Removes the files of a report and then its folder. Others' files stay, and so does then the folder:
 * ERROR_IO. What is not there is fine. */
int report_folder_remove(const struct folder *parent, const char *name, struct error *error);

#endif
