"""Imbalance: cross entropy treats every row alike, and so follows the classes that have most of them."""

import torch

import xent

COUNTS = torch.tensor([900, 90, 10])
CENTRES = torch.tensor([[0.0, 1.2], [1.0, -0.6], [-1.0, -0.6]])


def sample(counts, seed):
    """Points around one centre a class, shape (N, 2), and their labels."""
    labels = torch.arange(3).repeat_interleave(counts)
    noise = torch.randn(len(labels), 2, generator=torch.Generator().manual_seed(seed))
    return CENTRES[labels] + noise, labels


def train(criterion):
    """A linear classifier at the least loss on the imbalanced rows."""
    features, labels = sample(COUNTS, seed=0)
    model = torch.nn.Linear(2, 3)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=300, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = criterion(model(features), labels)
        loss.backward()
        return loss

    optimizer.step(closure)
    return model


@torch.no_grad()
def show(name, logits):
    """Recall of each class, on as many test rows of each."""
    hit = (logits.argmax(1) == TEST_LABELS).float().view(3, -1).mean(1)
    recall = "  ".join(f"{100 * share:3.0f}" for share in hit.tolist())
    accuracy = 100 * (hit * COUNTS / COUNTS.sum()).sum().item()
    print(f"  {name:42} {recall}      {100 * hit.mean().item():3.0f}           {accuracy:3.0f}")


TEST_FEATURES, TEST_LABELS = sample(torch.tensor([2000, 2000, 2000]), seed=1)
print("900, 90 and 10 training rows of three classes that overlap. In %:")
print("                                             recall by class  balanced  accuracy at the training counts")
plain = train(xent.CrossEntropyLoss())(TEST_FEATURES)
show("cross entropy", plain)
show("class weights 1/n", train(xent.InverseFrequencyLoss(COUNTS))(TEST_FEATURES))
show("balanced softmax", train(xent.BalancedSoftmaxLoss(COUNTS))(TEST_FEATURES))
show("cross entropy, adjusted after training", xent.imbalance.adjust_logits(plain, COUNTS))
show("focal loss", train(xent.FocalLoss())(TEST_FEATURES))
show("both at once: adjusted twice, a mistake", xent.imbalance.adjust_logits(plain, COUNTS, tau=2.0))

print("\nWhat the rare classes win, the frequent one pays: choose by what a miss costs. Adjusting needs no training at")
print("all, and is exact only if the model's probabilities are. Doing it twice turns the imbalance round.")
