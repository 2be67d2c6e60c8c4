"""What `seesaw experiment` refuses.   cli_experiment_errors_test.py TOOL [unittest arguments]"""
import fcntl
import os
import re
import sys
import unittest

sys.dont_write_bytecode = True
from cli_experiment_support import COMPLETION, CP, KNOWN, ExperimentTest


class Refused(ExperimentTest):
    def refuses(self, pattern, content, *more, code=2):
        path = self.experiment(content)
        self.fails(code, pattern, "experiment", path, "-o", self.path("never.jsonl"), *more)
        self.assertFalse(os.path.exists(self.path("never.jsonl")))

    def changed(self, before, after, content=CP):
        self.assertIn(before, content)
        return content.replace(before, after, 1)

    def test_keys(self):
        self.refuses(r"e\.toml:1: .*has the unknown key titel; known are title, output, plot, data, runs, methods",
                     'titel = "x"' + CP)
        self.refuses(r"e\.toml:6: \[data\] has the unknown key noize; known are kind, file, shape, rank, congruence, "
                     "known, noise, seed;", self.changed("noise", "noize"))
        self.refuses(r"e\.toml:11: \[runs\] has the unknown key lambda; known are methods, ranks, ridge",
                     self.changed("ridge", "lambda"))
        self.refuses(r"e\.toml:15: \[methods.als\] has the unknown key momentum; known are method, start, nonnegative",
                     CP + "[methods.als]\nmomentum = 1\n")
        self.refuses(r"e\.toml:14: \[methods.alz\] is not in the list methods", CP + "[methods.alz]\n")
        self.refuses(r"\[data\] lacks shape", self.changed("shape = [6, 5, 4]", ""))
        self.refuses(r"\[data\] lacks kind", self.changed('kind = "cp"', ""))
        self.refuses(r"\[runs\] lacks ranks", self.changed("ranks = [1, 2]", ""))
        self.refuses(r"has no table \[data\]", "[runs]\n")
        self.refuses(r"has no table \[runs\]", CP[:CP.index("[runs]")])
        self.refuses(r"e\.toml:1: data is a whole number, expected a table", "data = 3\n")

    def test_types(self):
        for before, after, message in (
                ("sweeps = 8", 'sweeps = "8"', "e.toml:13: sweeps is a string, expected a whole number from 1 to"),
                ("sweeps = 8", "sweeps = 8.0", "sweeps is a number with a fraction, expected a whole number"),
                ("sweeps = 8", "sweeps = [8]", "sweeps is a list, expected a whole number"),
                ("[1, 2, 3]", '[1, "2", 3]', "seeds is a string, expected a whole number"),
                ("[0.0, 0.1]", "[0.0, true]", "ridge is a boolean, expected a finite number >= 0"),
                ('["als"]', "[1]", "methods is a whole number, expected a string"),
                ('kind = "cp"', "kind = 1", "kind is a whole number, expected a string"),
                ("rank = 2", "rank = 1979-05-27", "rank is a date or time, expected a whole number")):
            self.refuses(re.escape(message), self.changed(before, after))

    def test_values(self):
        for before, after, message in (
                ("[1, 2, 3]", "[]", "e.toml:12: seeds is empty, expected a list of at least one"),
                ('["als"]', "[]", "methods is empty"),
                ("[0.01, 0.1]", "[]", "noise is empty"),
                ("[1, 2, 3]", "[1, -2]", "seeds is -2, expected a whole number from 0"),
                ("[1, 2, 3]", "[1, 2, 1]", "seeds has 1 twice"),
                ("ranks = [1, 2]", "ranks = [0]", "ranks is 0, expected a whole number from 1"),
                ("[0.0, 0.1]", "[-0.1]", "ridge is -0.1, expected a finite number >= 0"),
                ("[0.0, 0.1]", "[nan]", "ridge is nan, expected a finite number >= 0"),
                ("[0.01, 0.1]", "[-1]", "noise is -1, expected a finite number >= 0"),
                ("sweeps = 8", "sweeps = 0", "sweeps is 0, expected a whole number from 1"),
                ("[6, 5, 4]", "[6]", "shape has 1 sizes, expected 2 to 8"),
                ("[6, 5, 4]", "[6, -5, 4]", "shape is -5, expected a whole number from 1"),
                ("rank = 2", "rank = 5\ncongruence = 0.5", "rank is 5, expected at most the least size, 4"),
                ("rank = 2", "rank = 2\ncongruence = 1", "congruence is 1, expected a number at least 0 and less than 1"),
                ('"cp"', '"tucker"', 'e.toml:3: kind is "tucker", expected one of cp, completion'),
                ('["als"]', '["als", "newton"]',
                 'e.toml:9: "newton" is no method for kind = "cp", expected als, or a name with a table')):
            self.refuses(re.escape(message), self.changed(before, after))
        self.refuses("known is 1, expected a number more than 0 and less than 1",
                     self.changed("known = 0.3", "known = 1.0", KNOWN))
        self.refuses('"sgd" is no method where elements are not known, expected als, gd, lbfgs or a name',
                     self.changed('"als"', '"sgd"', KNOWN))
        self.refuses("entries is 1300, expected a whole number from 1 to 1200",
                     self.changed("600", "1300", COMPLETION))
        self.refuses('"alz" is no method for kind = "completion", expected one of als, agd, gd, lbfgs',
                     self.changed('"als"', '"alz"', COMPLETION))
        self.refuses("holdout is 1, expected a number more than 0 and less than 1",
                     self.changed("holdout = 0.1", "holdout = 1.0", COMPLETION))
        self.refuses(r"e\.toml:\d+: momentum is \"some\", expected one of none, heavy-ball, nesterov",
                     self.changed('"lbfgs"', '"gd"', COMPLETION) + '[methods.gd]\nmomentum = "some"\n')
        self.refuses("history is a string, expected a whole number",
                     COMPLETION + '[methods.lbfgs]\nhistory = "10"\n')

    def test_contradictions(self):
        tensor = self.write("t.tns", "1 1 1 2\n2 1 1 3\n")
        self.refuses(r"\[data\] has both file and rank: data are either read or generated",
                     self.changed("shape = [6, 5, 4]", f'file = "{tensor}"'))
        self.refuses(r"\[data\] has both file and users: data are either read or generated",
                     self.changed("users", f'file = "{tensor}"\nusers', COMPLETION))
        read = f'[data]\nkind = "completion"\nfile = "{tensor}"\n'
        self.refuses(r"has both validation and holdout", read + f'validation = "{tensor}"\nholdout = 0.1\n[runs]\n')
        self.refuses(r"seed draws what holdout takes, and there is none", read + "seed = 1\n[runs]\n")
        self.refuses(r"exponent goes with weighting = \"by-count\"", COMPLETION.replace(
            "sweeps", 'weighting = "plain"\nexponent = 2\nsweeps'))
        self.refuses(r"patience needs ratings to watch",
                     COMPLETION.replace("holdout = 0.1", "").replace("sweeps", "patience = 2\nsweeps"))
        self.refuses(r"the methods als and other are the same",
                     CP.replace('["als"]', '["als", "other"]') + '[methods.other]\nmethod = "als"\n')
        self.refuses(r"\[data\] has both file and known",
                     f'[data]\nkind = "cp"\nfile = "{tensor}"\nknown = 0.5\n[runs]\n')
        self.refuses(r"\[runs\] has the unknown key fit_change",
                     self.changed("sweeps", "fit_change = 1e-3\nsweeps", KNOWN))
        self.refuses(r"\[runs\] has the unknown key tolerance", self.changed("sweeps", "tolerance = 1e-3\nsweeps"))
        self.refuses(r"frank-wolfe needs a radius", self.changed('"lbfgs"', '"frank-wolfe"', COMPLETION))
        for start in ("range-finder", "nvecs"):
            self.refuses(rf"nonnegative goes with start = \"normal\": the factors of {start} have signs",
                         CP + f'[methods.als]\nnonnegative = true\nstart = "{start}"\n')

    def test_no_toml(self):
        self.refuses(r"e\.toml:3: ", "a = 1\nb = 2\nc = = 3\n")
        self.refuses(r"e\.toml:2: .*(sweeps|table|value)", "[runs]\nsweeps 3\n")
        self.refuses(r"e\.toml", "\0\1\2")

    def test_files(self):
        self.fails(1, r"none\.toml: cannot be opened: No such file", "experiment", self.path("none.toml"))
        self.fails(1, r"is a directory", "experiment", self.folder)
        self.fails(2, r"has no output, the file of the finished runs", "experiment", self.experiment(CP))
        self.fails(1, r"none/log\.jsonl: ", "experiment", self.experiment(CP), "-o", self.path("none/log.jsonl"))
        self.fails(2, r"is also an input", "experiment", self.experiment(CP), "-o", self.path("e.toml"))
        self.refuses(r"--plot is \".*c\.gif\", expected a name", CP, "--plot", self.path("c.gif"))
        self.refuses(r"t\.tns: cannot be opened: No such file",
                     f'[data]\nkind = "cp"\nfile = "{self.path("t.tns")}"\n[runs]\nranks = 1\n', code=1)

    def unchanged(self, content, pattern, experiment=CP):
        self.write("log.jsonl", content)
        self.fails(1, pattern, "experiment", self.experiment(experiment), "-o", self.path("log.jsonl"), "--progress",
                   "none")
        with open(self.path("log.jsonl"), "rb") as file:
            self.assertEqual(file.read(), content if isinstance(content, bytes) else content.encode())

    def test_a_log_of_something_else(self):
        self.unchanged("hello\nworld", r"log\.jsonl:1: is not a line of an experiment's log")
        self.unchanged("a diary without a line's end", r"log\.jsonl:1: is not a line of an experiment's log")
        self.unchanged('{"format":"seesaw experiment 9"}\n', r"log\.jsonl:1: is not of the format")
        self.unchanged('{"format":"seesaw experiment 1"}\n', r"log\.jsonl:1: is not a line of an experiment's log")
        os.remove(self.path("log.jsonl"))
        self.done(CP)
        with open(self.path("log.jsonl"), "rb") as file:
            whole = file.read()
        self.unchanged(whole[:-20] + b"\n", r"log\.jsonl:24: is not a line of an experiment's log")
        self.unchanged(whole, r"is of the kind cp, the experiment of the kind completion", COMPLETION)
        self.unchanged(whole, r"log\.jsonl:1: a run with the same parameters, but on other data: .*\[6,5,4\].* there, "
                              r".*\[6,5,5\].* here; give another output", CP.replace("[6, 5, 4]", "[6, 5, 5]"))

    def test_data_that_changed(self):
        tensor = self.write("t.tns", "1 1 1 2\n2 1 1 3\n")
        content = f'[data]\nkind = "cp"\nfile = "{tensor}"\n[runs]\nranks = 1\nsweeps = 2\n'
        self.done(content)
        os.rename(tensor, self.path("moved.tns"))
        report, _ = self.done(content.replace("t.tns", "moved.tns"))
        self.assertEqual(report["runs"]["found"], 1)
        self.write("t.tns", "1 1 1 2\n2 1 1 4\n")
        self.fails(1, "on other data", "experiment", self.experiment(content), "-o", self.path("log.jsonl"),
                   "--progress", "none")

    def test_two_at_once(self):
        self.done(CP)
        with open(self.path("log.jsonl"), "rb") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            self.fails(1, "another experiment is writing to it", "experiment", self.path("e.toml"), "-o",
                       self.path("log.jsonl"), "--progress", "none")

    def test_a_full_disk(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        self.fails(1, r"/dev/full: ", "experiment", self.experiment(CP), "-o", "/dev/full")


if __name__ == "__main__":
    unittest.main()
