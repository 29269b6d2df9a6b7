/* braces.h - names with braces, as WebDataset and bash write those of many shards:
 *
 *   s/{000000..000999}.tar   s/000000.tar s/000001.tar ... s/000999.tar
 *   {a,b{1..3}}.tar          a.tar b1.tar b2.tar b3.tar
 *
 * A number that begins with 0 gives all of its range that many digits. {9..7} counts down, {0..9..3} by
 * threes. What is neither a range nor a list, such as {} or {a}, stays as it is. */
#ifndef PROGRAM_RUN_BRACES_H
#define PROGRAM_RUN_BRACES_H

#include <stddef.h>

struct error;

enum { BRACES_MOST = 1 << 20 }; /* names that one name may stand for */

/* Texts, all owned; freed by braces_free. Zeroed at first. */
struct braces {
    char **names; /* [count] */
    size_t count, capacity;
};

/* Adds the names that `name` stands for, itself if it has no braces. 0, or -1 with ERROR_USAGE (more than
 * BRACES_MOST) or ERROR_MEMORY. */
int braces_expand(struct braces *names, const char *name, struct error *error);

/* The same for all of `inputs` [count]; a name that is there is taken as it is. */
int braces_expand_inputs(struct braces *names, char *const *inputs, int count, struct error *error);

void braces_free(struct braces *names);

#endif
