"""Operations that are faster than PyTorch's own; each falls back to a public operation.

Start here: `capabilities.has` says whether a private operator of PyTorch works here. `matmul` multiplies matrices with
oneDNN. `gather_rows` looks up rows of a table and sums their gradients.
"""

__all__ = [
    "capabilities",
    "gather_rows",
    "matmul",
]
