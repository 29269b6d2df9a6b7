#include "images/child_end.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "images/image_wire.h"

/* Signals that a decoder or parser brings upon itself. */
static bool is_crash(int number)
{
    return number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE ||
           number == SIGABRT || number == SIGTRAP;
}

enum child_end child_end(int status)
{
    if (WIFEXITED(status)) {
        switch (WEXITSTATUS(status)) {
        case IMAGE_CHILD_OVER:
            return CHILD_OVER;
        case IMAGE_CHILD_STARVED:
            return CHILD_STARVED;
        case IMAGE_CHILD_FREE:
            return CHILD_FREE;
        default:
            return CHILD_CRASHED;
        }
    }
    int number = WTERMSIG(status);
    if (number == SIGALRM || number == SIGVTALRM)
        return CHILD_LATE;
    if (number == SIGSYS)
        return CHILD_CAUGHT;
    return is_crash(number) ? CHILD_CRASHED : CHILD_KILLED;
}

const char *child_end_text(int status)
{
    return WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it ended by itself";
}
