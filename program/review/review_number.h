/* review_number.h - numbers in addresses. */
#ifndef PROGRAM_REVIEW_REVIEW_NUMBER_H
#define PROGRAM_REVIEW_REVIEW_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Reads a whole text of digits, without zeros before it, as a number below `end`. False: it is none. */
bool review_number(const char *text, size_t end, size_t *number);

#endif
