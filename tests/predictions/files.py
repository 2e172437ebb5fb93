"""The same predictions written in every format."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import torch
from safetensors.torch import save_file
from torch import Tensor

from xent.predictions import Batch, Predictions


def predictions(rows: int = 300, classes: int = 5, seed: int = 0, dtype: torch.dtype = torch.float32):
    """Logits and labels that agree more often than not."""
    generator = torch.Generator().manual_seed(seed)
    target = torch.randint(classes, (rows,), generator=generator)
    logits = 2 * torch.randn(rows, classes, generator=generator)
    logits[torch.arange(rows), target] += 2
    return logits.to(dtype), target


def gathered(opened: Predictions, rows: int | None = None) -> tuple[Tensor, Tensor]:
    """All rows, after a check that batches follow one another."""
    batches = list(opened.batches(rows))
    following(batches, opened.first)
    return torch.cat([batch.scores for batch in batches]), torch.cat([batch.target for batch in batches])


def following(batches: list[Batch], first: int) -> None:
    for batch in batches:
        assert batch.first == first
        assert len(batch) == len(batch.scores) > 0
        first += len(batch)


def _npz(path: Path, logits: Tensor, target: Tensor) -> None:
    np.savez(path, logits=logits.numpy(), target=target.numpy())


def _npz_compressed(path: Path, logits: Tensor, target: Tensor) -> None:
    np.savez_compressed(path, logits=logits.numpy(), target=target.numpy())


def _npy(path: Path, logits: Tensor, target: Tensor) -> None:
    np.save(path, logits.numpy())
    np.save(path.with_name("labels.npy"), target.numpy())


def table(logits: Tensor, target: Tensor) -> pyarrow.Table:
    columns = {f"logit_{k}": logits[:, k].numpy() for k in range(logits.shape[1])}
    return pyarrow.table({"id": np.arange(len(target)), **columns, "label": target.numpy()})


def _csv(path: Path, logits: Tensor, target: Tensor) -> None:
    pyarrow.csv.write_csv(table(logits, target), path)


def _parquet(path: Path, logits: Tensor, target: Tensor) -> None:
    pyarrow.parquet.write_table(table(logits, target), path, row_group_size=max(1, len(target) // 7))


def _parquet_lists(path: Path, logits: Tensor, target: Tensor) -> None:
    lists = pyarrow.array(list(logits.numpy()))
    pyarrow.parquet.write_table(pyarrow.table({"logits": lists, "label": target.numpy()}), path, row_group_size=50)


def _jsonl(path: Path, logits: Tensor, target: Tensor) -> None:
    rows = zip(logits.tolist(), target.tolist(), strict=True)
    path.write_text("".join(json.dumps({"logits": scores, "label": label}) + "\n" for scores, label in rows))


def _safetensors(path: Path, logits: Tensor, target: Tensor) -> None:
    save_file({"logits": logits.contiguous(), "labels": target}, path)


def _torch(path: Path, logits: Tensor, target: Tensor) -> None:
    torch.save({"logits": logits, "labels": target}, path)


def _torch_pair(path: Path, logits: Tensor, target: Tensor) -> None:
    torch.save((logits, target), path)


WRITERS: dict[str, tuple[str, Callable[[Path, Tensor, Tensor], None]]] = {
    "npz": ("some.npz", _npz),
    "npz-compressed": ("some.npz", _npz_compressed),
    "npy": ("logits.npy", _npy),
    "csv": ("some.csv", _csv),
    "parquet": ("some.parquet", _parquet),
    "parquet-lists": ("some.parquet", _parquet_lists),
    "jsonl": ("some.jsonl", _jsonl),
    "safetensors": ("some.safetensors", _safetensors),
    "torch": ("some.pt", _torch),
    "torch-pair": ("some.pt", _torch_pair),
}


def write(form: str, directory: Path, logits: Tensor, target: Tensor) -> Path | list[Path]:
    """What to open: a file, or the two of npy."""
    name, writer = WRITERS[form]
    directory.mkdir(exist_ok=True, parents=True)
    writer(directory / name, logits, target)
    return [directory / name, directory / "labels.npy"] if form == "npy" else directory / name
