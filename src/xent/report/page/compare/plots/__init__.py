"""The plots of the page, one idea a file, each from results to Bokeh figures."""
