"""The measuring half of cost_model.sh: cost_model.py BENCH_FOLDER WORK_FOLDER DOCUMENT.

A series is one row of the library with one size doubled several times. Its exponent is the slope of a straight line
through log time over log size; the model's is the slope through the formula at the same sizes.
"""
import json
import math
import pathlib
import subprocess
import sys

ROWS, COLS, ENTRIES, RANK = 20_000, 4_000, 2_000_000, 64  # where a size is not the one that is doubled
FLOAT = 4                                                 # bytes


def lengths(rows, cols, entries):
    """Of the rows of bench/data.cpp's ratings: that of the p-th is about p^-0.6 of the first's."""
    shares = [p**-0.6 for p in range(1, rows + 1)]
    total = sum(shares)
    return [min(cols, entries * share / total) for share in shares]


def padded(n):
    return -(-n * FLOAT // 64) * 64 / FLOAT


def solve_rows(m, n, nnz, k, dual_more=0):
    primal = lambda e: e * k * (k + 1) + 2 * e * k + k**3 / 3 + 2 * k**2
    dual = lambda e: e * (e + 1) * k + 2 * e * k + e**3 / 3 + 2 * e**2 + dual_more * e * k
    return sum(dual(e) if 4 * padded(math.ceil(e)) <= 3 * k else primal(e) for e in lengths(m, n, nnz))


def solve_implicit_rows(m, n, nnz, k):
    return n * k * (k + 1) + 9 * k**3 + 2 * (m + n) * k**2 + solve_rows(m, n, nnz, k, dual_more=4)


# Name in the bench: program, what its time should follow (operations, or bytes of the sparse rows).
MODELS = {
    "solve_rows/rows": ("solve_rows_bench", solve_rows),
    "solve_implicit_rows/rows": ("solve_implicit_rows_bench", solve_implicit_rows),
    "solve_spd": ("solve_spd_bench", lambda m, n, nnz, k: k**3 / 3 + 2 * m * k**2),
    "top_k": ("top_k_bench", lambda m, n, nnz, k: 2 * m * n * k),
    "gram": ("gram_bench", lambda m, n, nnz, k: m * k * (k + 1)),
    "masked_residual": ("masked_residual_bench", lambda m, n, nnz, k: 2 * nnz * k),
    "compress": ("sparse_bench", lambda m, n, nnz, k: (108 + 2 * FLOAT) * nnz + 16 * m),
    "transpose": ("sparse_bench", lambda m, n, nnz, k: (72 + 2 * FLOAT) * nnz + 16 * n)}
DOUBLED = {"entries": [ENTRIES // 4, ENTRIES // 2, ENTRIES, 2 * ENTRIES],
           "rows": [ROWS // 2, ROWS, 2 * ROWS, 4 * ROWS],
           "k": [16, 32, 64, 128]}


def milliseconds(folder, program, rows, entries):
    """Of what the program measures on the cpu in float, on one thread: {name: time}, the least of five repetitions. The
    thread's own time, which other work on the machine disturbs less."""
    names = "|".join(name for name in MODELS if MODELS[name][0] == program)
    output = subprocess.run([folder / program, f"--rows={rows}", f"--cols={COLS}", f"--entries={entries}",
                             "--threads=1", f"--benchmark_filter=^({names})/cpu/(float|real_time)",
                             "--benchmark_repetitions=5", "--benchmark_min_time=0.05", "--benchmark_format=json"],
                            check=True, capture_output=True, text=True).stdout
    times = {}
    for run in json.loads(output)["benchmarks"]:
        if run["run_type"] == "iteration":
            name = run["run_name"].removesuffix("/real_time")
            times[name] = min(run["cpu_time"], times.get(name, math.inf))
    return times


def slope(points):
    """Of log y over log x, by least squares."""
    x, y = ([math.log(point[axis]) for point in points] for axis in (0, 1))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) / sum((a - mean_x) ** 2 for a in x)


def series(name, doubled, measured):
    """[(size, milliseconds, model)] of one row with one size doubled; measured: {(rows, entries): {bench: time}}."""
    points = []
    for size in DOUBLED[doubled]:
        rows, entries, k = ({"rows": ROWS, "entries": ENTRIES, "k": RANK} | {doubled: size}).values()
        bench = f"{name}/cpu" if MODELS[name][0] == "sparse_bench" else f"{name}/cpu/float/k:{k}"
        time = measured[MODELS[name][0]][rows, entries].get(bench)
        if time is not None:
            points.append((size, time, MODELS[name][1](rows, COLS, entries, k)))
    return points


def does_not_matter(name, doubled):
    dense = name in ("gram", "solve_spd", "top_k")
    return (dense and doubled == "entries") or (MODELS[name][0] == "sparse_bench" and doubled == "k")


def plot(all_series, work):
    """A gnuplot script: measured points, and the model as a line through their geometric mean."""
    lines = ["set terminal svg size 1200,420 font 'sans,11'", "set multiplot layout 1,3", "set logscale xy",
             "set key above", "set ylabel 'ms'"]
    for doubled, sizes in DOUBLED.items():
        tics = ", ".join(f"'{size:,}' {size}" for size in sizes)
        lines += [f"set xlabel '{doubled}'", f"set xtics ({tics})", f"set xrange [{sizes[0] * 0.8}:{sizes[-1] * 1.25}]"]
        parts = []
        for color, name in enumerate(MODELS, 1):
            points = all_series.get((name, doubled))
            if points is None:
                continue
            scale = math.exp(sum(math.log(time / model) for _, time, model in points) / len(points))
            file = work / f"{name.replace('/', '-')}-{doubled}.dat"
            file.write_text("".join(f"{size} {time} {scale * model}\n" for size, time, model in points))
            title = name.replace("_", "\\\\_")
            parts += [f"'{file}' using 1:2 with points pt 7 lc {color} title \"{title}\"",
                      f"'{file}' using 1:3 with lines lc {color} notitle"]
        lines += ["plot " + ", ".join(parts)]
    (work / "plot.gnuplot").write_text("\n".join(lines) + "\n")


def main():
    folder, work, document = (pathlib.Path(argument) for argument in sys.argv[1:])
    problems = {(ROWS, entries) for entries in DOUBLED["entries"]} | {(rows, ENTRIES) for rows in DOUBLED["rows"]}
    measured = {program: {problem: milliseconds(folder, program, *problem) for problem in sorted(problems)}
                for program in {program for program, _ in MODELS.values()}}
    all_series = {(name, doubled): series(name, doubled, measured) for name in MODELS for doubled in DOUBLED
                  if not does_not_matter(name, doubled)}
    plot(all_series, work)
    rows = ["| row | doubled | from, to | ms, from, to | exponent measured | of the formula |",
            "|---|---|---|---|---|---|"]
    for (name, doubled), points in all_series.items():
        (first, begin, _), (last, end, _) = points[0], points[-1]
        rows.append(f"| `{name}` | {doubled} | {first:,} to {last:,} | {begin:.3g}, {end:.3g} | "
                    f"{slope([(s, t) for s, t, _ in points]):.2f} | {slope([(s, f) for s, _, f in points]):.2f} |")
    table = "\n".join(rows)
    print(table)
    before, rest = document.read_text().split("<!-- measured -->\n")[:2]
    after = rest.split("<!-- end -->\n")[1]
    document.write_text(f"{before}<!-- measured -->\n{table}\n<!-- end -->\n{after}")


if __name__ == "__main__":
    main()
