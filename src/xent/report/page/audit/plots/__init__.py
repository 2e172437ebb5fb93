"""The plots of an audit, one idea a file, each from the audit to a Bokeh figure."""
