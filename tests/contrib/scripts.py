"""The scripts that a batch system runs: pbs, sge, lsf, flux and slurm."""

import json
import os
import signal

import common
from lab import CONTRIB, expect_arguments

PBS = os.path.join(CONTRIB, "pbs/maskmill.pbs")
SGE = os.path.join(CONTRIB, "sge/maskmill.sge")
LSF = os.path.join(CONTRIB, "lsf/maskmill.lsf")
FLUX = os.path.join(CONTRIB, "flux/maskmill-flux")
IMAGES, MASKS = "/data/some images {0..9}", "/data/masks $HOME"
FOLDERS = {"IMAGES": IMAGES, "MASKS": MASKS}
ARRAY = {"SGE_TASK_ID": 2, "SGE_TASK_FIRST": 1, "SGE_TASK_LAST": 4, "SGE_TASK_STEPSIZE": 1}

# Notes which variables a task that is submitted again gets, by the list after -v, as PBS does.
QSUB = """
import json, os, sys
names = sys.argv[sys.argv.index("-v") + 1].split(",")
with open(os.environ["NOTE"] + ".qsub", "a") as file:
    file.write(json.dumps([sys.argv[-1], {name: os.environ[name] for name in names}]) + "\\n")
sys.exit(int(os.environ.get("QSUB_STATUS", "0")))
"""

# Runs each job of an array, one after the other. Braces in a command are replaced, as flux submit does.
FLUX_SUBMIT = """
import json, os, subprocess, sys
with open(os.environ["NOTE"] + ".flux", "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
at = next(i for i, word in enumerate(sys.argv) if i > 1 and not word.startswith("-"))
first, last = [word for word in sys.argv if word.startswith("--cc=")][0][5:].split("-")
greatest = 0
for i in range(int(first), int(last) + 1):
    command = [word.format(cc=i) for word in sys.argv[at:]]
    env = dict(os.environ, FLUX_JOB_CC=str(i), FLUX_TASK_RANK="0", FLUX_JOB_SIZE="1", PMI_RANK="0", PMI_SIZE="1")
    status = subprocess.run(command, env=env).returncode
    greatest = max(greatest, status if status >= 0 else 128 - status)
sys.exit(greatest)
"""


def lines(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def expect_statuses(lab, arguments, env, expected, stdin=None):
    """Each status of maskmill, and that of the script."""
    for status, wanted in expected.items():
        lab.forget()
        found, text = lab.run(arguments, dict(env, STATUS=status), stdin)
        assert found == wanted, f"{status} became {found}, not {wanted}: {text}"


def pbs_submits_a_task_again_that_has_work_left(lab):
    lab.tool("qsub", QSUB)
    env = dict(FOLDERS, SHARDS=64, PBS_ARRAY_INDEX=3, OPTIONS="--overlay --max-failures 5%", PBS_O_WORKDIR=lab.folder)
    expect_statuses(lab, ["bash", PBS], env, {0: 0, 2: 2, 3: 3, 5: 5, 137: 137})
    assert not lines(lab.note + ".qsub")
    expect_statuses(lab, ["bash", PBS], env, {4: 4})
    expect_arguments(lab.notes()[0], IMAGES, MASKS, "auto/64")
    assert lab.notes()[0][-3:] == ["--overlay", "--max-failures", "5%"]
    [[script, variables]] = lines(lab.note + ".qsub")
    assert script == PBS and variables["SHARD"] == "3/64" and variables["IMAGES"] == IMAGES
    # The job that was submitted, which is in no array; it has work left once more.
    lab.forget()
    status, text = lab.run(["bash", PBS], dict(variables, STATUS=4))
    assert status == 4, text
    expect_arguments(lab.notes()[0], IMAGES, MASKS, "3/64")
    assert lines(lab.note + ".qsub")[1] == [script, variables]


def pbs_says_what_is_missing_and_when_qsub_fails(lab):
    lab.tool("qsub", QSUB)
    status, text = lab.run(["bash", PBS], dict(FOLDERS, STATUS=0))
    assert status == 2 and "usage" in text and not lab.notes(), text
    status, text = lab.run(["bash", PBS], dict(FOLDERS, SHARDS=8, PBS_ARRAYID=7, STATUS=4, QSUB_STATUS=1))
    assert status == 4 and "shard 7/8 has work left" in text, text


def expect_one_stop(lab, arguments, env, signals, wanted, stdin=None):
    """Whichever processes of a task get the signals, and how often, maskmill is asked to stop, not to end at once."""
    for group in [True, False]:
        status = lab.signalled(arguments, env, signals, stdin, group)
        assert status == wanted and set(lab.notes()[1:]) == {"SIGXCPU"}, (status, group, lab.notes())


def pbs_finishes_and_submits_again_when_signalled(lab):
    lab.tool("qsub", QSUB)
    env = dict(FOLDERS, SHARDS=64, PBS_ARRAY_INDEX=0)
    expect_one_stop(lab, ["bash", PBS], env, [signal.SIGTERM], 4)
    expect_one_stop(lab, ["bash", PBS], env, [signal.SIGTERM, signal.SIGTERM], 4)
    assert [entry[1]["SHARD"] for entry in lines(lab.note + ".qsub")] == ["0/64"] * 4


def sge_queues_a_task_again_by_its_status(lab):
    expect_statuses(lab, ["bash", SGE, IMAGES, MASKS, "--overlay"], dict(ARRAY, NSLOTS=6),
                    {0: 0, 2: 2, 3: 100, 4: 99, 5: 5, 137: 137})
    expect_arguments(lab.notes()[0], IMAGES, MASKS, "auto")
    assert lab.notes()[0][-1] == "--overlay" and lab.notes()[0][lab.notes()[0].index("--workers") + 1] == "6"
    status, text = lab.run(["bash", SGE, IMAGES], dict(STATUS=0))
    assert status == 2 and "usage" in text, text


def sge_finishes_and_is_queued_again_when_signalled(lab):
    """sge_shepherd signals the process group twice: with SIGUSR1 at s_rt, with -notify SIGUSR2 before SIGKILL."""
    expect_one_stop(lab, ["bash", SGE, IMAGES, MASKS], ARRAY, [signal.SIGUSR1, signal.SIGUSR1], 99)
    expect_one_stop(lab, ["bash", SGE, IMAGES, MASKS], ARRAY, [signal.SIGUSR2, signal.SIGUSR2], 99)


def lsf_hands_statuses_and_signals_on(lab):
    """bsub reads the script from standard input, and -Q queues again by status."""
    env = dict(FOLDERS, LSB_JOBINDEX=2, LSB_JOBINDEX_END=4, LSB_JOBINDEX_STEP=1, OPTIONS="--overlay")
    expect_statuses(lab, ["bash"], env, {status: status for status in range(6)}, stdin=LSF)
    expect_arguments(lab.notes()[0], IMAGES, MASKS, "auto")
    assert lab.notes()[0][-1] == "--overlay"
    expect_statuses(lab, ["bash"], dict(env, SHARDS=4), {0: 0}, stdin=LSF)
    expect_arguments(lab.notes()[0], IMAGES, MASKS, "auto/4")
    for signals in [[signal.SIGUSR1], [signal.SIGUSR2], [signal.SIGINT, signal.SIGTERM]]:
        expect_one_stop(lab, ["bash"], env, signals, 4, stdin=LSF)
    status, text = lab.run(["bash"], dict(IMAGES=IMAGES, STATUS=0), stdin=LSF)
    assert status == 2 and "usage" in text, text


def flux_submits_again_while_work_is_left(lab):
    lab.tool("flux", FLUX_SUBMIT)
    arguments = [FLUX, "3", IMAGES, MASKS, "--exclude", "it's {x}"]
    status, text = lab.run(arguments, dict(STATUS="0 4 0 0 0 3 0", FLUX_OPTIONS="--queue=batch -x"))
    assert status == 0, text
    starts = lab.notes()
    assert len(starts) == 9 and all(words == starts[0] for words in starts)
    expect_arguments(starts[0], IMAGES, MASKS, "auto/3")
    assert starts[0][-2:] == ["--exclude", "it's {x}"], starts[0]
    submits = lines(lab.note + ".flux")
    assert len(submits) == 3 and "--queue=batch" in submits[0] and "-x" in submits[0], submits
    for last, wanted, times in [(2, 2, 1), (5, 5, 1), (4, 4, 2), (137, 137, 2)]:
        lab.forget()
        os.remove(lab.note + ".flux")
        status, text = lab.run([FLUX, "1", IMAGES, MASKS], dict(STATUS=last, ATTEMPTS=2))
        assert status == wanted and len(lines(lab.note + ".flux")) == times, (last, status, text)
    for wrong in [[], ["0", "a", "b"], ["x", "a", "b"], ["3", "a"]]:
        status, text = lab.run([FLUX, *wrong], dict(STATUS=0))
        assert status == 2 and "usage" in text, (wrong, text)


def shellcheck_has_nothing_to_say(lab):
    scripts = [os.path.join(CONTRIB, name) for name in ["slurm/maskmill.sbatch", "aws-batch/submit"]]
    status, text = lab.run(["shellcheck", PBS, SGE, LSF, FLUX, *scripts], {})
    assert status == 0, text


def the_shards_of_each_system_are_the_collection(lab):
    """The program itself, in the environment of each task of each system."""
    images = lab.path("some images")
    common.make_images(images, 9)
    code, text = common.run(common.command(images, lab.path("expected")))
    assert code == common.ALL_DONE, text
    expected = common.outputs(lab.path("expected"))
    lab.tool("flux", FLUX_SUBMIT)
    count, options = 3, " ".join(common.OPTIONS)
    systems = {
        "pbs": (["bash", PBS], None, [dict(PBS_ARRAY_INDEX=i, SHARDS=count) for i in range(count)]),
        "torque": (["bash", PBS], None, [dict(PBS_ARRAYID=i, SHARDS=count) for i in range(count)]),
        "sge": (["bash", SGE, images, "OUT", *common.OPTIONS], None, [dict(
            SGE_TASK_ID=1 + 5 * i, SGE_TASK_FIRST=1, SGE_TASK_LAST=12, SGE_TASK_STEPSIZE=5) for i in range(count)]),
        "lsf": (["bash"], LSF, [dict(
            LSB_JOBINDEX=i + 1, LSB_JOBINDEX_END=count, LSB_JOBINDEX_STEP=1) for i in range(count)]),
        "lsf-part": (["bash"], LSF, [dict(LSB_JOBINDEX=i + 1, SHARDS=count) for i in range(count)]),
        "flux": ([FLUX, str(count), images, "OUT", *common.OPTIONS], None, [{}]),
    }
    for name, (arguments, stdin, tasks) in systems.items():
        out = lab.path(name)
        words = [out if word == "OUT" else word for word in arguments]
        for task in tasks:
            status, text = lab.run(words, dict(task, IMAGES=images, MASKS=out, OPTIONS=options,
                                               MASKMILL=common.PROGRAM), stdin)
            assert status == 0, f"{name}: {text}"
        common.check_complete(out, expected)
        ends = [line for line in common.ledgers(out) if line.get("event") == "end"]
        assert len(ends) == count, f"{name}: {len(ends)} shards"


CHECKS = [
    pbs_submits_a_task_again_that_has_work_left,
    pbs_says_what_is_missing_and_when_qsub_fails,
    pbs_finishes_and_submits_again_when_signalled,
    sge_queues_a_task_again_by_its_status,
    sge_finishes_and_is_queued_again_when_signalled,
    lsf_hands_statuses_and_signals_on,
    flux_submits_again_while_work_is_left,
    shellcheck_has_nothing_to_say,
    the_shards_of_each_system_are_the_collection,
]
