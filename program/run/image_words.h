/* image_words.h - the words for what a run works on. */
#ifndef PROGRAM_RUN_IMAGE_WORDS_H
#define PROGRAM_RUN_IMAGE_WORDS_H

#include "jobs/items.h"

extern const struct item_words image_words;

#endif
