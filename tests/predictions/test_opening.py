"""What is found without being told, and what options say."""

import json

import numpy as np
import pytest
import torch

from tests.compare_support import multi_label_run, run_with
from tests.predictions.files import gathered, predictions
from xent.compare.candidate import Candidate
from xent.compare.store import Store
from xent.predictions import from_tensors, open_predictions


def _csv(path, header, rows):
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@pytest.mark.parametrize("run", [run_with("ce", 0, [4] * 10), multi_label_run("bce", 0)])
def test_what_compare_writes_opens_without_options(tmp_path, run):
    store = Store(tmp_path, {"data": "digits"})
    store.save(Candidate(run.loss, "plain", "", run.task, "", lambda *_: torch.nn.CrossEntropyLoss()), run)
    opened = open_predictions(store.path(run.loss, 0))
    scores, target = gathered(opened)
    assert torch.equal(scores, torch.from_numpy(run.logits))
    assert torch.equal(target, torch.from_numpy(run.target))
    assert (opened.kind, opened.names, opened.rows) == ("logits", run.class_names, len(run.logits))
    assert opened.multi_label == (run.task == "multi-label")
    assert opened.training_rows == run.training_rows
    assert opened.counts.tolist() == run.counts.tolist()


@pytest.mark.parametrize(
    ("header", "names", "kind"),
    [
        ("id,logit_0,logit_1,logit_2,label", None, "logits"),
        ("logit_2,logit_0,logit_1,y_true,note", None, "logits"),
        ("target,logits.cat,logits.dog,logits.hen", ("cat", "dog", "hen"), "logits"),
        ("label,logit[cat],logit[dog],logit[hen],probability", ("cat", "dog", "hen"), "logits"),
        ("LABEL,Score 0,Score 1,Score 2", None, "logits"),
        ("pred,log_prob_0,log_prob_1,log_prob_2,label", None, "log-probabilities"),
        ("p_cat,p_dog,p_hen,prediction,class", ("cat", "dog", "hen"), "probabilities"),
        ("prob0,prob1,prob2,label", None, "probabilities"),
    ],
)
def test_columns_are_found(tmp_path, header, names, kind):
    columns = header.split(",")
    values = dict.fromkeys(columns, "1")
    scores = [name for name in columns if any(word in name.lower() for word in ("logit", "score", "prob", "p_"))]
    scores = [name for name in scores if name not in ("probability",)]
    for place, name in enumerate(scores):
        values[name] = str(0.25 - 4 * place)
    rows = [",".join(values[name] for name in columns)] * 3
    opened = open_predictions(_csv(tmp_path / "some.csv", header, rows))
    assert (opened.classes, opened.names, opened.kind) == (3, names, kind)
    order = sorted(scores) if names is None else scores
    assert gathered(opened)[0][0].tolist() == [float(values[name]) for name in order]
    assert gathered(opened)[1].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("header", "row", "score"),
    [("id,score,label", "7,0.25,1", 0.25), ("y_pred,p_value,prob_1,y_true", "1,0.5,0.75,1", 0.75)],
)
def test_one_column_of_scores(tmp_path, header, row, score):
    opened = open_predictions(_csv(tmp_path / "some.csv", header, [row]))
    assert (opened.classes, opened.multi_label, opened.kind) == (1, True, "probabilities")
    scores, target = gathered(opened)
    assert scores.tolist() == [[score]]
    assert target.tolist() == [[1.0]]


def test_labels_called_by_two_words(tmp_path):
    opened = open_predictions(_csv(tmp_path / "some.csv", "logit_a,logit_b,class_name,pred_class", ["1,2.5,b,a"]))
    assert gathered(opened)[1].tolist() == [1]


def test_labels_that_are_names_of_columns(tmp_path):
    rows = ["0.5,1.5,dog", "2.0,-1,cat", '"3",inf,dog']
    opened = open_predictions(_csv(tmp_path / "some.csv", "logit_cat,logit_dog,label", rows))
    scores, target = gathered(opened)
    assert target.tolist() == [1, 0, 1]
    assert scores.tolist() == [[0.5, 1.5], [2.0, -1.0], [3.0, float("inf")]]


def test_labels_that_are_names_are_numbered_in_order_where_no_column_says_otherwise(tmp_path):
    lines = [{"logits": [0.5, 1, -2], "label": name} for name in ("hen", "cat", "dog", "cat")]
    path = tmp_path / "some.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    opened = open_predictions(path)
    assert opened.names == ("cat", "dog", "hen")
    assert gathered(opened, 1)[1].tolist() == [2, 0, 1, 0]


def test_numbers_written_as_strings_are_numbers(tmp_path):
    logits, target = predictions(classes=12)
    np.savez(tmp_path / "some.npz", logits=logits.numpy(), target=target.numpy().astype(str))
    assert torch.equal(gathered(open_predictions(tmp_path / "some.npz"))[1], target)


def test_strings_in_memory():
    logits, _ = predictions(rows=3, classes=2)
    opened = from_tensors(logits, ["no", "yes", "no"], names=["yes", "no"])
    assert gathered(opened)[1].tolist() == [1, 0, 1]


def test_indicators_of_columns_in_the_order_of_the_scores(tmp_path):
    rows = ["0.5,-1,0,1", "-2,3,1,0"]
    opened = open_predictions(_csv(tmp_path / "some.csv", "logit_cat,logit_dog,label_dog,label_cat", rows))
    assert opened.multi_label
    assert gathered(opened)[1].tolist() == [[1, 0], [0, 1]]
    bare = open_predictions(_csv(tmp_path / "bare.csv", "logit_cat,logit_dog,dog,cat", rows))
    assert gathered(bare)[1].tolist() == [[1, 0], [0, 1]]


def test_a_second_csv_with_its_columns_in_another_order(tmp_path):
    first = _csv(tmp_path / "1.csv", "logit_cat,logit_dog,label", ["0.5,-1.5,cat"])
    second = _csv(tmp_path / "2.csv", "label,logit_dog,logit_cat", ["dog,7.0,3.0"])
    assert gathered(open_predictions([first, second]))[0].tolist() == [[0.5, -1.5], [3.0, 7.0]]


def test_whole_numbers_at_the_top_of_a_csv_do_not_settle_the_type(tmp_path):
    rows = ["1,2,0"] * 200_000 + ["1.5,-2.5,1"]
    opened = open_predictions(_csv(tmp_path / "some.csv", "logit_0,logit_1,label", rows))
    assert opened.rows is None
    scores, target = gathered(opened)
    assert scores[-1].tolist() == [1.5, -2.5]
    assert len(target) == 200_001


def test_options_name_what_is_there(tmp_path):
    logits, target = predictions()
    np.savez(tmp_path / "some.npz", head=logits.numpy(), other=-logits.numpy(), gold=target.numpy(), n=np.arange(5))
    opened = open_predictions(tmp_path / "some.npz", scores="other", target="gold", counts="n")
    assert torch.equal(gathered(opened)[0], -logits)
    assert opened.counts.tolist() == [0, 1, 2, 3, 4]
    path = _csv(tmp_path / "some.csv", "x_0,x_1,b,y_0", ["1.5,-2,1,0"])
    assert gathered(open_predictions(path, scores="x_*", target="b"))[0].tolist() == [[1.5, -2.0]]
    assert gathered(open_predictions(path, scores=["x_1", "y_0"], target="b"))[0].tolist() == [[-2.0, 0.0]]
    assert gathered(open_predictions(path, scores="x_1,y_0", target="b"))[0].tolist() == [[-2.0, 0.0]]


@pytest.mark.parametrize("counts", [[1, 2, 3, 4, 5], torch.arange(1, 6), np.arange(1.0, 6), "c.npy", "c.json"])
def test_counts(tmp_path, counts):
    np.save(tmp_path / "c.npy", np.arange(1, 6))
    (tmp_path / "c.json").write_text("[1, 2, 3, 4, 5]")
    given = tmp_path / counts if isinstance(counts, str) else counts
    assert from_tensors(*predictions(), counts=given).counts.tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("labels", ["labels.npy", "labels.csv", "labels.jsonl", "labels.npz"])
def test_labels_in_another_file(tmp_path, labels):
    logits, target = predictions()
    np.savez(tmp_path / "some.npz", logits=logits.numpy())
    np.save(tmp_path / "labels.npy", target.numpy())
    np.savez(tmp_path / "labels.npz", only=target.numpy())
    _csv(tmp_path / "labels.csv", "id,label", [f"{k},{label}" for k, label in enumerate(target.tolist())])
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps({"label": label}) + "\n" for label in target.tolist()))
    opened = open_predictions(tmp_path / "some.npz", labels=tmp_path / labels)
    assert torch.equal(gathered(opened, 7)[1], target)
    assert torch.equal(torch.cat([gathered(part, 7)[1] for part in opened.parts(3)]), target)


def test_a_directory_of_npy_is_paired_by_number(tmp_path):
    logits, target = predictions(rows=24)
    for k in range(12):
        np.save(tmp_path / f"logits_{k}.npy", logits[2 * k : 2 * k + 2].numpy())
        np.save(tmp_path / f"labels_{k}.npy", target[2 * k : 2 * k + 2].numpy())
    (tmp_path / "README.md").write_text("notes")
    scores, labels = gathered(open_predictions(tmp_path))
    assert torch.equal(scores, logits)
    assert torch.equal(labels, target)


def _simplex(rows=2000, classes=4):
    return torch.randn(rows, classes, generator=torch.Generator().manual_seed(0)).softmax(1)


@pytest.mark.parametrize(
    ("scores", "kind"),
    [
        (_simplex(), "probabilities"),
        (_simplex().half(), "probabilities"),
        (_simplex(classes=50).bfloat16(), "probabilities"),
        ((100 * _simplex()).round() / 100, "probabilities"),
        (_simplex().log(), "log-probabilities"),
        (_simplex().logit(), "logits"),
        (torch.zeros(2000, 4), "logits"),
        (_simplex() - 3, "logits"),
        (torch.cat([_simplex(1000)[:50], torch.randn(1950, 4)]), "logits"),
    ],
)
def test_kind_by_value(scores, kind):
    assert from_tensors(scores, torch.zeros(len(scores), dtype=torch.int64)).kind == kind


def test_kind_is_not_told_by_the_first_batch(tmp_path):
    # The first 16 MiB look like probabilities, the rest does not: what they are must not depend on where one looks.
    scores = torch.cat([_simplex(2000), torch.randn(150_000, 4)]).numpy()
    np.savez_compressed(tmp_path / "some.npz", x=scores, y=np.zeros(len(scores), np.uint8))
    assert open_predictions(tmp_path / "some.npz").kind == "logits"


def test_kind_of_indicators():
    generator = torch.Generator().manual_seed(0)
    target = torch.rand(500, 4, generator=generator) < 0.3
    logits = torch.randn(500, 4, generator=generator)
    assert from_tensors(logits, target).kind == "logits"
    assert from_tensors(logits.sigmoid(), target).kind == "probabilities"


def test_a_declared_kind_is_kept():
    assert from_tensors(_simplex(), torch.zeros(2000), kind="logits").kind == "logits"
    assert from_tensors(_simplex(), torch.zeros(2000), kind="log_probs").kind == "log-probabilities"


def test_the_name_settles_the_kind(tmp_path):
    np.savez(tmp_path / "some.npz", logits=_simplex().numpy(), target=np.zeros(2000, int))
    assert open_predictions(tmp_path / "some.npz").kind == "logits"
