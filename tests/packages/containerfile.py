#!/usr/bin/env python3
"""Builds and runs a Containerfile without an engine for containers: each stage is a copy of a bare Debian root, in
which its steps are carried out as they stand in the file. Knows the instructions and forms that ours uses, and
refuses all others. Needs root; tests/packages/live gives it mounts of its own.

    containerfile.py releases FILE             the Debian releases that its stages begin with, one a line
    containerfile.py build FILE CONTEXT WORK   WORK/base-RELEASE are the bare roots; makes WORK/image
    containerfile.py run [--user U:G] [--data FOLDER] WORK [ARGUMENT...]
        the entrypoint as an engine starts it with --read-only, --cap-drop=ALL and --security-opt=no-new-privileges:
        process 1, nothing in its environment but the image's, FOLDER at the image's working folder"""

import argparse
import fnmatch
import glob
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def instructions(path):
    """(NAME, text) of each instruction; lines that end in a backslash are joined, comments between them left out."""
    text = re.sub(r"(?m)^\s*#.*\n", "", open(path, encoding="utf-8").read())
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name.upper(), rest.strip()


def release(base):
    """debian:bookworm-slim -> bookworm"""
    found = re.fullmatch(r"debian:([a-z]+)(-slim)?", base)
    if not found:
        sys.exit(f"FROM {base}: only Debian's images can be played")
    return found[1]


def stage_heads(path):
    """(release, name or None) of each stage."""
    for name, text in instructions(path):
        if name == "FROM":
            words = text.split()
            if len(words) not in (1, 3) or len(words) == 3 and words[1].upper() != "AS":
                sys.exit(f"FROM {text}: not understood")
            yield release(words[0]), words[2] if len(words) == 3 else None


class Stage:
    def __init__(self, base, root):
        subprocess.run(["cp", "-a", base, root], check=True)
        self.root = root
        self.env = {"PATH": PATH}
        self.user = "0:0"
        self.workdir = "/"
        self.entrypoint = []

    def place(self, path):
        return os.path.join(self.root, os.path.join(self.workdir, path).lstrip("/"))

    def run(self, text):
        command = json.loads(text) if text.startswith("[") else ["/bin/sh", "-c", text]
        proc, archives = self.root + "/proc", self.root + "/var/cache/apt/archives"
        subprocess.run(["mount", "-t", "proc", "proc", proc], check=True)
        subprocess.run(["mount", "--bind", os.environ["ARCHIVES"], archives], check=True)
        try:
            subprocess.run(inside(self, self.user, command), check=True, stdin=subprocess.DEVNULL)
        finally:
            subprocess.run(["umount", proc, archives], check=True)

    def copy(self, text, context, named):
        words = shlex.split(text)
        source = context
        if words[0].startswith("--from="):
            source = named[words.pop(0)[len("--from="):]].root
        if any(word.startswith("--") for word in words):
            sys.exit(f"COPY {text}: not understood")
        *patterns, target = words
        left_out = ignored(context) if source == context else []
        into = self.place(target)
        for pattern in patterns:
            found = glob.glob(os.path.join(source, pattern.lstrip("/")))
            if not found:
                sys.exit(f"COPY {text}: there is no {pattern}")
            for path in found:
                if os.path.isdir(path):
                    copy_tree(path, into, left_out)
                elif target.endswith("/"):
                    os.makedirs(into, exist_ok=True)
                    shutil.copy2(path, into)
                else:
                    sys.exit(f"COPY {text}: a folder that ends with / is wanted")

    def step(self, name, text, context, named):
        if name == "RUN":
            self.run(text)
        elif name == "COPY":
            self.copy(text, context, named)
        elif name == "ENV":
            self.env.update(word.split("=", 1) for word in shlex.split(text))
        elif name == "USER":
            self.user = text
        elif name == "WORKDIR":
            self.workdir = os.path.join(self.workdir, text)
            os.makedirs(self.place("."), exist_ok=True)
        elif name == "ENTRYPOINT":
            self.entrypoint = json.loads(text)
        elif name != "LABEL":
            sys.exit(f"{name}: not understood")


def ignored(context):
    """The patterns of .dockerignore, which engines compare with paths from the top."""
    with open(os.path.join(context, ".dockerignore"), encoding="utf-8") as lines:
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def copy_tree(path, into, left_out):
    def ignore(folder, names):
        below = os.path.relpath(folder, path)
        kept_out = []
        for name in names:
            whole = os.path.normpath(os.path.join(below, name))
            for pattern in left_out:
                anywhere = pattern.startswith("**/") and fnmatch.fnmatchcase(name, pattern[3:])
                if anywhere or fnmatch.fnmatchcase(whole, pattern):
                    kept_out.append(name)
        return kept_out

    shutil.copytree(path, into, symlinks=True, ignore=ignore, dirs_exist_ok=True)


def inside(stage, user, command):
    """chroot as `user` (numbers U:G) without capabilities if not root, in the working folder, with the image's
    environment alone."""
    if not re.fullmatch(r"\d+:\d+", user):
        sys.exit(f"USER {user}: two numbers are wanted, which need no /etc/passwd")
    env = [f"{name}={value}" for name, value in stage.env.items()]
    uid, gid = user.split(":")
    as_user = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs",
               "--bounding-set=-all", "--inh-caps=-all"] if uid != "0" else []
    return ["chroot", stage.root, "env", "-i", "-C", stage.workdir, *env, *as_user, *command]


def build(path, context, work):
    named = {}
    heads = iter(stage_heads(path))
    stage, number = None, 0
    for name, text in instructions(path):
        print(f"{name} {text}", flush=True)
        if name == "FROM":
            base, alias = next(heads)
            stage = Stage(f"{work}/base-{base}", f"{work}/stage-{number}")
            named[alias or str(number)] = stage
            number += 1
        elif stage is None:
            sys.exit(f"{name} before FROM")
        else:
            stage.step(name, text, context, named)
    with open(f"{work}/image", "w", encoding="utf-8") as image:
        json.dump(vars(stage), image)


def run(work, user, data, arguments):
    stage = argparse.Namespace(**json.load(open(f"{work}/image", encoding="utf-8")))
    mounts = ['mount --bind "$1" "$1"']
    if data:
        mounts += ['mount --bind "$2" "$1$3"']
    mounts += ['mount -o remount,bind,ro "$1"', 'mount -t proc proc "$1/proc"']
    command = inside(stage, user or stage.user, [*stage.entrypoint, *arguments])
    script = " && ".join(mounts) + ' && shift 3 && exec "$@"'
    process = subprocess.Popen(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, "run",
                                stage.root, data or "", stage.workdir, *command])

    def pass_on(number, _frame):
        # To process 1 of the new namespace, as `docker stop` does.
        children = open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii").read().split()
        for child in children:
            os.kill(int(child), number)

    signal.signal(signal.SIGTERM, pass_on)
    sys.exit(process.wait())


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    releases_of = commands.add_parser("releases")
    releases_of.add_argument("file")
    build_it = commands.add_parser("build")
    for name in ("file", "context", "work"):
        build_it.add_argument(name)
    run_it = commands.add_parser("run")
    run_it.add_argument("--user")
    run_it.add_argument("--data")
    run_it.add_argument("work")
    run_it.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.command == "releases":
        print("\n".join(sorted({base for base, _ in stage_heads(options.file)})))
    elif options.command == "build":
        build(options.file, options.context, options.work)
    else:
        run(options.work, options.user, options.data, options.arguments)


if __name__ == "__main__":
    main()
