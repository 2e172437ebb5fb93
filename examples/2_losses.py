"""BCE, BCE with logits, cross entropy: one definition, and what the form that it is computed in costs."""

import torch

import xent

print("Two classes are one question. A logit z for 'yes' is a pair of logits (0, z):")
z, label = torch.tensor([1.5]), torch.tensor([1])
print(f"  cross_entropy of (0, z)           {xent.cross_entropy(torch.tensor([[0.0, 1.5]]), label):.6f}")
print(f"  binary_cross_entropy_with_logits  {xent.binary_cross_entropy_with_logits(z, label.float()):.6f}")
print(f"  binary_cross_entropy of sigmoid   {xent.binary_cross_entropy(z.sigmoid(), label.float()):.6f}")

print("\nThe surer the model, the more it matters to hand over logits: a wrong answer, and what pushes back.")
print("     z     loss from logits, gradient       loss from probabilities, gradient")
for value in (5.0, 20.0, 90.0, 120.0):
    row = []
    for loss, prepare in (
        (xent.binary_cross_entropy_with_logits, lambda z: z),
        (xent.binary_cross_entropy, torch.sigmoid),
    ):
        z = torch.tensor([value], requires_grad=True)
        result = loss(prepare(z), torch.tensor([0.0]))
        result.backward()
        row.append(f"{result.item():10.4f}, {z.grad.item() + 0.0:8.5f}")
    print(f"  {value:5.0f}      {row[0]}             {row[1]}")
print("From z = 17 on, the probability is 1 in float32: its loss is the bound of 100, and nothing is learnt any more.")

print("\nAnd a right answer: what is left to learn, where torch's cross entropy sees nothing.")
for lead in (5.0, 15.0, 20.0, 50.0):
    logits, label = torch.tensor([[lead, 0.0]]), torch.tensor([0])
    theirs = torch.nn.functional.cross_entropy(logits, label).item()
    print(f"  lead {lead:3.0f}: torch {theirs:.4g}, xent {xent.cross_entropy(logits, label).item():.4g}")

print("\nCrossEntropyLoss has the softmax in it. A second one before it keeps the loss from falling:")
logits, label = torch.tensor([[100.0, 0.0, 0.0]]), torch.tensor([0])
print(f"  logits that could not be better: {xent.cross_entropy(logits, label):.4f};", end=" ")
print(f"after a softmax of their own: {xent.cross_entropy(logits.softmax(1), label):.4f} = ln(1 + 2/e), for ever")
