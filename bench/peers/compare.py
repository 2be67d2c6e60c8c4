"""Seesaw beside implicit and cmfrec: one table, and the same as JSON.

Every program runs in a process of its own, one after another, in float32, from a random start of its own. Lambda of the
explicit model is weighted by count unless told otherwise; that of the implicit one is plain. program.py says how time
and memory are taken and what each package's parameters mean, objective.py how the results are judged.

Columns: s/sweep; ratio, to Seesaw's; peak and loaded, MiB of the process at most and before the fit; objective;
diff, of the objective to Seesaw's, relative (to that of the first program that ran, where Seesaw did not); train RMSE;
gradient (see objective.py); note: whether the objective agrees within --tolerance, is worse or better, which is said
after at least 10 sweeps only, as starts differ.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import data
import numpy as np
import objective
import program

# A larger gradient is not the rounding of float32, or what a few CG steps leave, but another objective.
EXACT, CONJUGATE_GRADIENTS = 1e-3, 0.1


def measure(task, environment):
    """The figures of one program, with the judgement of its factors where there are any."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "task.json").write_text(json.dumps(task | {"folder": folder}))
        done = subprocess.run([sys.executable, program.__file__, path / "task.json"], env=environment,
                              stdout=sys.stderr)
        if not (path / "figures.json").exists():
            return {"failed": f"ended with {done.returncode}"}
        figures = json.loads((path / "figures.json").read_text())
        if "failed" in figures:
            return figures
        x, y = np.load(path / "x.npy"), np.load(path / "y.npy")
    return figures | objective.judge(task["model"], data.load(task["data"]), x, y, task["lambda"], task["weighting"],
                                     task["alpha"])


def compare(rows, tolerance):
    """Adds ratio, difference and note to the rows of one problem, Seesaw's first."""
    first = next((row for row in rows if "failed" not in row), None)
    for row in rows:
        if "failed" in row:
            row["note"] = row["failed"]
            continue
        notes = []
        if row is not first:
            row["ratio"] = row["seconds"] / first["seconds"] if first is rows[0] else None
            row["difference"] = row["objective"] / first["objective"] - 1
            if row["sweeps"] >= 10:
                agrees = abs(row["difference"]) <= tolerance
                notes.append("agrees" if agrees else "WORSE" if row["difference"] > 0 else "BETTER")
        if row["gradient"] > (CONJUGATE_GRADIENTS if "CG" in row["program"] else EXACT):
            notes.append("SOLVES ANOTHER OBJECTIVE")
        row["note"] = ", ".join(notes)


def table(rows):
    columns = [("program", "program", "{}"), ("model", "model", "{}"), ("data", "name", "{}"), ("k", "rank", "{}"),
               ("s/sweep", "seconds", "{:.4g}"), ("ratio", "ratio", "{:.2f}"), ("peak", "peak", "{:.0f}"),
               ("loaded", "loaded", "{:.0f}"), ("objective", "objective", "{:.6g}"),
               ("diff", "difference", "{:+.2%}"), ("RMSE", "rmse", "{:.4f}"), ("gradient", "gradient", "{:.0e}"),
               ("note", "note", "{}")]
    lines = [[title for title, _, _ in columns]]
    lines += [["-" if row.get(key) is None else form.format(row[key]) for _, key, form in columns] for row in rows]
    return program.aligned(lines)


def options():
    parser = argparse.ArgumentParser(prog="bench/peers/run.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    words = lambda text: text.split(",")
    parser.add_argument("--data", type=words, default=["ml-100k"], help="of ml-100k,ml-20m,netflix (default ml-100k)")
    parser.add_argument("--models", type=words, default=["explicit", "implicit"], help="explicit,implicit")
    parser.add_argument("--ranks", type=words, default=["32", "64", "128"], help="default 32,64,128")
    parser.add_argument("--sweeps", type=int, default=15, help="at least 2 (default 15)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: all")
    parser.add_argument("--repetitions", type=int, default=3, help="of each fit; the least time counts (default 3)")
    parser.add_argument("--lambda", dest="penalty", type=float, default=0.1, help="explicit (default 0.1)")
    parser.add_argument("--weighting", choices=["by-count", "plain"], default="by-count", help="explicit")
    parser.add_argument("--implicit-lambda", type=float, default=1.0, help="default 1")
    parser.add_argument("--alpha", type=float, default=1.0, help="confidence 1 + alpha r (default 1)")
    parser.add_argument("--netflix-entries", type=int, default=40_000_000, help="of 100480507 (default 40000000)")
    parser.add_argument("--tolerance", type=float, default=0.01, help="of objectives, relative (default 0.01)")
    parser.add_argument("--seesaw", default="build/release/src/cli/seesaw", help="the tool (default %(default)s)")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("build/peers/data"), help="for the data")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/peers/table.json"), help="the JSON")
    given = parser.parse_args()
    if set(given.data) - {"ml-100k", *data.SHAPES} or set(given.models) - set(program.PROGRAMS) or given.sweeps < 2:
        parser.error("see --help")
    if not pathlib.Path(given.seesaw).exists():
        parser.error(f"{given.seesaw} is not there: build the preset release, or name another with --seesaw")
    return given


def main():
    given = options()
    given.cache.mkdir(parents=True, exist_ok=True)
    # implicit asks for its BLAS to have one thread; both peers call it from threads of their own.
    environment = os.environ | {"OMP_NUM_THREADS": str(given.threads), "OPENBLAS_NUM_THREADS": "1"}
    rows = []
    for name in given.data:
        text, reading = data.ratings_text(name, given.cache, given.seesaw, given.netflix_entries)
        folder = given.cache / (text.stem if name != "ml-100k" else name)
        data.prepare(text, reading, folder)
        for model, rank in ((model, int(rank)) for model in given.models for rank in given.ranks):
            explicit = model == "explicit"
            task = {"model": model, "rank": rank, "sweeps": given.sweeps, "threads": given.threads,
                    "repetitions": given.repetitions, "alpha": given.alpha, "seesaw": given.seesaw, "text": str(text),
                    "data": str(folder), "lambda": given.penalty if explicit else given.implicit_lambda,
                    "weighting": given.weighting if explicit else "plain", "name": name}
            problem = []
            for one in program.PROGRAMS[model]:
                print(f"{name}, {model}, k = {rank}: {one}", file=sys.stderr)
                problem.append(task | {"program": one} | measure(task | {"program": one}, environment))
            compare(problem, given.tolerance)
            rows += problem
            given.output.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{given.sweeps} sweeps, {given.threads} threads, least of {given.repetitions}; memory in MiB")
    print(table(rows))
    print(f"also in {given.output}")
    return any("failed" in row and not row["failed"].startswith("not built") for row in rows)


if __name__ == "__main__":
    sys.exit(main())
