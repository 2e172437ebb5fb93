"""The model that every loss trains: a perceptron with one hidden layer."""

import torch
from torch import nn

HIDDEN = 128


def build_model(features: int, classes: int, seed: int) -> nn.Module:
    """A perceptron features-128-classes with ReLU, whose initial weights depend on ``seed`` alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(features, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, classes))
