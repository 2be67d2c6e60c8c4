"""`seesaw cp`, end to end.   cli_cp_test.py TOOL [unittest arguments]"""
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from cli_tool import TOOL, ToolTest, run


class Cp(ToolTest):
    def dense(self, name="dense.npy", *more, shape="12,11,10", rank=3, seed=4):
        path = self.path(name)
        self.ok("cp", "generate", "-o", path, "--shape", shape, "--rank", rank, "--seed", seed, *more)
        return path

    def sparse(self, name="sparse.tns", *more):
        path = self.path(name)
        self.ok("cp", "generate", "-o", path, "--shape", "9,8,7,6", "--entries", 500, "--rank", 2, "--seed", 6, *more)
        return path

    def small(self):
        """2 x 3 x 2 with 1 at (1, 1, 1) and 2 at (2, 3, 2): the slice 2 of mode 2 is empty."""
        return self.write("small.tns", "1 1 1 1\n2 3 2 2\n")

    # ---- fit

    def test_a_planted_tensor_is_found(self):
        truth, model = self.path("truth.h5"), self.path("m.h5")
        tensor = self.dense("d.npy", "--noise", 1e-3, "--truth", truth)
        document = self.json("cp", "fit", tensor, "-o", model, "-k", 3, "--starts", 3, "--fit-change", 1e-12)
        planted = self.json("cp", "info", truth)["model"]
        self.assertAlmostEqual(planted["fit"], 1 - 1e-3, delta=1e-5)
        self.assertGreaterEqual(document["fit"], planted["fit"])  # the best fit is no worse than the truth
        self.assertLess(document["fit"], planted["fit"] + 1e-3)
        self.assertGreater(document["diagnostics"]["core_consistency"], 99)
        for weight in document["weights"]:
            self.assertAlmostEqual(weight, 1, delta=0.02)
        self.assertEqual(len(document["runs"]), 3)
        kept = document["runs"][document["best_run"]]
        self.assertEqual(kept["match"], 1)
        self.assertEqual(kept["history"][-1]["fit"], document["fit"])
        self.assertEqual([run["seed"] for run in document["runs"]], [0, 1, 2])

    def test_the_seed_of_the_data_is_not_that_of_the_start(self):
        """Else a fit with the seed that made the tensor would begin at the answer."""
        tensor = self.dense(seed=7)
        document = self.json("cp", "fit", tensor, "-o", self.path("m.h5"), "-k", 3, "--seed", 7, "--sweeps", 1)
        self.assertLess(document["fit"], 0.99)

    def test_dense_and_sparse_of_the_same_tensor_go_the_same_way(self):
        tensor, listed = self.dense(), self.path("listed.sptensor")
        self.ok("cp", "convert", tensor, "-o", listed)
        histories = []
        for path in (tensor, listed):
            document = self.json("cp", "fit", path, "-o", self.path("m.h5"), "-k", 2, "--sweeps", 6, "--fit-change", 0)
            histories.append([sweep["fit"] for sweep in document["runs"][0]["history"]])
        self.assertEqual(len(histories[0]), 6)
        for first, second in zip(*histories):
            self.assertAlmostEqual(first, second, delta=1e-10)

    def test_sorted_copies_change_memory_alone(self):
        tensor, fits, bytes_ = self.path("t.tns"), [], []
        self.ok("cp", "convert", self.dense(shape="3,4,200"), "-o", tensor)  # 600 entries an index of mode 2
        for more in ((), ("--sorted-copies", )):
            fits.append(self.json("cp", "fit", tensor, "-o", self.path("m.h5"), "-k", 2, "--sweeps", 5, *more)["fit"])
            bytes_.append(self.json("cp", "info", tensor, "-k", 2, *more)["memory"]["fit_bytes"])
        self.assertAlmostEqual(fits[0], fits[1], delta=1e-12)
        self.assertGreater(bytes_[1], bytes_[0])

    def test_goes_on_from_a_model(self):
        tensor, first, second = self.dense(), self.path("first.h5"), self.path("second.h5")
        begun = self.json("cp", "fit", tensor, "-o", first, "-k", 2, "--sweeps", 5, "--fit-change", 0)
        whole = self.json("cp", "fit", tensor, "-o", self.path("w.h5"), "-k", 2, "--sweeps", 8, "--fit-change", 0)
        gone_on = self.json("cp", "fit", tensor, "-o", second, "--start-model", first, "--sweeps", 3,
                            "--fit-change", 0)
        self.assertGreater(gone_on["fit"], begun["fit"])
        self.assertAlmostEqual(gone_on["fit"], whole["fit"], delta=1e-9)
        self.fails(2, "--rank is 4, but .* has rank 2", "cp", "fit", tensor, "-o", second, "--start-model", first,
                   "--rank", 4, "--progress", "none")
        other = self.dense("other.npy", shape="5,4,3")
        self.fails(1, "is of a tensor of 12 x 11 x 10, but .* is 5 x 4 x 3", "cp", "fit", other, "-o", second,
                   "--start-model", first, "--progress", "none")

    def test_starts_of_every_kind(self):
        tensor = self.dense("d.npy", "--noise", 1e-3)
        first = {}
        for start in ("normal", "range-finder", "nvecs"):
            model = self.path(start + ".h5")
            document = self.json("cp", "fit", tensor, "-o", model, "-k", 3, "--start", start, "--fit-change", 1e-10)
            self.assertAlmostEqual(document["fit"], 1 - 1e-3, delta=1e-4)
            first[start] = document["runs"][0]["history"][0]["fit"]
            self.assertEqual(self.json("cp", "info", model)["model"]["options"]["start"], start)
        self.assertEqual(len(set(first.values())), 3)  # each begins elsewhere

    def test_modes_have_options_of_their_own(self):
        tensor, model = self.dense(), self.path("m.h5")
        self.ok("cp", "fit", tensor, "-o", model, "-k", 3)
        document = self.json("cp", "fit", tensor, "-o", self.path("n.h5"), "--start-model", model, "--fixed", "2",
                             "--nonnegative", "1,3", "--ridge", "0.1,0,0.2", "--order", "3,1", "--sweeps", 4)
        self.assertEqual(document["options"]["fixed"], [2])
        self.assertEqual(document["options"]["nonnegative"], [1, 3])
        self.assertEqual(document["options"]["ridge"], [0.1, 0, 0.2])
        self.assertEqual(document["options"]["order"], [3, 1])
        text = self.ok("cp", "info", self.path("n.h5")).stdout
        self.assertRegex(text, r"mode 1 +ridge 0.1, nonnegative\nmode 2 +ridge 0, fixed\nmode 3 +ridge 0.2, nonneg")

    def test_rank_scan(self):
        tensor = self.dense("d.npy", "--noise", 1e-3)
        table = self.json("cp", "fit", tensor, "--rank-scan", "1:4", "--fit-change", 1e-9)["ranks"]
        self.assertEqual([row["rank"] for row in table], [1, 2, 3, 4])
        fits = [row["fit"] for row in table]
        self.assertEqual(fits, sorted(fits))
        self.assertGreater(fits[2], 0.99)
        self.assertLess(fits[1], 0.9)
        self.assertGreater(table[2]["core_consistency"], 99)
        self.assertLess(table[3]["core_consistency"], 90)
        self.assertRegex(self.ok("cp", "fit", tensor, "--rank-scan", "1:2").stdout, r"rank +fit +core consistency")

    # The sum of three rank-1 tensors that two approximate ever better, cancelling each other ever more: their weights
    # exceed twice the norm, whose square is near a fourth of what float holds.
    def test_a_failing_rank_of_a_scan_leaves_the_others(self):
        tensor = self.write("w.tns", "1 1 2 4.6e18\n1 2 1 4.6e18\n2 1 1 4.6e18\n")
        scan = ("cp", "fit", tensor, "--rank-scan", "1:4", "--precision", "float", "--fit-change", 0)
        message = r"rank 2: cp_als\(\): from no start is the fit finite, as numbers exceed what float holds"
        done = run(*scan, "--progress", "none")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Aseesaw: " + message + r"\n\Z")
        self.assertEqual([line.split()[0] for line in done.stdout.splitlines()[1:]], ["rank", "1"])
        done = run(*scan, "--json")
        self.assertEqual(done.returncode, 1)
        document = json.loads(done.stdout)
        self.assertEqual([row["rank"] for row in document["ranks"]], [1])
        self.assertEqual(document["failure"]["rank"], 2)
        self.assertRegex("rank 2: " + document["failure"]["error"], message)
        self.assertIsNone(self.json("cp", "fit", tensor, "--rank-scan", "1:1")["failure"])
        self.fails(1, r"seesaw: cp_als\(\)", *scan[:3], "--rank-scan", "2:3", *scan[5:], "--progress", "none")

    def test_progress_tells_the_best_start_though_it_ended(self):
        tensor = self.dense("d.npy", "--noise", 0.2)
        done = self.ok("cp", "fit", tensor, "-o", self.path("m.h5"), "-k", 3, "--starts", 6, "--fit-change", 1e-4,
                       "--progress", "lines")
        told = [line for line in done.stderr.splitlines() if line.startswith("sweep ")]
        self.assertIn(" 6 of 6 starts", told[0])
        self.assertNotIn(" 6 of 6 starts", told[-1])
        fits = [float(line.split(" fit ")[1].split(",")[0]) for line in told]
        self.assertEqual(fits, sorted(fits))

    def test_one_sweep_is_no_plural(self):
        tensor, model = self.dense(), self.path("m.h5")
        for sweeps, text in ((1, "ended: the 1 sweep was done"), (2, "ended: all 2 sweeps were done")):
            done = self.ok("cp", "fit", tensor, "-o", model, "-k", 1, "--sweeps", sweeps, "--fit-change", 0)
            self.assertIn(text, done.stdout)

    def test_the_librarys_messages_count_modes_from_one(self):
        diagonal = self.write("diagonal.tns", "".join(f"1 {i} {i} 1\n" for i in range(1, 23002)))
        self.fails(1, "the unfolding in mode 2 is 23001 x 23001, expected rows or columns up to 23000", "cp", "fit",
                   diagonal, "-o", self.path("m.h5"), "-k", 1, "--start", "nvecs", "--progress", "none")

    @unittest.skipUnless(shutil.which("gnuplot"), "no gnuplot")
    def test_plot_of_a_rank_scan(self):
        plot = self.path("ranks.svg")
        self.ok("cp", "fit", self.dense(), "--rank-scan", "1:3", "--plot", plot)
        with open(plot, encoding="utf-8") as file:
            picture = file.read()
        for text in ("Fit", "Core consistency", "Seconds", "rank"):
            self.assertIn(text, picture)

    @unittest.skipUnless(shutil.which("gnuplot"), "no gnuplot")
    def test_plot(self):
        model, plot = self.path("m.h5"), self.path("components.svg")
        self.ok("cp", "fit", self.dense(), "-o", model, "-k", 2, "--plot", plot)
        with open(plot, encoding="utf-8") as file:
            picture = file.read()
        for text in ("Mode 1", "Mode 2", "Mode 3", "component 2"):
            self.assertIn(text, picture)

    def test_an_interrupt_saves_the_model(self):
        tensor, model = self.dense(shape="60,60,60", rank=20), self.path("m.h5")
        command = [TOOL, "cp", "fit", tensor, "-o", model, "-k", "20", "--sweeps", "1000000", "--fit-change", "0",
                   "--backend", "cpu", "--progress", "lines"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            for line in process.stderr:
                if line.startswith("sweep 2/"):
                    break
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
        self.assertIn("Ctrl-C", out)
        runs = self.json("cp", "info", model)["model"]["runs"]
        self.assertEqual(runs[0]["stopped"], "callback")
        self.assertGreaterEqual(runs[0]["sweeps"], 2)

    def test_fit_refuses(self):
        tensor, model = self.dense(), self.path("m.h5")
        for pattern, *arguments in (
                ("-o,--output is required", ),
                ("--rank: is \"0\", expected a whole number from 1", "-o", model, "-k", 0),
                ("--nonnegative names mode 4, but the tensor has 3 modes", "-o", model, "--nonnegative", "4"),
                ("--nonnegative is \"x\"", "-o", model, "--nonnegative", "x"),
                ("--fixed needs the factors", "-o", model, "--fixed", "1"),
                ("--ridge has 2 numbers, expected 1 or 3", "-o", model, "--ridge", "1,2"),
                ("--order lacks mode 2", "-o", model, "--order", "1,3"),
                ("--order names mode 1 twice", "-o", model, "--order", "1,1,3"),
                ("--start range-finder has negative", "-o", model, "--start", "range-finder", "--nonnegative"),
                ("--start excludes --start-model", "-o", model, "--start-model", model, "--start", "nvecs"),
                ("--rank-scan is \"3:1\"", "--rank-scan", "3:1"),
                ("--sorted-copies is for sparse tensors, .* is dense", "-o", model, "--sorted-copies"),
                ("the output .* is also an input", "-o", tensor)):
            with self.subTest(pattern=pattern):
                self.fails(2, pattern, "cp", "fit", tensor, *arguments, "--progress", "none")
        zero = self.write("zero.tns", "1 1 1 0\n2 2 2 0\n")
        self.fails(1, "tensor is all zero", "cp", "fit", zero, "-o", model, "--progress", "none")
        self.fails(1, "none.tns: cannot be opened", "cp", "fit", self.path("none.tns"), "-o", model)
        ragged = self.write("ragged.tns", "1 1 1 1\n2 2 1\n")
        self.fails(1, "ragged.tns:2: ", "cp", "fit", ragged, "-o", model, "--progress", "none")
        self.assertFalse(os.path.exists(model))

    def test_a_rank_beyond_memory_is_refused_before_the_start(self):
        for tensor in (self.dense(), self.sparse()):
            self.fails(1, "would take about [0-9.]+ (T|P|E)iB", "cp", "fit", tensor, "-o", self.path("m.h5"), "-k",
                       1000000, "--progress", "none")

    # ---- info

    def test_info_of_a_tensor(self):
        document = self.json("cp", "info", self.small())
        self.assertEqual(document["tensor"]["shape"], [2, 3, 2])
        self.assertEqual(document["tensor"]["entries"], 2)
        self.assertEqual(document["tensor"]["empty_slices"], [0, 1, 0])
        self.assertEqual(document["tensor"]["first_index"], 1)
        self.assertAlmostEqual(document["tensor"]["norm"], math.sqrt(5))
        self.assertAlmostEqual(document["tensor"]["density"], 2 / 12)
        self.assertEqual(document["memory"]["tensor_bytes"], 2 * (8 + 3 * 4))
        zero_based = self.json("cp", "info", self.write("zero.tns", "0 0 0 1\n1 2 1 2\n"))
        self.assertEqual(zero_based["tensor"]["first_index"], 0)
        self.assertEqual(zero_based["tensor"]["shape"], [2, 3, 2])
        text = self.ok("cp", "info", self.small()).stdout
        self.assertIn("empty slices: 1 of mode 2", text)

    def test_info_of_sizes(self):
        memory = self.json("cp", "info", "--shape", "100,200,300", "--entries", 5000, "-k", 4)["memory"]
        self.assertEqual(memory["tensor_bytes"], 5000 * 20)
        self.assertGreater(memory["fit_bytes"], 5000 * 20)
        dense = self.json("cp", "info", "--shape", "100,200,300", "--precision", "float")["memory"]
        self.assertEqual(dense["tensor_bytes"], 4 * 6000000)
        huge = self.ok("cp", "info", "--shape", "100000,100000,100000", "--entries", 10**12).stdout
        self.assertIn("does not fit", huge)
        beyond = self.json("cp", "info", "--shape", "1073741824,1073741824")["memory"]
        self.assertEqual(beyond["tensor_bytes"], 2**63 - 1)
        grams = self.json("cp", "info", "--shape", "12,11,10", "--entries", 500, "-k", 100000)["memory"]
        self.assertGreater(grams["fit_bytes"], 3 * 8 * 10**10)  # three Grams of k x k
        sparse = self.json("cp", "info", "--shape", "100,200,300", "--entries", 6000)["tensor"]
        self.assertEqual(sparse, {"kind": "sparse", "order": 3, "shape": [100, 200, 300], "entries": 6000,
                                  "density": 0.001})
        self.assertEqual(self.json("cp", "info", "--shape", "2,3")["tensor"],
                         {"kind": "dense", "order": 2, "shape": [2, 3], "elements": 6})
        nvecs = self.json("cp", "info", "--shape", "1000,1000", "--start", "nvecs")["memory"]
        normal = self.json("cp", "info", "--shape", "1000,1000")["memory"]
        self.assertGreaterEqual(nvecs["fit_bytes"] - normal["fit_bytes"], 6 * 8 * 1000**2)  # X X', and LAPACK's work
        self.fails(2, "--format is of a file, but none is given", "cp", "info", "--shape", "2,2", "--format", "tns")
        self.fails(2, "--entries is 9, but 2 x 2 x 2 has 8 places", "cp", "info", "--shape", "2,2,2", "--entries", 9)
        self.fails(2, "--shape has 1 size, expected 2 to 8", "cp", "info", "--shape", "2")
        self.fails(2, "neither a file nor", "cp", "info")

    def test_info_of_a_model(self):
        model = self.path("m.h5")
        fitted = self.json("cp", "fit", self.sparse(), "-o", model, "-k", 2, "--sweeps", 3, "--precision", "float")
        found = self.json("cp", "info", model)["model"]
        self.assertEqual(found["shape"], [9, 8, 7, 6])
        self.assertEqual((found["rank"], found["precision"], found["fit"]), (2, "float", fitted["fit"]))
        self.assertEqual(found["weights"], fitted["weights"])
        self.assertEqual(found["runs"], fitted["runs"])
        self.assertEqual(found["options"], fitted["options"])
        for option, value in (("--rank", 3), ("--shape", "9,8,7,6"), ("--format", "tns"), ("--index-base", 0),
                              ("--duplicates", "sum"), ("--start", "nvecs")):
            self.fails(2, option + " is of a tensor, but .* is a model", "cp", "info", model, option, value)
        self.fails(1, "its attribute \"schema\" is \"seesaw-cp-model\", not \"seesaw-model\"", "info", model)

    # ---- convert, generate

    def test_convert_there_and_back(self):
        original = self.sparse("s.tns.gz")
        self.ok("cp", "convert", original, "-o", self.path("a.sptensor"))
        self.ok("cp", "convert", self.path("a.sptensor"), "-o", self.path("b.npy"))
        self.ok("cp", "convert", self.path("b.npy"), "-o", self.path("c.tensor.gz"))
        self.ok("cp", "convert", self.path("c.tensor.gz"), "-o", self.path("d"), "--to", "tns")
        plain = self.sparse("s.tns")
        with open(plain, encoding="ascii") as first, open(self.path("d"), encoding="ascii") as second:
            self.assertEqual(first.read(), second.read())

    def test_convert_refuses(self):
        small = self.small()
        self.fails(2, "does not tell its format", "cp", "convert", small, "-o", self.path("x.foo"))
        self.fails(2, "is also an input", "cp", "convert", small, "-o", small)
        huge = self.write("huge.tns", "1 1 1 1\n2000000 2000000 2000000 1\n")
        self.fails(1, "as a dense tensor takes 6.4e\\+19 bytes", "cp", "convert", huge, "-o", self.path("x.npy"))
        self.ok("cp", "convert", self.write("z.tensor", "tensor\n2\n2 2\n0\n0\n0\n0\n"), "-o", self.path("z.npy"))
        self.fails(1, "every element is 0", "cp", "convert", self.path("z.npy"), "-o", self.path("z.tns"))

    def test_generate(self):
        with open(self.dense("a.npy"), "rb") as first, open(self.dense("b.npy"), "rb") as second:
            self.assertEqual(first.read(), second.read())
        truth = self.path("truth.h5")
        self.sparse("s.tns", "--mean", 2, "--truth", truth)
        model = self.json("cp", "info", truth)["model"]
        self.assertEqual(model["rank"], 3)  # the mean is a component
        self.assertAlmostEqual(model["fit"], 1, delta=1e-12)
        self.assertAlmostEqual(model["weights"][2], 2 * math.sqrt(9 * 8 * 7 * 6))
        for pattern, *arguments in (
                ("needs --entries", "-o", self.path("x.tns")),
                ("--entries makes a sparse tensor", "-o", self.path("x.npy"), "--entries", 3),
                ("--mean is of a sparse tensor", "-o", self.path("x.npy"), "--mean", 1),
                ("--congruence is of a dense", "-o", self.path("x.tns"), "--entries", 3, "--congruence", 0.5),
                ("entries", "-o", self.path("x.tns"), "--entries", 28),
                ("congruence", "-o", self.path("x.npy"), "--congruence", 1)):
            with self.subTest(pattern=pattern):
                self.fails(2, pattern, "cp", "generate", "--shape", "3,3,3", *arguments)


if __name__ == "__main__":
    unittest.main()
