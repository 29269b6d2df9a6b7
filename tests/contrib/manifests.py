"""The manifests of cloud services: what each does with every exit status, and that its commands run."""

import fnmatch
import json
import os

import common
from lab import CONTRIB, expect_arguments

AWS = os.path.join(CONTRIB, "aws-batch")
GOOGLE = os.path.join(CONTRIB, "google-batch/job.json")
OUT_OF_MEMORY = 137
AGAIN = {0: False, 2: False, 3: True, 4: True, 5: False, OUT_OF_MEMORY: True}

# Notes its arguments.
NOTES = """
import json, os, sys
with open(os.environ["NOTE"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def aws_action(strategy, code, status_reason="Essential container in task exited", reason=""):
    """What AWS Batch does: the first entry all of whose patterns match decides; without one, it tries again."""
    for entry in strategy["evaluateOnExit"]:
        found = {"onExitCode": str(code), "onStatusReason": status_reason, "onReason": reason}
        if all(fnmatch.fnmatchcase(found[key], entry[key]) for key in found if key in entry):
            return entry["action"]
    return "RETRY"


def aws_tries_again_what_may_pass(lab):
    del lab
    strategy = read(os.path.join(AWS, "job-definition.json"))["retryStrategy"]
    for code, again in AGAIN.items():
        assert aws_action(strategy, code) == ("RETRY" if again else "EXIT"), code
    assert aws_action(strategy, 1) == "EXIT" and aws_action(strategy, 139) == "EXIT"
    assert aws_action(strategy, 143, "Host EC2 (instance i-0abc) terminated.") == "RETRY"
    assert len(strategy["evaluateOnExit"]) <= 5 and 1 <= strategy["attempts"] <= 10


def aws_submits_the_command_of_the_definition(lab):
    lab.tool("aws", NOTES)
    submit = os.path.join(AWS, "submit")
    odd = ['--exclude', 'a "quoted" name, with \\ and $HOME']
    status, text = lab.run([submit, "queue", "64", "/data/my images", "/data/masks", *odd], {})
    assert status == 0, text
    [words] = lab.notes()
    assert words[:2] == ["batch", "submit-job"]
    options = dict(zip(words[2::2], words[3::2]))
    assert options["--array-properties"] == "size=64" and options["--job-queue"] == "queue"
    command = json.loads(options["--container-overrides"])["command"]
    definition = read(os.path.join(AWS, "job-definition.json"))
    usual = [{"Ref::images": "/data/my images", "Ref::masks": "/data/masks"}.get(word, word)
             for word in definition["containerProperties"]["command"]]
    assert command == usual + odd, command
    assert options["--job-definition"] == definition["jobDefinitionName"]
    for wrong in [[], ["queue"], ["queue", "x", "a", "b"], ["queue", "1", "a", "b"], ["queue", "10001", "a", "b"]]:
        status, text = lab.run([submit, *wrong], {})
        assert status == 2 and text, (wrong, status, text)


def google_tries_again_what_may_pass(lab):
    del lab
    [group] = read(GOOGLE)["taskGroups"]
    [policy] = group["taskSpec"]["lifecyclePolicies"]
    assert policy["action"] == "RETRY_TASK"  # so any other code fails the task
    codes = policy["actionCondition"]["exitCodes"]
    for code, again in AGAIN.items():
        assert (code in codes) == again, code
    # Preempted, silent, rebooted, hung or made anew; 50005 is a task that ran for too long.
    assert {50001, 50002, 50003, 50004, 50006} <= set(codes) and 50005 not in codes


def the_tasks_of_each_service_are_the_collection(lab):
    """The program itself, with the manifest's own command in the environment of each task."""
    images = lab.path("images")
    common.make_images(images, 9)
    code, text = common.run(common.command(images, lab.path("expected")))
    assert code == common.ALL_DONE, text
    expected = common.outputs(lab.path("expected"))
    [runnable] = read(GOOGLE)["taskGroups"][0]["taskSpec"]["runnables"]
    container = runnable["container"]
    definition = read(os.path.join(AWS, "job-definition.json"))
    services = {
        "aws": (definition["containerProperties"]["command"],
                lambda i: dict(AWS_BATCH_JOB_ARRAY_INDEX=i, AWS_BATCH_JOB_ARRAY_SIZE=3)),
        "google": ([container["entrypoint"], *container["commands"]],
                   lambda i: dict(BATCH_TASK_INDEX=i, BATCH_TASK_COUNT=3)),
    }
    for name, (command, variables) in services.items():
        assert command[0] == "maskmill"
        expect_arguments(command[1:], command[2], command[4], "auto")
        out = lab.path(name)
        words = [common.PROGRAM, "run", images, "-o", out, *command[5:], *common.OPTIONS]
        for i in range(3):
            status, text = lab.run(words, variables(i))
            assert status == 0, f"{name}: {text}"
        common.check_complete(out, expected)


CHECKS = [
    aws_tries_again_what_may_pass,
    aws_submits_the_command_of_the_definition,
    google_tries_again_what_may_pass,
    the_tasks_of_each_service_are_the_collection,
]
