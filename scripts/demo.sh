#!/usr/bin/env bash
# Installs what is missing, builds the tool, fetches MovieLens 100K, factorizes it, recommends films to one user
# and draws what it found.
source "$(dirname "$0")/common.sh"
user=${1:-1}

install_missing "${build_packages[@]}" gnuplot-nox
say "building"
have_nvcc || echo "no nvcc of CUDA 12.4 or newer, so the tool will have no CUDA backend"
preset=release
have_nvcc && preset=cuda
cmake --preset "$preset" -B build/demo "${launchers[@]}" -DSEESAW_TESTS=OFF -DSEESAW_BENCH=OFF >/dev/null
cmake --build build/demo
seesaw=build/demo/src/cli/seesaw

say "data"
bash scripts/get-data.sh ml-100k

say "factorizing the training split, with the RMSE on the held-out split after each sweep"
"$seesaw" fit data/ml-100k/u1.base --output data/ml-100k.h5 --rank 32 --lambda 0.1 --sweeps 20 \
  --validation data/ml-100k/u1.test --plot data/ml-100k-convergence.svg

say "ten films for user $user that the training split does not have"
"$seesaw" predict data/ml-100k.h5 --user "$user" --top 10 --seen data/ml-100k/u1.base --titles data/ml-100k/u.item

say "the factors, and the ratings beside what they make of them"
"$seesaw" show data/ml-100k.h5 data/ml-100k/u1.base --plot data/ml-100k-factors.png
echo "how it converged: data/ml-100k-convergence.svg"
