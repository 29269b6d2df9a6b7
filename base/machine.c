#include "base/machine.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void machine_self(struct machine *machine)
{
    memset(machine, 0, sizeof *machine);
    if (gethostname(machine->name, sizeof machine->name - 1) || !machine->name[0])
        snprintf(machine->name, sizeof machine->name, "unknown");
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (!file || fscanf(file, "%63s", machine->boot) != 1)
        snprintf(machine->boot, sizeof machine->boot, "unknown");
    if (file)
        fclose(file);
}

bool machine_equal(const struct machine *one, const struct machine *other)
{
    return strcmp(one->name, other->name) == 0 && strcmp(one->boot, other->boot) == 0;
}
