"""Checks the manifests of contrib/ with the services' own schemas; prints "N passed, N failed"."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request

sys.dont_write_bytecode = True
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "faults"))  # common.py

import botocore.session
import kubernetes_validate
import yaml
from botocore.validate import ParamValidator
from google.cloud import batch_v1

import common
from lab import CONTRIB, expect_arguments

KUBERNETES = os.path.join(CONTRIB, "kubernetes/maskmill.yaml")
AWS = os.path.join(CONTRIB, "aws-batch")
GOOGLE = os.path.join(CONTRIB, "google-batch/job.json")
VERSIONS = ["1.29", "1.31", "1.33", "1.35", "1.37"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def expect_refused(what, check):
    """A check that takes everything checks nothing."""
    try:
        check()
    except Exception:
        return
    raise AssertionError(f"{what} was taken")


def kubernetes_takes_the_job():
    job = yaml.safe_load(read(KUBERNETES))
    for version in VERSIONS:
        kubernetes_validate.validate(job, version, strict=True)
        wrong = yaml.safe_load(read(KUBERNETES).replace("backoffLimitPerIndex", "backoffLimitPerShard"))
        expect_refused("a member that is none", lambda: kubernetes_validate.validate(wrong, version, strict=True))


def pod_action(policy, code, disrupted=False):
    """What the Job makes of a Pod that failed: the first rule that matches decides; without one, it counts."""
    for rule in policy["rules"]:
        codes = rule.get("onExitCodes")
        if disrupted and any(c["type"] == "DisruptionTarget" for c in rule.get("onPodConditions", [])):
            return rule["action"]
        if codes and (code in codes["values"]) == (codes["operator"] == "In"):
            return rule["action"]
    return "Count"


def kubernetes_tries_again_what_may_pass():
    spec = yaml.safe_load(read(KUBERNETES))["spec"]
    policy, pod = spec["podFailurePolicy"], spec["template"]["spec"]
    for code, action in {2: "FailJob", 3: "Count", 4: "Count", 5: "FailIndex", 137: "Count"}.items():
        assert pod_action(policy, code) == action, code
    assert pod_action(policy, 143, disrupted=True) == "Ignore"
    # What the API server asks for beyond the schema.
    assert spec["completionMode"] == "Indexed" and pod["restartPolicy"] == "Never"
    assert spec["backoffLimitPerIndex"] > 0 and spec["podReplacementPolicy"] == "Failed"
    [container] = pod["containers"]
    assert {rule["onExitCodes"]["containerName"] for rule in policy["rules"] if "onExitCodes" in rule} == \
        {container["name"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def the_pods_of_kubernetes_are_the_collection():
    spec = yaml.safe_load(read(KUBERNETES))["spec"]
    [container] = spec["template"]["spec"]["containers"]
    words = container["command"] + container["args"]
    expect_arguments(words[1:], "/images", "/masks", f"auto/{spec['completions']}")
    with tempfile.TemporaryDirectory() as folder:
        images, out = os.path.join(folder, "images"), os.path.join(folder, "masks")
        common.make_images(images, 9)
        assert common.run(common.command(images, os.path.join(folder, "expected")))[0] == common.ALL_DONE
        words = [{"maskmill": common.PROGRAM, "/images": images, "/masks": out}.get(word, word) for word in words]
        for i in range(spec["completions"]):
            status, text = common.run(words + common.OPTIONS, {"JOB_COMPLETION_INDEX": str(i)})
            assert status == common.ALL_DONE, text
        common.check_complete(out, common.outputs(os.path.join(folder, "expected")))


def aws_takes_the_definition():
    shape = botocore.session.get_session().get_service_model("batch").operation_model(
        "RegisterJobDefinition").input_shape
    text = read(os.path.join(AWS, "job-definition.json"))
    for wrong, refused in [(text, False), (text.replace("evaluateOnExit", "evaluateExit"), True),
                           (text.replace('"attempts": 10', '"attempts": "10"'), True)]:
        report = ParamValidator().validate(json.loads(wrong), shape)
        assert report.has_errors() == refused, report.generate_report()


def wait_for(address):
    deadline = time.monotonic() + 60
    while True:
        try:
            return urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            assert time.monotonic() < deadline, f"nothing answers at {address}"
            time.sleep(0.2)


def aws_takes_what_is_submitted():
    """With the aws command, to moto's server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    bin_folder = os.path.dirname(sys.executable)
    env = dict(os.environ, PATH=f"{bin_folder}:{os.environ['PATH']}", AWS_ACCESS_KEY_ID="none",
               AWS_SECRET_ACCESS_KEY="none", AWS_DEFAULT_REGION="eu-central-1", AWS_ENDPOINT_URL=address, AWS_PAGER="",
               AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null")

    def aws(*arguments):
        done = subprocess.run(arguments, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    server = subprocess.Popen([os.path.join(bin_folder, "moto_server"), "-p", address.rsplit(":", 1)[1]], env=env,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(address + "/moto-api/")
        role = aws("aws", "iam", "create-role", "--role-name", "batch", "--assume-role-policy-document", "{}")
        place = aws("aws", "batch", "create-compute-environment", "--compute-environment-name", "machines", "--type",
                    "UNMANAGED", "--service-role", role["Role"]["Arn"])["computeEnvironmentArn"]
        aws("aws", "batch", "create-job-queue", "--job-queue-name", "queue", "--priority", "1", "--state", "ENABLED",
            "--compute-environment-order", f"order=1,computeEnvironment={place}")
        aws("aws", "batch", "register-job-definition", "--cli-input-json",
            f"file://{os.path.join(AWS, 'job-definition.json')}")
        job = aws(os.path.join(AWS, "submit"), "queue", "64", "/data/my images", "/data/masks",
                  "--exclude", 'a "b", \\c')
        [found] = aws("aws", "batch", "describe-jobs", "--jobs", job["jobId"])["jobs"]
        assert found["arrayProperties"]["size"] == 64, found
        command = found["container"]["command"]
        expect_arguments(command[1:], "/data/my images", "/data/masks", "auto")
        assert command[-2:] == ["--exclude", 'a "b", \\c'], command
    finally:
        server.terminate()
        server.wait(20)


def google_takes_the_job():
    text = read(GOOGLE)
    job = batch_v1.Job.from_json(text, ignore_unknown_fields=False)
    [policy] = job.task_groups[0].task_spec.lifecycle_policies
    assert policy.action == batch_v1.LifecyclePolicy.Action.RETRY_TASK and 4 in policy.action_condition.exit_codes
    assert job.task_groups[0].task_count == 64 and job.task_groups[0].task_spec.max_retry_count <= 10
    for right, wrong in [("maxRetryCount", "maxRetries"), ("RETRY_TASK", "RETRY")]:
        expect_refused(wrong, lambda: batch_v1.Job.from_json(text.replace(right, wrong), ignore_unknown_fields=False))


CHECKS = [
    kubernetes_takes_the_job,
    kubernetes_tries_again_what_may_pass,
    the_pods_of_kubernetes_are_the_collection,
    aws_takes_the_definition,
    aws_takes_what_is_submitted,
    google_takes_the_job,
]


def main():
    passed = failed = 0
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
