"""Fits the kernels' polynomials: smallest largest relative error (Remez exchange), coefficients then rounded.

    python csrc/fit_polynomials.py

Each function is written so that its leading terms are exact and the polynomial only corrects them; the error is
weighed so that it is relative to the function itself. Needs mpmath.
"""

import mpmath as mp

mp.mp.dps = 50


def remez(f, weight, low, high, degree, rounds=12):
    """Coefficients c_0..c_degree that minimise max |weight * (f - sum c_k x^k)| on [low, high], and that error."""
    points = degree + 2
    nodes = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * i / (points - 1)) for i in range(points)]
    grid = [low + (high - low) * mp.mpf(i) / 2000 for i in range(2001)]
    values = [(x, f(x), weight(x)) for x in grid]
    for _ in range(rounds):
        matrix, right = mp.matrix(points, points), mp.matrix(points, 1)
        for i, x in enumerate(nodes):
            for k in range(degree + 1):
                matrix[i, k] = x**k
            matrix[i, degree + 1] = (-1) ** i / weight(x)
            right[i] = f(x)
        solution = mp.lu_solve(matrix, right)
        coefficients = [solution[k] for k in range(degree + 1)]
        errors = [w * (y - mp.polyval(coefficients[::-1], x)) for x, y, w in values]
        nodes = _extrema(grid, errors, points)
    return coefficients, max(abs(e) for e in errors)


def remez_quotient(f, weight, low, high, above, below, rounds=12):
    """Coefficients of two polynomials of these degrees whose quotient is f, the last one below 1, and the error."""
    points = above + below + 2
    nodes = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * i / (points - 1)) for i in range(points)]
    grid = [low + (high - low) * mp.mpf(i) / 2000 for i in range(2001)]
    for _ in range(rounds):
        error = mp.mpf(0)
        for _ in range(8):  # it multiplies the denominator, so that the equations are solved again and again
            matrix, right = mp.matrix(points, points), mp.matrix(points, 1)
            for i, x in enumerate(nodes):
                sign = (-1) ** i / weight(x)
                off = f(x) - sign * error
                row = [x**k for k in range(above + 1)] + [-off * x**k for k in range(1, below + 1)] + [sign]
                for k, entry in enumerate(row):
                    matrix[i, k] = entry
                right[i] = f(x)
            solution = list(mp.lu_solve(matrix, right))
            error = solution.pop()
        numerator, denominator = solution[: above + 1], [mp.mpf(1), *solution[above + 1 :]]
        errors = [weight(x) * (f(x) - mp.polyval(numerator[::-1], x) / mp.polyval(denominator[::-1], x)) for x in grid]
        nodes = _extrema(grid, errors, points)
    scale = denominator[-1]
    return [c / scale for c in numerator], [c / scale for c in denominator], max(abs(e) for e in errors)


def _extrema(grid, errors, points):
    """One point of largest error for each stretch of one sign."""
    found, best = [], 0
    for i in range(1, len(grid)):
        if errors[i] * errors[best] < 0:
            found.append(grid[best])
            best = i
        elif abs(errors[i]) > abs(errors[best]):
            best = i
    found.append(grid[best])
    return found if len(found) == points else found[:points] + grid[-1:] * (points - len(found))


def show(name, coefficients, error):
    """Print the coefficients, lowest power first."""
    print(f"{name}: largest relative error 2^{float(mp.log(error, 2)):.1f}")
    for c in coefficients:
        print(f"    {float(c)!r},")


def exp_tail(x):
    """(e^x - 1 - x) / x^2."""
    return (mp.expm1(x) - x) / x**2 if abs(x) > mp.mpf("1e-15") else mp.mpf(1) / 2 + x / 6


def miss_tail(x):
    """(x - (1 - e^-x)) / x^2."""
    return (x + mp.expm1(-x)) / x**2 if x > mp.mpf("1e-15") else mp.mpf(1) / 2 - x / 6


def log1p_tail(x):
    """(log(1+x) - x + x^2/2) / x^3."""
    if abs(x) < mp.mpf("1e-12"):
        return mp.mpf(1) / 3 - x / 4
    return (mp.log1p(x) - x + x**2 / 2) / x**3


def log1p_bend(x):
    """(log(1+x) - x) / x^2."""
    return (mp.log1p(x) - x) / x**2 if x > mp.mpf("1e-15") else x / 3 - mp.mpf(1) / 2


def atanh_tail(w):
    """(2*atanh(s) - 2*s) / s, a function of w = s^2."""
    s = mp.sqrt(w)
    return 2 * mp.atanh(s) / s - 2 if s else mp.mpf(0)


def tanh_tail(w):
    """(tanh(x)/x - 1) / x^2, a function of w = x^2."""
    x = mp.sqrt(w)
    return (mp.tanh(x) / x - 1) / w if w > mp.mpf("1e-15") else 2 * w / 15 - mp.mpf(1) / 3


if __name__ == "__main__":
    half = mp.log(2) / 2 * mp.mpf("1.001")
    low, high = mp.sqrt(mp.mpf(1) / 2) - 1, mp.sqrt(mp.mpf(2)) - 1
    for name, degree in (("exp, float", 3), ("exp, double", 9)):
        show(name, *remez(exp_tail, lambda x: x**2 / mp.exp(x) + mp.mpf("1e-30"), -half, half, degree))
    for name, degree in (("1 - e^-x, float", 3), ("1 - e^-x, double", 9)):
        show(
            name, *remez(miss_tail, lambda x: x**2 / -mp.expm1(-x) if x else mp.mpf("1e-30"), 0, mp.mpf("0.35"), degree)
        )
    show("log1p, float", *remez(log1p_tail, lambda x: x**3 / mp.log1p(x) if x else mp.mpf("1e-30"), low, high, 6))
    numerator, denominator, error = remez_quotient(
        log1p_bend, lambda x: x**2 / mp.log1p(x) if x else mp.mpf("1e-30"), mp.mpf(0), mp.mpf(1), 2, 2
    )
    show("log1p of odds, float, numerator", numerator, error)
    show("log1p of odds, float, denominator", denominator, error)
    widest = (high / (2 + high)) ** 2 * mp.mpf("1.001")
    show(
        "atanh, double",
        *remez(
            lambda w: atanh_tail(w) / w if w else mp.mpf(2) / 3, lambda w: w / 2 + mp.mpf("1e-30"), mp.mpf(0), widest, 6
        ),
    )
    for name, degree in (("tanh, float", 6), ("tanh, double", 14)):
        show(
            name,
            *remez(
                tanh_tail,
                lambda w: w * mp.sqrt(w) / mp.tanh(mp.sqrt(w)) if w else mp.mpf("1e-30"),
                mp.mpf(0),
                mp.mpf(1),
                degree,
            ),
        )
