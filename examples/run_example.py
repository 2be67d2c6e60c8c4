"""run_example.py PROGRAM SOURCES: runs an example in an empty folder and looks at what it says and draws."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

program, sources = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
if shutil.which("gnuplot") is None:
    print("skipped: no gnuplot in PATH to draw with")
    sys.exit(77)
arguments = []
if program.name == "example_newton_movielens":
    folders = [pathlib.Path(os.environ.get("SEESAW_DATA", "")), sources.parent / "shared" / "data", sources / "data"]
    found = [folder / "ml-100k" / "u1.base" for folder in folders if (folder / "ml-100k" / "u1.base").exists()]
    if not found:
        print("skipped: no MovieLens 100K (scripts/get-data.sh ml-100k)")
        sys.exit(77)
    arguments = [str(found[0])]
if program.name == "example_compare_solvers":
    arguments = ["1"]  # second for each solver
with tempfile.TemporaryDirectory() as folder:
    done = subprocess.run([program, *arguments], cwd=folder, stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    if done.returncode != 0:
        sys.exit(f"{program.name} ended with {done.returncode}")
    pictures = list(pathlib.Path(folder).iterdir())
    named = [line.split()[-1] for line in done.stdout.splitlines() if line.startswith("drawn: ")]
    if not named or sorted(named) != sorted(picture.name for picture in pictures):
        sys.exit(f"expected the pictures {named}, found {[picture.name for picture in pictures]}")
    for picture in pictures:
        start = picture.read_bytes()[:4096]
        if not (start.startswith(b"\x89PNG\r\n\x1a\n") if picture.suffix == ".png" else b"<svg" in start):
            sys.exit(f"{picture.name} is no picture")
