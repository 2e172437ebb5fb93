import pytest
import torch

import xent


def found(input, target, loss):
    return xent.lint(torch.zeros(input), torch.zeros(target), loss=loss, select=["XE212"])


def by_hand(prediction, target):
    return ((prediction - target) ** 2).mean()


def test_the_evidence():
    (finding,) = found((4, 1), (4,), torch.nn.MSELoss())
    assert finding.numbers == {"inputs": 4.0, "targets": 4.0, "compared": 16.0}
    assert finding.seen.endswith("together they make (4, 4)")
    assert not finding.probable


def test_what_is_refused():
    (finding,) = found((4, 1), (4,), torch.nn.BCEWithLogitsLoss())
    assert finding.seen.endswith("which is refused: pass target.reshape((4, 1))")
    (finding,) = found((4, 3), (4,), "bce")
    assert finding.seen.endswith("which is refused")
    (finding,) = xent.lint(torch.zeros(4, 3), torch.zeros(4, 1, dtype=torch.long), select=["XE212"])
    assert finding.seen.endswith("pass target.squeeze(1)")
    with pytest.raises(RuntimeError, match="multi-target"):
        torch.nn.functional.cross_entropy(torch.zeros(4, 3), torch.zeros(4, 1, dtype=torch.long))


def test_a_loss_written_by_hand_is_probable():
    (finding,) = found((4,), (4, 1), by_hand)
    assert finding.probable


def test_near_misses():
    assert not found((4, 3), (3,), "kl_div")  # one distribution for all rows
    assert found((4, 1), (4,), "kl_div")
    assert not found((4, 3), (4, 3), torch.nn.MSELoss())
    assert not found((4, 3), (5, 7), by_hand)
    assert not found((1, 1), (1,), torch.nn.MSELoss())
    labels = torch.zeros(3, dtype=torch.long)
    assert not xent.lint(torch.zeros(3, 1), labels, loss=by_hand, select=["XE212"])
    assert not xent.lint(torch.zeros(3, 3), labels, select=["XE212"])
    assert not xent.lint(torch.zeros(3, 3), torch.eye(3), select=["XE212"])
    assert not xent.lint(torch.zeros(3, 1), torch.zeros(3, 1), select=["XE212"])  # XE211
