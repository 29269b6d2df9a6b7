#!/usr/bin/env python3
"""contrib/slurm's job array on a Slurm of this machine alone: munged, slurmctld and slurmd on loopback. Four tasks,
one of which is killed and queued again; the bytes are those of one process. And the tasks of srun as shards. Needs
root, and Debian's slurm-wlm and munge (installed where they are missing and may be).

  tests/faults/slurm.py"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import common
from common import ALL_DONE

IMAGES = 120
WORK = tempfile.mkdtemp(prefix="maskmill-slurm-")
IN, OUT = os.path.join(WORK, "in"), os.path.join(WORK, "out")
CONFIG = os.path.join(WORK, "slurm.conf")
SHIM = common.build_shim(WORK)
ENVIRONMENT = dict(os.environ, SLURM_CONF=CONFIG)
DAEMONS = []
DELAY = 200  # milliseconds that each image takes at least, so that no task ends before it is meant to


def slowly(out):
    """The environment in which a run with the outputs `out` takes its time, on any machine."""
    return {"LD_PRELOAD": SHIM, "FAULT_FOLDER": out, "FAULT_CALL": "rename", "FAULT_DELAY": str(DELAY)}


def install():
    """Whether Slurm is there, now."""
    def there():
        return all(shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
                   for name in ["munged", "slurmctld", "slurmd", "sbatch"])
    if not there() and shutil.which("apt-get"):
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        packages = ["apt-get", "install", "-y", "--no-install-recommends", "slurm-wlm", "munge"]
        env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        if subprocess.run(packages, env=env, check=False, **quiet).returncode:
            subprocess.run(["apt-get", "update"], env=env, check=False, **quiet)
            subprocess.run(packages, env=env, check=False, **quiet)
    return there()


def has_cgroups():
    """Without them slurmd does not start."""
    return bool(os.path.isdir("/sys/fs/cgroup") and os.listdir("/sys/fs/cgroup"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configure():
    host = socket.gethostname().split(".")[0]
    cpus = os.cpu_count()
    for name in ["state", "spool", "munge"]:
        os.makedirs(os.path.join(WORK, name), mode=0o700)
    key = os.path.join(WORK, "munge", "key")
    with open(key, "wb") as file:
        file.write(os.urandom(1024))
    os.chmod(key, 0o400)
    os.chmod(WORK, 0o755)
    munge = os.path.join(WORK, "munge", "socket")
    with open(CONFIG, "w", encoding="ascii") as file:
        file.write(f"""ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={free_port()}
SlurmdPort={free_port()}
AuthType=auth/munge
AuthInfo=socket={munge}
CredType=cred/munge
CryptoType=crypto/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
JobRequeue=1
ReturnToService=2
KillWait=5
StateSaveLocation={WORK}/state
SlurmdSpoolDir={WORK}/spool
SlurmctldPidFile={WORK}/slurmctld.pid
SlurmdPidFile={WORK}/slurmd.pid
SlurmctldLogFile={WORK}/slurmctld.log
SlurmdLogFile={WORK}/slurmd.log
MailProg=/bin/true
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:8
""")
    return munge, key


def slurm(*arguments):
    done = subprocess.run(arguments, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)
    return done.returncode, done.stdout.decode()


def wait_until(what, condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}; logs in {WORK}"
        time.sleep(0.05)


def start_daemons(munge, key):
    log = open(os.path.join(WORK, "daemons.log"), "wb")
    def daemon(*arguments):
        DAEMONS.append(subprocess.Popen(arguments, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                        start_new_session=True))
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    ENVIRONMENT["PATH"] = os.environ["PATH"]
    daemon("munged", "--foreground", "--force", f"--socket={munge}", f"--key-file={key}",
           f"--pid-file={WORK}/munge/pid", f"--log-file={WORK}/munge/log", f"--seed-file={WORK}/munge/seed")
    wait_until("munged", lambda: os.path.exists(munge), 20)
    daemon("slurmctld", "-D", "-f", CONFIG)
    wait_until("slurmctld", lambda: slurm("scontrol", "ping")[1].count("UP"), 60)
    daemon("slurmd", "-D", "-f", CONFIG)
    wait_until("a node that is idle", lambda: "idle" in slurm("sinfo", "-h", "-o", "%t")[1], 60)


def stop_daemons():
    for process in reversed(DAEMONS):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def submit():
    export = ",".join(f"{name}={value}" for name, value in dict(slowly(OUT), MASKMILL=common.PROGRAM).items())
    code, text = slurm("sbatch", "--parsable", "--array=0-3", "--cpus-per-task=1", "--mem=0",
                       f"--output={WORK}/task-%a.log", f"--export=ALL,{export}",
                       os.path.join(common.SOURCE, "contrib/slurm/maskmill.sbatch"), IN, OUT, *common.OPTIONS)
    assert code == 0, text
    return text.strip()


def ledger_lines(shard):
    path = os.path.join(OUT, common.STATE, f"ledger-{shard}-of-4.ndjson")
    return common.read_ndjson(path, torn_allowed=True) if os.path.exists(path) else []


def an_array_of_four_with_one_task_killed():
    expected_out = os.path.join(WORK, "one-process")
    code, text = common.run(common.command(IN, expected_out))
    assert code == ALL_DONE, text
    expected = common.outputs(expected_out)
    job = submit()
    # Task 1 is killed hard in the middle of its work, then queued again by the operator.
    wait_until("the first images of task 1",
               lambda: any(line.get("status") == "done" for line in ledger_lines(1)))
    start = next(line for line in ledger_lines(1) if line.get("event") == "start")
    os.kill(start["pid"], signal.SIGKILL)
    code, text = slurm("scontrol", "requeue", f"{job}_1")
    assert code == 0, text
    wait_until("the end of the array", lambda: not slurm("squeue", "-h", "-j", job)[1].strip() or
               "Invalid job" in slurm("squeue", "-h", "-j", job)[1], 400)
    starts = [line for line in ledger_lines(1) if line.get("event") == "start"]
    assert len(starts) >= 2, f"task 1 started {len(starts)} times"
    common.check_complete(OUT, expected)
    return f"task 1 started {len(starts)} times"


def batch(out, launcher, *options):
    """Runs a batch script that starts the program by `launcher`; returns its exit status and what was said."""
    script, log = out + ".sh", out + ".log"
    words = " ".join(f"'{word}'" for word in common.command(IN, out, "--shard", "auto"))
    common.write(script, f"#!/bin/sh\n{launcher} {words}\n".encode())
    code, _ = slurm("sbatch", "--wait", "--mem=0", f"--output={log}", *options, script)
    wait_until("the log", lambda: os.path.exists(log))
    with open(log, encoding="utf-8", errors="replace") as file:
        return code, file.read()


def the_tasks_of_srun_are_shards_and_the_batch_script_is_none():
    """Both have SLURM_PROCID, and the script has the number of tasks, too."""
    code, text = batch(os.path.join(WORK, "script-alone"), "", "--ntasks=2")
    assert code == common.USAGE and "SLURM_STEP_NUM_TASKS" in text, text
    out = os.path.join(WORK, "srun")
    code, text = batch(out, "srun --mpi=none", "--ntasks=2")
    assert code == ALL_DONE, text
    names = sorted(name for name in os.listdir(os.path.join(out, common.STATE)) if name.startswith("ledger-"))
    assert names == ["ledger-0-of-2.ndjson", "ledger-1-of-2.ndjson"], names
    assert len(common.outputs(out)) == IMAGES


def the_script_hands_usr1_on_and_queues_the_task_again():
    """As Slurm does shortly before the time is up, with a scontrol that only notes its arguments."""
    out, tools = os.path.join(WORK, "signalled"), os.path.join(WORK, "tools")
    common.write(os.path.join(tools, "scontrol"), b'#!/bin/sh\necho "$@" >"$NOTE"\n')
    os.chmod(os.path.join(tools, "scontrol"), 0o755)
    note = os.path.join(WORK, "note")
    env = dict(os.environ, **slowly(out), PATH=f"{tools}:{os.environ['PATH']}", NOTE=note, MASKMILL=common.PROGRAM,
               SLURM_ARRAY_JOB_ID="77", SLURM_ARRAY_TASK_ID="2", SLURM_ARRAY_TASK_MIN="0", SLURM_ARRAY_TASK_COUNT="4")
    script = os.path.join(common.SOURCE, "contrib/slurm/maskmill.sbatch")
    process = subprocess.Popen(["bash", script, IN, out, *common.OPTIONS], env=env,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_until("the first image", lambda: any(line.get("status") == "done" for line in common.ledgers(out)))
    process.send_signal(signal.SIGUSR1)
    text = process.communicate(timeout=120)[1].decode()
    assert process.returncode == common.STOPPED, f"exit status {process.returncode}: {text}"
    with open(note, encoding="ascii") as file:
        assert file.read() == "requeue 77_2\n"
    assert common.ledgers(out)[-1]["reason"] == "stopped"


def main():
    common.make_images(IN, IMAGES)
    tests = [the_script_hands_usr1_on_and_queues_the_task_again]
    try:
        if os.geteuid() == 0 and has_cgroups() and install():
            start_daemons(*configure())
            tests += [an_array_of_four_with_one_task_killed, the_tasks_of_srun_are_shards_and_the_batch_script_is_none]
        else:
            print("the array itself: skipped: it needs root, a mounted /sys/fs/cgroup, and slurm-wlm and munge")
        return common.run_tests(tests)
    finally:
        stop_daemons()
        if not sys.exc_info()[0]:
            shutil.rmtree(WORK, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
