"""report.html of an audit: everything that it says."""

from xent.report.page.audit.page import page_html, write_audit_page

__all__ = ["page_html", "write_audit_page"]
