"""A folder with stand-ins for the commands of batch systems, and scripts started in it."""

import json
import os
import subprocess
import sys
import time

import common

HERE = os.path.dirname(os.path.abspath(__file__))
CONTRIB = os.path.join(common.SOURCE, "contrib")
# What a batch system or a launcher may have set around this test.
FOREIGN = ("SLURM_", "JOB_COMPLETION", "AWS_BATCH_", "BATCH_TASK_", "PBS_", "SGE_", "LSB_", "FLUX_", "OMPI_", "PMI_",
           "PMIX_", "NSLOTS")


class Lab:
    def __init__(self, folder):
        self.folder = folder
        self.tools = self.path("tools")
        os.mkdir(self.tools)
        self.note = self.path("note")

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def tool(self, name, text):
        """Makes a command that scripts find before others. `text`: Python."""
        path = os.path.join(self.tools, name)
        common.write(path, b"#!" + sys.executable.encode() + b"\n" + text.encode())
        os.chmod(path, 0o755)

    def environment(self, more):
        env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        env.update(PATH=self.tools + ":" + env["PATH"], NOTE=self.note, MASKMILL=os.path.join(HERE, "stand_in"))
        env.update({name: str(value) for name, value in more.items()})
        return env

    def start(self, arguments, env, stdin=None):
        """As a batch system does: in a session of its own."""
        return subprocess.Popen(arguments, cwd=self.folder, env=self.environment(env), start_new_session=True,
                                stdin=open(stdin, "rb") if stdin else subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, arguments, env, stdin=None):
        """Runs to the end; returns the exit status and what was said."""
        process = self.start(arguments, env, stdin)
        text = process.communicate(timeout=120)[0].decode()
        return process.returncode, text

    def notes(self):
        """What the stand-ins noted: of maskmill, its arguments and the names of signals."""
        if not os.path.exists(self.note):
            return []
        with open(self.note, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def forget(self):
        if os.path.exists(self.note):
            os.remove(self.note)

    def signalled(self, arguments, env, signals, stdin=None, group=True):
        """Starts a script, signals all its processes (or the first alone) once maskmill runs, and waits. Returns the
        exit status."""
        self.forget()
        process = self.start(arguments, dict(env, WAIT=1), stdin)
        deadline = time.monotonic() + 60
        while not self.notes():
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0].decode()
            time.sleep(0.01)
        for number in signals:
            (os.killpg if group else os.kill)(process.pid, number)
            time.sleep(0.02)
        process.communicate(timeout=120)
        return process.returncode


def expect_arguments(words, images, masks, shard):
    """Checks maskmill's arguments."""
    assert words[0] == "run" and words[1] == images, words
    assert words[words.index("-o") + 1] == masks, words
    assert words[words.index("--shard") + 1] == shard, words
    assert "--failed-images-ok" in words, words
