#include "jobs/retry.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/error.h"

/* What to give up once no attempt is left. */
enum verdict {
    ITEM,        /* this item */
    ITEM_OR_RUN, /* this item while reading, the run while writing */
    RUN
};

struct rule {
    int system;
    bool may_pass; /* whether another attempt may succeed */
    enum verdict verdict;
};

static const struct rule *find_rule(int system)
{
    static const struct rule rules[] = {
        {EINTR, true, ITEM_OR_RUN},   {EAGAIN, true, ITEM_OR_RUN},
        {EIO, true, ITEM_OR_RUN},     {ETIMEDOUT, true, ITEM_OR_RUN},
        {EBUSY, true, ITEM_OR_RUN},   {EROFS, false, ITEM_OR_RUN},
        {EACCES, false, ITEM_OR_RUN}, {EPERM, false, ITEM_OR_RUN},
        {ENOSPC, true, RUN},          {EDQUOT, true, RUN},
        {ENFILE, true, RUN},          {EMFILE, true, RUN},
        {ENOMEM, true, RUN},          {ESTALE, true, RUN},
        {ENOTCONN, true, RUN},        {ENODEV, true, RUN},
        {ENXIO, true, RUN},           {EHOSTDOWN, true, RUN},
        {EHOSTUNREACH, true, RUN},    {ENETDOWN, true, RUN},
        {ENETUNREACH, true, RUN},     {ECONNRESET, true, RUN},
        {ECHILD, true, RUN},          {EFBIG, false, RUN},
        {ENOBUFS, true, RUN},         {ETOOMANYREFS, true, RUN},
    };
    static const struct rule other = {0, false, ITEM};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].system == system)
            return &rules[i];
    return &other;
}

enum retry_answer retry_decide(int system, enum retry_side side, int attempt, int retries)
{
    const struct rule *rule = find_rule(system);
    if (rule->may_pass && attempt < retries)
        return RETRY_AGAIN;
    if (rule->verdict == RUN || (rule->verdict == ITEM_OR_RUN && side == RETRY_WRITING))
        return RETRY_STOP_RUN;
    return RETRY_FAIL_ITEM;
}

double retry_delay(int attempt, uint64_t salt)
{
    double seconds = attempt < 6 ? ldexp(0.5, attempt) : 30;
    double spread = (double)(salt % 1024) / 1024;
    return seconds * (0.75 + 0.5 * spread);
}

void mount_note(const char *folder, struct mount_mark *mark)
{
    struct stat status;
    mark->known = stat(folder, &status) == 0;
    mark->device = mark->known ? status.st_dev : 0;
}

int mount_check(const char *folder, const struct mount_mark *mark, struct error *error)
{
    struct stat status;
    if (!mark->known)
        return 0;
    if (stat(folder, &status))
        return error_set_system(error, ERROR_IO, errno,
                                "'%s' existed at the start but cannot be found now", folder);
    if (status.st_dev != mark->device)
        return error_set(error, ERROR_IO,
                         "'%s' is on another file system than at the start: was it unmounted?",
                         folder);
    return 0;
}
