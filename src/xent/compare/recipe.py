"""How a model is trained: the same for every loss, by the number of rows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Stochastic gradient descent with momentum.

    The values were chosen for plain cross entropy alone, on seeds that no default run uses: an undertrained
    baseline would flatter the other losses. docs/compare.md has the figures.
    """

    epochs: int = 60
    batch_size: int = 32
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4

    def __str__(self) -> str:
        """In words."""
        passes = "1 epoch" if self.epochs == 1 else f"{self.epochs} epochs"
        return (
            f"{passes} in batches of {self.batch_size}, SGD with learning rate {self.learning_rate:g}, "
            f"momentum {self.momentum:g}, weight decay {self.weight_decay:g}"
        )


# Up to so many training rows: the digits, Yeast, and the names of Unicode's characters. The more rows, the fewer passes
# are needed, and the less the weights have to be held back.
BY_ROWS = (
    (1_000, Recipe()),
    (5_000, Recipe(epochs=40, batch_size=128)),
    (50_000, Recipe(epochs=20, batch_size=128, learning_rate=0.2, weight_decay=5e-5)),
)
LARGEST = Recipe(epochs=5, batch_size=256, learning_rate=0.2, weight_decay=5e-5)


def recipe_for(rows: int) -> Recipe:
    """The recipe for so many training rows."""
    return next((recipe for most, recipe in BY_ROWS if rows <= most), LARGEST)
