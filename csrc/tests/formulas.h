// The formulas of the losses, straight from their definitions.

#pragma once

#include "array.h"

struct Chance {
    Real p, miss, nll;  // p, 1 - p, -log p
};

inline Real box_cox(const XentEvent& event, const Chance& of) {
    return event.q == 0 ? of.nll : -expm1l(-event.q * of.nll) / event.q;
}

// phi(p) = (1-p)^gamma * ((1-p^q)/q + poly*(1-p)), in which 0 * inf = 0
inline Real phi(const XentEvent& event, const Chance& of) {
    const Real focus = powl(of.miss, event.gamma);
    return focus == 0 ? 0 : focus * (box_cox(event, of) + event.poly * of.miss);
}

// h(p) = gamma*p*(1-p)^(gamma-1)*f + (1-p)^gamma*(p^q + poly*p), the derivative of phi in -log p
inline Real slope(const XentEvent& event, const Chance& of) {
    const Real power = event.q == 0 ? 1 : expl(-event.q * of.nll), rest = power + event.poly * of.p;
    if (event.gamma == 0) return rest;
    if (of.miss == 0) return 0;
    const Real pull = of.p == 0 ? 0 : of.p * (box_cox(event, of) + event.poly * of.miss);
    return powl(of.miss, event.gamma) * (event.gamma * pull / of.miss + rest);
}

// A power multiplies a relative error by its exponent.
inline Real magnification(const XentEvent& event) { return 1 + event.gamma; }

// What does not count may be impossible: 0 * inf = 0.
inline Real weigh(Real coefficient, Real loss) { return coefficient == 0 && isinf(loss) ? 0 : coefficient * loss; }

// softcap(z) = cap * tanh(z / cap), -inf stays -inf; and its derivative
inline Real softcap(Real z, Real cap) { return cap == 0 || z == -INFINITY ? z : cap * tanhl(z / cap); }
inline Real softcap_slope(Real z, Real cap) {
    if (cap == 0 || z == -INFINITY) return 1;
    const Real cosine = coshl(z / cap);
    return 1 / (cosine * cosine);
}
