"""How long SGD takes to the RMSE that ALS reaches in 10 sweeps: Seesaw's and LIBMF's, beside ALS itself.

All fit 9 of 10 ratings as they are, in float32, with the same k, lambda (weighted by count) and threads, each from a
random start of its own; every tenth rating of the file is held out. There are two targets: ALS's RMSE over the ratings
that it fits and the one over those held out. SGD and LIBMF run with each of their settings, until both are met or
--most sweeps are done. LIBMF tells the first of the two as the sweep goes, before each step, so later than it is met.

A program prints a line after each sweep; its wall-clock and processor seconds are taken when that comes, from the line
after reading the data on: sorting entries into blocks counts. Columns: program and setting (SGD: step, decay; LIBMF:
eta); sweeps done; s/sweep and cpu/sweep, over all of them; sweeps, s and cpu to the target over the fitted ratings,
then to the one over those held out, "-" where it was not met; the last RMSE of either; peak, MiB of the process at
most.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import data
import program

TICKS = os.sysconf("SC_CLK_TCK")
SETTINGS = {"sgd": [(0.02, 0.0), (0.05, 0.05), (0.05, 0.3), (0.1, 0.3)], "libmf": [(0.05,), (0.1,), (0.2,)]}


def libmf(task):
    """In a process of its own. Its objective is sum + lambda |.|^2 a rating, twice ours. Ratings held out whose user or
    item has none that is fitted are left out, as Seesaw does."""
    import numpy as np
    import pandas
    from libmf import mf
    table = pandas.read_csv(task["text"], usecols=[0, 1, 2], **task["reading"]).to_numpy()
    triples = np.empty(table.shape, np.float32)  # ids up to 2^24 are exact
    for side in (0, 1):
        triples[:, side] = np.unique(table[:, side], return_inverse=True)[1]
    triples[:, 2] = table[:, 2]
    held = np.arange(len(triples)) % 10 == 9
    fitted, test = triples[~held], triples[held]
    known = np.isin(test[:, 0], fitted[:, 0]) & np.isin(test[:, 1], fitted[:, 1])
    model = mf.MF(k=task["rank"], nr_threads=task["threads"], nr_bins=max(20, 2 * task["threads"] + 1),
                  nr_iters=task["most"], lambda_p2=task["lambda"], lambda_q2=task["lambda"], eta=task["setting"][0])
    print("begin", flush=True)
    model.mf_train_test(fitted, test[known])


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def run(command, targets, environment):
    """[(wall seconds, processor seconds, RMSE, RMSE held out)] after each sweep, and the peak in MiB. Ends the program
    where both targets are met."""
    sweeps, begin = [], None
    child = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True, env=environment)
    for line in child.stdout:
        now, cpu = time.perf_counter(), processor_seconds(child.pid)
        if line.strip() == "begin":
            begin = now, cpu
        elif begin and line.split()[0].isdigit():
            _, train, held = line.split()[:3]
            sweeps.append((now - begin[0], cpu - begin[1], float(train), float(held)))
            if all(value <= target for value, target in zip(sweeps[-1][2:], targets)):
                break
    os.kill(child.pid, signal.SIGTERM)  # not waited for yet, so it is still there
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if not sweeps:
        raise RuntimeError(f"{command[0]} ended with {child.returncode} and without a sweep")
    return sweeps, usage.ru_maxrss / 1024


def row(program, setting, sweeps, peak, targets):
    """The figures of the table."""
    found = {"program": program, "setting": " ".join(map(str, setting)), "sweeps": len(sweeps),
             "s/sweep": sweeps[-1][0] / len(sweeps), "cpu/sweep": sweeps[-1][1] / len(sweeps)}
    for name, field, target in (("fit", 2, targets[0]), ("held", 3, targets[1])):
        met = next((n for n, sweep in enumerate(sweeps) if sweep[field] <= target), None)
        found |= {f"{name} sweeps": None if met is None else met + 1,
                  f"{name} s": None if met is None else sweeps[met][0],
                  f"{name} cpu": None if met is None else sweeps[met][1]}
    return found | {"RMSE": sweeps[-1][2], "held RMSE": sweeps[-1][3], "peak": peak}


def table(rows):
    lines = [list(rows[0])]
    lines += [["-" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
               for value in one.values()] for one in rows]
    return program.aligned(lines)


def options():
    parser = argparse.ArgumentParser(prog="bench/peers/run.sh time_to_rmse", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=["ml-100k", *data.SHAPES], default="ml-100k", help="default %(default)s")
    parser.add_argument("--rank", type=int, default=32, help="default %(default)s")
    parser.add_argument("--lambda", dest="penalty", type=float, default=0.1, help="default %(default)s")
    parser.add_argument("--sweeps", type=int, default=10, help="of ALS (default %(default)s)")
    parser.add_argument("--most", type=int, default=100, help="sweeps of SGD and of LIBMF (default %(default)s)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: all")
    parser.add_argument("--programs", default="sgd,libmf", help="default %(default)s")
    parser.add_argument("--netflix-entries", type=int, default=40_000_000, help="of 100480507 (default 40000000)")
    parser.add_argument("--seesaw", default="build/release/src/cli/seesaw", help="the tool (default %(default)s)")
    parser.add_argument("--bench", default="build/release/bench/time_to_rmse", help="default %(default)s")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("build/peers/data"), help="for the data")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/peers/time_to_rmse.json"))
    given = parser.parse_args()
    if set(given.programs.split(",")) - set(SETTINGS):
        parser.error("see --help")
    for program in (given.seesaw, given.bench):
        if not pathlib.Path(program).exists():
            parser.error(f"{program} is not there: build the preset release, or name another")
    return given


def main():
    given = options()
    given.cache.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"OMP_NUM_THREADS": str(given.threads)}
    text, reading = data.ratings_text(given.data, given.cache, given.seesaw, given.netflix_entries)
    seesaw = [given.bench, text, None, given.rank, given.penalty, given.threads]

    def fit(solver, *rest, targets):
        return run([solver if word is None else word for word in seesaw] + list(rest), targets, environment)

    sweeps, peak = fit("als", given.sweeps, targets=(0, 0))
    targets = sweeps[-1][2:]
    rows = [row("als", (), sweeps, peak, targets)]
    for program in given.programs.split(","):
        for setting in SETTINGS[program]:
            print(f"{program} {setting}", file=sys.stderr)
            if program == "sgd":
                sweeps, peak = fit("sgd", given.most, *setting, *targets, targets=targets)
            else:
                task = {"text": str(text), "reading": reading, "rank": given.rank, "lambda": given.penalty,
                        "threads": given.threads, "most": given.most, "setting": setting}
                sweeps, peak = run([sys.executable, __file__, "libmf", json.dumps(task)], targets, environment)
            rows.append(row(program, setting, sweeps, peak, targets))
            given.output.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{given.data}, k = {given.rank}, lambda = {given.penalty}, {given.threads} threads; {given.sweeps} sweeps "
          f"of ALS reach {targets[0]:.5f} over the ratings fitted, {targets[1]:.5f} over those held out")
    print(table(rows))
    print(f"also in {given.output}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["libmf"]:
        libmf(json.loads(sys.argv[2]))
    else:
        main()
