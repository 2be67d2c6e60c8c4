"""CP decomposition: Seesaw beside TensorLy, pyttb and GenTen (pygenten), one table and the same as JSON.

Every program runs cp_als on the same tensor from the same start (the factors after one sweep of Seesaw from random
ones), so many sweeps, none ended early, in a process of its own, one after another. Tensors: `dense`, planted of rank R
with noise of a tenth; `uber`, sparse, FROSTT's Uber in shape and number of entries, at random places with counts as
values. Float where a program can; the others compute in double whatever they are given.

Columns: s/sweep, the least of all sweeps but the first; ratio, of that to Seesaw's in the same precision; peak and
loaded, MiB of the process at most and before the fit; fit; diff, to Seesaw's; note: whether the fits agree.
"""
import argparse
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import program  # which imports NumPy late, as memory counts

SHAPES = {"dense": ((200, 200, 200), 32, None), "uber": ((183, 24, 1140, 1717), 25, 3_309_490)}
TYPES = {"float": "float32", "double": "float64"}
TOLERANCE = {"double": 1e-6, "float": 1e-4}


class Stamps(io.StringIO):
    """Standard output that notes when each line with the mark was written."""

    def __init__(self, mark):
        super().__init__()
        self.mark, self.times = mark, []

    def write(self, text):
        if self.mark in text:
            self.times.append(time.perf_counter())
        return super().write(text)


def least_step(times):
    return min(after - before for before, after in zip(times, times[1:]))


def start_factors(folder, dtype):
    import h5py
    with h5py.File(f"{folder}/start.h5") as file:
        return [file[f"factor_{n + 1}"][:].astype(dtype) for n in range(file.attrs["modes"])]


def entries(folder):
    import numpy as np
    return np.load(f"{folder}/places.npy"), np.load(f"{folder}/values.npy").astype(float)


def seesaw(task):
    """The tool tells the time after each sweep, fit included. loaded: of a fit of rank 1 with one sweep."""
    folder = task["folder"]
    dense = task["tensor"] == "dense"
    common = [task["seesaw"], "cp", "fit", f"{folder}/tensor.{'npy' if dense else 'tns'}", "-o", f"{folder}/model.h5",
              "--backend", "cpu", "--threads", task["threads"], "--fit-change", 0, "--precision", task["precision"],
              "--progress", "none", "--json"]
    if not dense:
        common += ["--shape", ",".join(map(str, SHAPES["uber"][0]))]

    def fit(*more):
        output, peak = program.run_tool([str(word) for word in common + list(more)])
        return json.loads(output), peak

    _, loaded = fit("--rank", 1, "--sweeps", 1)
    found, peak = fit("--start-model", f"{folder}/start.h5", "--sweeps", task["sweeps"])
    times = [sweep["seconds"] for sweep in found["runs"][0]["history"]]
    return {"seconds": least_step(times), "fit": found["fit"], "loaded": loaded, "peak": peak, "sweeps": len(times)}


def tensorly(task):
    """A tolerance that no change of the error is below makes it tell the error, from the MTTKRP of the last mode."""
    import numpy as np
    import tensorly as package
    factors = start_factors(task["folder"], TYPES[task["precision"]])
    if task["tensor"] == "dense":
        from tensorly.decomposition import parafac
        tensor = package.tensor(np.load(task["folder"] + "/tensor.npy").astype(TYPES[task["precision"]]))
    else:
        import sparse
        from tensorly.contrib.sparse.decomposition import parafac
        places, values = entries(task["folder"])
        tensor = sparse.COO(places.T, values, shape=SHAPES[task["tensor"]][0])
    loaded, out = program.own_memory("VmRSS"), Stamps("reconstruction error")
    sys.stdout = out
    weights = np.ones(factors[0].shape[1], factors[0].dtype)
    _, errors = parafac(tensor, len(weights), n_iter_max=task["sweeps"], tol=1e-300, return_errors=True, verbose=1,
                        init=package.cp_tensor.CPTensor((weights, factors)))
    sys.stdout = sys.__stdout__
    return {"seconds": least_step(out.times), "fit": 1 - float(errors[-1]), "loaded": loaded, "sweeps": len(errors),
            "peak": program.own_memory("VmHWM")}


def in_pyttb(task):
    import numpy as np
    import pyttb
    start = pyttb.ktensor([np.asfortranarray(factor) for factor in start_factors(task["folder"], float)])
    if task["tensor"] == "dense":
        return pyttb.tensor(np.asfortranarray(np.load(task["folder"] + "/tensor.npy"))), start
    places, values = entries(task["folder"])
    return pyttb.sptensor(np.ascontiguousarray(places), values.reshape(-1, 1), SHAPES[task["tensor"]][0]), start


def pyttb(task):
    from pyttb import cp_als
    tensor, start = in_pyttb(task)
    loaded, out = program.own_memory("VmRSS"), Stamps(" Iter")
    sys.stdout = out
    cp_als(tensor, start.ncomponents, init=start, maxiters=task["sweeps"], stoptol=0, printitn=1)
    sys.stdout = sys.__stdout__
    fits = re.findall(r"Iter \d+: f = (\S+)", out.getvalue())
    final = float(re.search(r"Final f = (\S+)", out.getvalue())[1])
    return {"seconds": least_step(out.times), "fit": final, "loaded": loaded, "sweeps": len(fits),
            "peak": program.own_memory("VmHWM")}


def genten(task):
    """Its history has the time after each sweep; the first entry is the start, the last one a second time the end."""
    import pygenten
    tensor, start = in_pyttb(task)
    loaded = program.own_memory("VmRSS")
    _, _, history = pygenten.cp_als(tensor, rank=start.ncomponents, init=start, maxiters=task["sweeps"], tol=0,
                                    printitn=0)
    sweeps = [history.getEntry(n) for n in range(1, history.size() - 1)]
    return {"seconds": least_step([sweep.cum_time for sweep in sweeps]), "fit": sweeps[-1].fit, "loaded": loaded,
            "sweeps": len(sweeps), "peak": program.own_memory("VmHWM")}


PROGRAMS = {"seesaw": seesaw, "tensorly": tensorly, "pyttb": pyttb, "genten": genten}


def prepare(name, rank, folder, seesaw_tool, threads):
    """Writes the tensor, as Seesaw and as the peers read it, and the start."""
    import numpy as np
    if (folder / "start.h5").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    shape, _, count = SHAPES[name]
    random = np.random.default_rng(1)
    more = []
    if count is None:
        factors = [random.standard_normal((size, rank)) for size in shape]
        tensor = np.einsum("ir,jr,kr->ijk", *factors, optimize=True)
        noise = random.standard_normal(shape)
        tensor += 0.1 * np.linalg.norm(tensor) / np.linalg.norm(noise) * noise
        path = folder / "tensor.npy"
        np.save(path, tensor)
    else:
        chosen = np.unique(random.integers(0, np.prod(shape), count + count // 100))
        chosen = np.sort(random.permutation(chosen)[:count])
        places = np.stack(np.unravel_index(chosen, shape), axis=1)
        values = 1 + random.poisson(1.0, count)
        np.save(folder / "places.npy", places)
        np.save(folder / "values.npy", values)
        path = folder / "tensor.tns"
        np.savetxt(path, np.column_stack([places + 1, values]), fmt="%d")
        more = ["--shape", ",".join(map(str, shape))]
    unfinished = folder / "begun.h5"
    subprocess.run([seesaw_tool, "cp", "fit", path, "-o", unfinished, "--backend", "cpu", "--threads", str(threads),
                    "--rank", str(rank), "--sweeps", "1", "--fit-change", "0", "--seed", "1", "--progress", "none",
                    "--json", *more], check=True, stdout=subprocess.DEVNULL)
    unfinished.rename(folder / "start.h5")


def run_task(task):
    try:
        figures = PROGRAMS[task["program"]](task)
        if task["program"] in ("tensorly", "pyttb"):
            import threadpoolctl
            figures["blas"] = [one.get("architecture") for one in threadpoolctl.threadpool_info() if
                               one["user_api"] == "blas"]
    except (NotImplementedError, RuntimeError, MemoryError, ImportError, ValueError, TypeError) as error:
        figures = {"failed": str(error).partition("\n")[0] or type(error).__name__}
    pathlib.Path(task["figures"]).write_text(json.dumps(figures))


def measure(task, environment, limit):
    figures = pathlib.Path(task["folder"], "figures.json")
    figures.unlink(missing_ok=True)
    task["figures"] = str(figures)
    try:
        done = subprocess.run([sys.executable, __file__, "--task", json.dumps(task)], env=environment,
                              stdout=sys.stderr, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"failed": f"not done within {limit} s"}
    return json.loads(figures.read_text()) if figures.exists() else {"failed": f"ended with {done.returncode}"}


def compare(rows):
    """Adds ratio, difference and note to the rows of one tensor."""
    own = {row["precision"]: row for row in rows if row["program"] == "seesaw" and "failed" not in row}
    for row in rows:
        row["note"] = row.get("failed", "")
        reference = own.get(row["precision"])
        if "failed" in row or reference is None or row is reference:
            continue
        row["ratio"] = row["seconds"] / reference["seconds"]
        row["difference"] = row["fit"] - reference["fit"]
        if row["sweeps"] != reference["sweeps"]:
            row["note"] = f"{row['sweeps']} SWEEPS"
        elif abs(row["difference"]) <= TOLERANCE[row["precision"]]:
            row["note"] = "agrees"
        else:
            row["note"] = "DIFFERS"


def table(rows):
    columns = [("program", "program", "{}"), ("tensor", "tensor", "{}"), ("R", "rank", "{}"),
               ("precision", "precision", "{}"), ("s/sweep", "seconds", "{:.4g}"), ("ratio", "ratio", "{:.2f}"),
               ("peak", "peak", "{:.0f}"), ("loaded", "loaded", "{:.0f}"), ("fit", "fit", "{:.8f}"),
               ("diff", "difference", "{:+.0e}"), ("note", "note", "{}")]
    lines = [[title for title, _, _ in columns]]
    lines += [["-" if row.get(key) is None else form.format(row[key]) for _, key, form in columns] for row in rows]
    return program.aligned(lines)


def options():
    parser = argparse.ArgumentParser(prog="bench/peers/run.sh cp", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    words = lambda text: text.split(",")
    parser.add_argument("--tensors", type=words, default=list(SHAPES), help="default dense,uber")
    parser.add_argument("--programs", type=words, default=list(PROGRAMS), help="default seesaw,tensorly,pyttb,genten")
    parser.add_argument("--precisions", type=words, default=["double", "float"], help="default double,float")
    parser.add_argument("--sweeps", type=int, default=10, help="at least 2 (default %(default)s)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: all")
    parser.add_argument("--limit", type=int, default=600, help="seconds of a program at most (default %(default)s)")
    parser.add_argument("--seesaw", default="build/release/src/cli/seesaw", help="the tool (default %(default)s)")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("build/peers/data"), help="for the data")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/peers/cp.json"), help="the JSON")
    given = parser.parse_args()
    if (set(given.tensors) - set(SHAPES) or set(given.programs) - set(PROGRAMS) or
            set(given.precisions) - set(TYPES) or given.sweeps < 2):
        parser.error("see --help")
    if not pathlib.Path(given.seesaw).exists():
        parser.error(f"{given.seesaw} is not there: build the preset release, or name another with --seesaw")
    return given


def main():
    given = options()
    threads = str(given.threads)
    environment = os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "OMP_PROC_BIND": "false"}
    rows = []
    for name in given.tensors:
        shape, rank, _ = SHAPES[name]
        folder = given.cache / f"cp-{name}"
        prepare(name, rank, folder, given.seesaw, given.threads)
        problem = []
        for precision in given.precisions:
            for one in given.programs:
                if precision == "float" and (one not in ("seesaw", "tensorly") or (name, one) == ("uber", "tensorly")):
                    continue
                print(f"{name}, {precision}: {one}", file=sys.stderr)
                task = {"tensor": name, "rank": rank, "precision": precision, "program": one, "sweeps": given.sweeps,
                        "threads": given.threads, "seesaw": given.seesaw, "folder": str(folder)}
                problem.append(task | measure(task, environment, given.limit))
        compare(problem)
        rows += problem
        given.output.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{given.sweeps} sweeps, {threads} threads; memory in MiB; OPENBLAS_CORETYPE "
          f"{os.environ.get('OPENBLAS_CORETYPE', 'not set')}")
    print(table(rows))
    print(f"also in {given.output}")
    return any("failed" in row for row in rows if row["program"] == "seesaw")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--task"]:
        run_task(json.loads(sys.argv[2]))
    else:
        sys.exit(main())
