"""One program on one problem, in a process of its own: program.py TASK.json writes the factors and the figures.

Every function returns x, y and the figures
  seconds  for one sweep: (time after `sweeps` sweeps - time after 1) / (sweeps - 1), the least of the repetitions
  loaded   MiB of the process with the data in the form that the program takes, before it is called
  peak     MiB of the process at most, up to the end of the first fit
NumPy is imported late: a child's peak memory counts from that of the process that starts it.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time


def aligned(lines):
    """A table of texts, a list of cells for each line."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def own_memory(field):
    """MiB; field: VmRSS, now, or VmHWM, at most."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split(field + ":")[1].split()[0]) / 1024


def run_tool(command):
    """Its standard output and its peak memory in MiB."""
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        if child.returncode == 2 and "--implicit" in errors.read():
            raise NotImplementedError("not built: this Seesaw has no --implicit")
        errors.seek(0)
        if child.returncode != 0:
            raise RuntimeError(errors.read().strip() or f"exit code {child.returncode}")
    return output, usage.ru_maxrss / 1024


def seesaw(task):
    """The tool tells the time after each sweep, objective included. loaded: the peak of a run with k = 1 and one sweep,
    which is that of reading the text."""
    model = task["folder"] + "/model.h5"

    def fit(rank, sweeps):
        command = [task["seesaw"], "fit", task["text"], "-o", model, "--backend", "cpu", "--threads", task["threads"],
                   "--rank", rank, "--sweeps", sweeps, "--lambda", task["lambda"], "--weighting", task["weighting"],
                   "--precision", "float", "--progress", "none", "--json"]
        command += ["--implicit", "--alpha", task["alpha"]] if task["model"] == "implicit" else ["--no-centre"]
        output, peak = run_tool([str(word) for word in command])
        ends = [sweep["seconds"] for sweep in json.loads(output)["runs"][0]["history"]]
        return peak, (ends[-1] - ends[0]) / max(1, sweeps - 1)

    loaded, _ = fit(1, 1)
    runs = [fit(task["rank"], task["sweeps"]) for _ in range(task["repetitions"])]
    import h5py
    import numpy as np
    with h5py.File(model) as file:
        for name in ("row_ids", "col_ids"):
            if not np.array_equal(file[name][:], np.load(f"{task['data']}/{name}.npy")):
                raise RuntimeError(f"the model's {name} are not those of the data")
        x, y = file["x"][:], file["y"][:]
    return x, y, {"seconds": min(seconds for _, seconds in runs), "loaded": loaded, "peak": runs[0][0]}


def implicit(task, use_cg):
    """Values are confidences as they are: 1 + alpha r is handed over, with its own alpha = 1. Its regularization is
    lambda of 1/2 sum + 1/2 lambda. A callback comes after each sweep. Its conjugate gradients take 3 steps, from the
    factors of the sweep before. Started like Seesaw: from its own start, uniform in [0, 0.01), it needs more sweeps."""
    import data
    import numpy as np
    from implicit.cpu.als import AlternatingLeastSquares
    confidence = data.load(task["data"])
    confidence.data = (1 + task["alpha"] * confidence.data).astype(np.float32)
    random = np.random.default_rng(1)

    def start(rows):
        return random.standard_normal((rows, task["rank"]), dtype=np.float32) / np.float32(np.sqrt(task["rank"]))

    loaded, runs, peak = own_memory("VmRSS"), [], None
    for _ in range(task["repetitions"]):
        ends = []
        model = AlternatingLeastSquares(factors=task["rank"], regularization=task["lambda"], alpha=1.0,
                                        dtype=np.float32, use_cg=use_cg, iterations=task["sweeps"],
                                        num_threads=task["threads"])
        model.user_factors, model.item_factors = (start(rows) for rows in confidence.shape)
        model.fit(confidence, show_progress=False, callback=lambda *_: ends.append(time.perf_counter()))
        peak = peak or own_memory("VmHWM")
        runs.append((ends[-1] - ends[0]) / (task["sweeps"] - 1))
    return model.user_factors, model.item_factors, {"seconds": min(runs), "loaded": loaded, "peak": peak}


def cmfrec(task, use_cg):
    """Its objective is sum + lambda |.|^2, twice ours with the same lambda; scale_lam weights lambda by count; its
    confidence is 1 + alpha r. No callback: a fit of 1 sweep is taken from one of all, the least of each. The implicit
    model's conjugate gradients begin from a residual of other equations (for an entry of score s it has
    alpha r (1 - s) - s in the place of alpha r (1 - s) + 1), so that no number of sweeps or steps brings them to the
    minimum of the objective; its Cholesky solver has it right."""
    import cmfrec as package
    import data
    ratings = data.load(task["data"]).tocoo()
    common = dict(k=task["rank"], lambda_=task["lambda"], use_cg=use_cg, max_cg_steps=3, finalize_chol=False,
                  precompute_for_predictions=False, use_float=True, nthreads=task["threads"], random_state=1,
                  verbose=False, produce_dicts=False)

    def fit(sweeps):
        if task["model"] == "explicit":
            model = package.CMF(method="als", user_bias=False, item_bias=False, center=False, niter=sweeps,
                                scale_lam=task["weighting"] == "by-count", **common)
        else:
            model = package.CMF_implicit(alpha=task["alpha"], niter=sweeps, **common)
        begin = time.perf_counter()
        model.fit(ratings)
        return model, time.perf_counter() - begin

    loaded = own_memory("VmRSS")
    model, first = fit(task["sweeps"])
    peak = own_memory("VmHWM")
    longest = min([first] + [fit(task["sweeps"])[1] for _ in range(task["repetitions"] - 1)])
    shortest = min(fit(1)[1] for _ in range(task["repetitions"]))
    seconds = (longest - shortest) / (task["sweeps"] - 1)
    return model.A_, model.B_, {"seconds": seconds, "loaded": loaded, "peak": peak}


PROGRAMS = {
    "explicit": {"seesaw": seesaw, "cmfrec": lambda task: cmfrec(task, use_cg=False)},
    "implicit": {"seesaw": seesaw, "implicit": lambda task: implicit(task, use_cg=False),
                 "implicit, 3 CG steps": lambda task: implicit(task, use_cg=True),
                 "cmfrec": lambda task: cmfrec(task, use_cg=False),
                 "cmfrec, 3 CG steps": lambda task: cmfrec(task, use_cg=True)}}


def main():
    task = json.loads(pathlib.Path(sys.argv[1]).read_text())
    try:
        x, y, figures = PROGRAMS[task["model"]][task["program"]](task)
        import numpy as np
        np.save(task["folder"] + "/x.npy", x)
        np.save(task["folder"] + "/y.npy", y)
    except (NotImplementedError, RuntimeError, MemoryError, ImportError) as error:
        figures = {"failed": str(error) or type(error).__name__}
    pathlib.Path(task["folder"], "figures.json").write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
