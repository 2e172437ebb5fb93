"""Colours that are told apart with any colour vision.

Okabe & Ito, 2008, without black, and without yellow, which is hard to see on white.
"""

BLUE, VERMILION, GREEN, PINK, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
COLOURS = (BLUE, VERMILION, GREEN, PINK, ORANGE, SKY)
GREY = "#767676"
