"""What every program is judged by, computed here in float64 from its factors."""
import numpy as np
import scipy.sparse

CHUNK = 1 << 24  # numbers of a temporary array


def scores(ratings, x, y):
    """x_i . y_j for every entry."""
    result = np.empty(ratings.nnz)
    rows = np.repeat(np.arange(ratings.shape[0], dtype=np.int32), np.diff(ratings.indptr))
    step = max(1, CHUNK // x.shape[1])
    for first in range(0, ratings.nnz, step):
        part = slice(first, first + step)
        result[part] = np.einsum("ef,ef->e", x[rows[part]], y[ratings.indices[part]])
    return result


def judge(model, ratings, x, y, penalty, weighting, alpha):
    """Of the factors x, y:

    objective  explicit  1/2 sum_entries (a - x.y)^2               + penalty
               implicit  1/2 sum_all c (p - x.y)^2                 + penalty,  c = 1 + alpha a, p = 1 at entries,
                                                                               c = 1,           p = 0 elsewhere;
               the sum over all of (x.y)^2 is <X'X, Y'Y>
               penalty = 1/2 lambda (sum w_i |x_i|^2 + sum w_j |y_j|^2), w = 1 or the number of entries
    rmse       over the entries; explicit only
    gradient   that of the objective by the side solved last, relative to the right-hand sides of its equations: about
               the rounding error where that side was solved exactly and for this very objective
    """
    x, y = x.astype(np.float64), y.astype(np.float64)
    m, n = ratings.shape
    s = scores(ratings, x, y)
    a = ratings.data.astype(np.float64)
    wx = np.diff(ratings.indptr) if weighting == "by-count" else np.ones(m)
    wy = np.bincount(ratings.indices, minlength=n) if weighting == "by-count" else np.ones(n)
    if model == "explicit":
        loss, slope, right, rmse = np.sum((a - s) ** 2), s - a, a, np.sqrt(np.mean((a - s) ** 2))
        gram_x = gram_y = np.zeros((x.shape[1], x.shape[1]))
    else:
        c = 1 + alpha * a
        gram_x, gram_y = x.T @ x, y.T @ y
        loss = np.sum(gram_x * gram_y) + np.sum(c * (1 - s) ** 2 - s**2)
        slope, right, rmse = c * (s - 1) - s, c, None
    squares = wx @ np.einsum("if,if->i", x, x) + wy @ np.einsum("jf,jf->j", y, y)

    def relative_gradient(of, by, gram, weights, matrix):
        """Of the side `by`, the other being `of`; matrix: entries as that side's rows."""
        gradient = matrix(slope) @ of + by @ gram + penalty * weights[:, None] * by
        return np.linalg.norm(gradient) / np.linalg.norm(matrix(right) @ of)

    def by_row(values):
        return scipy.sparse.csr_matrix((values, ratings.indices, ratings.indptr), shape=(m, n))

    gradient = min(relative_gradient(y, x, gram_y, wx, by_row),
                   relative_gradient(x, y, gram_x, wy, lambda values: by_row(values).T))
    return {"objective": float((loss + penalty * squares) / 2), "rmse": None if rmse is None else float(rmse),
            "gradient": float(gradient)}
