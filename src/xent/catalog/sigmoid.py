"""Losses in which every class is a question of its own: the sigmoid link, for multi-label classification."""

from xent.catalog.row import Row

SIGMOID: tuple[Row, ...] = ()
