"""The trap of pos_weight = 0: it does not ignore a class. What does."""

import torch

import xent


def show(name, **settings):
    """Loss and gradient of two rows and two classes, of which the second shall not count."""
    logits = torch.zeros(2, 2, requires_grad=True)
    target = torch.tensor([[1.0, 1.0], [0.0, 0.0]])
    loss = xent.binary_cross_entropy_with_logits(logits, target, **settings)
    loss.backward()
    rows = ", ".join("(" + ", ".join(f"{g:+.3f}" for g in row) + ")" for row in logits.grad.tolist())
    print(f"  {name:34} loss {loss.item():.4f}, gradient {rows}")


print("Two rows (yes, yes) and (no, no), logits 0. The second class shall not count.")
show("nothing done")
show("pos_weight = (1, 0)", pos_weight=torch.tensor([1.0, 0.0]))
show("mask", mask=torch.tensor([[True, False], [True, False]]))

print(
    "\nWith pos_weight = 0 the class's yes costs nothing any more, but its no goes on pushing the logit down, and all"
)
print("its elements are counted in the mean. In training, 1000 steps, 50 rows of yes and 50 of no:")
target = torch.tensor([1.0, 0.0]).repeat_interleave(50)
for name, settings in (
    ("pos_weight = 0", {"pos_weight": torch.tensor(0.0)}),
    ("mask", {"mask": torch.zeros(100, dtype=torch.bool), "reduction": "sum"}),
):
    logit = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.SGD([logit], lr=0.1)
    for _ in range(1000):
        optimizer.zero_grad()
        xent.binary_cross_entropy_with_logits(logit.expand(100), target, **settings).backward()
        optimizer.step()
    print(f"  {name:34} ends at p(yes) = {logit.sigmoid().item():.3f}")
print("Where labels are missing, the same is said by ignore_index:")
logits, target = torch.zeros(1, 3), torch.tensor([[1.0, 0.0, -1.0]])
loss = xent.binary_cross_entropy_with_logits(logits, target, ignore_index=-1)
print(f"  target (1, 0, -1), ignore_index=-1  loss {loss.item():.4f}: the mean of two elements")
