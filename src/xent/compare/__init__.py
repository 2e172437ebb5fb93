"""Which cross entropy should I train with, on my data? The same model, several losses, several seeds."""

from xent.compare.candidate import Candidate
from xent.compare.candidates import BASELINE, CANDIDATES, RENAMED
from xent.compare.comparison import Comparison, is_even
from xent.compare.data import Source
from xent.compare.export import write_results
from xent.compare.job import Progress, compare
from xent.compare.metrics import MAIN, MEASURES, Measure
from xent.compare.recipe import Recipe
from xent.compare.results import PairedDifference, Results, Spread, Winner, mean_over_seeds
from xent.compare.run import Run
from xent.compare.settings import Settings
from xent.compare.shares import Shares
from xent.compare.task import Task
from xent.jobs import InputError, write_atomically

__all__ = [
    "BASELINE",
    "CANDIDATES",
    "MAIN",
    "MEASURES",
    "RENAMED",
    "Candidate",
    "Comparison",
    "InputError",
    "Measure",
    "PairedDifference",
    "Progress",
    "Recipe",
    "Results",
    "Run",
    "Settings",
    "Shares",
    "Source",
    "Spread",
    "Task",
    "Winner",
    "compare",
    "is_even",
    "mean_over_seeds",
    "write_atomically",
    "write_results",
]
