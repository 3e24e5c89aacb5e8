"""Figures: plain results → a `Picture`, which is drawn by matplotlib into a page or into a file.

Start here: `pictures.Picture`; `inline_svg` puts one into a page, `save_picture` into a file. Each other module has the
figures of one kind.
"""

__all__ = ["pictures"]
