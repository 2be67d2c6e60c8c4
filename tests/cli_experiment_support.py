"""What the tests of `seesaw experiment` share."""
import json
import os
import subprocess
import time

from cli_tool import TOOL, ToolTest

CP = """
[data]
kind = "cp"
shape = [6, 5, 4]
rank = 2
noise = [0.01, 0.1]

[runs]
methods = ["als"]
ranks = [1, 2]
ridge = [0.0, 0.1]
seeds = [1, 2, 3]
sweeps = 8
"""
COMPLETION = """
[data]
kind = "completion"
users = 40
items = 30
entries = 600
rank = 2
noise = 0.1
holdout = 0.1

[runs]
methods = ["als", "lbfgs"]
ranks = 2
lambda = 0.02
seeds = [1, 2]
sweeps = 5
"""

KNOWN = """
[data]
kind = "cp"
shape = [12, 11, 10]
rank = 2
known = 0.3

[runs]
methods = ["als", "lbfgs", "short memory"]
ranks = [1, 2]
ridge = 1e-6
weighting = "plain"
seeds = [1, 3]
sweeps = 60

[methods."short memory"]
method = "lbfgs"
history = 2
"""


def timeless(value):
    """Without what differs from run to run."""
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in {"seconds", "experiment"}}
    return [timeless(item) for item in value] if isinstance(value, list) else value


class ExperimentTest(ToolTest):
    def experiment(self, content, name="e.toml"):
        return self.write(name, content)

    def log(self, name="log.jsonl"):
        with open(self.path(name), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def done(self, content, *more, log="log.jsonl"):
        """The report, and the log."""
        report = self.json("experiment", self.experiment(content), "-o", self.path(log), *more)
        return report, self.log(log)

    def set_of(self, lines):
        return sorted(json.dumps(timeless(line), sort_keys=True) for line in lines)

    def wait_for_lines(self, count, process, name="log.jsonl"):
        """Until the log has so many whole lines, and the process works on the next."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if os.path.exists(self.path(name)):
                with open(self.path(name), "rb") as file:
                    if file.read().count(b"\n") >= count:
                        return
            self.assertIsNone(process.poll(), "it ended too soon")
            time.sleep(0.005)
        self.fail("the runs do not come")

    def started(self, content, log="log.jsonl"):
        process = subprocess.Popen(
            [TOOL, "experiment", self.experiment(content), "-o", self.path(log), "--backend", "cpu"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ, OMP_NUM_THREADS="2"))
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process
