"""report.html: everything that a job found, in one interactive file that needs no network.

Each job has its own page, in ``compare`` and ``audit``; beside them stands what the pages share.
"""
