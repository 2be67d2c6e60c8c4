"""How the tests of the tool run it; its path is the first argument of the test program."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

COMPUTES = {"compare", "evaluate", "experiment", "fit", "predict"}
TOOL = os.path.abspath(sys.argv.pop(1))


def run(*arguments, environment=(), **options):
    """On the cpu backend where a command names none: a cuda device may be there, or host_cuda, which is slow."""
    options.setdefault("stdout", subprocess.PIPE)
    computes = arguments and (arguments[:2] == ("cp", "fit") or arguments[0] in COMPUTES)
    if computes and not {"--backend", "--help"} & set(arguments):
        arguments += ("--backend", "cpu")
    environment = dict(os.environ, OMP_NUM_THREADS="2", **dict(environment))
    return subprocess.run([TOOL, *map(str, arguments)], stderr=subprocess.PIPE, text=True, timeout=60,
                          env=environment, **options)


class ToolTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def ok(self, *arguments, **options):
        done = run(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def json(self, *arguments):
        done = self.ok(*arguments, "--json")
        self.assertEqual(done.stderr, "")
        return json.loads(done.stdout)

    def fails(self, code, pattern, *arguments, **options):
        """Exit code, and one line on standard error that matches; nothing on standard output."""
        done = run(*arguments, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, r"\Aseesaw: [^\n]*\n\Z")
        self.assertRegex(done.stderr, pattern)
        self.assertFalse(done.stdout)
        return done

    def rank_one(self):
        """a_ij = u_i v_j with u = 1..4 and v = 1, 2, 3; (4, 3), which is 12, is not in the file."""
        lines = [f"{i},{10 * j},{i * j}" for i in range(1, 5) for j in range(1, 4) if (i, j) != (4, 3)]
        return self.write("rank_one.csv", "user,item,rating\n" + "\n".join(lines) + "\n")

    def fit_rank_one(self):
        model = self.path("rank_one.h5")
        self.ok("fit", self.rank_one(), "-o", model, "-k", 1, "--lambda", 0, "--no-centre", "--sweeps", 200,
                "--precision", "double")
        return model

    def cuda(self):
        return ["cuda"] if json.loads(self.ok("info", "--json").stdout)["cuda"]["devices"] > 0 else []

    def planted(self, name="planted.csv", *more, seed=5):
        path = self.path(name)
        self.ok("generate", "-o", path, "--users", 60, "--items", 40, "--entries", 1200, "--rank", 3, "--mean", 3,
                "--noise", 0.1, "--seed", seed, *more)
        return path
