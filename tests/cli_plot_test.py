"""Pictures, end to end: `seesaw fit --plot`, `seesaw show`.   cli_plot_test.py TOOL [unittest arguments]"""
import json
import os
import re
import shutil
import sys
import unittest
import xml.etree.ElementTree

sys.dont_write_bytecode = True
from cli_tool import ToolTest

WHOLE = """echo '<?xml version="1.0"?><svg></svg>'"""


class PlotTest(ToolTest):
    def gnuplot(self, commands):
        """An environment whose only program is a gnuplot that does this."""
        folder = self.path("bin")
        os.makedirs(folder, exist_ok=True)
        program = os.path.join(folder, "gnuplot")
        with open(program, "w") as file:
            file.write("#!/bin/sh\n" + commands + "\n")
        os.chmod(program, 0o755)
        return {"PATH": folder}

    def script(self, *arguments):
        """What gnuplot is told to draw."""
        self.ok(*arguments, "--plot", self.path("script.svg"),
                environment=self.gnuplot(f"/bin/cat /dev/stdin > '{self.path('script')}'\n{WHOLE}"))
        with open(self.path("script"), encoding="utf-8") as file:
            return file.read()

    def has(self, script, part):
        self.assertTrue(part in script, part)  # assertIn would print a script of a megabyte

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def texts(self, name):
        """Of an svg, which must be well-formed."""
        tree = xml.etree.ElementTree.parse(self.path(name))
        return [element.text for element in tree.iter("{http://www.w3.org/2000/svg}text")]

    def fit(self, *more, model="m.h5", rank=3, ratings=None):
        return ["fit", ratings or self.planted(), "-o", self.path(model), "-k", rank, "--sweeps", 4, *more]


@unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is missing (Debian's package gnuplot-nox)")
class Drawn(PlotTest):
    def test_convergence(self):
        self.ok(*self.fit("--plot", self.path("c.svg"), "--holdout", 0.1))
        texts = self.texts("c.svg")
        for text in ("Objective", "objective", "sweep", "seconds", "RMSE", "validation", "training"):
            self.assertIn(text, texts)
        self.assertIn("Convergence of m.h5", texts)
        self.ok("show", self.path("m.h5"), "--convergence", "--plot", self.path("again.svg"))
        self.assertEqual(self.texts("again.svg"), texts)

    def test_comparison(self):
        self.ok("compare", self.planted(), "--solvers", "als,gd", "-k", 3, "--sweeps", 4, "--plot", self.path("c.svg"))
        texts = self.texts("c.svg")
        for text in ("als", "gd", "Objective", "sweep", "seconds", "RMSE"):
            self.assertIn(text, texts)

    def test_decomposition(self):
        ratings = self.planted()
        self.ok(*self.fit(ratings=ratings))
        done = self.ok("show", self.path("m.h5"), ratings, "--plot", self.path("d.svg"), "--users", 10)
        self.assertEqual(done.stdout,
                         self.path("d.svg") + ": 10 of 60 users, the most active first; all 40 items\n")
        texts = self.texts("d.svg")
        for text in ("m.h5: rank 3, beside planted.csv", "10 of 60 users, the most active first; all 40 items", "user",
                     "item", "X", "Y'", "observed (grey: none)", "recovered: mean + X Y'"):
            self.assertIn(text, texts)
        self.assertTrue(any(re.fullmatch(r"rating - mean [23]\.\d+", text) for text in texts), texts)
        self.ok("show", self.path("m.h5"), "--plot", self.path("e.svg"))
        self.assertNotIn("observed (grey: none)", self.texts("e.svg"))

    def test_png_by_its_ending(self):
        self.ok(*self.fit("--plot", self.path("c.PNG")))
        self.ok("show", self.path("m.h5"), "--plot", self.path("d.png"))
        for name in ("c.PNG", "d.png"):
            self.assertEqual(self.read(name)[:8], b"\x89PNG\r\n\x1a\n")
            self.assertEqual(self.read(name)[-8:-4], b"IEND")

    def test_json(self):
        document = self.json(*self.fit("--plot", self.path("c.svg")))
        self.assertEqual(document["plot"], self.path("c.svg"))
        self.texts("c.svg")
        self.assertIsNone(self.json(*self.fit())["plot"])
        document = self.json("show", self.path("m.h5"), "--plot", self.path("d.svg"), "--items", 7)
        self.assertEqual((document["users"], document["items"], document["ratings"]), (60, 7, None))

    def test_strange_names(self):
        owned = self.path("owned")
        users = ["O'Hara <b>&", f"`touch {owned}`", "$(id)@x", '{a}_b^c%d"', "naïve ☃", "\\n\\"]
        lines = [f"{user}\t{item}\t{1 + (u + i) % 3}" for u, user in enumerate(users)
                 for i, item in enumerate(["a'b", "%s%n"])]
        ratings = self.write("ratings '%s <&>`.tsv", "user\titem\trating\n" + "\n".join(lines) + "\n")
        model = "m' `id` {x}_y %d <&>.h5"
        self.ok(*self.fit("--plot", self.path("c ' `id`.svg"), model=model, rank=1, ratings=ratings))
        self.assertIn("Convergence of " + model, self.texts("c ' `id`.svg"))
        self.ok("show", self.path(model), ratings, "--plot", self.path("d' $(id).svg"))
        texts = self.texts("d' $(id).svg")
        self.assertIn(f"{model}: rank 1, beside ratings '%s <&>`.tsv", texts)
        for name in ["O'Hara <b>&", "$(id)@x", '{a}_b^c%d"', "naïve ☃", "\\n\\", "a'b", "%s%n"]:
            self.assertIn(name, texts)
        self.assertFalse(os.path.exists(owned))


class Scripts(PlotTest):
    def test_a_curve_for_each_start(self):
        script = self.script(*self.fit("--restarts", 3))
        document = self.json("info", self.path("m.h5"))["model"]
        names = re.findall(r"title '(start \d[^']*)'", script)
        expected = [f"start {i + 1}" + (" (kept)" if i == document["best_run"] else "") for i in range(3)]
        self.assertEqual(names[:3], expected)
        objectives = [[float(line.split()[1]) for line in re.findall(rf"\$c{i} << EOD\n(.*?)EOD", script, re.S)[0]
                       .splitlines()] for i in range(3)]
        self.assertEqual(objectives, [[record["objective"] for record in run["history"]] for run in document["runs"]])

    def curves(self, script, count):
        """The points (sweep, objective) of the first panel's curves, by their names."""
        names = re.findall(r" title '([^']+)'", script)
        points = [[tuple(map(float, line.split()[:2])) for line in data.splitlines()]
                  for data in re.findall(r"\$c\d+ << EOD\n(.*?)EOD", script, re.S)]
        return dict(zip(names[:count], points[:count]))

    def test_a_curve_for_each_solver(self):
        compare = ["compare", self.planted(), "--solvers", "als,lbfgs", "-k", 3, "--sweeps", 4]
        script = self.script(*compare)
        expected = {one["solver"]: [(record["sweep"], record["objective"]) for record in one["history"]]
                    for one in self.json(*compare)["solvers"]}
        self.assertEqual(list(expected), ["als", "lbfgs"])
        self.assertEqual(self.curves(script, 2), expected)
        self.has(script, "planted.csv")

    def test_beside_a_ball_squared_errors_are_compared(self):
        compare = ["compare", self.planted(), "--solvers", "als,frank-wolfe", "-k", 3, "--radius", 40, "--sweeps", 4]
        script = self.script(*compare)
        document = self.json(*compare)
        curves = self.curves(script, 2)
        for one in document["solvers"]:
            self.assertEqual(len(curves[one["solver"]]), 4)
            for (_, drawn), record in zip(curves[one["solver"]], one["history"]):
                squares = record["train_rmse"] ** 2 * document["ratings"]["entries"]
                self.assertAlmostEqual(drawn, squares / 2, delta=1e-12 * squares)  # three roundings
        self.has(script, "objective: squared errors / 2")

    def test_many_starts_are_grey_but_for_the_best(self):
        script = self.script(*self.fit("--restarts", 12))
        best = self.json("info", self.path("m.h5"))["model"]["best_run"]
        self.assertEqual(set(re.findall(r" title '([^']*)'", script)), {f"start {best + 1} (kept)"})
        self.has(script, "grey: the other 11 starts")

    def checkerboard(self):
        lines = [f"{i},{j},{(3 if i % 2 else -3) + (-1 if j % 2 else 1)}" for i in range(1, 9) for j in range(1, 7)
                 if (i + 2 * j) % 5]
        return self.write("board.csv", "user,item,rating\n" + "\n".join(lines) + "\n")

    def cells(self, script, which, rows, cols):
        """The matrices of a script: observed, X, Y', recovered."""
        lines = re.findall(r"\$cells << EOD\n(.*?)EOD", script, re.S)[which].splitlines()
        self.assertEqual(len(lines) % rows, 0)
        numbers = [line.split() for line in lines[::len(lines) // rows]]
        return [[float(number) for number in row[::len(row) // cols]] for row in numbers]

    def test_the_matrix_and_what_is_recovered(self):
        ratings = self.checkerboard()
        self.ok("fit", ratings, "-o", self.path("m.h5"), "-k", 2, "--lambda", 0, "--no-centre", "--sweeps", 300,
                "--restarts", 10, "--precision", "double")
        script = self.script("show", self.path("m.h5"), ratings)
        observed, recovered = self.cells(script, 0, 8, 6), self.cells(script, 3, 8, 6)
        x, y = self.cells(script, 1, 8, 2), self.cells(script, 2, 2, 6)
        for i in range(8):
            for j in range(6):
                a = (-3 if i % 2 else 3) + (1 if j % 2 else -1)
                self.assertEqual(observed[i][j] == a, bool((i + 1 + 2 * (j + 1)) % 5))  # NaN where not observed
                self.assertAlmostEqual(recovered[i][j], a, places=3)
                self.assertAlmostEqual(sum(x[i][f] * y[f][j] for f in range(2)), a, places=3)
        for least, most in re.findall(r"set cbrange \[(\S+):(\S+)\]", script)[::3]:  # of the two matrices
            self.assertEqual(float(least), -float(most))
            self.assertAlmostEqual(float(most), 4, places=3)
        self.has(script, "'recovered: X Y'''")
        self.has(script, "'rating'")

    def test_of_a_large_model_those_with_most_ratings(self):
        # User u has u ratings, item i those of the users from i on; but user 3 has one more.
        lines = [f"{u},{i},{1 + (u + i) % 3}" for u in range(1, 9) for i in range(1, u + 1)] + ["3,8,2", "3,7,1", "3,6,1"]
        ratings = self.write("r.csv", "user,item,rating\n" + "\n".join(lines) + "\n")
        self.ok(*self.fit(ratings=ratings))
        script = self.script("show", self.path("m.h5"), ratings, "--users", 4, "--items", 2)
        tics = re.findall(r"set (.)tics out nomirror textcolor rgb '#202020' \(('.*?)\)", script)
        named = [(axis, re.findall(r"'(\d+)' ", names)) for axis, names in tics if axis in "xy"]
        self.assertIn(("y", ["8", "7", "3", "6"]), named)  # 3 and 6 have as many
        self.assertIn(("x", ["1", "2"]), named)
        self.has(script, "'4 of 8 users, the most active first; 2 of 8 items, the most rated first'")
        alone = self.script("show", self.path("m.h5"), "--users", 4, "--items", 2)
        self.has(alone, "'4 of 8 users, the first ones; 2 of 8 items, the first ones'")
        self.assertEqual(len(re.findall(r"\$cells <<", alone)), 3)

    def test_implicit_feedback_is_shown_as_zeros_and_ones(self):
        ratings = self.write("plays.csv", "1,1,7\n1,2,3\n2,2,4\n3,1,9\n3,3,1\n")
        self.ok("fit", ratings, "-o", self.path("m.h5"), "-k", 1, "--implicit", "--sweeps", 3)
        script = self.script("show", self.path("m.h5"), ratings)
        self.assertEqual(self.cells(script, 0, 3, 3), [[1, 1, 0], [0, 1, 0], [1, 0, 1]])
        self.has(script, "'preference'")


class Refused(PlotTest):
    def test_without_gnuplot_before_the_run(self):
        os.mkdir(self.path("empty"))
        nothing = {"PATH": self.path("empty")}
        message = r"c\.svg: cannot be drawn, for there is no gnuplot in PATH \(Debian's package gnuplot-nox has it\)"
        self.fails(1, message, *self.fit("--plot", self.path("c.svg")), environment=nothing)
        self.assertFalse(os.path.exists(self.path("m.h5")))
        self.ok(*self.fit(), environment=nothing)
        self.fails(1, message, "show", self.path("m.h5"), "--plot", self.path("c.svg"), environment=nothing)

    def test_other_endings(self):
        for name in ("c.pdf", "c", "c.svg.gz"):
            self.fails(2, r'--plot is "[^"]*", expected a name that ends in \.svg or \.png; see seesaw fit --help',
                       *self.fit("--plot", self.path(name)))
            self.assertFalse(os.path.exists(self.path("m.h5")))
        self.fails(2, "--plot", "show", self.rank_one())

    def test_files_that_are_used_besides(self):
        drawing = self.gnuplot(WHOLE)
        ratings = self.write("r.svg", "1,1,1\n1,2,2\n2,1,3\n")
        for path in ("r.svg", "m.svg"):
            self.fails(2, "which the command reads or writes besides",
                       *self.fit("--plot", self.path(path), model="m.svg", ratings=ratings), environment=drawing)
        os.link(ratings, self.path("link.svg"))
        self.fails(2, "is also an input", *self.fit("--plot", self.path("link.svg"), ratings=ratings),
                   environment=drawing)
        self.fails(1, r"none/c\.svg: ", *self.fit("--plot", self.path("none/c.svg"), ratings=ratings),
                   environment=drawing)
        self.assertFalse(os.path.exists(self.path("m.h5")))

    def test_gnuplot_that_fails(self):
        old = self.write("c.svg", "old")
        done = self.fails(1, r"c\.svg: cannot be drawn: gnuplot ended with status 7: no such terminal; the model \S*m\.h5 "
                             r"is saved, and seesaw show --convergence draws it", *self.fit("--plot", old, "--progress", "none"),
                          environment=self.gnuplot("echo no such terminal >&2\nexit 7"))
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.read("c.svg"), b"old")
        self.assertEqual(sorted(os.listdir(self.folder)), ["bin", "c.svg", "m.h5", "planted.csv"])
        self.fails(1, "gnuplot was killed by signal 9", "show", self.path("m.h5"), "--plot", old,
                   environment=self.gnuplot("kill -9 $$"))
        self.fails(1, "gnuplot drew no whole picture", "show", self.path("m.h5"), "--plot", old,
                   environment=self.gnuplot("echo '<?xml version=\"1.0\"?><svg>'"))
        self.assertEqual(self.read("c.svg"), b"old")
        self.ok("show", self.path("m.h5"), "--convergence", "--plot", old, environment=self.gnuplot(WHOLE))
        self.assertEqual(self.read("c.svg"), b'<?xml version="1.0"?><svg></svg>\n')

    def test_what_show_cannot_draw(self):
        drawing = self.gnuplot(WHOLE)
        self.ok("generate", "-o", self.path("p.csv"), "--users", 9, "--items", 8, "--entries", 20, "--truth",
                self.path("truth.h5"))
        truth, plot = self.path("truth.h5"), ["--plot", self.path("d.svg")]
        self.ok("show", truth, self.path("p.csv"), *plot, environment=drawing)
        self.fails(1, r"truth\.h5: has no history to show", "show", truth, "--convergence", *plot, environment=drawing)
        self.fails(1, "none of its 1 ratings is of a user and an item that the model knows", "show", truth,
                   self.write("other.csv", "a,b,1\n"), *plot, environment=drawing)
        self.fails(2, "--convergence", "show", truth, self.path("p.csv"), "--convergence", *plot, environment=drawing)
        self.fails(2, "--users", "show", truth, "--users", 401, *plot, environment=drawing)
        self.fails(1, r"p\.csv: not an HDF5 file", "show", self.path("p.csv"), *plot, environment=drawing)


if __name__ == "__main__":
    unittest.main()
