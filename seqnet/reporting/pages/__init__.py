"""Results as one HTML file that needs no network: for a browser, a phone, a printer, or an e-mail.

Start here: a `Page` (`content`) has sections of `Text`, `Notes`, `Facts`, `Table` and `Figures`; `write_page`
(`rendering`) makes the file. `cells` turns numbers into cells. `evaluation` makes the page of `seqnet evaluate`.

A page has no date, so that the same results give the same bytes.
"""

__all__ = ["cells", "content", "rendering"]
