#include "base/environment.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

int environment_word(const char *variable, const char *const *words, int count)
{
    const char *value = getenv(variable);
    for (int i = 0; value && i < count; i++)
        if (strcmp(value, words[i]) == 0)
            return i;
    return -1;
}

int environment_check(const char *variable, const char *const *words, int count,
                      struct error *error)
{
    const char *value = getenv(variable);
    if (!value || !*value || environment_word(variable, words, count) >= 0)
        return 0;
    error_set(error, ERROR_USAGE, "%s=%s in the environment: expected %s", variable, value,
              words[0]);
    for (int i = 1; i < count; i++)
        error_append(error, "%s%s", i < count - 1 ? ", " : " or ", words[i]);
    return -1;
}
