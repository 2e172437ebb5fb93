"""How fast is xent here? Every loss against torch, eager and compiled, and against the memory of the machine."""

from xent.bench.cases import CASES, Case, choose
from xent.bench.catalogue import MOST, Cost, costs
from xent.bench.contestants import FLOORS, RIVALS, XENT
from xent.bench.export import results_csv, results_json
from xent.bench.job import Progress, bench
from xent.bench.memory import keep_mapped
from xent.bench.results import Failure, Measurement, Quartiles
from xent.bench.settings import Settings
from xent.bench.workloads import FORWARD, FORWARD_BACKWARD, WORKLOADS, Workload
from xent.jobs import InputError, make_directory, write_atomically

__all__ = [
    "CASES",
    "FLOORS",
    "FORWARD",
    "FORWARD_BACKWARD",
    "MOST",
    "RIVALS",
    "WORKLOADS",
    "XENT",
    "Case",
    "Cost",
    "Failure",
    "InputError",
    "Measurement",
    "Progress",
    "Quartiles",
    "Settings",
    "Workload",
    "bench",
    "choose",
    "costs",
    "keep_mapped",
    "make_directory",
    "results_csv",
    "results_json",
    "write_atomically",
]
