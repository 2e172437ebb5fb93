"""One of several, or any of several? What each loss assumes, and what happens when it is the wrong one."""

import torch

import xent

print("A picture of a dog and a ball; logits for dog, ball, car.")
logits = torch.tensor([[3.0, 3.0, -3.0]])
print("  softmax:", [f"{p:.3f}" for p in logits.softmax(1)[0].tolist()], "  shares of one: the classes compete")
print("  sigmoid:", [f"{p:.3f}" for p in logits.sigmoid()[0].tolist()], "  three questions, each with an answer")

print("\nLoss if the truth is 'dog and ball', (1, 1, 0):")
both = torch.tensor([[1.0, 1.0, 0.0]])
print(f"  binary_cross_entropy_with_logits {xent.binary_cross_entropy_with_logits(logits, both):.4f}  can go to 0")
print(f"  cross_entropy                    {xent.cross_entropy(logits, both):.4f}  accepted: the row sums to 2, and")
print(f"  its least value is 2 ln 2      = {2 * torch.tensor(2.0).log():.4f}  so it never ends")

print("\nLoss if the truth is 'dog', one of three:")
print(f"  cross_entropy                    {xent.cross_entropy(logits, torch.tensor([0])):.4f}  one row of 3 classes")
one_hot = torch.tensor([[1.0, 0.0, 0.0]])
print(f"  binary_cross_entropy_with_logits {xent.binary_cross_entropy_with_logits(logits, one_hot):.4f}  ", end="")
print("the mean of 3 questions")

print("\nWhich is it? Ask what may be true at once:")
print("  exactly one class a row            CrossEntropyLoss, labels (N,) of dtype int64")
print("  any number of classes, none too    BCEWithLogitsLoss, indicators (N, C) of dtype float")
print("  a distribution over the classes    CrossEntropyLoss, probabilities (N, C) that sum to 1")
