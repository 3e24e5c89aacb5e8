"""The page of `seqnet evaluate`.

Start here: `page.evaluation_page` makes it of `Results`. Each other module makes sections of one kind.
"""

from seqnet.reporting.pages.evaluation.page import evaluation_page

__all__ = ["evaluation_page"]
