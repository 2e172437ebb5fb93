"""What an audit says, against the definitions written plainly, and against worlds in which the truth is known."""

import csv
import io
import json
import math

import numpy as np
import pytest
import torch

import xent
from tests.audit.worlds import multi_label_logits, posterior_logits
from xent.audit import audit, from_tensors
from xent.audit.export import results_json, suspects_csv
from xent.compare.metrics.calibration import calibration_error

COUNTS = torch.tensor([400, 100, 25, 5])


def of(logits, target, **settings):
    return audit(from_tensors(logits, target, kind="logits", **settings))


def test_the_loss_and_what_it_is_compared_with():
    logits, label = posterior_logits(1000, COUNTS)
    found = of(logits, label, counts=COUNTS).loss
    p = logits.softmax(1)
    nll = -p.gather(1, label[:, None]).log().squeeze(1)
    frequency = torch.bincount(label, minlength=4) / 1000
    assert found.nll == pytest.approx(float(nll.mean()), rel=1e-12)
    assert found.label_entropy == pytest.approx(float(-(frequency * frequency.log()).sum()))
    assert found.training_prior == pytest.approx(float(-(frequency * (COUNTS / COUNTS.sum()).log()).sum()))
    assert found.divergence == pytest.approx(float((frequency * (frequency / p.mean(0)).log()).sum()), abs=1e-7)
    right = p.argmax(1) == label
    assert found.accuracy == float(right.double().mean())
    recalls = [float(right[label == k].double().mean()) for k in range(4)]
    assert found.balanced_accuracy == pytest.approx(sum(recalls) / 4)
    assert found.calibration_error == pytest.approx(calibration_error(p.amax(1).numpy(), right.numpy()))
    assert found.impossible == 0


def test_the_classes():
    logits, label = posterior_logits(800, COUNTS)
    p = logits.softmax(1)
    of_label = p.gather(1, label[:, None]).squeeze(1)
    nll, miss = -of_label.log(), 1 - of_label
    found = of(logits, label, counts=COUNTS)
    for k, one in enumerate(found.classes):
        own = label == k
        assert one.rows == int(own.sum())
        assert one.training_rows == COUNTS[k]
        assert one.recall == pytest.approx(float((p[own].argmax(1) == k).double().mean()))
        assert one.precision == pytest.approx(float((label[p.argmax(1) == k] == k).double().mean()))
        assert one.loss_share == pytest.approx(float(nll[own].sum() / nll.sum()))
        assert one.gradient_share == pytest.approx(float(miss[own].sum() / miss.sum()))
        assert one.predicted_share == pytest.approx(float(p[:, k].mean()), abs=1e-7)
    assert [one.training_rows for one in found.head_to_tail()] == [400, 100, 25, 5]


def test_multi_label_rows():
    logits, target = multi_label_logits(900, 3)
    p, found = logits.sigmoid(), of(logits, target)
    loss = torch.nn.functional.binary_cross_entropy(p, target.double(), reduction="none")
    assert found.loss.nll == pytest.approx(float(loss.mean()), abs=1e-7)
    prevalence = target.double().mean(0)
    entropy = -(prevalence * prevalence.log() + (1 - prevalence) * (1 - prevalence).log())
    assert found.loss.label_entropy == pytest.approx(float(entropy.mean()))
    assert found.loss.accuracy == pytest.approx(float(((p > 0.5) == target.bool()).double().mean()))
    recalls = [float(((p[target[:, k] == side, k] > 0.5) == side).double().mean()) for k in range(3) for side in (0, 1)]
    assert found.loss.balanced_accuracy == pytest.approx(sum(recalls) / 6)
    for k, one in enumerate(found.classes):
        positive = target[:, k] == 1
        assert one.rows == int(positive.sum())
        assert one.recall == pytest.approx(float((p[positive, k] > 0.5).double().mean()))
        assert one.loss_share == pytest.approx(float(loss[:, k].sum() / loss.sum()), abs=1e-6)
        gradient = (p - target).abs()
        assert one.gradient_share == pytest.approx(float(gradient[:, k].sum() / gradient.sum()), abs=1e-6)
        assert one.predicted_share == pytest.approx(float(p[:, k].mean()), abs=1e-6)


@pytest.mark.parametrize(("kind", "of_logits"), [
    ("probabilities", lambda z: z.softmax(1)),
    ("log-probabilities", lambda z: z.log_softmax(1)),
    ("logits", lambda z: z + 7.0),
])  # fmt: skip
def test_every_kind_of_scores_says_the_same(kind, of_logits):
    logits, label = posterior_logits(500, COUNTS)
    expected = of(logits, label).loss
    found = audit(from_tensors(of_logits(logits), label, kind=kind)).loss
    assert found.nll == pytest.approx(expected.nll, rel=1e-9)
    assert found.calibration_error == pytest.approx(expected.calibration_error, rel=1e-6)


def test_a_true_posterior_has_nothing_to_take_away():
    logits, label = posterior_logits(20_000, torch.ones(4))
    parts = of(logits, label).parts
    assert parts.total.value == pytest.approx(parts.refinement.value + parts.bias.value + parts.temperature.value)
    assert parts.refinement.value == pytest.approx(parts.total.value, abs=2e-3)
    assert parts.bias.low <= 0 <= parts.bias.high + 1e-3
    assert parts.fitted_temperature == pytest.approx(1.0, abs=0.03)


def test_a_temperature_is_found():
    logits, label = posterior_logits(20_000, torch.ones(4))
    parts = of(logits * 3, label).parts
    assert parts.fitted_temperature == pytest.approx(3.0, rel=0.05)
    assert parts.temperature.low > 0
    calm = of(logits, label).parts
    assert parts.refinement.value == pytest.approx(calm.refinement.value, abs=2e-3)


def test_a_class_bias_is_found():
    logits, label = posterior_logits(20_000, torch.ones(4))
    wrong = torch.tensor([1.0, -1.0, 0.5, -0.5], dtype=torch.float64)
    parts = of(logits + wrong, label).parts
    torch.testing.assert_close(parts.fitted.bias, -wrong, atol=0.12, rtol=0)
    assert parts.bias.low > 0


def test_the_prior_is_inside_a_model_that_learned_it():
    logits, label = posterior_logits(20_000, COUNTS)
    found = of(logits, label, counts=COUNTS)
    assert found.prior.tau.value == pytest.approx(1.0, abs=0.05)
    assert found.prior.tau.low <= 1.0 <= found.prior.tau.high
    assert found.prior.adjusted.balanced_accuracy > found.prior.as_given.balanced_accuracy
    assert found.prior.adjusted.nll == pytest.approx(of(logits - COUNTS.double().log(), label).loss.nll, abs=1e-3)
    assert "adjust_logits" in found.suggestions[0].code


def test_the_prior_is_not_to_be_taken_out_where_rows_come_as_in_training():
    logits, label = posterior_logits(20_000, COUNTS, prior=COUNTS)
    found = of(logits, label, counts=COUNTS)
    assert found.prior.tau.value == pytest.approx(0.0, abs=0.06)
    assert not any("adjust" in suggestion.code for suggestion in found.suggestions)


def test_an_adjusted_model_has_no_prior_inside():
    logits, label = posterior_logits(20_000, COUNTS)
    found = of(logits - COUNTS.double().log(), label, counts=COUNTS)
    assert found.prior.tau.value == pytest.approx(0.0, abs=0.05)


def test_a_prior_taken_out_twice_is_to_be_put_back():
    logits, label = posterior_logits(20_000, COUNTS)
    found = of(logits - 2 * COUNTS.double().log(), label, counts=COUNTS)
    assert found.prior.tau.value == pytest.approx(-1.0, abs=0.06)
    assert any("undo_adjustment" in suggestion.code for suggestion in found.suggestions)


def test_wrong_labels_are_the_suspects():
    logits, label = posterior_logits(3000, torch.ones(4), distance=6.0)
    wrong = torch.arange(0, 3000, 100)
    noisy = label.clone()
    noisy[wrong] = (label[wrong] + 1) % 4
    found = of(logits, noisy)
    likely = {suspect.row for suspect in found.suspects if suspect.likely}
    assert len(likely & set(wrong.tolist())) >= 28
    assert len(likely - set(wrong.tolist())) <= 3
    first = found.suspects[0]
    assert first.predicted == str(int(label[first.row]))
    assert first.label == str(int(noisy[first.row]))


def test_impossible_labels_are_counted_and_the_loss_is_infinite():
    probabilities = torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.25, 0.75]], dtype=torch.float64)
    found = audit(from_tensors(probabilities, torch.tensor([1, 0, 1]), kind="probabilities")).loss
    assert found.nll == math.inf
    assert found.impossible == 1
    assert found.nll_possible == pytest.approx((math.log(2) - math.log(0.75)) / 2)


def test_rows_that_cannot_be_judged_are_left_out_and_counted():
    logits = torch.tensor([[1.0, 0.0], [math.nan, 0.0], [0.0, 1.0], [math.inf, 0.0], [2.0, 0.0]])
    found = audit(from_tensors(logits, torch.tensor([0, 1, 7, 0, -100]), kind="logits"))
    assert found.source.rows == 1
    assert found.source.unreadable == {"the label is no class": 2, "a score is nan or infinite": 2}
    assert found.loss.nll == pytest.approx(math.log1p(math.exp(-1)))
    # The linter sees what the audit leaves out.
    assert "XE202" in found.findings.codes
    assert "XE501" in found.findings.codes


def test_corrections_are_those_of_the_imbalance_module():
    logits, label = posterior_logits(200, COUNTS)
    found = of(logits, label, counts=COUNTS).corrections
    assert set(found) == {"weight", "offset"}
    np.testing.assert_allclose(found["weight"].values, xent.imbalance.inverse_frequency(COUNTS.double()))
    np.testing.assert_allclose(found["offset"].values, xent.imbalance.log_prior(COUNTS.double()))
    names = {"xent": xent, "counts": COUNTS, "logits": logits}
    for correction in found.values():
        exec(f"{correction.code}\n{correction.undo}", names)


def test_without_counts_there_is_neither_prior_nor_correction():
    logits, label = posterior_logits(200, COUNTS)
    found = of(logits, label)
    assert found.prior is None
    assert found.corrections == {}
    assert found.loss.training_prior is None


def test_suggestions_run_as_they_are_printed():
    logits, label = posterior_logits(5000, COUNTS)
    found = of(logits, label, counts=COUNTS)
    assert found.suggestions
    for suggestion in found.suggestions:
        exec(suggestion.code, {"xent": xent, "torch": torch, "logits": logits, "counts": COUNTS})


def test_few_rows_are_judged_without_fits():
    found = of(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 1]))
    assert found.parts is None
    assert found.loss.accuracy == 1.0


def test_the_files_say_the_same():
    logits, label = posterior_logits(300, COUNTS)
    found = of(logits, label, counts=COUNTS)
    content = json.loads(results_json(found))
    assert content["loss"]["nll"] == found.loss.nll
    assert content["prior"]["tau"]["value"] == found.prior.tau.value
    assert [one["recall"] for one in content["classes"]] == [one.recall for one in found.classes]
    rows = list(csv.DictReader(io.StringIO(suspects_csv(found))))
    assert [int(row["row"]) for row in rows] == [suspect.row for suspect in found.suspects]


def test_numbers_that_json_lacks_are_written_all_the_same():
    probabilities = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    found = audit(from_tensors(probabilities, torch.tensor([1, 0]), kind="probabilities"))
    content = json.loads(results_json(found))
    assert content["loss"]["nll"] == "inf"
    assert content["classes"][2]["recall"] is None


@pytest.mark.parametrize(("settings", "message"), [
    ({"suspects": 0}, "`suspects` must be at least 1, got 0"),
    ({"processes": 0}, "`processes` must be at least 1, got 0"),
    ({"select": ["XE9"]}, "no rule has a code that begins with 'XE9'"),
])  # fmt: skip
def test_arguments_outside_their_domain_are_named(settings, message):
    predictions = from_tensors(torch.zeros(3, 2), torch.tensor([0, 1, 1]), kind="logits")
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        audit(predictions, **settings)
