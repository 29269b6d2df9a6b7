"""Copies one object from or to the S3 server at $AWS_ENDPOINT_URL: s3copy.py SOURCE DESTINATION.

It starts in a tenth of the time that `aws s3 cp` takes, and fails on purpose: with $FAIL_EVERY=N and a folder
$FAIL_NOTES, every Nth copy fails, in turn before it begins, after half of it, after all of it, or by a signal, but no
copy fails twice."""

import fcntl
import hashlib
import os
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request

SCHEME = "s3://"


def ask(name, **more):
    """Opens the object. The server looks whether a request is signed, but not at the signature."""
    url = os.environ["AWS_ENDPOINT_URL"] + "/" + urllib.parse.quote(name[len(SCHEME):])
    headers = {"Authorization": "AWS someone:secret", "Content-Type": "application/x-tar"}
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers, **more))


def get(name, path, part=1):
    with ask(name) as answer, open(path, "wb") as file:
        data = answer.read()
        file.write(data[: int(len(data) * part)])


def put(path, name, part=1):
    with open(path, "rb") as file:
        data = file.read()
    data = data[: int(len(data) * part)]
    ask(name, data=data, method="PUT").close()


def failure(source, destination):
    """How this copy fails: None, or 0 to 3."""
    every = int(os.environ.get("FAIL_EVERY", 0))
    if not every:
        return None
    notes = os.environ["FAIL_NOTES"]
    stored = source if source.startswith(SCHEME) else destination
    mark = os.path.join(notes, hashlib.sha256(stored.encode("utf8", "surrogateescape")).hexdigest())
    with open(os.path.join(notes, "count"), "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("x")
        file.flush()
        count = os.path.getsize(file.name)
        if count % every or os.path.exists(mark):
            return None
        with open(mark, "w"):
            pass
    return count // every % 4


def main(source, destination):
    fails = failure(source, destination)
    if fails == 0:
        sys.exit("this copy fails on purpose")
    copy = get if source.startswith(SCHEME) else put
    try:
        copy(source, destination, 0.5 if fails == 1 else 1)
    except urllib.error.HTTPError as error:
        sys.exit(f"{source}: {error}")
    if fails == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if fails is not None:
        sys.exit("this copy fails on purpose, behind its end" if fails == 2 else "half a copy")


main(*sys.argv[1:])
