"""Which cross entropy should I train with, on my data? The same model, several losses, several seeds."""

from xent.compare.candidates import CANDIDATES, Candidate
from xent.compare.export import write_results
from xent.compare.job import Progress, compare
from xent.compare.metrics import MEASURES, Measure
from xent.compare.results import PairedDifference, Results, Spread, Winner
from xent.compare.run import Run
from xent.compare.settings import Settings
from xent.compare.train import Recipe
from xent.jobs import InputError, write_atomically

__all__ = [
    "CANDIDATES",
    "MEASURES",
    "Candidate",
    "InputError",
    "Measure",
    "PairedDifference",
    "Progress",
    "Recipe",
    "Results",
    "Run",
    "Settings",
    "Spread",
    "Winner",
    "compare",
    "write_atomically",
    "write_results",
]
