/* How a run, or a pipe, is brought to its end. */
#include "program/run/run.h"

#include "jobs/stop.h"

void run_fail(struct run *run, const struct error *error)
{
    if (!atomic_exchange(&run->outcome.failing, true))
        run->outcome.fatal = *error;
    stop_ask(run->resources.stop);
}

int run_failure(const struct run *run, struct error *error)
{
    if (!atomic_load(&run->outcome.failing))
        return 0;
    *error = run->outcome.fatal;
    return -1;
}

bool run_stopping(const struct run *run)
{
    return stop_reason(run->resources.stop) != STOP_NONE;
}

bool run_dropping(const struct run *run)
{
    return run->config.finishes_submitted ? atomic_load(&run->outcome.failing) : run_stopping(run);
}
