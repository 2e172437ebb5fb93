"""Class weights, label smoothing and pos_weight: what each does to the loss, and what to the model."""

import torch

import xent

torch.manual_seed(0)


def learn(loss, classes):
    """The probabilities of a model without features, once its loss is least."""
    logits = torch.zeros(classes, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=200, tolerance_grad=1e-9)

    def closure():
        optimizer.zero_grad()
        value = loss(logits)
        value.backward()
        return value

    optimizer.step(closure)
    return logits.detach()


def show(name, probabilities):
    """One line of the table."""
    print(f"  {name:38}", "  ".join(f"{p:.3f}" for p in probabilities.tolist()))


labels = torch.arange(3).repeat_interleave(torch.tensor([70, 20, 10]))
counts = labels.bincount()
weight = xent.imbalance.inverse_frequency(counts)
print("A model without features learns how often each class comes: 70, 20 and 10 rows of 100.")
for name, settings in {
    "cross entropy": {},
    "label_smoothing=0.3": {"label_smoothing": 0.3},
    "weight=1/n": {"weight": weight},
    "weight=1/n, label_smoothing=0.3": {"weight": weight, "label_smoothing": 0.3},
}.items():
    logits = learn(lambda z, s=settings: xent.cross_entropy(z.expand(100, 3), labels, **s), 3)
    show(name, logits.softmax(0))
print("Smoothing pulls towards equal shares, 0.7 n + 0.3/3. Weights make the classes count alike: the model no longer")
print("tells how often they come. Both together pull further: what is smoothed in is weighted as well.")

print("\nThe weighted mean divides by the sum of the weights: it is the mix that they change, not the size.")
logits = torch.randn(1, 3)
for value in (1.0, 1000.0):
    loss = xent.cross_entropy(logits, torch.tensor([2]), weight=torch.tensor([1.0, 1.0, value]))
    print(f"  a batch of one row, its class with weight {value:6.0f}: {loss:.4f}")

print("\npos_weight is the weight of a yes. 100 rows, 5 of them yes:")
target = torch.zeros(100)
target[:5] = 1.0
for name, pos_weight in (("1", 1.0), ("19, which is no/yes", 19.0)):
    pos_weight = torch.tensor(pos_weight)
    logit = learn(lambda z, w=pos_weight: xent.binary_cross_entropy_with_logits(z.expand(100), target, pos_weight=w), 1)
    undone = (logit - pos_weight.log()).sigmoid().item()
    print(f"  pos_weight {name:22} p(yes) = {logit.sigmoid().item():.3f}; sigmoid(z - log pos_weight) = {undone:.3f}")
