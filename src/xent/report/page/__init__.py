"""report.html: everything a comparison found, in one interactive file that needs no network."""

from xent.report.page.page import page_html, write_page

__all__ = ["page_html", "write_page"]
