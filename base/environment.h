/* environment.h - variables of the environment whose values are words of a list. */
#ifndef BASE_ENVIRONMENT_H
#define BASE_ENVIRONMENT_H

struct error;

/* The place of the value of `variable` in words[count]; -1 if it is unset, empty or none of them. */
int environment_word(const char *variable, const char *const *words, int count);

/* Returns 0 if `variable` is unset, empty or one of words[count], otherwise -1 with ERROR_USAGE. */
int environment_check(const char *variable, const char *const *words, int count,
                      struct error *error);

#endif
