"""The measures of one and of two distributions: hand values, identities, kinds of input, gradients."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

import xent.information
from xent.information import cross_entropy, entropy, jensen_shannon_divergence, kl_divergence, perplexity
from xent.information.arrays import namespace
from xent.information.validation import check_weights

PAIRWISE = (cross_entropy, kl_divergence, jensen_shannon_divergence, perplexity)
COIN = [0.5, 0.5]
LOADED = [0.75, 0.25]


def array(values, kind, dtype="float64"):
    return torch.tensor(values, dtype=getattr(torch, dtype)) if kind == "torch" else np.array(values, dtype=dtype)


def logits(*shape, seed=0, scale=2.0):
    return scale * torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_face():
    assert xent.information.__all__ == sorted(xent.information.__all__)
    assert all(callable(getattr(xent.information, name)) for name in xent.information.__all__)


def test_import_leaves_the_extra_alone():
    code = "import sys, xent.information; assert not any(m.startswith('array_api_compat') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("kind", ["torch", "numpy"])
class TestHandValues:
    def test_entropy(self, kind):
        # 1/2 * 1 bit + 2 * 1/4 * 2 bits = 1.5 bits
        assert float(entropy(array([0.5, 0.25, 0.25], kind), base=2)) == pytest.approx(1.5, rel=1e-15)

    def test_certainty_has_no_entropy_and_no_sign(self, kind):
        value = float(entropy(array([0.0, 1.0, 0.0], kind)))
        assert value == 0
        assert math.copysign(1, value) == 1

    def test_cross_entropy_is_not_symmetric(self, kind):
        coin, loaded = array(COIN, kind), array(LOADED, kind)
        # H(coin, loaded) = -(log2(3/4) + log2(1/4))/2 = (2 - log2 3 + 2)/2 = 2 - log2(3)/2 = 1.2075 bits
        assert float(cross_entropy(coin, loaded, base=2)) == pytest.approx(2 - math.log2(3) / 2, rel=1e-15)
        # H(loaded, coin) = (3/4 + 1/4) * 1 bit
        assert float(cross_entropy(loaded, coin, base=2)) == pytest.approx(1, rel=1e-15)

    def test_kl_divergence_is_not_symmetric(self, kind):
        coin, loaded = array(COIN, kind), array(LOADED, kind)
        # KL(coin || loaded) = H(coin, loaded) - 1 bit = 1 - log2(3)/2 = 0.2075 bits
        assert float(kl_divergence(coin, loaded, base=2)) == pytest.approx(1 - math.log2(3) / 2, rel=1e-14)
        # KL(loaded || coin) = 1 bit - H(loaded), H(loaded) = 3/4 (2 - log2 3) + 1/4 * 2 = 2 - 3/4 log2 3
        assert float(kl_divergence(loaded, coin, base=2)) == pytest.approx(0.75 * math.log2(3) - 1, rel=1e-14)

    def test_jensen_shannon(self, kind):
        sure, coin, other = (array(p, kind) for p in ([1.0, 0.0], COIN, [0.0, 1.0]))
        # M = (3/4, 1/4): half of log2(4/3), and half of (log2(2/3) + log2(2))/2 = half of 1 - log2(3)/2
        by_hand = (2 - math.log2(3)) / 2 + (1 - math.log2(3) / 2) / 2
        assert float(jensen_shannon_divergence(sure, coin, base=2)) == pytest.approx(by_hand, rel=1e-14)
        assert float(jensen_shannon_divergence(sure, other, base=2)) == 1

    def test_perplexity(self, kind):
        # A fair die: 6 equally likely outcomes. Eight choices expected where two occur: 8.
        assert float(perplexity(array([1 / 6] * 6, kind))) == pytest.approx(6, rel=1e-15)
        half, eighths = array([0.5, 0.5] + [0.0] * 6, kind), array([0.125] * 8, kind)
        assert float(perplexity(half, eighths)) == pytest.approx(8, rel=1e-15)

    def test_missing_outcomes(self, kind):
        p, q = array([0.5, 0.5, 0.0], kind), array([1.0, 0.0, 0.0], kind)
        assert float(kl_divergence(p, q)) == math.inf
        assert float(cross_entropy(p, q)) == math.inf
        assert float(perplexity(p, q)) == math.inf
        # The other way round, only the outcome that both have counts: log 2.
        assert float(kl_divergence(q, p)) == pytest.approx(math.log(2), rel=1e-15)
        assert float(cross_entropy(q, p)) == pytest.approx(math.log(2), rel=1e-15)


@pytest.mark.parametrize("function", [cross_entropy, kl_divergence, jensen_shannon_divergence])
@pytest.mark.parametrize(("base", "nats"), [(math.e, 1.0), (2, math.log(2)), (10, math.log(10)), (0.5, -math.log(2))])
def test_units(function, base, nats):
    p, q = logits(4, 6, seed=1), logits(4, 6, seed=2)
    in_nats = function(p, q, input="logits")
    torch.testing.assert_close(function(p, q, input="logits", base=base) * nats, in_nats)


def test_kl_is_cross_entropy_less_entropy():
    p, q = logits(100, 7, seed=1), logits(100, 7, seed=2)
    difference = cross_entropy(p, q, input="logits") - entropy(p, input="logits")
    torch.testing.assert_close(kl_divergence(p, q, input="logits"), difference, rtol=1e-12, atol=1e-14)


def test_perplexity_does_not_depend_on_the_unit():
    p, q = logits(5, 3, seed=1), logits(5, 3, seed=2)
    torch.testing.assert_close(perplexity(p, input="logits"), 2 ** entropy(p, input="logits", base=2))
    torch.testing.assert_close(perplexity(p, q, input="logits"), 10 ** cross_entropy(p, q, input="logits", base=10))


class TestKindsOfInput:
    counts = torch.tensor([[6, 3, 1], [1, 1, 2]])

    def forms(self):
        p = self.counts.double() / self.counts.sum(-1, keepdim=True)
        return {"counts": self.counts, "probabilities": p, "log_probabilities": p.log(), "logits": p.log() + 3}

    @pytest.mark.parametrize("function", [entropy, perplexity])
    def test_one_distribution(self, function):
        values = [function(form, input=kind) for kind, form in self.forms().items()]
        for value in values:
            torch.testing.assert_close(value, values[1].to(value.dtype))

    @pytest.mark.parametrize("function", PAIRWISE)
    @pytest.mark.parametrize("kind_p", ["counts", "probabilities", "log_probabilities", "logits"])
    @pytest.mark.parametrize("kind_q", ["counts", "probabilities", "log_probabilities", "logits"])
    def test_two_distributions(self, function, kind_p, kind_q):
        forms = self.forms()
        q = {kind: form.flip(0) for kind, form in forms.items()}
        expected = function(forms["probabilities"], q["probabilities"])
        value = function(forms[kind_p], q[kind_q], input=(kind_p, kind_q))
        torch.testing.assert_close(value, expected.to(value.dtype))

    @pytest.mark.parametrize("function", PAIRWISE)
    def test_minus_infinity_is_probability_zero(self, function):
        p, q = torch.tensor([0.0, -math.inf, 1.0]), torch.tensor([-math.inf, -math.inf, 2.0])
        expected = function(torch.softmax(p.double(), 0), torch.softmax(q.double(), 0))
        torch.testing.assert_close(function(p, q, input="logits").double(), expected, rtol=1e-6, atol=0)

    def test_normalize_is_division_by_the_sum(self):
        p = torch.tensor([[2.0, 6.0], [0.1, 0.1]])
        torch.testing.assert_close(entropy(p, normalize=True), entropy(p / p.sum(-1, keepdim=True)))
        torch.testing.assert_close(
            entropy(p.log(), input="log_probabilities", normalize=True), entropy(p, normalize=True)
        )

    def test_weighted_counts(self):
        assert float(entropy(torch.tensor([0.5, 1.5]), input="counts")) == pytest.approx(
            float(entropy(torch.tensor(LOADED))), rel=1e-6
        )

    def test_underflow_is_not_absence(self):
        # exp(-200) is 0 in float32, yet its logarithm is known: H(P, Q) = (0 + 200)/2.
        p, q = torch.tensor([0.0, 0.0]), torch.tensor([0.0, -200.0])
        assert float(cross_entropy(p, q, input="logits")) == 100
        # KL = 100 - log 2; the other way round p underflows: log 2, from the first class.
        assert float(kl_divergence(p, q, input="logits")) == pytest.approx(100 - math.log(2), rel=1e-6)
        assert float(kl_divergence(q, p, input="logits")) == pytest.approx(math.log(2), rel=1e-6)
        assert float(jensen_shannon_divergence(p, q, input="logits")) == pytest.approx(
            float(jensen_shannon_divergence(torch.tensor(COIN), torch.tensor([1.0, 0.0]))), rel=1e-6
        )


class TestCallersKind:
    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
    def test_torch(self, dtype):
        p = array([COIN, LOADED], "torch", dtype)
        for value in (entropy(p), perplexity(p), *(function(p, p) for function in PAIRWISE)):
            assert type(value) is torch.Tensor
            assert (value.dtype, value.shape, value.device) == (p.dtype, (2,), p.device)

    @pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
    def test_numpy(self, dtype):
        p = array([COIN, LOADED], "numpy", dtype)
        for value in (entropy(p), perplexity(p), *(function(p, p) for function in PAIRWISE)):
            assert type(value) is np.ndarray
            assert (value.dtype, value.shape) == (p.dtype, (2,))
        assert type(entropy(p[0])) is p.dtype.type

    @pytest.mark.parametrize("function", PAIRWISE)
    def test_dtypes_promote(self, function):
        p = torch.tensor(COIN)
        assert function(p, p.double()).dtype == torch.float64
        assert function(p.half(), p.bfloat16()).dtype == torch.float32

    def test_integer_counts_give_the_default_dtype(self):
        assert entropy(torch.tensor([1, 3]), input="counts").dtype == torch.get_default_dtype()
        assert entropy(np.array([1, 3], dtype=np.int8), input="counts").dtype == np.float64

    def test_kinds_agree(self):
        p, q = logits(20, 9, seed=1), logits(20, 9, seed=2)
        for function in PAIRWISE:
            from_numpy = function(p.numpy(), q.numpy(), input="logits")
            torch.testing.assert_close(torch.from_numpy(from_numpy), function(p, q, input="logits"))

    def test_input_is_not_written_to(self):
        p = torch.tensor([[2.0, 6.0]])
        entropy(p, normalize=True)
        assert p.tolist() == [[2.0, 6.0]]

    def test_memory_map(self, tmp_path):
        np.save(tmp_path / "p.npy", np.array(LOADED))
        mapped = np.load(tmp_path / "p.npy", mmap_mode="r")
        assert entropy(mapped) == entropy(np.array(LOADED))

    def test_empty_batch(self):
        assert entropy(torch.zeros(0, 3)).shape == (0,)
        assert kl_divergence(np.zeros((2, 0, 3)), np.ones((1, 3)) / 3).shape == (2, 0)


class TestAxes:
    @pytest.mark.parametrize("dim", [0, 1, -1, -2])
    def test_dim(self, dim):
        z = logits(3, 4, 5)
        moved = z.movedim(dim, -1)
        torch.testing.assert_close(entropy(z, input="logits", dim=dim), entropy(moved, input="logits"))

    def test_several_axes_are_one_joint_distribution(self):
        z = logits(2, 3, 4)
        whole = z.movedim(1, 0).reshape(3, 8)
        torch.testing.assert_close(entropy(z, input="logits", dim=(0, 2)), entropy(whole, input="logits"))
        other = logits(3, 4, seed=1)
        divergence = kl_divergence(z, other, input="logits", dim=(-2, -1))
        torch.testing.assert_close(divergence, kl_divergence(z.flatten(1), other.flatten(), input="logits"))

    @pytest.mark.parametrize("function", PAIRWISE)
    def test_rows_broadcast(self, function):
        rows, prior = logits(4, 2, 3, seed=1), logits(3, seed=2)
        expected = function(rows, prior.expand(4, 2, 3), input="logits")
        torch.testing.assert_close(function(rows, prior, input="logits"), expected)
        torch.testing.assert_close(
            function(prior, rows, input="logits"), function(prior.expand(4, 2, 3), rows, input="logits")
        )

    def test_strides_do_not_matter(self):
        z = logits(6, 8)
        torch.testing.assert_close(
            entropy(z.t()[::2], input="logits"), entropy(z.t()[::2].contiguous(), input="logits")
        )
        assert entropy(z.numpy()[:, ::-1], input="logits") == pytest.approx(entropy(z.numpy(), input="logits"))


class TestHalfPrecision:
    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_a_distribution_does_not_diverge_from_itself(self, dtype):
        p = torch.softmax(logits(1000, 50), -1).to(dtype)
        assert torch.equal(kl_divergence(p, p), torch.zeros(1000, dtype=dtype))
        assert torch.equal(jensen_shannon_divergence(p, p), torch.zeros(1000, dtype=dtype))

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
    def test_divergence_of_close_rows_is_not_negative(self, dtype):
        p = torch.softmax(logits(1000, 50), -1)
        rounded, q = p.to(dtype), (p * (1 + 0.01 * logits(1000, 50, seed=3))).to(dtype)
        assert (kl_divergence(rounded, q, normalize=True) >= 0).all()
        assert (kl_divergence(rounded.float(), rounded.float().sqrt() ** 2, normalize=True) >= 0).all()

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_rounding_happens_once(self, dtype):
        p, q = (torch.softmax(logits(50, 1000, seed=s), -1).to(dtype) for s in (1, 2))
        for function in (cross_entropy, kl_divergence, jensen_shannon_divergence):
            assert torch.equal(function(p, q), function(p.double(), q.double(), normalize=True).to(dtype))

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
    @pytest.mark.parametrize("classes", [2, 1000, 128256])
    def test_a_softmax_sums_to_one(self, dtype, classes):
        for scale in (0.0, 8.0):
            z = logits(classes, scale=scale).to(dtype)
            by_softmax = entropy(torch.softmax(z, -1))
            # torch's log_softmax of float16 on the CPU is -inf beyond 65504 equal classes.
            log_p = torch.log_softmax(z.double(), -1).to(dtype)
            by_log_softmax = entropy(log_p, input="log_probabilities")
            expected = entropy(z.double(), input="logits")
            tolerance = 20 * torch.finfo(dtype).eps
            torch.testing.assert_close(by_softmax.double(), expected, rtol=tolerance, atol=tolerance)
            torch.testing.assert_close(by_log_softmax.double(), expected, rtol=tolerance, atol=tolerance)


def test_sums_of_many_classes():
    # NumPy adds along a strided axis one by one, which in float32 is off by 1e-3 after 100 000 numbers.
    p = np.full((100_000, 2), 1e-5, dtype=np.float32)
    assert abs(p.sum(0) - 1).min() > 1e-4
    assert entropy(p, dim=0) == pytest.approx(math.log(100_000), rel=1e-6)


def test_subnormal_probabilities():
    # A millionth is 16.8 units of float16 and becomes 17: the row sums to 1.013.
    p = torch.full((1_000_000,), 1e-6, dtype=torch.float16)
    assert float(p.double().sum()) > 1.01
    assert float(entropy(p)) == pytest.approx(math.log(1e6), rel=1e-3)


class TestGradients:
    @pytest.mark.parametrize("function", PAIRWISE)
    @pytest.mark.parametrize("distance", [0.01, 2.0])
    def test_logits(self, function, distance):
        p = logits(3, 5, seed=1)
        q = (p + logits(3, 5, seed=2, scale=distance)).requires_grad_()
        p.requires_grad_()

        def call(a, b):
            return function(a, b, input="logits")

        assert gradcheck(call, (p, q))
        assert gradgradcheck(call, (p, q))

    @pytest.mark.parametrize("function", PAIRWISE)
    def test_probabilities(self, function):
        p, q = (torch.softmax(logits(3, 5, seed=s), -1).requires_grad_() for s in (1, 2))

        def call(a, b):
            return function(a, b, normalize=True)

        assert gradcheck(call, (p, q))
        assert gradgradcheck(call, (p, q))

    @pytest.mark.parametrize("function", [entropy, perplexity])
    def test_ties(self, function):
        z = torch.zeros(2, 4, dtype=torch.float64, requires_grad=True)
        assert gradcheck(lambda a: function(a, input="logits"), (z,))
        assert gradgradcheck(lambda a: function(a, input="logits"), (z,))

    @pytest.mark.parametrize("kind_p", ["probabilities", "logits"])
    def test_kl_and_cross_entropy_have_one_gradient_in_q(self, kind_p):
        p, q = logits(4, 6, seed=1), logits(4, 6, seed=2).requires_grad_()
        p = p if kind_p == "logits" else torch.softmax(p, -1)
        of_kl, of_cross_entropy = (
            torch.autograd.grad(function(p, q, input=(kind_p, "logits")).sum(), q)[0]
            for function in (kl_divergence, cross_entropy)
        )
        torch.testing.assert_close(of_kl, of_cross_entropy, rtol=1e-12, atol=1e-15)
        # Both are softmax(q) - p.
        softmax_p = torch.softmax(p, -1) if kind_p == "logits" else p
        torch.testing.assert_close(of_kl, torch.softmax(q, -1).detach() - softmax_p, rtol=1e-12, atol=1e-15)

    @pytest.mark.parametrize("function", PAIRWISE)
    def test_zeros_give_no_nan(self, function):
        zero_in_p, zero_in_q, both = [0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]
        for first in (zero_in_p, zero_in_q, both):
            for second in (zero_in_p, zero_in_q, both):
                p, q = (torch.tensor(v, requires_grad=True) for v in (first, second))
                gradients = torch.autograd.grad(function(p, q).sum(), (p, q))
                assert all(torch.isfinite(g).all() for g in gradients)

    def test_minus_infinite_logits_give_no_nan(self):
        p = torch.tensor([0.0, 1.0, -math.inf], requires_grad=True)
        q = torch.tensor([0.5, 1.0, -math.inf], requires_grad=True)
        for function in PAIRWISE:
            gradients = torch.autograd.grad(function(p, q, input="logits"), (p, q))
            assert all(torch.isfinite(g).all() and g[2] == 0 for g in gradients)

    def test_entropy_along_the_simplex(self):
        # dH = -sum (log p_k + 1) dp_k; for dp = (1, -1, 0) that is log p_2 - log p_1 = log(1/4) - log(1/2) = -log 2.
        p = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64, requires_grad=True)
        (gradient,) = torch.autograd.grad(entropy(p), p)
        assert float(gradient[0] - gradient[1]) == pytest.approx(-math.log(2), rel=1e-15)


class TestTransforms:
    def test_vmap(self):
        p, q = logits(4, 3, 5, seed=1), logits(4, 3, 5, seed=2)
        for function in PAIRWISE:
            mapped = torch.func.vmap(lambda a, b, f=function: f(a, b, input="logits"))(p, q)
            torch.testing.assert_close(mapped, function(p, q, input="logits"))
            one_sided = torch.func.vmap(lambda a, f=function: f(a, q[0, 0], input="logits"), in_dims=1)(p)
            torch.testing.assert_close(one_sided, function(p.movedim(1, 0), q[0, 0], input="logits"))

    def test_vmap_checks_along_the_class_axis(self):
        columns = torch.tensor([[0.5, 0.25], [0.25, 0.25], [0.25, 0.5]])
        torch.testing.assert_close(torch.func.vmap(entropy, in_dims=1)(columns), entropy(columns, dim=0))
        with pytest.raises(ValueError, match=r"Row 1 of `p` sums to 1\.25, 0\.25 above one"):
            torch.func.vmap(entropy, in_dims=1)(columns + torch.tensor([[0, 0.25], [0, 0], [0, 0]]))

    def test_a_check_sees_the_mapped_axis_first(self):
        def checked(row):
            check_weights(namespace(p=row), row, "p", kind="probabilities", tolerance=1e-6)
            return row

        columns = torch.tensor([[0.5, 0.25], [0.5, 0.5]])
        with pytest.raises(ValueError, match=r"Row 1 of `p` sums to 0\.75, 0\.25 below one"):
            torch.func.vmap(checked, in_dims=1)(columns)

    def test_gradient_of_each_row(self):
        z = logits(4, 5)
        by_vmap = torch.func.vmap(torch.func.grad(lambda row: entropy(row, input="logits")))(z)
        by_sum = torch.func.grad(lambda rows: entropy(rows, input="logits").sum())(z)
        torch.testing.assert_close(by_vmap, by_sum)

    def test_hessian_of_kl_is_the_fisher_information(self):
        # In the logits, at P = Q, it is diag(p) - p p'.
        z = logits(5)
        p = torch.softmax(z, -1)
        hessian = torch.func.jacrev(torch.func.jacrev(lambda q: kl_divergence(z, q, input="logits")))(z)
        torch.testing.assert_close(hessian, p.diag() - torch.outer(p, p))

    @pytest.mark.parametrize("transform", [lambda f: f, torch.func.grad], ids=["plain", "grad"])
    def test_values_are_checked_under_vmap(self, transform):
        p = torch.tensor([[0.5, 0.5], [0.5, 0.6]])
        with pytest.raises(ValueError, match=r"Row 1 of `p` sums to 1\.1, 0\.1 above one"):
            torch.func.vmap(transform(entropy))(p)
