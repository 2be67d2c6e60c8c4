"""The data sets: their text, which Seesaw reads, and the same ratings as compressed rows, which the peers take."""
import pathlib
import subprocess

import numpy as np
import pandas
import scipy.sparse

SHAPES = {"ml-20m": (138_493, 26_744, 20_000_263), "netflix": (480_189, 17_770, 100_480_507)}


def ratings_text(name, cache, seesaw, netflix_entries):
    """The file of the ratings, fetched or generated if it is not there, and how it is read."""
    if name == "ml-100k":
        folder = pathlib.Path("../shared/data/ml-100k")
        if not (folder / "u1.base").exists():
            folder = pathlib.Path("data/ml-100k")
            subprocess.run(["bash", "scripts/get-data.sh", "ml-100k", folder], check=True)
        return folder / "u1.base", {"sep": "\t", "header": None}
    users, items, entries = SHAPES[name]
    if name == "netflix":
        entries = netflix_entries
    text = cache / f"{name}-{entries}.csv"
    if not text.exists():
        unfinished = text.with_suffix(".part.csv")
        subprocess.run([seesaw, "generate", "-o", unfinished, "--users", str(users), "--items", str(items),
                        "--entries", str(entries), "--rank", "16", "--mean", "3.5", "--noise", "0.5", "--step", "0.5",
                        "--range", "0.5,5", "--user-exponent", "0.7", "--item-exponent", "0.9", "--seed", "1"],
                       check=True)
        unfinished.rename(text)
    return text, {"sep": ",", "header": 0}


def prepare(text, reading, folder):
    """Writes the ratings of `text` into `folder` as .npy files: compressed rows, ids ascending."""
    if (folder / "row_ids.npy").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    table = pandas.read_csv(text, usecols=[0, 1, 2], names=["user", "item", "rating"], **reading,
                            dtype={"user": np.int32, "item": np.int32, "rating": np.float32})
    row_ids, rows = np.unique(table["user"].to_numpy(), return_inverse=True)
    col_ids, cols = np.unique(table["item"].to_numpy(), return_inverse=True)
    ratings = scipy.sparse.csr_matrix((table["rating"].to_numpy(), (rows.astype(np.int32), cols.astype(np.int32))),
                                      shape=(len(row_ids), len(col_ids)))
    ratings.sort_indices()
    for name, array in {"offsets": ratings.indptr, "columns": ratings.indices, "values": ratings.data,
                        "col_ids": col_ids, "row_ids": row_ids}.items():
        np.save(folder / f"{name}.npy", array)


def load(folder):
    """The ratings as float32 in compressed rows."""
    offsets, columns, values, row_ids, col_ids = (
        np.load(f"{folder}/{name}.npy") for name in ("offsets", "columns", "values", "row_ids", "col_ids"))
    return scipy.sparse.csr_matrix((values, columns, offsets), shape=(len(row_ids), len(col_ids)))
