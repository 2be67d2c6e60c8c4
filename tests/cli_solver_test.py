"""`seesaw fit --solver` and `seesaw compare`, end to end.   cli_solver_test.py TOOL [unittest arguments]"""
import json
import math
import os
import re
import sys
import unittest

sys.dont_write_bytecode = True
from cli_tool import ToolTest, run

PENALIZED = ["als", "agd", "gd", "lbfgs", "sgd", "newton", "newton-dense", "gauss-newton"]
BALL = ["frank-wolfe", "nuclear-pgd"]


class FitBySolver(ToolTest):
    def fitted(self, solver, *more):
        return self.json("fit", self.planted(), "-o", self.path(solver + ".h5"), "--solver", solver, *more)

    def test_all_reach_one_objective(self):
        """With this much data and penalty there is one minimum value; what the slower ones lack shows."""
        problem = ["-k", 2, "--lambda", 0.3, "--precision", "double"]
        least = self.fitted("als", *problem, "--sweeps", 300)["runs"][0]["history"][-1]["objective"]
        sweeps = {"agd": 2000, "gd": 2000, "lbfgs": 300, "newton": 60, "newton-dense": 60, "gauss-newton": 300}
        for solver, most in sweeps.items():
            document = self.fitted(solver, *problem, "--sweeps", most, "--gradient-norm", 1e-6)
            last = document["runs"][0]["history"][-1]
            self.assertEqual(document["solver"], solver)
            self.assertEqual(document["runs"][0]["stopped"], "gradient_norm", solver)
            self.assertLessEqual(last["gradient_norm"], 1e-6)
            # At a gradient g of a function whose Hessian is at least h across the solutions f is within |g|^2 / (2 h).
            self.assertAlmostEqual(last["objective"], least, delta=1e-6 * least, msg=solver)
        stochastic = self.fitted("sgd", *problem, "--sweeps", 300, "--step", 0.02, "--decay", 0.1)
        self.assertLess(stochastic["runs"][0]["history"][-1]["objective"], 1.02 * least)

    def test_the_model_says_which_solver(self):
        self.fitted("lbfgs", "-k", 2, "--sweeps", 3)
        self.assertIn("lbfgs", self.ok("info", self.path("lbfgs.h5")).stdout)
        self.assertEqual(self.json("info", self.path("lbfgs.h5"))["model"]["solver"], "lbfgs")

    def test_the_model_keeps_the_solvers_own_options(self):
        own = {"radius": 20, "step": "harmonic", "lanczos_steps": 64, "accuracy": 0.25}
        document = self.fitted("frank-wolfe", "--radius", 20, "--frank-wolfe-step", "harmonic", "--sweeps", 3)
        self.assertEqual(document["solver_options"], own)
        self.assertEqual(self.json("info", self.path("frank-wolfe.h5"))["model"]["solver_options"], own)
        self.assertIn("\noptions    radius 20.0, step harmonic, lanczos_steps 64, accuracy 0.25\n",
                      self.ok("info", self.path("frank-wolfe.h5")).stdout)
        document = self.fitted("sgd", "-k", 2, "--sweeps", 2, "--step", 0.02, "--halves", "--grid", 3, "--epochs", 2)
        self.assertEqual(document["solver_options"],
                         {"step": 0.02, "decay": 0.05, "grid": 3, "alternating": True, "epochs": 2})
        self.assertEqual(self.fitted("als", "-k", 2, "--sweeps", 1)["solver_options"], {})
        self.assertNotIn("\noptions ", self.ok("info", self.path("als.h5")).stdout)

    def test_options_of_the_search_and_of_the_inner_solvers(self):
        searched = ["lbfgs", "-k", 2, "--sweeps", 6, "--precision", "double"]
        exact, wolfe, armijo = (self.fitted(*searched, *more) for more in (
            [], ["--line-search", "wolfe", "--decrease", 0.01, "--curvature", 0.5],
            ["--line-search", "armijo", "--decrease", 0.3]))
        self.assertEqual(exact["solver_options"],
                         {"history": 10, "search": "exact", "decrease": 1e-4, "curvature": 0.9})
        self.assertEqual(wolfe["solver_options"],
                         {"history": 10, "search": "wolfe", "decrease": 0.01, "curvature": 0.5})
        self.assertEqual(armijo["solver_options"],
                         {"history": 10, "search": "armijo", "decrease": 0.3, "curvature": 0.9})
        last = [document["runs"][0]["history"][-1]["objective"] for document in (exact, wolfe, armijo)]
        self.assertEqual(len(set(last)), 3)
        for solver in ("newton", "gauss-newton"):  # a system solved more exactly takes more products
            loose, exactly = (self.fitted(solver, "-k", 2, "--sweeps", 2, "--forcing", forcing)
                              for forcing in (0.9, 0.001))
            self.assertEqual(exactly["solver_options"]["forcing"], 0.001)
            products = [document["runs"][0]["history"][0]["products"] for document in (loose, exactly)]
            self.assertLess(products[0], products[1], solver)
        ball = ["frank-wolfe", "--radius", 20, "--sweeps", 3, "--precision", "double"]
        few, many = self.fitted(*ball, "--lanczos-steps", 2), self.fitted(*ball)
        self.assertEqual(few["solver_options"]["lanczos_steps"], 2)
        self.assertGreater(few["runs"][0]["history"][0]["gap"], many["runs"][0]["history"][0]["gap"])

    def test_a_model_that_does_not_tell_them(self):
        self.ok("generate", "-o", self.path("p.csv"), "--users", 9, "--items", 8, "--entries", 20, "--truth",
                self.path("truth.h5"))
        self.assertIsNone(self.json("info", self.path("truth.h5"))["model"]["solver_options"])
        self.assertNotIn("\noptions ", self.ok("info", self.path("truth.h5")).stdout)

    def test_products_are_counted(self):
        history = self.fitted("newton", "-k", 2, "--sweeps", 5)["runs"][0]["history"]
        products = [record["products"] for record in history]
        self.assertEqual(products, sorted(products))
        self.assertGreater(products[0], 0)

    def test_over_the_ball(self):
        for solver in BALL:
            document = self.fitted(solver, "--radius", 20, "--sweeps", 200, "--gap", 0.01)
            record = document["runs"][0]["history"][-1]
            self.assertEqual(document["runs"][0]["stopped"], "gap", solver)
            self.assertLessEqual(record["gap"], 0.01 * record["objective"])
            rmse = self.json("evaluate", self.path(solver + ".h5"), self.path("planted.csv"))["rmse"]
            self.assertAlmostEqual(rmse, record["train_rmse"], places=4)

    def test_a_diverged_run_keeps_the_last_good_factors(self):
        ratings, model = self.planted(), self.path("m.h5")
        done = self.fails(1, r"diverged.*m\.h5 holds the factors as they were after sweep \d+", "fit", ratings, "-o",
                          model, "-k", 2, "--solver", "gd", "--step-rule", "fixed", "--step", 0.1, "--sweeps", 50,
                          "--progress", "none")
        self.assertIn("smaller step", done.stderr)
        self.assertTrue(math.isfinite(self.json("evaluate", model, ratings)["rmse"]))

    def diverged(self, *arguments):
        """The document of a fit that ends with exit code 1 and a line on standard error."""
        done = run("fit", *arguments, "--json")
        self.assertEqual(done.returncode, 1, done.stderr)
        document = json.loads(done.stdout)
        self.assertEqual(done.stderr, "seesaw: " + document["failure"] + "\n")
        self.assertEqual(document["runs"][0]["stopped"], "diverged")
        return document

    def test_a_diverged_run_has_its_document(self):
        ratings, model = self.planted(), self.path("m.h5")
        fit = [ratings, "-o", model, "-k", 2, "--solver", "gd", "--step-rule", "fixed", "--sweeps", 50]
        document = self.diverged(*fit, "--step", 0.1)
        history = document["runs"][0]["history"]
        self.assertEqual((document["best_sweep"], document["model"]), (len(history), model))
        self.assertGreater(len(history), 0)
        self.assertEqual(document["train_rmse"], history[-1]["train_rmse"])
        self.assertEqual(self.json("info", model)["model"]["runs"], document["runs"])
        at_once = self.diverged(*fit, "--step", 1e6)
        self.assertEqual((at_once["runs"][0]["history"], at_once["best_sweep"]), ([], 0))
        self.assertEqual([at_once[name] for name in ("train_rmse", "seconds_per_sweep")], [None, None])
        self.assertIn("failure", self.json("fit", ratings, "-o", model, "-k", 2, "--sweeps", 1))

    def test_a_diverged_run_without_good_factors_has_its_document(self):
        """als() keeps none; 3e38 is near the largest float."""
        ratings = self.write("large.csv", "".join(f"{j % 2},{j},3e38\n" for j in range(100)))
        document = self.diverged(ratings, "-o", self.path("m.h5"), "-k", 1, "--lambda", 0, "--no-centre")
        self.assertIsNone(document["model"])
        self.assertFalse(os.path.exists(self.path("m.h5")))

    def test_a_diverged_run_that_watched_validation_keeps_its_best(self):
        ratings, model = self.planted(), self.path("m.h5")
        self.fails(1, r"diverged.*m\.h5 holds the factors as they were after sweep \d+", "fit", ratings, "-o", model,
                   "-k", 2, "--solver", "gd", "--step-rule", "fixed", "--step", 0.1, "--sweeps", 50, "--holdout", 0.1,
                   "--patience", 50, "--progress", "none")
        self.assertTrue(math.isfinite(self.json("evaluate", model, ratings)["rmse"]))

    def test_sgd_in_halves(self):
        """`update_left` by SGD: two passes for the users' factors, then two for the items'."""
        both = self.fitted("sgd", "-k", 2, "--sweeps", 3, "--epochs", 2)["runs"][0]["history"]
        halves = self.fitted("sgd", "-k", 2, "--sweeps", 3, "--epochs", 2, "--halves")["runs"][0]["history"]
        self.assertNotEqual(both[-1]["objective"], halves[-1]["objective"])
        self.assertLess(halves[-1]["objective"], halves[0]["objective"])

    def test_going_on_takes_both_factors(self):
        """ALS gives X and Y; L-BFGS goes on from both, and cannot begin above their objective."""
        ratings, first = self.planted(), self.path("first.h5")
        problem = ["-k", 3, "--lambda", 0.1, "--precision", "double"]
        before = self.json("fit", ratings, "-o", first, *problem, "--sweeps", 5)["runs"][0]["history"][-1]["objective"]
        after = self.json("fit", ratings, "-o", self.path("second.h5"), *problem, "--sweeps", 1, "--solver", "lbfgs",
                          "--start", first)["runs"][0]["history"][0]["objective"]
        self.assertLess(after, before)
        self.assertGreater(after, 0.9 * before)

    def test_wrong_usage(self):
        ratings, model = self.rank_one(), self.path("m.h5")
        fit = ["fit", ratings, "-o", model]
        self.fails(2, '"best" is no solver, expected one of als, agd', *fit, "--solver", "best")
        self.fails(2, "--radius goes with --solver frank-wolfe, nuclear-pgd, not with als", *fit, "--radius", 3)
        self.fails(2, "--step-rule goes with --solver gd, agd, not with lbfgs", *fit, "--solver", "lbfgs",
                   "--step-rule", "exact")
        self.fails(2, "--step goes with --step-rule fixed", *fit, "--solver", "gd", "--step", 1)
        self.fails(2, "frank-wolfe needs --radius", *fit, "--solver", "frank-wolfe")
        self.fails(2, "--lambda does not go with --solver nuclear-pgd", *fit, "--solver", "nuclear-pgd", "--radius", 3,
                   "--lambda", 1)
        self.fails(2, "--implicit does not go with --solver sgd", *fit, "--solver", "sgd", "--implicit")
        self.fails(2, "--step", *fit, "--solver", "sgd", "--step", 0)
        lbfgs = [*fit, "--solver", "lbfgs"]
        self.fails(2, r'--line-search: "newton" is none of exact\|wolfe\|armijo', *lbfgs, "--line-search", "newton")
        self.fails(2, "--decrease goes with --line-search wolfe or armijo", *lbfgs, "--decrease", 0.1)
        self.fails(2, "--curvature goes with --line-search wolfe", *lbfgs, "--line-search", "armijo", "--curvature",
                   0.5)
        self.fails(2, "--curvature is 0.1, expected more than --decrease, 0.2", *lbfgs, "--line-search", "wolfe",
                   "--decrease", 0.2, "--curvature", 0.1)
        self.fails(2, '--decrease: is "1", expected more than 0 and less than 1', *lbfgs, "--line-search", "wolfe",
                   "--decrease", 1)
        self.fails(2, "--line-search goes with --solver lbfgs, not with gd", *fit, "--solver", "gd", "--line-search",
                   "wolfe")
        self.fails(2, "--forcing goes with --solver newton, gauss-newton, not with newton-dense", *fit, "--solver",
                   "newton-dense", "--forcing", 0.1)
        self.fails(2, '--forcing: is "0", expected more than 0', *fit, "--solver", "newton", "--forcing", 0)
        self.fails(2, "--lanczos-steps goes with --solver frank-wolfe", *fit, "--solver", "nuclear-pgd", "--radius", 3,
                   "--lanczos-steps", 8)
        self.fails(2, '--lanczos-steps: is "1", expected a whole number from 2', *fit, "--solver", "frank-wolfe",
                   "--radius", 3, "--lanczos-steps", 1)
        self.fails(1, "rank is 32, expected at most 3", *fit, "--solver", "gd", "--progress", "none")
        self.assertFalse(os.path.exists(model))


class Compare(ToolTest):
    def test_each_has_the_same_problem(self):
        document = self.json("compare", self.planted(), "--solvers", ",".join(PENALIZED), "-k", 2, "--sweeps", 4,
                             "--holdout", 0.1)
        self.assertEqual([one["solver"] for one in document["solvers"]], PENALIZED)
        for one in document["solvers"]:
            self.assertEqual([record["sweep"] for record in one["history"]], [1, 2, 3, 4], one["solver"])
            self.assertGreater(one["history"][-1]["validation_rmse"], 0)
            self.assertIsNone(one["failure"])
            alone = self.json("fit", self.path("planted.csv"), "-o", self.path("m.h5"), "-k", 2, "--sweeps", 4,
                              "--holdout", 0.1, "--solver", one["solver"])["runs"][0]["history"]
            self.assertEqual(alone[-1]["objective"], one["history"][-1]["objective"], one["solver"])

    def test_each_has_its_own_options(self):
        first, second = self.json("compare", self.planted(), "--solvers", "lbfgs,gd", "-k", 2, "--sweeps", 2,
                                  "--memory", 4, "--step-rule", "fixed", "--step", 0.001, "--momentum",
                                  "heavy-ball")["solvers"]
        self.assertEqual(first["solver_options"]["history"], 4)
        self.assertEqual([second["solver_options"][name] for name in ("rule", "step", "momentum")],
                         ["fixed", 0.001, "heavy-ball"])

    def test_table(self):
        lines = self.ok("compare", self.planted(), "--solvers", "als,lbfgs", "-k", 2, "--sweeps", 3).stdout.splitlines()
        self.assertRegex(lines[0], "^solver +sweeps +seconds +objective +train RMSE +validation RMSE +ended by$")
        self.assertRegex(lines[1], r"^als +3 .* - +sweeps$")
        self.assertRegex(lines[2], r"^lbfgs +3 ")

    def test_one_that_fails_does_not_keep_the_others_from_running(self):
        done = run("compare", self.planted(), "--solvers", "gd,als", "-k", 2, "--step-rule", "fixed", "--step", 0.1,
                   "--sweeps", 30, "--progress", "none")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"(?m)^gd +\d+ .*divergence$")
        self.assertRegex(done.stdout, r"(?m)^als +30 ")
        self.assertRegex(done.stderr, r"\Aseesaw: gd: gradient_descent\(\) diverged[^\n]*\n\Z")
        done = run("compare", self.rank_one(), "--solvers", "gd,als", "-k", 5, "--progress", "none", "--json")
        self.assertEqual(done.returncode, 1)
        first, second = json.loads(done.stdout)["solvers"]
        self.assertIn("rank is 5, expected at most 3", first["failure"])
        self.assertEqual(first["history"], [])
        self.assertEqual(len(second["history"]), 15)

    def test_a_ball_beside_others(self):
        document = self.json("compare", self.planted(), "--solvers", "als,frank-wolfe", "--radius", 40, "--sweeps", 3)
        self.assertEqual([len(one["history"]) for one in document["solvers"]], [3, 3])
        both = self.json("compare", self.path("planted.csv"), "--solvers", "lbfgs,frank-wolfe", "--radius", 40, "-k", 2,
                         "--sweeps", 3, "--gradient-norm", 1e-9)
        self.assertEqual([one["failure"] for one in both["solvers"]], [None, None])

    def test_help_speaks_of_options_that_it_has(self):
        text = self.ok("compare", "--help").stdout
        for other in ("--start", "--implicit", "--restarts", "--output"):
            self.assertNotIn(other, text)
        fit = re.sub(r"\s+", " ", self.ok("fit", "--help").stdout)
        self.assertIn("Number of factors; default 32, or that of --start", fit)
        self.assertIn("with --implicit the default is plain", fit)

    def test_wrong_usage(self):
        compare = ["compare", self.rank_one()]
        self.fails(2, "solver als is named twice", *compare, "--solvers", "als,als")
        self.fails(2, '"" is no solver', *compare, "--solvers", "als,")
        self.fails(2, "nuclear-pgd needs --radius", *compare, "--solvers", "als,nuclear-pgd")
        self.fails(2, "--memory goes with --solver lbfgs", *compare, "--solvers", "als", "--memory", 3)
        self.fails(2, "--patience needs ratings to watch", *compare, "--patience", 3)
        self.fails(2, "--rank does not go with", *compare, "--solvers", "frank-wolfe", "--radius", 3, "--rank", 2)
        self.fails(2, "--plot is", *compare, "--plot", "picture.pdf")
        self.fails(1, "none.csv", "compare", self.path("none.csv"))


if __name__ == "__main__":
    unittest.main()
