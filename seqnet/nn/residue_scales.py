"""Scales of the 20 amino acids that matter for folding, aggregation and solubility.

Each scale is a map from residue to value.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ALIPHATIC", "SCALES", "TURN_FORMERS"]

_RESIDUES = "ARNDCQEGHILKMFPSTWYV"


def _scale(values: str) -> Mapping[str, float]:
    """Returns residue → value; the values are in the order of `_RESIDUES`."""
    return dict(zip(_RESIDUES, map(float, values.split()), strict=True))


SCALES: Mapping[str, Mapping[str, float]] = {
    "hydropathy": _scale("1.8 -4.5 -3.5 -3.5 2.5 -3.5 -3.5 -.4 -3.2 4.5 3.8 -3.9 1.9 2.8 -1.6 -.8 -.7 -.9 -1.3 4.2"),
    "charge": _scale("0 1 0 -1 0 0 -1 0 0 0 0 1 0 0 0 0 0 0 0 0"),
    "helix": _scale(
        "1.42 .98 .67 1.01 .70 1.11 1.51 .57 1.00 1.08 1.21 1.16 1.45 1.13 .57 .77 .83 1.08 .69 1.06"
    ),
    "sheet": _scale(
        ".83 .93 .89 .54 1.19 1.10 .37 .75 .87 1.60 1.30 .74 1.05 1.38 .55 .75 1.19 1.37 1.47 1.70"
    ),
    "turn": _scale(
        ".66 .95 1.56 1.46 1.19 .98 .74 1.56 .95 .47 .59 1.01 .60 .60 1.52 1.43 .96 .96 1.14 .50"
    ),
    "disorder": _scale(
        ".06 .180 .007 .192 .02 .318 .736 .166 .303 -.486 -.326 .586 -.397 -.697 .987 .341 .059 -.884 -.510 -.121"
    ),
    "aggregation": _scale(
        "-.036 -1.240 -1.302 -1.836 .604 -1.231 -1.412 -.535 -1.033 1.822 1.380 -.931 .910 1.754 -.334 -.294 -.159 "
        "1.037 1.159 1.594"
    ),
    "volume": _scale(
        "88.6 173.4 114.1 111.1 108.5 143.8 138.4 60.1 153.2 166.7 166.7 168.6 162.9 189.9 112.7 89.0 116.1 227.8 "
        "193.6 140.0"
    ),
}  # fmt: skip
"""Scale → residue → value: hydropathy; charge at pH 7 in elementary charges; propensities for helix, sheet, turn,
disorder and aggregation; volume in cubic ångström.

Source: Kyte and Doolittle 1982, doi:10.1016/0022-2836(82)90515-0 (hydropathy); Chou and Fasman 1978,
doi:10.1146/annurev.bi.47.070178.001343 (helix, sheet, turn); Campen et al. 2008, doi:10.2174/092986608785849164
(disorder, TOP-IDP); Conchillo-Solé et al. 2007, doi:10.1186/1471-2105-8-65 (aggregation, AGGRESCAN); Zamyatnin 1972,
doi:10.1016/0079-6107(72)90005-3 (volume).
"""

TURN_FORMERS = "NGPS"
"""Residues of turns. Source: Wilkinson and Harrison 1991, doi:10.1038/nbt0591-443."""

ALIPHATIC: Mapping[str, float] = {"A": 1.0, "V": 2.9, "I": 3.9, "L": 3.9}
"""Weights of the aliphatic index. Source: Ikai 1980, doi:10.1093/oxfordjournals.jbchem.a133168."""
