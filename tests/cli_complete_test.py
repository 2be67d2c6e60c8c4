"""`seesaw cp fit --known-only`, end to end.   cli_complete_test.py TOOL [unittest arguments]"""
import os
import shutil
import signal
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from cli_tool import TOOL, ToolTest


class Complete(ToolTest):
    def planted(self, name="known.tns", *more, entries=1500, noise=0):
        """Of rank 2 and mean 0, the elements of a standard deviation of 1; 30 % of the places are there."""
        path = self.path(name)
        self.ok("cp", "generate", "-o", path, "--shape", "20,18,14", "--entries", entries, "--rank", 2, "--seed", 3,
                "--noise", noise, *more)
        return path

    def small(self):
        return self.write("small.tns", "1 1 1 1\n2 3 2 2\n1 3 2 4\n2 1 1 3\n")

    def complete(self, tensor, *more, model="m.h5"):
        return self.json("cp", "fit", tensor, "-o", self.path(model), "--known-only", *more)

    def test_a_planted_tensor_is_recovered(self):
        """The noise is what nothing can predict: 0.1, of which a few hundredths more come from fitting so few."""
        tensor = self.planted(noise=0.1)
        document = self.complete(tensor, "-k", 2, "--ridge", 0.002, "--holdout", 0.2, "--starts", 5)
        held = document["validation"]["entries"]
        self.assertEqual(document["fitted_entries"] + held, 1500)
        self.assertAlmostEqual(held / 1500, 0.2, delta=0.05)
        self.assertGreater(document["validation_rmse"], 0.07)
        self.assertLess(document["validation_rmse"], 0.13)
        self.assertLess(document["train_rmse"], 0.11)
        self.assertGreater(document["fit"], 0.85)
        # A fit that takes the places that are missing for 0 is far from all of it.
        self.assertLess(self.json("cp", "fit", tensor, "-o", self.path("z.h5"), "-k", 2)["fit"], 0.5)

    def test_the_last_entry_of_an_index_is_not_held_out(self):
        document = self.complete(self.planted(), "-k", 1, "--sweeps", 1, "--holdout", 0.99)
        self.assertEqual(document["validation"]["left_out"], 0)
        self.assertGreater(document["validation"]["entries"], 1400)
        self.assertGreaterEqual(document["fitted_entries"], 20)

    def test_every_solver_recovers_it(self):
        tensor, held = self.planted(), self.path("held.tns")
        with open(tensor, encoding="ascii") as file:
            lines = file.readlines()
        with open(held, "w", encoding="ascii") as file:
            file.writelines(lines[::15] + ["999 1 1 1\n"])
        with open(self.path("known2.tns"), "w", encoding="ascii") as file:
            file.writelines(line for e, line in enumerate(lines) if e % 15 > 0)
        for solver, *more in (("als",), ("lbfgs", "--sweeps", 400, "--memory", 8),
                              ("gd", "--sweeps", 400, "--momentum", "heavy-ball")):
            with self.subTest(solver=solver):
                document = self.complete(self.path("known2.tns"), "-k", 2, "--ridge", "1e-5,1e-5,1e-5", "--solver",
                                         solver, "--validation", held, "--starts", 4, "--tolerance", 1e-9, *more)
                self.assertLess(document["validation_rmse"], 0.02)
                self.assertEqual(document["validation"]["entries"], 100)
                self.assertEqual(document["validation"]["left_out"], 1)
                self.assertEqual(document["solver"], solver)
                self.assertEqual(document["options"]["ridge"], [1e-5, 1e-5, 1e-5])
                self.assertEqual([run["seed"] for run in document["runs"]], [0, 1, 2, 3])
                kept = document["runs"][document["best_run"]]["history"][document["best_sweep"] - 1]
                self.assertEqual(kept["validation_rmse"], document["validation_rmse"])

    def test_the_best_sweep_is_kept(self):
        document = self.complete(self.planted(noise=1), "-k", 6, "--ridge", 0, "--holdout", 0.3, "--patience", 3,
                                 "--sweeps", 200)
        history = document["runs"][0]["history"]
        self.assertEqual(document["runs"][0]["stopped"], "validation")
        self.assertEqual(document["best_sweep"], len(history) - 3)
        self.assertEqual(document["validation_rmse"], min(sweep["validation_rmse"] for sweep in history))

    def test_info_of_the_model(self):
        fitted = self.complete(self.planted("mean.tns", "--mean", 5), "-k", 2, "--sweeps", 4, "--weighting", "plain",
                               "--ridge", 0.5, "--precision", "float")
        self.assertAlmostEqual(fitted["mean"], 5, delta=0.2)
        found = self.json("cp", "info", self.path("m.h5"))["model"]
        self.assertEqual((found["known_only"], found["precision"], found["shape"]), (True, "float", [20, 18, 14]))
        for name in ("fit", "mean", "weights", "options", "solver", "solver_options", "runs", "best_run", "best_sweep",
                     "train_rmse"):
            self.assertEqual(found[name], fitted[name], name)
        self.assertEqual(found["options"]["weighting"], "plain")
        text = self.ok("cp", "info", self.path("m.h5")).stdout
        self.assertRegex(text, r"completed  from known entries by als, seed 0\nsweep 4: objective .*; fit 0\.")
        self.assertRegex(text, r"mean 5\.?\d*, weights ")

    def test_a_report_for_people(self):
        done = self.ok("cp", "fit", self.planted(), "-o", self.path("m.h5"), "--known-only", "-k", 2, "--sweeps", 3,
                       "--tolerance", 0, "--holdout", 0.1, "--progress", "lines")
        self.assertRegex(done.stderr, r"(?m)^sweep 3/3: objective .*, train RMSE .*, validation RMSE ")
        self.assertRegex(done.stdout, r"rank 2 of .*known.tns \(sparse, 20 x 18 x 14, 1500 entries\), the entries kn")
        self.assertRegex(done.stdout, r"3 sweeps in .* each; ended by sweeps")

    def test_goes_on_from_a_model(self):
        """Sharing the weights among the factors makes the ridge's part least, so that the objective only falls."""
        tensor = self.planted(noise=0.1)
        options = ("--ridge", 0.01, "--weighting", "plain", "--tolerance", 0, "--sweeps")
        begun = self.complete(tensor, *options, 40, "-k", 2, model="first.h5")
        gone_on = self.complete(tensor, *options, 1, "--start-model", self.path("first.h5"))
        last, [only] = begun["runs"][0]["history"][-1], gone_on["runs"][0]["history"]
        self.assertLess(only["objective"], last["objective"] * (1 + 1e-9))
        self.assertLess(only["objective"], 0.5 * begun["runs"][0]["history"][0]["objective"])
        self.fails(1, "is of a tensor of 20 x 18 x 14, but .* is 2 x 3 x 2", "cp", "fit", self.small(), "-o",
                   self.path("m.h5"), "--known-only", "--start-model", self.path("first.h5"), "--progress", "none")
        self.fails(1, "of a completed tensor less its mean", "cp", "fit", tensor, "-o", self.path("m.h5"),
                   "--start-model", self.path("first.h5"), "--progress", "none")

    def test_the_same_bits_again(self):
        tensor = self.planted(noise=0.1)
        first, second = (self.complete(tensor, "-k", 3, "--sweeps", 5, "--holdout", 0.1) for _ in range(2))
        self.assertEqual(first["weights"], second["weights"])

    @unittest.skipUnless(shutil.which("gnuplot"), "no gnuplot")
    def test_plot(self):
        plot = self.path("components.svg")
        self.complete(self.planted(), "-k", 2, "--sweeps", 3, "--plot", plot)
        with open(plot, encoding="utf-8") as file:
            picture = file.read()
        for text in ("Mode 1", "Mode 3", "component 2"):
            self.assertIn(text, picture)

    def test_an_interrupt_saves_the_model(self):
        model = self.path("m.h5")
        command = [TOOL, "cp", "fit", self.planted(), "-o", model, "--known-only", "-k", "8", "--sweeps", "1000000",
                   "--tolerance", "0", "--backend", "cpu", "--progress", "lines"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            for line in process.stderr:
                if line.startswith("sweep 2/"):
                    break
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
        self.assertIn("Ctrl-C", out)
        self.assertEqual(self.json("cp", "info", model)["model"]["runs"][0]["stopped"], "callback")

    def test_refuses_options_that_do_not_go_with_it(self):
        tensor, model = self.small(), self.path("m.h5")
        for option, *value in (("--nonnegative",), ("--order", "3,2,1"), ("--start", "nvecs"),
                               ("--start", "range-finder"), ("--fit-change", "1e-3"), ("--relative-error", "0.1")):
            with self.subTest(option=option):
                self.fails(2, f"{option} does not go with --known-only: ", "cp", "fit", tensor, "-o", model,
                           "--known-only", option, *value)
        self.fails(2, "--fixed does not go with --known-only", "cp", "fit", tensor, "-o", model, "--known-only",
                   "--fixed", "1", "--start-model", model)
        self.fails(2, "--rank-scan does not go with --known-only", "cp", "fit", tensor, "--rank-scan", "1:2",
                   "--known-only")
        for option, *value in (("--solver", "gd"), ("--weighting", "plain"), ("--exponent", "0.5"), ("--no-centre",),
                               ("--tolerance", "0.1"), ("--validation", tensor), ("--holdout", "0.1"),
                               ("--patience", "2"), ("--memory", "3"), ("--gradient-norm", "1")):
            with self.subTest(option=option):
                self.fails(2, f"{option} goes with --known-only or --implicit", "cp", "fit", tensor, "-o", model,
                           option, *value)
        for pattern, *arguments in (
                ("--solver is \"sgd\", expected als, gd or lbfgs", "--solver", "sgd"),
                ("--memory goes with --solver lbfgs, not with als", "--memory", 3),
                ("--exponent goes with --weighting by-count", "--exponent", 0.5, "--weighting", "plain"),
                ("--patience needs entries to watch", "--patience", 2),
                ("--validation excludes --holdout", "--validation", tensor, "--holdout", 0.1),
                ("--ridge has 2 numbers, expected 1 or 3", "--ridge", "1,2"),
                ("the output .* is also an input", "--validation", model)):
            with self.subTest(pattern=pattern):
                if "also an input" in pattern:
                    shutil.copy(tensor, model)
                self.fails(2, pattern, "cp", "fit", tensor, "-o", model, "--known-only", *arguments, "--progress",
                           "none")
        os.remove(model)

    # ---- implicit feedback

    def test_implicit_feedback_of_two_modes_is_that_of_a_matrix(self):
        entries = [(i, j, 1 + (3 * i + j) % 4) for i in range(1, 13) for j in range(1, 11) if (i * j + i) % 3 == 0 or
                   i == j or j == 1]
        tensor = self.write("counts.tns", "".join(f"{i} {j} {r}\n" for i, j, r in entries))
        matrix = self.write("counts.csv", "".join(f"{i},{j},{r}\n" for i, j, r in entries))
        options = ("--implicit", "--alpha", 2, "--unobserved", 0.5, "-k", 3, "--seed", 7, "--sweeps", 8,
                   "--tolerance", 0, "--precision", "double")
        ours = self.json("cp", "fit", tensor, "-o", self.path("t.h5"), "--ridge", 0.3, *options)
        theirs = self.json("fit", matrix, "-o", self.path("m.h5"), "--lambda", 0.3, *options)
        for one, other in zip(ours["runs"][0]["history"], theirs["runs"][0]["history"], strict=True):
            self.assertAlmostEqual(one["objective"], other["objective"], delta=1e-9 * other["objective"])
            self.assertAlmostEqual(one["train_rmse"], other["train_rmse"], delta=1e-9)
        self.assertEqual(ours["options"]["implicit"],
                         {"alpha": 2, "confidences": False, "unobserved": 0.5, "cg_steps": 0})
        self.assertEqual((ours["options"]["weighting"], ours["options"]["centre"], ours["mean"]), ("plain", False, 0))
        found = self.json("cp", "info", self.path("t.h5"))["model"]
        self.assertEqual((found["options"], found["fit"]), (ours["options"], ours["fit"]))
        self.assertAlmostEqual(found["fit"], 1 - ours["train_rmse"], delta=1e-12)
        self.assertIn("completed  from implicit feedback by als", self.ok("cp", "info", self.path("t.h5")).stdout)

    def test_implicit_feedback_of_three_modes(self):
        """Users of each half take items of the same half, at times of the same half: the model tells those apart."""
        taken = [(i, j, t) for i in range(12) for j in range(10) for t in range(6)
                 if i // 6 == j // 5 == t // 3 and (i + 2 * j + 3 * t) % 4 == 0]
        tensor = self.write("taken.tns", "".join(f"{i} {j} {t} 2\n" for i, j, t in taken))
        document = self.json("cp", "fit", tensor, "-o", self.path("m.h5"), "--implicit", "-k", 2, "--ridge", 0.1,
                             "--alpha", 5, "--holdout", 0.2, "--cg-steps", 3)
        history = [sweep["objective"] for sweep in document["runs"][0]["history"]]
        self.assertLess(history[-1], history[0])
        self.assertLess(document["validation_rmse"], 0.6)  # of 1 - m; where everything is taken for 0 it is 1

    def test_refuses_what_is_no_implicit_feedback(self):
        tensor, model = self.small(), self.path("m.h5")
        for pattern, *arguments in (
                ("--known-only excludes --implicit", "--implicit", "--known-only"),
                ("--implicit does not go with --solver gd: als alone", "--implicit", "--solver", "gd"),
                ("--cg-steps needs a --ridge that is more than 0", "--implicit", "--cg-steps", 2, "--ridge", "1,0,1"),
                ("--nonnegative does not go with --implicit", "--implicit", "--nonnegative"),
                ("--alpha requires --implicit", "--alpha", 2, "--known-only"),
                ("--alpha", "--implicit", "--alpha", -1)):
            with self.subTest(pattern=pattern):
                self.fails(2, pattern, "cp", "fit", tensor, "-o", model, *arguments, "--progress", "none")
        negative = self.write("negative.tns", "1 1 1 1\n2 3 2 -2\n")
        self.fails(1, r"negative.tns: the entry at \(2, 3, 2\) is -2, expected more than 0 with --implicit", "cp",
                   "fit", negative, "-o", model, "--implicit", "--progress", "none")
        self.fails(1, r"the entry at \(1, 1, 1\) is 1, a confidence of 1, expected .* at least --unobserved, 1.5", "cp",
                   "fit", tensor, "-o", model, "--implicit", "--confidences", "--unobserved", 1.5, "--progress", "none")
        self.assertFalse(os.path.exists(model))

    def test_refuses_files_that_do_not_fit(self):
        tensor, model = self.small(), self.path("m.h5")

        def fails(code, pattern, *arguments):
            self.fails(code, pattern, "cp", "fit", *arguments, "-o", model, "--known-only", "--progress", "none")

        dense = self.path("dense.npy")
        self.ok("cp", "generate", "-o", dense, "--shape", "4,3,2", "--rank", 1)
        fails(2, "--known-only is of a sparse tensor, .*dense.npy is dense: all its elements are", dense)
        fails(1, "dense.npy is a dense tensor, expected a sparse one to validate with", tensor, "--validation", dense)
        fails(1, "has 2 modes, but .* has 3", tensor, "--validation", self.write("two.tns", "1 1 1\n"))
        fails(1, "none of its entries has indices that .* has", tensor, "--validation",
              self.write("far.tns", "1 1 9 1\n"))
        fails(1, "far.tns:1: ", tensor, "--validation", self.write("far.tns", "1 1 x 1\n"))
        fails(1, "none.tns: cannot be opened", tensor, "--validation", self.path("none.tns"))
        fails(1, "--holdout 0.5 of 1 entry leaves none", self.write("one.tns", "1 1 1 1\n"), "--holdout", 0.5)
        fails(1, "would take about [0-9.]+ (T|P|E)iB", tensor, "-k", 1000000)
        self.assertFalse(os.path.exists(model))

    def test_a_start_that_diverges_is_an_error(self):
        self.fails(1, "complete_tensor\\(\\) diverged: from the seed 0", "cp", "fit", self.planted(), "-o",
                   self.path("m.h5"), "--known-only", "--solver", "gd", "--step-rule", "fixed", "--step", 10,
                   "--progress", "none")
        self.assertFalse(os.path.exists(self.path("m.h5")))

    def test_an_index_base_of_zero_is_that_of_the_validation_too(self):
        known = self.write("zero.tns", "0 0 0 1\n1 2 1 2\n0 2 1 4\n1 0 0 3\n")
        document = self.complete(known, "-k", 1, "--validation", self.write("held.tns", "1 2 1 2\n2 1 1 2\n"))
        self.assertEqual(document["validation"]["entries"], 1)
        self.assertEqual(document["validation"]["left_out"], 1)


if __name__ == "__main__":
    unittest.main()
