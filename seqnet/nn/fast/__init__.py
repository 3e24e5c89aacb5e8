"""Operations that are faster than PyTorch's own, each with a public one to fall back on.

Start here: `capabilities.has` says whether a private operator of PyTorch works here. `matmul` multiplies matrices by
oneDNN, `gather_rows` looks up rows of a table and sums their gradients.
"""

__all__ = [
    "capabilities",
    "gather_rows",
    "matmul",
]
