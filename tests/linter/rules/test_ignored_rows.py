import torch

import xent
from xent.linter import Severity


def found(ignored, rows, **settings):
    target = torch.zeros(rows, dtype=torch.long)
    target[:ignored] = settings.get("ignore_index", -100)
    return xent.lint(torch.zeros(rows, 3), target, select=["XE203"], **settings)


def test_the_evidence():
    (finding,) = found(960, 1000)
    assert finding.numbers == {"ignored": 960.0, "rows": 1000.0, "share": 0.96}
    assert finding.severity is Severity.INFO
    assert "(96.0%)" in finding.seen
    assert finding.seen.endswith("that of 40")


def test_next_to_nothing_is_left():
    (finding,) = found(995, 1000, ignore_index=255)
    assert finding.severity is Severity.WARNING


def test_near_misses():
    assert not found(850, 1000)  # a masked language model
    assert not found(900, 1000)
    assert not found(19, 20)  # too few to tell
    assert not found(1000, 1000)  # XE205
    assert not found(0, 1000)
