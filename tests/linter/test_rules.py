"""The register of rules: codes, documentation, selection, strictness; and that every fix runs as it is printed."""

import json
from importlib import import_module
from pathlib import Path

import pytest
import torch

import xent
from xent.linter import RULES, LintError, Severity, choose
from xent.linter import rules as rules_package
from xent.linter.rule import first_sentence, rule

import_module("xent.watcher.rules")
EVERY_RULE = pytest.mark.parametrize("rule", [*choose(), *choose(over_time=True)], ids=lambda rule: rule.code)

LOGITS, LABELS = torch.randn(8, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 0, 1, 2, 0, 0])
INDICATORS = torch.nn.functional.one_hot(LABELS, 3).float()
WRONG = {"logits": LOGITS.softmax(1), "target": LABELS}


def names(**changed):
    """What a fix may call by name, for rows with one label."""
    model, head = torch.nn.Linear(4, 3), torch.nn.Linear(4, 3)
    model.head = head
    return {
        "torch": torch, "xent": xent, "model": model, "teacher": torch.nn.Linear(4, 3), "head": head,
        "x": torch.randn(8, 4), "features": torch.randn(8, 4), "logits": LOGITS.clone(), "target": LABELS.clone(),
        "one_hot": INDICATORS, "train_labels": LABELS, "counts": torch.tensor([4.0, 2.0, 2.0]), "rows": 8,
        "weight": torch.tensor([1.0, 2.0, 2.0]), "pos_weight": torch.tensor([1.0, 2.0, 2.0]), "keep": torch.ones(8) > 0,
        "log_q": LOGITS.log_softmax(1), "log_p": LOGITS.log_softmax(1), "order": torch.tensor([2, 1, 0]),
        "value": 1.0, "probabilities": LOGITS.softmax(1), "batches": [(torch.randn(8, 4), LABELS)],
        "optimizer": torch.optim.SGD(model.parameters()), **changed,
    }  # fmt: skip


# What the names are in the fixes of other losses.
TASKS = {
    "labels": names,
    "indicators": lambda: names(target=INDICATORS.clone()),
    "one logit": lambda: names(logits=LOGITS[:, :1], target=torch.tensor([0, 1] * 4)),
    "images": lambda: names(logits=torch.randn(2, 3, 4, 5), target=torch.ones(2, 3, 4, 5)),
    "sequences": lambda: names(logits=torch.randn(2, 5, 3), target=torch.zeros(2, 5, dtype=torch.long)),
}


@EVERY_RULE
def test_a_rule_is_documented(rule):
    assert rule.code.startswith("XE")
    assert rule.code[2:].isdigit()
    assert rule.name == rule.name.lower().replace(" ", "-")
    for text in (rule.summary, rule.why, rule.told_by):
        assert text.rstrip().endswith((".", ")", "`"))
    assert len(rule.summary) < 160
    assert "  " not in first_sentence(rule.why)
    assert rule.losses


@EVERY_RULE
def test_a_fix_runs_as_it_is_printed(rule):
    errors = {}
    for task, make in TASKS.items():
        try:
            exec(rule.fix, make())
        except Exception as error:
            errors[task] = error
        else:
            return
    pytest.fail(f"{rule.code}: {errors}")


def test_a_rule_has_a_file_of_its_own():
    files = {path.stem for path in Path(rules_package.__path__[0]).glob("[a-z]*.py")}
    of_rules = {rule.check.__module__.split(".")[-1] for rule in choose()}
    assert files == of_rules


def test_rules_are_chosen_by_the_beginning_of_their_codes():
    assert {rule.code[:3] for rule in choose("XE1")} == {"XE1"}
    assert "XE101" not in [rule.code for rule in choose(ignore=["XE101"])]
    assert [rule.code for rule in choose(["XE101", "XE2"], ["XE2"])] == ["XE101"]
    assert sorted(RULES) == sorted(rule.code for over_time in (False, True) for rule in choose(over_time=over_time))
    for unknown in ("XE9", "", "101"):
        with pytest.raises(ValueError, match="`select`: no rule has a code that begins with"):
            choose([unknown])


def test_a_code_is_used_once():
    with pytest.raises(ValueError, match="XE101 is softmax-before-cross-entropy already"):
        rule("XE101", "another", Severity.INFO, losses=("nll_loss",), fix="")(lambda _: None)


def test_a_finding_says_what_why_and_how():
    (found,) = xent.lint(**WRONG)
    assert found.code == "XE101"
    assert "cannot fall below 0.551 nats" in found.seen
    assert str(found).startswith("XE101 error softmax-before-cross-entropy: every row")
    assert found.fix == RULES["XE101"].fix
    assert json.loads(json.dumps(found.as_json()))["numbers"]["classes"] == 3


def test_strict_errors_are_exceptions(monkeypatch):
    monkeypatch.setenv("XENT_STRICT", "1")
    with pytest.raises(LintError, match="XE101") as raised:
        xent.lint(**WRONG)
    assert raised.value.findings.codes == ("XE101",)
    # A warning is none.
    found = xent.lint(LOGITS, LABELS, weight=torch.full((3,), 2.0))
    assert found.codes == ("XE301",)
    assert found[0].severity is Severity.WARNING
    monkeypatch.setenv("XENT_STRICT", "0")
    assert xent.lint(**WRONG).codes == ("XE101",)


@pytest.mark.parametrize(("arguments", "error", "message"), [
    ({"logits": [[1.0]]}, TypeError, "lint: `logits` must be a tensor, not list"),
    ({"target": 3}, TypeError, "lint: `target` must be a tensor, not int"),
    ({"loss": "crossentropy"}, ValueError, "lint: `loss` is 'crossentropy', which is unknown. Pass a module"),
    ({"loss": 3}, TypeError, "lint: `loss` must be a name, a function, a module or None, not int"),
    ({"wieght": LOGITS}, TypeError, "lint: cross_entropy has no setting `wieght`. Known: "),
    ({"counts": [-1, 2, 3]}, ValueError, "lint: `counts` must be one number of at least 0 for each class"),
    ({"select": ["E5"]}, ValueError, "`select`: no rule has a code that begins with 'E5'"),
])  # fmt: skip
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error) as raised:
        xent.lint(**{"logits": LOGITS, "target": LABELS, **arguments})
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("loss", [
    "cross_entropy", "focal", torch.nn.CrossEntropyLoss(), xent.CrossEntropyLoss(), xent.FocalLoss(),
    torch.nn.functional.cross_entropy, xent.cross_entropy, xent.focal_loss, xent.BalancedSoftmaxLoss([4, 2, 2]),
    xent.DeferredReweighting(torch.nn.CrossEntropyLoss(), start=3, weight=torch.ones(3)),
])  # fmt: skip
def test_a_loss_may_be_named_in_any_way(loss):
    assert "XE101" in xent.lint(**WRONG, loss=loss).codes
    assert not xent.lint(LOGITS * 3, LABELS, loss=loss)


def test_nothing_is_changed_and_no_random_number_drawn():
    logits = LOGITS.clone().requires_grad_()
    before, state = logits.detach().clone(), torch.random.get_rng_state()
    xent.lint(logits.softmax(1), LABELS, step=0)
    assert torch.equal(logits, before)
    assert logits.grad is None
    assert torch.equal(state, torch.random.get_rng_state())
