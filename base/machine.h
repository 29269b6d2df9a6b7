/* machine.h - which machine this is, among those that share a folder. */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

#include <stdbool.h>

/* Machines that were cloned may have one name, so the name alone does not tell them apart; nor does
 * the PID name space, whose inode is the same on every machine without containers. The boot does. */
struct machine {
    char name[256]; /* gethostname(2); "unknown" if the system does not say */
    char boot[64];  /* /proc/sys/kernel/random/boot_id, a UUID that is new at every start of the
                       kernel; "unknown" as well */
};

/* Zeroes what follows the texts, so that equal machines are equal bytes. */
void machine_self(struct machine *machine);

/* Whether both name the same start of the same machine. */
bool machine_equal(const struct machine *one, const struct machine *other);

#endif
