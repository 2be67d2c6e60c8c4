"""The merging half of gpu-check.sh: gpu_check.py FILE.json NAME=VALUE... Reads tests.json (GoogleTest) and *_bench.json
(Google Benchmark) beside FILE.json and writes it:

device, driver, toolkit, commit   what ran where; commit ends in -dirty where files were changed; null: not known
passed                            whether nothing failed
tests                             passed, failed, skipped: how many; null where the program did not reach its end
verdicts                          of the test program and of each bench by its exit status: passed, failed, no device
sanitizer                         memcheck, racecheck, synccheck: passed, failed, not there
peaks                             of cpu and of cuda, measured: float and double in GFLOP/s, bandwidth in GB/s; null
                                  where no bench told
benches                           of each: name, iterations, time_ms and its counters, as GFLOP/s, GB/s, and %FMA and
                                  %bandwidth, of its own backend's peaks; error where it had one

Exit status 1 where anything failed.
"""
import json
import math
import pathlib
import sys

FACTS = "device", "driver", "toolkit", "commit"
TOOLS = "memcheck", "racecheck", "synccheck"
PEAKS = {"float": "peak float", "double": "peak double", "bandwidth": "bandwidth"}
MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1e3}
NOT_COUNTERS = {"family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads", "iterations",
                "real_time", "cpu_time"}


def read(file):
    """None where a program ended before it wrote all of its file."""
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def count_tests(report):
    if report is None:
        return None
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for suite in report["testsuites"]:
        for test in suite["testsuite"]:
            if test.get("failures"):
                counts["failed"] += 1
            elif test["result"] == "SKIPPED":
                counts["skipped"] += 1
            elif test["result"] == "COMPLETED":
                counts["passed"] += 1
    return counts


def bench(run):
    if run.get("error_occurred"):
        return {"name": run["name"], "error": run.get("error_message", "")}
    numbers = {key: value if math.isfinite(value) else None for key, value in run.items()
               if isinstance(value, (int, float)) and not isinstance(value, bool) and key not in NOT_COUNTERS}
    return {"name": run["name"], "iterations": run["iterations"],
            "time_ms": run["real_time"] * MILLISECONDS[run["time_unit"]], **numbers}


def peaks(report, backend):
    """From the header of a bench's report, where they stand as bench/data.cpp writes them: a number and its unit."""
    told = {what: report["context"].get(f"{backend} {name}") for what, name in PEAKS.items()}
    return {what: float(text.split()[0]) for what, text in told.items()} if all(told.values()) else None


def merge(folder, facts):
    merged = {name: facts.pop(name, "") or None for name in FACTS}
    merged["passed"] = False
    merged["tests"] = count_tests(read(folder / "tests.json"))
    merged["sanitizer"] = {tool: facts.pop(tool, "not there") for tool in TOOLS}
    merged["verdicts"] = facts
    merged["peaks"] = {"cpu": None, "cuda": None}
    merged["benches"] = []
    for name, verdict in facts.items():
        if not name.endswith("_bench"):
            continue
        report = read(folder / f"{name}.json")
        runs = [bench(run) for run in report["benchmarks"] if run.get("run_type") != "aggregate"] if report else []
        for backend in merged["peaks"] if report else ():  # those of the last bench that told
            merged["peaks"][backend] = peaks(report, backend) or merged["peaks"][backend]
        if verdict == "passed" and not any("/cuda/" in run["name"] for run in runs):
            facts[name] = "no device"
        merged["benches"] += runs
    merged["passed"] = (merged["tests"] is not None and merged["tests"]["failed"] == 0
                        and "failed" not in merged["sanitizer"].values()
                        and all(verdict == "passed" for verdict in facts.values())
                        and not any("error" in run for run in merged["benches"]))
    return merged


def main(file, *words):
    file = pathlib.Path(file)
    merged = merge(file.parent, dict(word.split("=", 1) for word in words))
    file.write_text(json.dumps(merged, indent=2) + "\n")
    for part in "tests", "sanitizer", "verdicts":
        print(f"{part}: {merged[part]}")
    print("passed" if merged["passed"] else "FAILED")
    return 0 if merged["passed"] else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
