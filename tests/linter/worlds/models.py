"""Models of several kinds, from features to logits; the classes are the second axis of what they give."""

import torch
from torch import Tensor, nn


class CosineHead(nn.Module):
    """Cosines between what a layer makes of the features and a direction for each class, as LDAM wants them."""

    def __init__(self, features: int, classes: int, scale: float = 1.0) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(features, 48), nn.ReLU())
        self.directions = nn.Parameter(torch.randn(classes, 48))
        self.scale = scale

    def forward(self, features: Tensor) -> Tensor:
        rows, directions = nn.functional.normalize(self.body(features)), nn.functional.normalize(self.directions)
        return self.scale * rows @ directions.T


class Embeddings(nn.Module):
    """An embedding of each category number, added up."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(40, 16) for _ in range(3))
        self.head = nn.Linear(16, classes)

    def forward(self, ids: Tensor) -> Tensor:
        found = sum(table(ids[:, place]) for place, table in enumerate(self.tables))
        return self.head(torch.relu(found))


class Tagger(nn.Module):
    """Words to logits of every position, (N, T) to (N, C, T)."""

    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, 24)
        self.mix = nn.Conv1d(24, 32, 3, padding=2)
        self.head = nn.Linear(32, classes)

    def forward(self, text: Tensor) -> Tensor:
        mixed = torch.relu(self.mix(self.words(text).transpose(1, 2))[..., : text.shape[1]])
        return self.head(mixed.transpose(1, 2)).transpose(1, 2)


def linear(features: int, classes: int) -> nn.Module:
    return nn.Linear(features, classes)


def mlp(features: int, classes: int, hidden: int = 64) -> nn.Module:
    return nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, classes))


def convolutional(classes: int) -> nn.Module:
    """Images of 8 x 8 to logits."""
    return nn.Sequential(
        nn.Conv2d(1, 12, 3), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(12), nn.Flatten(), nn.Linear(108, classes)
    )


def per_pixel(channels: int, classes: int) -> nn.Module:
    """Images to logits of every pixel, (N, c, H, W) to (N, C, H, W)."""
    return nn.Sequential(nn.Conv2d(channels, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, classes, 3, padding=1))
