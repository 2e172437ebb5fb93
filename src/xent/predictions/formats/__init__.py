"""The formats of files of predictions, one a file."""
