"""Runs in the root that tests/contrib/grid_engine makes: starts a Grid Engine there and gives it jobs."""

import json
import os
import subprocess
import sys
import time
import traceback

ENVIRONMENT = dict(os.environ, SGE_ROOT="/var/lib/gridengine", SGE_CELL="default", PATH="/usr/bin:/bin:/usr/sbin:/sbin",
                   LC_ALL="C")
HOME = "/home/worker"
NONE = "NONE"
HOST = {"hostname": "grid", "load_scaling": NONE, "complex_values": NONE, "user_lists": NONE, "xuser_lists": NONE,
        "projects": NONE, "xprojects": NONE, "usage_scaling": NONE, "report_variables": NONE}
HOSTS = {"group_name": "@allhosts", "hostlist": "grid"}
SMP = {"pe_name": "smp", "slots": 99, "user_lists": NONE, "xuser_lists": NONE, "start_proc_args": NONE,
       "stop_proc_args": NONE, "allocation_rule": "$pe_slots", "control_slaves": "FALSE", "job_is_first_task": "TRUE",
       "urgency_slots": "min", "accounting_summary": "FALSE", "qsort_args": NONE}
QUEUE = {"qname": "all.q", "hostlist": "@allhosts", "pe_list": "smp", "slots": "32", "shell": "/bin/bash",
         "load_thresholds": NONE}


def command(*words, user=None, good=(0,), **env):
    """Runs a command to its end, which must have one of the statuses `good`; returns what it printed."""
    done = subprocess.run(words, env=dict(ENVIRONMENT, **env), cwd=HOME, user=user, group=user,
                          extra_groups=[] if user else None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode(errors="replace")
    assert done.returncode in good, f"{words}: status {done.returncode}: {text}"
    return text


def configure(option, values):
    with open("/tmp/values", "w", encoding="ascii") as file:
        file.writelines(f"{name} {value}\n" for name, value in values.items())
    command("qconf", option, "/tmp/values")


def wait_until(what, condition, seconds=180):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.5)


def answers():
    return subprocess.run(["qconf", "-sh"], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def start():
    command("sge_qmaster")
    wait_until("the master", answers)
    command("qconf", "-as", "grid")
    configure("-Ae", HOST)
    configure("-Ahgrp", HOSTS)
    configure("-Ap", SMP)
    lines = [line.split(None, 1) for line in command("qconf", "-sq").replace("\\\n", "").splitlines()]
    configure("-Aq", {**{words[0]: words[1] for words in lines if len(words) == 2}, **QUEUE})
    command("sge_execd")


def submit(name, tasks, *options, arguments=("/data/images", "/data/masks"), **env):
    """Submits contrib's script with the stand-in for maskmill, which notes into `name`."""
    env = dict(env, MASKMILL="/test/stand_in", NOTE=f"{HOME}/{name}")
    listed = [word for item in env.items() for word in ["-v", "=".join(item)]]
    command("qsub", "-N", name, "-t", tasks, "-o", f"{HOME}/{name}.log", *options, *listed, "/test/maskmill.sge",
            *arguments, user="worker")


def notes(name):
    path = f"{HOME}/{name}"
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def states(name):
    """Of the jobs of that name: (state, tasks)."""
    rows = [line.split() for line in command("qstat", "-u", "*").splitlines()[2:]]
    return [(row[4], row[-1]) for row in rows if row[2] == name[:10]]


def tasks_have_the_variables_that_shard_auto_reads():
    script = f"{HOME}/variables.sh"
    with open(script, "w", encoding="ascii") as file:
        file.write("env | grep -E '^SGE_TASK_' >>variables.$SGE_TASK_ID\n")
    for options in [[], ["-t", "3-9:3"]]:
        command("qsub", "-cwd", "-o", "/dev/null", "-j", "y", "-N", "variables", *options, script, user="worker")
    wanted = {f"variables.{task}" for task in ["undefined", 3, 6, 9]}
    wait_until("the variables", lambda: wanted <= set(os.listdir(HOME)))
    wait_until("their end", lambda: not states("variables"))

    def found(task):
        with open(f"{HOME}/variables.{task}", encoding="ascii") as file:
            return dict(line.strip().split("=") for line in file)
    assert set(found("undefined").values()) == {"undefined"}, found("undefined")
    for task in "369":
        assert found(task) == {"SGE_TASK_ID": task, "SGE_TASK_FIRST": "3", "SGE_TASK_LAST": "9",
                               "SGE_TASK_STEPSIZE": "3"}, found(task)


def a_task_with_work_left_is_queued_again():
    submit("again", "1-1", STATUS="4 4 0")
    wait_until("the third start", lambda: len(notes("again")) == 3 and not states("again"))
    assert all(words[0] == "run" and "--shard" in words for words in notes("again"))


def a_task_that_the_machine_stopped_waits_in_state_e():
    submit("machine", "1-1", STATUS="3 0")
    wait_until("the state", lambda: [state for state, _ in states("machine")] == ["Eqw"])
    assert len(notes("machine")) == 1
    assert "cleared error state" in command("qmod", "-cj", "machine", user="worker", good=(0, 1))
    wait_until("its second start", lambda: len(notes("machine")) == 2 and not states("machine"))


def a_task_that_failed_for_good_is_over():
    submit("failed", "1-1", STATUS="2")
    wait_until("its end", lambda: notes("failed") and not states("failed"))
    time.sleep(5)
    assert len(notes("failed")) == 1


def a_signalled_task_stops_in_order():
    """Grid Engine signals each process of a task, and more than once."""
    submit("signalled", "1-1", "-l", "s_rt=00:00:05", WAIT="1")
    wait_until("a signal", lambda: "SIGXCPU" in notes("signalled"))
    wait_until("its second start", lambda: sum(isinstance(note, list) for note in notes("signalled")) >= 2)
    command("qdel", "signalled", user="worker")
    assert all(note == "SIGXCPU" for note in notes("signalled") if not isinstance(note, list)), notes("signalled")


CHECKS = [
    tasks_have_the_variables_that_shard_auto_reads,
    a_task_with_work_left_is_queued_again,
    a_task_that_the_machine_stopped_waits_in_state_e,
    a_task_that_failed_for_good_is_over,
    a_signalled_task_stops_in_order,
]


def main():
    passed = failed = 0
    start()
    for check in CHECKS:
        try:
            check()
            passed += 1
            print(f"{check.__name__}: ok", flush=True)
        except Exception:  # whatever it is, the other checks go on
            failed += 1
            print(f"{check.__name__}: FAILED\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
