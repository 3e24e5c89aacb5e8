"""The page of the motifs of a model: a table, and a logo of each."""

from __future__ import annotations

from collections.abc import Sequence

from seqnet.core.printable import counted
from seqnet.explanation.motifs.motif import Motif, Motifs
from seqnet.reporting.figures.motif_logos import motif_logo
from seqnet.reporting.pages import cells
from seqnet.reporting.pages.content import Cell, Facts, Figures, Notes, Page, Section, Table, Text

__all__ = ["motif_page", "motif_section"]

_MOST_LOGOS = 100
"""Maximum number of logos of a page, so that it stays below two megabytes."""

_LOGOS_OF_A_SECTION = 12
"""Maximum number of logos of a section, which shares its page with other figures."""

_METHOD = (
    "Each sequence was also shuffled. A motif has hits in more sequences than shuffled sequences; the q-value is of "
    "this difference. The effect is the mean change of the logit by the hits, compared with background in their "
    "place: a motif with a positive effect is evidence for the explained class. Information content is relative "
    "to the background. In a logo, the height of a position is its information content."
)


def motif_page(found: Motifs, model: str, explained: str) -> Page:
    """Returns the page.

    Args:
        found: the motifs.
        model: name of the model.
        explained: the class that is explained, in words.
    """
    count = counted(len(found), "motifs") if len(found) else "No motif"
    lead = f"{count} of {model} in {counted(found.records, 'records')}, explained: {explained}."
    facts = Facts(
        [
            ("Records", f"{found.records:,}, and as many shuffled ones"),
            ("Attributions", found.method),
            ("Strands", "both" if found.both_strands else "as given"),
            (
                "Background",
                ", ".join(f"{a} {b:.3f}" for a, b in zip(found.alphabet.canonical, found.background, strict=True)),
            ),
        ]
    )
    sections = [
        Section("motifs", "Motifs", _content(found, _MOST_LOGOS)),
        Section("method", "How they were found", [Text(_METHOD), Notes(found.notes), facts]),
    ]
    return Page(f"Motifs of {model}", lead, sections)


def motif_section(found: Motifs, model: str, explained: str) -> Section:
    """Returns the motifs of a model as a section of another page; see `motif_page`."""
    lead = f"What {model} responds to in {counted(found.records, 'records')}; explained: {explained}. {_METHOD}"
    return Section("motifs", "Motifs", [Text(lead), *_content(found, _LOGOS_OF_A_SECTION), Notes(found.notes)])


def _content(found: Motifs, most: int) -> list[Table | Figures | Text]:
    """Returns a table of the motifs, and the logos of the first `most`."""
    shown = found.motifs[:most]
    if not shown:
        return [Text("Nothing stands out from shuffled sequences.")]
    content: list[Table | Figures | Text] = [_table(found), Figures([motif_logo(motif) for motif in shown])]
    if len(shown) < len(found):
        content.append(Text(f"Logos of the first {len(shown)} motifs are shown."))
    return content


def _table(found: Motifs) -> Table:
    labelled = any(motif.labelled is not None for motif in found.motifs)
    matched = any(motif.match is not None for motif in found.motifs)
    columns = ["motif", "consensus", "source", "hits", "records", "shuffled", "q", "bits", "effect"]
    columns += [f"predicted {name}" for name in found.classes]
    columns += [f"labelled {name}" for name in found.classes] if labelled else []
    columns += ["known", "known q"] if matched else []
    rows = [_row(motif) for motif in found.motifs]
    note = "predicted CLASS: share of the records predicted as the class that have a hit."
    return Table("Motifs, by effect times number of records.", columns, rows, note)


def _row(motif: Motif) -> Sequence[str | Cell]:
    row: list[str | Cell] = [motif.name, motif.consensus, motif.source]
    row += [cells.count(number) for number in (motif.hits, motif.records, motif.shuffled)]
    row += [Cell(f"{motif.q_value:.2g}", motif.q_value), cells.number(float(motif.information.sum()), 1)]
    row += [cells.number(motif.effect, 2), *(cells.percent(float(share)) for share in motif.shares)]
    if motif.labelled is not None:
        row += [cells.percent(float(share)) for share in motif.labelled]
    if motif.match is not None:
        row += [motif.match.name, Cell(f"{motif.match.q_value:.2g}", motif.match.q_value)]
    return row
