"""Entropy, cross entropy and KL divergence, and why minimising one of them minimises another."""

import torch

import xent

print("A coin that lands heads 3 times out of 4, and a model that believes it to be fair; in bits.")
truth = torch.tensor([0.75, 0.25])
model = torch.tensor([0.5, 0.5])
entropy = xent.information.entropy(truth, base=2)
cross = xent.information.cross_entropy(truth, model, base=2)
divergence = xent.information.kl_divergence(truth, model, base=2)
print(f"  entropy        H(P)    = {entropy:.4f}   what the coin itself cannot be told in less")
print(f"  cross entropy  H(P, Q) = {cross:.4f}   what the model pays to tell it")
print(f"  divergence     KL(P|Q) = {divergence:.4f}   what the model pays in vain: {cross:.4f} - {entropy:.4f}")

print("\nH(P) does not depend on the model. So one gradient serves both, and both lead to the truth:")
for name in ("cross_entropy", "kl_divergence"):
    measure = getattr(xent.information, name)
    logit = torch.zeros(2, requires_grad=True)
    first = torch.autograd.grad(measure(truth, logit, input=("probabilities", "logits")), logit)[0]
    for _ in range(200):
        loss = measure(truth, logit, input=("probabilities", "logits"))
        logit.data -= torch.autograd.grad(loss, logit)[0]
    reached = logit.softmax(0).tolist()
    print(f"  {name:14} gradient at the fair coin ({first[0]:+.2f}, {first[1]:+.2f}), ends at {reached[0]:.3f}")

print("\nLabels are a distribution too, all of it on one class. Its entropy is 0, so cross entropy is the divergence,")
print("and what is left of it is -log of the probability that the model gave to what happened:")
logits = torch.tensor([[2.0, 0.5, 0.3]])
print(f"  {xent.cross_entropy(logits, torch.tensor([0])):.4f} nats, exp(-loss) = p of the label:", end=" ")
print(f"{torch.exp(-xent.cross_entropy(logits, torch.tensor([0]))):.4f} = {logits.softmax(1)[0, 0]:.4f}")
