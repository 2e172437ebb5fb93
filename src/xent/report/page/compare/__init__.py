"""report.html of a comparison: everything that it found."""

from xent.report.page.compare.page import page_html, write_page

__all__ = ["page_html", "write_page"]
