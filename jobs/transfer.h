/* transfer.h - copies a file from or to a store, by a command of the user's own: "aws s3 cp {} {}".
 *
 * The command is run by /bin/sh. Its first {} stands for the name to copy from, its second for the
 * name to copy to, each as one word, whatever bytes it has. So they stand outside quotes. A command
 * without {} has the names as "$1" and "$2", for programs that want them in another order.
 *
 * It reads nothing, and inherits no descriptor. The last line that it prints goes into the message
 * of its failure. It runs in a session of its own, without a terminal, so that nothing waits for a
 * password; if it is to end, all of its processes get SIGTERM, and GRACE seconds later SIGKILL.
 */
#ifndef JOBS_TRANSFER_H
#define JOBS_TRANSFER_H

#include <stdbool.h>

struct error;

enum { TRANSFER_GRACE = 5 }; /* seconds */

struct transfer_command {
    const char *option; /* that it comes from, for messages: "--get" */
    const char *text;   /* as the user wrote it; borrowed */
    char *script;       /* owned: for /bin/sh -c */
};

/* Reads the value `text` of `option`; both must outlive the command. Returns 0, or -1 with
 * ERROR_USAGE or ERROR_MEMORY and nothing to free. */
int transfer_parse(struct transfer_command *command, const char *option, const char *text,
                   struct error *error);

/* A zeroed command is allowed. */
void transfer_free(struct transfer_command *command);

/* How long to go on. All functions are called by the thread that copies. */
struct transfer_patience {
    int retries; /* further attempts after one that failed; between them, as retry_delay says */
    /* Whether to give up: asked about twenty times a second. */
    bool (*stopping)(void *context);
    /* An attempt failed, and another one follows. NULL: not interesting. */
    void (*failed)(void *context, const struct error *error);
    void *context;
};

struct transfer_copy {
    const char *source, *destination;
    /* The destination is a local file: it is removed before each attempt, and an attempt that
     * leaves none has failed, whatever its exit status. */
    bool to_file;
};

/* Copies a file and waits for that. Returns 0, or -1: ERROR_STOPPED if it was to give up, ERROR_IO
 * if no attempt succeeded, ERROR_MEMORY. */
int transfer_run(const struct transfer_command *command, const struct transfer_copy *copy,
                 const struct transfer_patience *patience, struct error *error);

#endif
