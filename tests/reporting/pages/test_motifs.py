"""The page of motifs."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET

from seqnet.explanation.motifs.motif import Match
from seqnet.reporting.figures.motif_logos import motif_logo
from seqnet.reporting.figures.pictures import inline_svg
from seqnet.reporting.pages.motifs import motif_page, motif_section
from seqnet.reporting.pages.rendering import render_page
from tests.explanation.motifs.test_files import made, motif


def test_a_logo_has_a_description_in_words() -> None:
    picture = motif_logo(motif(match=Match("Pax5", 1e-9, 2e-8)))
    assert "3: T 9" in picture.description or "3: T 1" in picture.description
    assert picture.description.startswith("Sequence logo of 7 positions, ")
    assert "37 hits in 30 records, effect -0.71 logit. Nearest known motif: Pax5, q = 2e-08." in picture.caption
    svg = inline_svg(picture)
    assert 'role="img"' in svg
    assert "var(--c1)" in svg  # T
    ET.fromstring(svg)
    assert svg == inline_svg(picture)


def test_a_logo_of_a_protein_motif() -> None:
    ET.fromstring(inline_svg(motif_logo(motif(letters="protein"))))


def test_the_page_has_a_row_and_a_logo_for_each_motif_and_escapes_names() -> None:
    evil = motif(match=Match("<script>alert(1)</script>", 1e-9, 2e-8))
    found = dataclasses.replace(made(evil, motif("motif_2", match=Match("b", 0.1, 0.2))), notes=("a <b>note</b>",))
    html = render_page(motif_page(found, "model<i>.safetensors", "signal"))
    assert html.count("<figure") == 2
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "a &lt;b&gt;note" in html
    assert "model&lt;i&gt;.safetensors" in html
    assert "50.0 %" in html
    assert "2 motifs of" in html
    assert html == render_page(motif_page(found, "model<i>.safetensors", "signal"))


def test_a_page_without_motifs_is_reported() -> None:
    html = render_page(motif_page(made(), "model", "signal"))
    assert "No motif of model" in html
    assert "Nothing stands out from shuffled sequences." in html


def test_a_section_of_another_page_has_the_first_logos() -> None:
    many = [motif(f"motif_{number}") for number in range(1, 15)]
    section = motif_section(made(*many), "model", "signal")
    html = render_page(dataclasses.replace(motif_page(made(), "model", "signal"), sections=[section]))
    assert html.count("<figure") == 12
    assert "Logos of the first 12 motifs are shown." in html
