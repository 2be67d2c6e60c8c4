"""The tool `seesaw` but for what only `fit` does, end to end.   cli_test.py TOOL [unittest arguments]"""
import gzip
import json
import math
import os
import resource
import signal
import sys
import unittest

sys.dont_write_bytecode = True
from cli_tool import ToolTest, run


class RoundTrip(ToolTest):
    def test_an_exact_rank_one_matrix_is_completed(self):
        model = self.fit_rank_one()
        # ALS converges linearly; 200 sweeps leave rounding alone.
        done = self.ok("predict", model, "--user", 4, "--item", 30)
        self.assertAlmostEqual(float(done.stdout), 12, delta=1e-9)
        held_out = self.write("held_out.csv", "user,item,rating\n4,30,13\n1,10,0\n9,10,1\n1,99,1\n")
        # Predictions 12 and 1 against 13 and 0; user 9 and item 99 are unknown.
        result = self.json("evaluate", model, held_out)
        self.assertEqual((result["count"], result["left_out"]), (2, 2))
        self.assertAlmostEqual(result["rmse"], 1, delta=1e-9)
        self.assertAlmostEqual(result["mae"], 1, delta=1e-9)
        text = self.ok("evaluate", model, held_out).stdout
        self.assertRegex(text, r"^RMSE 1, MAE 1 over 2 ratings; 2 left out")

    def test_rmse_and_mae_by_hand(self):
        model = self.fit_rank_one()
        ratings = self.write("r.csv", "user,item,rating\n1,10,1\n2,20,7\n4,30,12\n")  # errors 0, 3, 0
        result = self.json("evaluate", model, ratings)
        self.assertAlmostEqual(result["rmse"], math.sqrt(3), delta=1e-9)
        self.assertAlmostEqual(result["mae"], 1, delta=1e-9)
        clipped = self.json("evaluate", model, ratings, "--clip", "2,6")  # predictions 2, 4, 6
        self.assertAlmostEqual(clipped["mae"], (1 + 3 + 6) / 3, delta=1e-9)

    def test_errors_of_many_ratings_whatever_the_threads(self):
        ratings, model = self.path("many.csv"), self.path("m.h5")
        self.ok("generate", "-o", ratings, "--users", 300, "--items", 200, "--entries", 20000)
        self.ok("fit", ratings, "-o", model, "-k", 2, "--sweeps", 1)
        results = [self.json("evaluate", model, ratings, "--threads", threads) for threads in (1, 2, 3)]
        self.assertEqual(results[0], results[1])
        self.assertEqual(results[0], results[2])
        with open(ratings) as file:
            truth = [float(line.split(",")[2]) for line in list(file)[1:]]
        predicted = [one["prediction"] for one in self.json("predict", model, "--pairs", ratings)["predictions"]]
        errors = [a - b for a, b in zip(truth, predicted, strict=True)]
        self.assertAlmostEqual(results[0]["rmse"], math.sqrt(sum(e * e for e in errors) / 20000), delta=1e-6)
        self.assertAlmostEqual(results[0]["mae"], sum(map(abs, errors)) / 20000, delta=1e-6)

    def test_pairs(self):
        model = self.fit_rank_one()
        pairs = self.write("pairs.csv", "item,user\n30,4\n10,2\n")
        done = self.ok("predict", model, "--pairs", pairs)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], "user,item,prediction")
        self.assertEqual([line.split(",")[:2] for line in lines[1:]], [["4", "30"], ["2", "10"]])
        self.assertAlmostEqual(float(lines[1].split(",")[2]), 12, delta=1e-9)
        self.assertAlmostEqual(float(lines[2].split(",")[2]), 2, delta=1e-9)
        self.ok("predict", model, "--pairs", pairs, "-o", self.path("out.csv"))
        with open(self.path("out.csv")) as file:
            self.assertEqual(file.read(), done.stdout)
        from_input = self.ok("predict", model, "--pairs", "-", input="4 30\n\n2 10\n")  # no header, blanks
        self.assertEqual(from_input.stdout, done.stdout)
        with open(pairs, "rb") as file:
            packed = self.write("pairs.gz", gzip.compress(file.read()))
        self.assertEqual(self.ok("predict", model, "--pairs", packed).stdout, done.stdout)
        with open(packed) as file:
            self.assertEqual(self.ok("predict", model, "--pairs", "-", stdin=file).stdout, done.stdout)
        document = self.json("predict", model, "--pairs", pairs)
        self.assertEqual(document["predictions"][0]["user"], "4")
        self.assertAlmostEqual(document["predictions"][0]["prediction"], 12, delta=1e-9)

    def test_unknown_users_of_pairs(self):
        model = self.path("m.h5")
        self.ok("fit", self.rank_one(), "-o", model, "-k", 1)
        mean = json.loads(self.ok("info", model, "--json").stdout)["model"]["mean"]
        self.assertAlmostEqual(mean, (60 - 12) / 11, delta=1e-9)  # (1+2+3+4)(1+2+3) - 12 over 11 entries
        pairs = self.write("pairs.tsv", "1\t10\n7\t10\n1\t70\n")
        self.fails(1, r'pairs\.tsv:2: .*knows no user "7"', "predict", model, "--pairs", pairs, "-o",
                   self.path("o.csv"))
        self.assertFalse(os.path.exists(self.path("o.csv")))
        skipped = self.ok("predict", model, "--pairs", pairs, "--unknown", "skip").stdout.splitlines()
        self.assertEqual(len(skipped), 2)
        filled = self.ok("predict", model, "--pairs", pairs, "--unknown", "mean").stdout.splitlines()
        self.assertAlmostEqual(float(filled[2].split(",")[2]), mean, delta=1e-6)
        self.assertAlmostEqual(float(filled[3].split(",")[2]), mean, delta=1e-6)

    def test_string_ids_and_quotes(self):
        ratings = self.write("s.csv", 'user,item,rating\nann,"salt, pepper",1\nann,oil,2\n'
                                      'bob,"salt, pepper",2\nbob,oil,4\n')
        model = self.path("s.h5")
        self.ok("fit", ratings, "-o", model, "-k", 1, "--lambda", 0, "--no-centre", "--precision", "double")
        pairs = self.write("p.csv", 'user,item\nbob,"salt, pepper"\n')
        line = self.ok("predict", model, "--pairs", pairs).stdout.splitlines()[1]
        self.assertTrue(line.startswith('bob,"salt, pepper",'), line)
        self.assertAlmostEqual(float(line.rsplit(",", 1)[1]), 2, delta=1e-9)

    def test_columns_separator_and_gzip(self):
        text = "when;score;film;who\n" + "".join(f"0;{i * j};{j};{i}\n" for i in range(1, 4) for j in range(1, 4))
        ratings = self.write("c.csv.gz", gzip.compress(text.encode()))
        columns = ["--separator", ";", "--user-column", "who", "--item-column", 3, "--rating-column", "score"]
        result = self.json("fit", ratings, "-o", self.path("m.h5"), "-k", 1, *columns)
        self.assertEqual(result["ratings"]["entries"], 9)
        self.assertAlmostEqual(result["mean"], 4)

    def test_weights(self):
        ratings = self.write("w.csv", "user,item,rating,weight\n1,1,1,3\n2,1,5,1\n")
        result = self.json("fit", ratings, "-o", self.path("m.h5"), "-k", 1, "--weight-column", "weight")
        self.assertAlmostEqual(result["mean"], 2)  # (3 * 1 + 1 * 5) / 4

    def test_duplicates(self):
        ratings = self.write("d.csv", "user,item,rating\n1,1,1\n1,2,2\n1,1,5\n")
        self.fails(1, r"d\.csv:4: .*", "fit", ratings, "-o", self.path("m.h5"))
        for policy, mean in [("last", 3.5), ("mean", 2.5), ("sum", 4)]:
            result = self.json("fit", ratings, "-o", self.path("m.h5"), "-k", 1, "--duplicates", policy)
            self.assertEqual(result["ratings"]["merged"], 1)
            self.assertAlmostEqual(result["mean"], mean)
        done = self.ok("fit", ratings, "-o", self.path("m.h5"), "-k", 1, "--sweeps", 1, "--duplicates", "last")
        self.assertRegex(done.stderr, r": 2 ratings by 1 user of 2 items, .*\nbesides, 1 rating of a user and item")
        self.assertRegex(done.stdout, r"rank 1, 1 user, 2 items, 2 ratings\n(.*\n)*1 sweep in ")


class Top(ToolTest):
    def setUp(self):
        super().setUp()
        self.model = self.fit_rank_one()  # user 4 would give the items 10, 20, 30 the ratings 4, 8, 12

    def items(self, *more):
        return [one["item"] for one in self.json("predict", self.model, "--user", 4, "--top", 5, *more)["items"]]

    def test_order_and_seen_items(self):
        self.assertEqual(self.items(), ["30", "20", "10"])
        self.assertEqual(self.items("--seen", self.rank_one()), ["30"])
        self.assertEqual(self.items("--seen", self.write("seen.csv", "4,30,1\n4,30,2\n1,20,1\n")), ["20", "10"])

    def test_titles(self):
        item = self.write("u.item", "10|Am\xe9lie (2001)|x\n30|Brazil (1985)|\n".encode("latin-1"))
        text = self.ok("predict", self.model, "--user", 4, "--top", 2, "--titles", item).stdout
        self.assertRegex(text, r"12\.000  30    Brazil \(1985\)\n +8\.000  20\n\Z")
        movies = self.write("movies.csv", 'movieId,title,genres\n10,"Amélie, or not (2001)",Comedy|Romance\n')
        best = self.json("predict", self.model, "--user", 4, "--top", 3, "--titles", movies)["items"]
        self.assertEqual([one["title"] for one in best], ["", "", "Amélie, or not (2001)"])
        best = self.json("predict", self.model, "--user", 4, "--top", 3, "--titles", item)["items"]
        self.assertEqual(best[2]["title"], "Amélie (2001)")
        packed = self.write("movies.dat.gz", gzip.compress(b'10::"Crocodile" Dundee\n\n20::Alien, or "Alien::x\n'))
        best = self.json("predict", self.model, "--user", 4, "--top", 3, "--titles", packed)["items"]
        self.assertEqual([one["title"] for one in best], ["", 'Alien, or "Alien', '"Crocodile" Dundee'])
        self.fails(1, r"t\.item:2: ", "predict", self.model, "--user", 4, "--top", 3, "--titles",
                   self.write("t.item", "10|Brazil\n20\n"))

    def test_clip(self):
        best = self.json("predict", self.model, "--user", 4, "--top", 3, "--clip", "5,10")["items"]
        self.assertEqual([one["item"] for one in best], ["30", "20", "10"])
        self.assertEqual([round(one["prediction"], 6) for one in best], [10, 8, 5])

    def test_several_users(self):
        two = self.json("predict", self.model, "--user", 4, "--user", 2, "--top", 1)["users"]
        self.assertEqual([(one["user"], one["items"][0]["item"]) for one in two], [("4", "30"), ("2", "30")])
        self.assertAlmostEqual(two[1]["items"][0]["prediction"], 6, delta=1e-9)
        users = self.write("users.txt", "3\n1\n3\n")  # in any order, and again
        seen = self.write("seen.csv", "3,30,1\n2,10,1\n")
        lines = self.ok("predict", self.model, "--users", users, "--top", 2, "--seen", seen).stdout.splitlines()
        self.assertEqual(lines[0], "user,item,prediction")
        rows = [line.split(",") for line in lines[1:]]
        self.assertEqual([row[:2] for row in rows],
                         [["3", "20"], ["3", "10"], ["1", "30"], ["1", "20"], ["3", "20"], ["3", "10"]])
        for row, expected in zip(rows, [6, 3, 3, 2, 6, 3], strict=True):
            self.assertAlmostEqual(float(row[2]), expected, delta=1e-9)
        titles = self.write("titles.csv", 'id,title\n30,"Seven, or so"\n')
        lines = self.ok("predict", self.model, "--users", "-", "--top", 1, "--titles", titles, input="1\n").stdout
        self.assertRegex(lines, r'\Auser,item,prediction,title\n1,30,[^,\n]*,"Seven, or so"\n\Z')
        unknown = self.write("unknown.txt", "1\n7\n")
        self.fails(1, r'unknown\.txt:2: .*knows no user "7"; see --unknown', "predict", self.model, "--users", unknown,
                   "--top", 1)
        skipped = self.json("predict", self.model, "--users", unknown, "--top", 1, "--unknown", "skip")
        self.assertEqual([one["user"] for one in skipped["users"]], ["1"])
        headed = self.write("headed.csv", "user\n1\n")
        self.assertEqual([one["user"] for one in self.json("predict", self.model, "--users", headed, "--top", 1,
                                                           "--header", "yes")["users"]], ["1"])
        self.fails(1, r"names no user", "predict", self.model, "--users", self.write("none.txt", "8\n"), "--top", 1,
                   "--unknown", "skip")

    def test_string_ids(self):
        model = self.path("s.h5")
        self.ok("fit", self.write("s.csv", "user,item,rating\nann,oil,1\nann,salt,2\nbob,oil,2\nbob,salt,4\n"), "-o",
                model, "-k", 1, "--lambda", 0, "--no-centre", "--precision", "double")
        best = self.json("predict", model, "--user", "bob", "--top", 2, "--seen", self.write("x.csv", "bob,salt,1\n"))
        self.assertEqual([one["item"] for one in best["items"]], ["oil"])

    def test_backends_agree(self):
        for backend in ["reference", "cpu"] + self.cuda():
            self.assertEqual(self.items("--seen", self.write("s.csv", "4,30,1\n"), "--backend", backend), ["20", "10"])

    def test_unknown_user(self):
        self.fails(1, 'knows no user "5"', "predict", self.model, "--user", 5, "--top", 3)
        self.fails(1, 'knows no user "04"', "predict", self.model, "--user", "04", "--item", 10)
        self.fails(1, 'knows no item "x"', "predict", self.model, "--user", 4, "--item", "x")


class RankingTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.model = self.fit_rank_one()  # every user would rank the items 30, 20, 10
        self.test = self.write("test.csv", "user,item,rating\n1,10,1\n1,20,5\n2,30,4\n3,10,2\n9,10,5\n")

    def ranking(self, *more):
        return self.json("evaluate", self.model, self.test, *more)["ranking"]

    def test_by_hand(self):
        found = self.ranking("--at", 2, "--relevant", 4)  # users 1, with a hit at place 2, and 2, at place 1
        self.assertEqual((found["at"], found["relevant"], found["users"], found["auc_users"]), (2, 4, 2, 2))
        self.assertAlmostEqual(found["precision"], 0.5)
        self.assertAlmostEqual(found["recall"], 1)
        self.assertAlmostEqual(found["ndcg"], (1 / math.log2(3) + 1) / 2)
        self.assertAlmostEqual(found["map"], 0.75)
        self.assertAlmostEqual(found["auc"], 0.75)
        everything = self.ranking("--at", 1)  # user 1: 20 and 10, of which neither is best; 2: 30; 3: 10
        self.assertEqual((everything["relevant"], everything["users"]), (None, 3))
        self.assertAlmostEqual(everything["precision"], 1 / 3)

    def test_seen_items_are_not_ranked(self):
        seen = self.write("seen.csv", "1,30,1\n1,30,2\n2,20,1\n2,10,1\n77,10,1\n")
        found = self.ranking("--at", 1, "--relevant", 4, "--seen", seen)
        self.assertEqual((found["precision"], found["users"]), (1, 2))
        self.assertEqual((found["auc"], found["auc_users"]), (1, 1))  # user 2 has no other item left

    def test_text_and_without(self):
        done = self.ok("evaluate", self.model, self.test, "--at", 2, "--relevant", 4).stdout
        self.assertRegex(done, r"\ARMSE [^\n]* 1 left out[^\n]*\nprecision@2 0\.5, recall@2 1, NDCG@2 0\.815465, "
                               r"MAP@2 0\.75, AUC 0\.75 over 2 users with a rating of at least 4\n\Z")
        done = self.ok("evaluate", self.model, self.test, "--at", 2, "--no-auc").stdout
        self.assertRegex(done, r"MAP@2 [^ ]* over 3 users with a rating\n\Z")
        self.assertNotIn("auc", self.ranking("--at", 2, "--no-auc"))
        self.assertNotIn("ranking", self.json("evaluate", self.model, self.test))

    def test_the_same_whatever_the_threads_and_backend(self):
        ratings, model = self.planted(), self.path("m.h5")
        self.ok("fit", ratings, "-o", model, "-k", 3, "--sweeps", 2, "--precision", "double")
        found = []
        for more in [["--threads", 1], ["--threads", 3], ["--backend", "reference"]] + [
                ["--backend", name] for name in self.cuda()]:
            found.append(self.json("evaluate", model, ratings, "--at", 10, "--relevant", 4, *more)["ranking"])
            self.assertIn(more[1] if more[0] == "--backend" else "cpu", found[-1].pop("backend"))
        for other in found[1:]:
            self.assertEqual(other, found[0])  # no two scores are near enough for rounding to exchange them

    def test_bad_input(self):
        self.fails(2, "--seen and --no-auc go with --at", "evaluate", self.model, self.test, "--seen", self.test)
        self.fails(2, "go with --at", "evaluate", self.model, self.test, "--relevant", 4)
        self.fails(2, "go with --at", "evaluate", self.model, self.test, "--no-auc")
        self.fails(2, r"--at.*whole number from 1", "evaluate", self.model, self.test, "--at", 0)
        self.fails(2, r"--relevant.*finite", "evaluate", self.model, self.test, "--at", 1, "--relevant", "nan")
        self.fails(1, r"no\.csv: ", "evaluate", self.model, self.test, "--at", 1, "--seen", self.path("no.csv"))
        self.fails(1, r"o\.csv: none of its 1 ratings", "evaluate", self.model, self.test, "--at", 1, "--seen",
                   self.write("o.csv", "8,8,8\n"))


class Generate(ToolTest):
    def entries(self, path):
        with open(path) as file:
            self.assertEqual(next(file), "user,item,rating\n")
            return [(int(user), int(item), float(rating)) for user, item, rating in (line.split(",") for line in file)]

    def test_distinct_places_within_bounds_and_all_users(self):
        entries = self.entries(self.planted())
        self.assertEqual(len(entries), 1200)
        places = {(user, item) for user, item, _ in entries}
        self.assertEqual(len(places), 1200)
        self.assertEqual({user for user, _ in places}, set(range(1, 61)))
        self.assertTrue(all(1 <= item <= 40 for _, item in places))

    def test_every_place(self):
        path = self.path("full.csv")
        self.ok("generate", "-o", path, "--users", 7, "--items", 5, "--entries", 35, "--item-exponent", 3,
                "--user-exponent", 1)
        self.assertEqual(len({entry[:2] for entry in self.entries(path)}), 35)

    def test_the_same_for_any_number_of_threads_and_another_for_another_seed(self):
        power = ["--user-exponent", 1, "--item-exponent", 1]
        a = self.entries(self.planted("a.csv", *power, "--threads", 1))
        b = self.entries(self.planted("b.csv", *power, "--threads", 2))
        c = self.entries(self.planted("c.csv", *power, seed=6))
        self.assertEqual(a, b)
        self.assertNotEqual(a, c)

    def test_power_laws(self):
        path = self.path("power.csv")
        self.ok("generate", "-o", path, "--users", 300, "--items", 200, "--entries", 6000, "--user-exponent", 1,
                "--item-exponent", 1)
        users, items = {}, {}
        for user, item, _ in self.entries(path):
            users[user] = users.get(user, 0) + 1
            items[item] = items.get(item, 0) + 1
        most = sorted(users.values(), reverse=True)
        # c / p, at most 200 and at least 1: places 20 and 40 (of c around 1000) differ by two but for rounding down.
        self.assertAlmostEqual(most[19] / most[39], 2, delta=0.15)
        self.assertGreater(max(items.values()), 5 * sorted(items.values())[100])
        self.assertNotEqual(max(users, key=users.get), 1)  # which are frequent is shuffled

    def test_range_step_and_gzip(self):
        path = self.path("g.csv.gz")
        self.ok("generate", "-o", path, "--users", 30, "--items", 30, "--entries", 500, "--mean", 3, "--spread", 2,
                "--step", 0.5, "--range", "1,5")
        with gzip.open(path, "rt") as file:
            ratings = {line.rsplit(",", 1)[1].strip() for line in list(file)[1:]}
        self.assertLessEqual(ratings, {"1", "1.5", "2", "2.5", "3", "3.5", "4", "4.5", "5"})
        self.assertGreaterEqual(ratings, {"1", "5", "3"})

    def test_truth_predicts_the_ratings_without_noise(self):
        path = self.path("exact.csv")
        self.ok("generate", "-o", path, "--users", 20, "--items", 20, "--entries", 100, "--precision", "double",
                "--truth", self.path("truth.h5"))
        self.assertLess(self.json("evaluate", self.path("truth.h5"), path)["rmse"], 1e-14)

    def test_bad_sizes(self):
        to = self.path("g.csv")
        self.fails(2, "entries is 10, expected 1 to", "generate", "-o", to, "--users", 3, "--items", 3, "--entries", 10)
        self.fails(2, "row_exponent", "generate", "-o", to, "--users", 3, "--items", 3, "--entries", 3,
                   "--user-exponent", 11)
        self.assertFalse(os.path.exists(to))


class Info(ToolTest):
    def test_program(self):
        document = self.json("info")
        self.assertRegex(document["version"], r"^\d+\.\d+\.\d+$")
        self.assertIn("devices", document["cuda"])
        for name in ["HDF5", "zlib"]:
            self.assertRegex(document["libraries"][name], r"^\d+\.\d+")
        self.assertRegex(document["libraries"]["BLAS"], r"OpenBLAS \d|version unknown")
        self.assertRegex(self.ok("info").stdout, r"^seesaw \d.*\nbackends (.*\n)*compiler +(g|clang)\+\+ \d")
        if document["cuda"]["devices"] > 0:
            self.assertRegex(document["cuda"]["description"], r"CUDA runtime \d+\.\d, driver ")
        self.assertRegex(self.ok("--version").stdout, r"^seesaw \d")

    def test_instruction_set(self):
        self.fails(1, r'SEESAW_SIMD is "AVX9", expected one of \w+', "info", environment={"SEESAW_SIMD": "AVX9"})

    def test_memory(self):
        problem = self.json("info", "--users", 1000, "--items", 500, "--entries", 20000, "--rank", 8)["problem"]
        self.assertEqual(problem["ratings_bytes"], 1001 * 8 + 20000 * (4 + 4))
        twice = self.json("info", "--users", 1000, "--items", 500, "--entries", 20000, "--rank", 8, "--precision",
                          "double")["problem"]
        self.assertGreater(twice["fit_bytes"]["cpu"], problem["fit_bytes"]["cpu"])
        more = self.json("info", "--users", 1000, "--items", 500, "--entries", 20000, "--rank", 800, "--threads", 4)
        # As each thread forms a matrix of 800 x 800.
        self.assertGreater(more["problem"]["fit_bytes"]["cpu"], 4 * 800 * 800 * 4 + 2 * 1500 * 800 * 4)
        ratings = self.json("info", self.planted(), "--rank", 8)["problem"]
        self.assertEqual((ratings["users"], ratings["items"], ratings["entries"]), (60, 40, 1200))
        huge = self.ok("info", "--users", 2000000000, "--items", 2000000000, "--entries", 1000000000000).stdout
        self.assertIn("does not fit", huge)
        self.fails(2, "--entries is 1000, but 10 users and 10 items have 100 places", "info", "--users", 10, "--items",
                   10, "--entries", 1000)

    def test_options_of_a_problem_need_one(self):
        self.fails(2, "--rank is of a problem", "info", "--rank", 64)
        self.fails(2, "--weights is of a problem", "info", "--weights")
        self.fails(2, "--precision is of a problem", "info", self.fit_rank_one(), "--precision", "double")

    def test_model(self):
        model = self.json("info", self.fit_rank_one())["model"]
        self.assertEqual((model["users"], model["items"], model["rank"], model["precision"]), (4, 3, 1, "double"))
        self.assertEqual(len(model["runs"][0]["history"]), 200)
        self.assertRegex(self.ok("info", self.path("rank_one.h5")).stdout, r"4 users x 3 items, rank 1, double")


class BadInput(ToolTest):
    def bad_file(self, pattern, path, *more):
        self.fails(1, pattern, "fit", path, "-o", self.path("m.h5"), *more)
        self.assertFalse(os.path.exists(self.path("m.h5")))

    def test_files(self):
        self.bad_file(r"nothing\.csv: .*No such file", self.path("nothing.csv"))
        self.bad_file(r": is a directory", self.folder)
        self.bad_file(r"empty\.csv", self.write("empty.csv", ""))
        self.bad_file(r"h\.csv:1: only a header", self.write("h.csv", "user,item,rating\n"))
        self.bad_file(r'm\.csv:3: .*"1;2;3"', self.write("m.csv", "1,1,1\n1,2,1\n1;2;3\n"))
        self.bad_file(r"n\.csv:2: ", self.write("n.csv", "1,1,1\n1,2,nan\n"))
        self.bad_file(r"i\.csv:2: ", self.write("i.csv", "1,1,1\n1,2,inf\n"))
        self.bad_file(r'no user column "who"', self.rank_one(), "--user-column", "who")
        packed = gzip.compress(b"".join(b"%d,%d,1\n" % (i, i) for i in range(1000)))
        self.bad_file(r"t\.gz: .*truncated", self.write("t.gz", packed[:-200]))
        self.bad_file(r"x\.mtx:3: ",
                      self.write("x.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 1\n-1 1 1\n"))

    def test_later_files_are_looked_at_first(self):
        bad = self.write("bad.csv", "this is no ratings file\n")
        done = self.fails(1, r"nothing\.csv: ", "fit", bad, "-o", self.path("m.h5"), "--validation",
                          self.path("nothing.csv"))
        self.assertNotIn("bad.csv", done.stderr)
        self.fails(1, r"nothing\.h5", "fit", bad, "-o", self.path("m.h5"), "--start", self.path("nothing.h5"))

    def test_usage(self):
        fit = ["fit", self.rank_one(), "-o", self.path("m.h5")]
        for pattern, more in [(r"--rank", ["-k", 0]), (r"--rank", ["-k", "3x"]), (r"--rank", ["-k", 9 * 10**18]),
                              (r"--lambda", ["--lambda", -1]), (r"--lambda-x", ["--lambda-x", "nan"]),
                              (r"--seed", ["--seed", -1]), (r"--sweeps", ["--sweeps", 0]),
                              (r'--sweeps: is "99999999999", expected a whole number from 1 to', ["--sweeps", 99999999999]),
                              (r"--holdout", ["--holdout", 1]),
                              (r"--backend.*auto\|cpu", ["--backend", "gpu"]), (r"--patience", ["--patience", 2]),
                              (r"--time-limit", ["--time-limit", 0]), (r"--duplicates", ["--duplicates", "first"]),
                              (r"--validation excludes --holdout", ["--holdout", 0.5, "--validation", fit[1]]),
                              (r"nonsense", ["--nonsense"])]:
            self.fails(2, pattern, *fit, *more)
        self.fails(2, r"--output", "fit", fit[1])
        self.fails(2, r"also an input", "fit", fit[1], "-o", fit[1])
        self.fails(2, r'"fly" is no command', "fly")
        self.fails(2, r"--help")
        model = self.fit_rank_one()
        self.fails(2, r"--user", "predict", model, "--top", 3)
        self.fails(2, r"--pairs", "predict", model, "--user", 3)
        self.fails(2, r"MIN below MAX", "predict", model, "--user", 4, "--item", 10, "--clip", "5,1")
        self.fails(2, r"--seen", "predict", model, "--user", 4, "--item", 10, "--seen", self.rank_one())
        self.fails(2, r"--users do not go with --pairs", "predict", model, "--user", 4, "--pairs", self.rank_one())
        self.fails(2, r"one of --user ID and --users FILE", "predict", model, "--user", 4, "--users", self.rank_one(),
                   "--top", 1)
        self.fails(2, r"--users go with --top", "predict", model, "--users", self.rank_one(), "--item", 1)
        self.fails(2, r"one --user", "predict", model, "--user", 4, "--user", 3, "--item", 10)

    def test_help(self):
        for command in ["fit", "evaluate", "predict", "generate", "info"]:
            text = self.ok(command, "--help").stdout
            self.assertIn("Example", text)
        self.assertIn("Exit codes: 0", self.ok("--help").stdout)

    def test_models(self):
        ratings = self.rank_one()
        self.fails(1, r"rank_one\.csv: ", "evaluate", ratings, ratings)
        self.fails(1, r"nothing\.h5: ", "evaluate", self.path("nothing.h5"), ratings)
        with open(self.fit_rank_one(), "rb") as file:
            whole = file.read()
        self.fails(1, r"half\.h5: ", "evaluate", self.write("half.h5", whole[:len(whole) // 2]), ratings)
        self.fails(1, r"zero\.h5: ", "info", self.write("zero.h5", whole[:8]))
        self.fails(1, r"none of its 1 ratings", "evaluate", self.path("rank_one.h5"), self.write("o.csv", "8,8,8\n"))

    def test_pairs(self):
        model = self.fit_rank_one()
        self.fails(1, r"p\.csv:2: .*fields", "predict", model, "--pairs", self.write("p.csv", "1,10\n2\n"))
        self.fails(1, r"e\.csv: .*empty", "predict", model, "--pairs", self.write("e.csv", ""))
        self.fails(1, r"q\.csv:1: .*quotation", "predict", model, "--pairs", self.write("q.csv", '1,"10\n'))
        self.fails(1, r'no user column "who"', "predict", model, "--user-column", "who", "--pairs",
                   self.write("p.csv", "user,item\n1,10\n"))
        self.fails(1, r"p\.gz: .*truncated", "predict", model, "--pairs",
                   self.write("p.gz", gzip.compress(b"1,10\n" * 99)[:-9]))

    def test_output_that_cannot_be(self):
        bad = self.write("bad.csv", "this is no ratings file\n")  # the output is looked at before it
        self.fails(1, r"no/m\.h5: ", "fit", bad, "-o", self.path("no/m.h5"))
        self.fails(1, r": is a directory", "fit", bad, "-o", self.folder)
        self.fails(1, r"/dev/full: ", "fit", bad, "-o", "/dev/full")
        if os.geteuid() != 0:
            locked = self.path("locked")
            os.mkdir(locked, 0o500)
            self.fails(1, r"locked/m\.h5: ", "fit", bad, "-o", os.path.join(locked, "m.h5"))

    def test_what_does_not_fit_is_refused_before_it_starts(self):
        ratings = self.path("wide.csv")
        self.ok("generate", "-o", ratings, "--users", 30000, "--items", 30000, "--entries", 30000, "-k", 1)
        # 60000 rows of a million numbers, in double and twice over: some terabyte.
        self.bad_file(r"would take about \d.* TiB of the cpu backend's memory, of which .*iB are free", ratings, "-k",
                      1 << 20, "--precision", "double", "--progress", "none")
        # Its factors would fit into many a machine; the square of its rank does not.
        self.bad_file("would take about", self.rank_one(), "-k", 1000000, "--progress", "none")

    def test_the_old_model_survives_a_failed_save(self):
        ratings, model = self.planted(), self.path("m.h5")
        self.ok("fit", ratings, "-o", model, "-k", 2)
        with open(model, "rb") as file:
            old = file.read()

        def small_files():  # as on a full disk, but for the message
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        done = run("fit", ratings, "-o", model, "-k", 30, "--progress", "none", preexec_fn=small_files)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Aseesaw: .*m\.h5: ")
        with open(model, "rb") as file:
            self.assertEqual(file.read(), old)
        self.assertEqual(sorted(os.listdir(self.folder)), ["m.h5", "planted.csv"])

    def test_full_standard_output(self):
        model = self.fit_rank_one()
        with open("/dev/full", "w") as full:
            self.fails(1, r"standard output: cannot be written: No space left", "predict", model, "--user", 4, "--item",
                       10, stdout=full)
            self.fails(1, r"standard output: cannot be written", "--help", stdout=full)


if __name__ == "__main__":
    unittest.main()
