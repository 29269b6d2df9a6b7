/* review_print.h - `maskmill review RUN --print KIND`: images by what was decided about them, one a line, as
 * `run --list` reads them. Serves nothing. */
#ifndef PROGRAM_REVIEW_REVIEW_PRINT_H
#define PROGRAM_REVIEW_REVIEW_PRINT_H

#include "program/command.h"

/* Prints the images of the kind that settings.print names to standard output:
 *   rejected  the image was rejected, or a mask of it
 *   accepted  it was not, and a mask was accepted, refined or made
 *   done      the image is done
 *   open      nobody said that of it, nor that it is rejected: all such images of the run
 * The first three by their names' bytes, the last in the order of the records. Names are below the folder
 * --images, if that is given; they end in NUL with --null. */
enum exit_status review_print(struct command_line *line);

#endif
