"""`seesaw fit`, end to end.   cli_fit_test.py TOOL [unittest arguments]"""
import fcntl
import json
import math
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import unittest

sys.dont_write_bytecode = True
from cli_tool import TOOL, ToolTest, run


class Fit(ToolTest):
    def test_json(self):
        document = self.json("fit", self.planted(), "-o", self.path("m.h5"), "-k", 3, "--sweeps", 4, "--holdout", 0.2,
                             "--seed", 9, "--lambda-y", 0.2)
        self.assertEqual(document["command"], "fit")
        self.assertEqual(document["ratings"]["users"], 60)
        self.assertEqual(document["ratings"]["items"], 40)
        self.assertEqual(document["ratings"]["entries"] + document["validation"]["entries"], 1200)
        self.assertEqual(document["validation"]["left_out"], 0)
        self.assertEqual(document["options"]["lambda_x"], 0.1)
        self.assertEqual(document["options"]["lambda_y"], 0.2)
        history = document["runs"][0]["history"]
        self.assertEqual([record["sweep"] for record in history], [1, 2, 3, 4])
        objectives = [record["objective"] for record in history]
        self.assertEqual(objectives, sorted(objectives, reverse=True))
        self.assertLess(history[-1]["train_rmse"], history[0]["train_rmse"])
        self.assertGreater(history[-1]["validation_rmse"], 0)
        self.assertAlmostEqual(document["seconds_per_sweep"], history[-1]["seconds"] / 4)
        self.assertFalse(document["interrupted"])

    def test_planted_factors_are_found(self):
        ratings = self.planted("p.csv", "--truth", self.path("truth.h5"))
        fitted = self.json("fit", ratings, "-o", self.path("m.h5"), "-k", 3, "--lambda", 0.001, "--sweeps", 60,
                           "--holdout", 0.1)
        # What the truth leaves is the noise: 0.1, within 4 / sqrt(2 * 1200) of it. No fit does better on new ratings
        # but by chance, and with 1080 ratings for 300 unknowns it is near.
        truth = self.json("evaluate", self.path("truth.h5"), ratings)
        self.assertAlmostEqual(truth["rmse"], 0.1, delta=0.1 * 4 / math.sqrt(2 * 1200))
        self.assertLess(fitted["validation_rmse"], 0.2)

    def counts(self):
        """12 users of 8 items; users with an odd number take odd items, but for one of each."""
        lines = [f"{u},{i},{1 + (u + i) % 3}" for u in range(1, 13) for i in range(1, 9)
                 if (u + i) % 2 == 0 and (u + 3 * i) % 8 != 0]
        return self.write("counts.csv", "user,item,rating\n" + "\n".join(lines) + "\n")

    def test_implicit_feedback(self):
        counts, model = self.counts(), self.path("m.h5")
        document = self.json("fit", counts, "-o", model, "-k", 2, "--implicit", "--alpha", 5, "--lambda", 0.1,
                             "--sweeps", 20)
        self.assertEqual(document["options"]["implicit"],
                         {"alpha": 5, "confidences": False, "unobserved": 1, "cg_steps": 0})
        self.assertEqual(document["options"]["weighting"], "plain")
        self.assertEqual(document["mean"], 0)
        objectives = [record["objective"] for record in document["runs"][0]["history"]]
        self.assertEqual(objectives, sorted(objectives, reverse=True))
        self.assertIn("implicit feedback, confidence 1 + 5 rating, unobserved 1, exact", self.ok("info", model).stdout)
        errors = self.json("evaluate", model, counts)
        problem = ["info", "--users", 100, "--items", 50, "--entries", 900, "--json"]
        bytes_ = [json.loads(self.ok(*problem, *more).stdout)["problem"]["fit_bytes"]["cpu"] for more in
                  ([], ["--implicit"])]
        self.assertGreaterEqual(bytes_[1] - bytes_[0], 2 * 100 * 32 * 4)  # both sides in other coordinates
        self.assertTrue(errors["errors_of_one"])
        self.assertAlmostEqual(errors["rmse"], document["train_rmse"], places=5)
        self.assertIn("of 1 - prediction", self.ok("evaluate", model, counts).stdout)
        # The item that user 1 (user 2) lacks of those that users like it take comes before any other.
        for user, lacks in ((1, "5"), (2, "2")):
            best = self.json("predict", model, "--user", user, "--top", 1, "--seen", counts)["items"]
            self.assertEqual([one["item"] for one in best], [lacks])

    def test_implicit_feedback_by_conjugate_gradients_and_by_count(self):
        exact = self.json("fit", self.counts(), "-o", self.path("m.h5"), "-k", 2, "--implicit", "--sweeps", 40)
        steps = self.json("fit", self.counts(), "-o", self.path("m.h5"), "-k", 2, "--implicit", "--sweeps", 40,
                          "--cg-steps", 3)
        objective = [document["runs"][0]["history"][-1]["objective"] for document in (exact, steps)]
        self.assertAlmostEqual(objective[0], objective[1], delta=1e-3 * objective[0])
        counted = self.json("fit", self.counts(), "-o", self.path("m.h5"), "-k", 2, "--implicit", "--weighting",
                            "by-count", "--exponent", 0.5, "--unobserved", 0.5)
        self.assertEqual(counted["options"]["weighting"], "by-count")
        self.assertEqual(counted["options"]["exponent"], 0.5)

    def test_what_implicit_feedback_cannot_be(self):
        fit = ["-o", self.path("m.h5"), "-k", 2]
        self.fails(1, "the rating of item 3 by user 2 is 0, expected more than 0", "fit",
                   self.write("zero.csv", "1,3,1\n2,3,0\n"), *fit, "--implicit")
        self.fails(1, "a confidence of 0.5, expected a finite one of at least --unobserved, 1", "fit",
                   self.write("low.csv", "1,3,1\n2,3,0.5\n"), *fit, "--implicit", "--confidences")
        counts = self.counts()
        self.fails(2, "--implicit", "fit", counts, *fit, "--alpha", 3)
        self.fails(2, "--alpha", "fit", counts, *fit, "--implicit", "--alpha", 3, "--confidences")
        self.fails(2, "--exponent goes with --weighting by-count", "fit", counts, *fit, "--implicit", "--exponent", 1)
        self.fails(2, "--unobserved", "fit", counts, *fit, "--implicit", "--unobserved", 0)
        self.fails(2, "--cg-steps needs a --lambda", "fit", counts, *fit, "--implicit", "--cg-steps", 3, "--lambda", 0)

    def test_holdout_keeps_a_rating_of_each_user_and_item(self):
        path = self.write("r.csv", "user,item,rating\n" + "".join(f"{i},{i},1\n" for i in range(1, 30)) +
                          "".join(f"{i},1,2\n" for i in range(2, 30)))
        document = self.json("fit", path, "-o", self.path("m.h5"), "-k", 2, "--holdout", 0.9)
        self.assertEqual(document["validation"]["left_out"], 0)
        self.assertEqual(document["ratings"]["users"], 29)
        self.assertGreater(document["validation"]["entries"], 0)
        self.fails(1, "leaves none", "fit", self.write("one.csv", "1,1,1\n"), "-o", self.path("m.h5"), "--holdout", 0.5)

    def test_validation_file_and_patience(self):
        train = self.planted()
        validation = self.write("v.csv", "user,item,rating\n1,1,3\n2,2,3\n999,1,3\n")
        document = self.json("fit", train, "-o", self.path("m.h5"), "-k", 20, "--lambda", 0, "--sweeps", 100,
                             "--validation", validation, "--patience", 2)
        self.assertEqual(document["validation"]["entries"], 2)
        self.assertEqual(document["validation"]["left_out"], 1)
        run_ = document["runs"][0]
        self.assertEqual(run_["stopped"], "validation")
        best = min(run_["history"], key=lambda record: record["validation_rmse"])
        self.assertEqual(document["best_sweep"], best["sweep"])
        again = self.json("evaluate", self.path("m.h5"), validation)
        self.assertAlmostEqual(again["rmse"], best["validation_rmse"], delta=1e-4 * (1 + best["validation_rmse"]))
        self.fails(1, "none of its ratings", "fit", train, "-o", self.path("m.h5"), "--validation",
                   self.write("w.csv", "777,777,1\n"))

    def test_same_seed_same_model_whatever_the_threads(self):
        ratings = self.planted()
        predictions = []
        for name, more in [("a", ["--threads", 1]), ("b", ["--threads", 2]), ("c", ["--seed", 4])]:
            self.ok("fit", ratings, "-o", self.path(name), "-k", 5, "--sweeps", 3, *more)
            predictions.append(self.ok("predict", self.path(name), "--pairs", ratings).stdout)
        self.assertEqual(predictions[0], predictions[1])
        self.assertNotEqual(predictions[0], predictions[2])

    def test_backends_agree(self):
        ratings = self.planted()
        backends = ["reference", "cpu"]
        if json.loads(self.ok("info", "--json").stdout)["cuda"]["devices"] > 0:
            backends.append("cuda")
        histories = []
        for backend in backends:
            document = self.json("fit", ratings, "-o", self.path(backend), "-k", 4, "--sweeps", 5, "--precision",
                                 "double", "--backend", backend)
            self.assertTrue(document["backend"]["description"].startswith(backend))
            histories.append([record["objective"] for record in document["runs"][0]["history"]])
        for history in histories[1:]:
            for expected, found in zip(histories[0], history):
                self.assertAlmostEqual(found / expected, 1, delta=1e-8)

    def test_auto_says_why(self):
        done = self.ok("fit", self.planted(), "-o", self.path("m.h5"), "--sweeps", 1, "--backend", "auto")
        self.assertRegex(done.stderr, r"backend (cpu|cuda): [^\n]* \([^\n]*CUDA[^\n]*\)")

    def test_start_from_a_model(self):
        ratings = self.planted()
        first = self.json("fit", ratings, "-o", self.path("a.h5"), "-k", 3, "--sweeps", 5, "--precision", "double")
        with open(ratings) as file:
            more = self.write("more.csv", file.read() + "1001,1,3\n1,2001,3\n")
        # The same ratings: sweep 1 of the second run is sweep 6 of a longer first one.
        long = self.json("fit", ratings, "-o", self.path("b.h5"), "-k", 3, "--sweeps", 6, "--precision", "double")
        again = self.json("fit", ratings, "-o", self.path("c.h5"), "--start", self.path("a.h5"), "--sweeps", 1,
                          "--precision", "double")
        self.assertEqual(again["options"]["rank"], 3)
        self.assertEqual(again["runs"][0]["history"][0]["objective"], long["runs"][0]["history"][5]["objective"])
        # A new user and a new item come in: still nearer than a start from nothing.
        cold = self.json("fit", more, "-o", self.path("d.h5"), "-k", 3, "--sweeps", 1)
        warm = self.json("fit", more, "-o", self.path("d.h5"), "--start", self.path("a.h5"), "--sweeps", 1)
        self.assertEqual(warm["ratings"]["items"], first["ratings"]["items"] + 1)
        self.assertLess(warm["runs"][0]["history"][0]["objective"], cold["runs"][0]["history"][0]["objective"])
        self.fails(2, "has rank 3", "fit", ratings, "-o", self.path("e.h5"), "--start", self.path("a.h5"), "-k", 4)
        self.fails(1, "none of its items", "fit", self.write("o.csv", "x,y,1\n"), "-o", self.path("e.h5"), "--start",
                   self.path("a.h5"))

    def test_restarts_keep_the_best(self):
        document = self.json("fit", self.planted(), "-o", self.path("m.h5"), "-k", 3, "--sweeps", 2, "--restarts", 3)
        finals = [run_["history"][-1]["objective"] for run_ in document["runs"]]
        self.assertEqual(len(finals), 3)
        self.assertEqual(document["best_run"], finals.index(min(finals)))

    def test_a_start_that_diverges_is_passed_over(self):
        entries = [(0, 0, 1e38), (0, 1, 1), (1, 0, 1), (1, 1, 1e38), (2, 0, 2e37), (2, 1, -2e37), (3, 2, 1)]
        ratings = self.write("huge.csv", "".join(f"{i},{j},{a:g}\n" for i, j, a in entries))
        fit = ["fit", ratings, "-o", self.path("m.h5"), "-k", 1, "--lambda", 0, "--no-centre", "--sweeps", 5]
        document = self.json(*fit, "--restarts", 20)
        stopped = [run_["stopped"] for run_ in document["runs"]]
        self.assertEqual(set(stopped), {"diverged", "sweeps"})
        self.assertEqual(stopped[document["best_run"]], "sweeps")
        self.assertIn(f"\n{stopped.count('diverged')} of 20 starts diverged\n", self.ok(*fit, "--restarts", 20).stdout)
        self.fails(1, r"als\(\) diverged: from the seed \d+ the objective is not finite after sweep \d", *fit, "--seed",
                   stopped.index("diverged"), "--progress", "none")

    def test_huge_errors_are_readable(self):
        ratings = self.write("huge.csv", "1,1,1e18\n1,2,-1e18\n2,1,3e18\n")
        done = self.ok("fit", ratings, "-o", self.path("m.h5"), "-k", 1, "--lambda", 1, "--sweeps", 1)
        self.assertRegex(done.stderr, r"train RMSE \d\.\d+e\+1\d,")

    def test_stopping(self):
        ratings = self.planted()
        document = self.json("fit", ratings, "-o", self.path("m.h5"), "--sweeps", 1000, "--tolerance", 0.1)
        self.assertEqual(document["runs"][0]["stopped"], "tolerance")
        document = self.json("fit", ratings, "-o", self.path("m.h5"), "--sweeps", 1000000, "--time-limit", 0.05)
        self.assertEqual(document["runs"][0]["stopped"], "time")

    def test_plain_lines_without_a_terminal(self):
        done = self.ok("fit", self.planted(), "-o", self.path("m.h5"), "--sweeps", 3)
        self.assertEqual(len(re.findall(r"^sweep \d/3: objective .*train RMSE .* s$", done.stderr, re.M)), 3)
        self.assertNotIn("\r", done.stderr)
        self.assertRegex(done.stdout, r"3 sweeps in .* s, .* s each")

    def test_bar_on_a_terminal(self):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))  # rows, columns
        ratings = self.planted()
        process = subprocess.Popen([TOOL, "fit", ratings, "-o", self.path("m.h5"), "--sweeps", "5", "--backend", "cpu"],
                                   stderr=slave, stdout=subprocess.PIPE)
        self.addCleanup(process.kill)
        os.close(slave)
        shown = b""
        try:
            while chunk := os.read(master, 65536):
                shown += chunk
        except OSError:  # Linux: the other end is closed
            pass
        os.close(master)
        process.communicate()
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"\r[####................] 1/5 RMSE ", shown)
        self.assertIn(b"\r[####################] 5/5 RMSE ", shown)

    def test_interrupt_saves(self):
        ratings = self.planted()
        process = subprocess.Popen([TOOL, "fit", ratings, "-o", self.path("m.h5"), "--sweeps", "100000000", "--backend",
                                    "cpu"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        for line in process.stderr:
            if line.startswith("sweep 2/"):
                break
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0)
        self.assertIn("stopping after this sweep", errors)
        self.assertIn("ended by Ctrl-C", output)
        model = json.loads(self.ok("info", self.path("m.h5"), "--json").stdout)["model"]
        self.assertEqual(model["runs"][0]["stopped"], "callback")
        self.assertGreaterEqual(model["best_sweep"], 2)

    def test_a_second_interrupt_ends_at_once_and_leaves_the_old_model(self):
        ratings, model = self.planted(), self.path("m.h5")
        self.ok("fit", ratings, "-o", model, "-k", 2)
        with open(model, "rb") as file:
            old = file.read()
        for first, second in [(signal.SIGINT, signal.SIGINT), (signal.SIGINT, signal.SIGTERM),
                              (signal.SIGTERM, signal.SIGINT)]:
            returned = 0
            while returned == 0:  # on a busy machine the sweep and the save may be over before the second signal
                with open(model, "wb") as file:
                    file.write(old)
                returned = self.interrupted_twice(ratings, model, first, second)
            self.assertEqual(returned, -second)
            with open(model, "rb") as file:
                self.assertEqual(file.read(), old)
            # In the middle of the save it leaves the file that was to be renamed.
            self.assertEqual(sorted(name for name in os.listdir(self.folder) if not name.endswith(".tmp")),
                             ["m.h5", "planted.csv"])

    def interrupted_twice(self, ratings, model, first, second):
        # A sweep of the reference at this rank takes a second or so: the second signal comes before its end.
        process = subprocess.Popen([TOOL, "fit", ratings, "-o", model, "-k", "300", "--backend", "reference",
                                    "--sweeps", "1000"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        for line in process.stderr:
            if line.startswith("sweep 1/"):
                process.send_signal(first)
            if line.startswith("stopping after this sweep"):
                break
        process.send_signal(second)
        output, _ = process.communicate(timeout=60)
        if process.returncode != 0:
            self.assertEqual(output, "")
        return process.returncode


if __name__ == "__main__":
    unittest.main()
