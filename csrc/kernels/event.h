// The loss of one event, phi(p) = (1-p)^gamma * ((1-p^q)/q + poly*(1-p)), and its slope h in -log p. See core/event.py.

#pragma once

#include "../xent.h"
#include "math.h"

namespace XENT_ISA {
namespace {

// An event's probability in the three forms that lose nothing: p, 1 - p and -log p.
template <class T>
struct Probability {
    V<T> p, miss, nll;
};

template <class T>
struct Event {
    T gamma, poly, q;
    bool is_log;
    int whole;  // gamma if it is a small whole number, else 0

    explicit Event(const XentEvent& e)
        : gamma(T(e.gamma)),
          poly(T(e.poly)),
          q(T(e.q)),
          is_log(e.gamma == 0 && e.poly == 0 && e.q == 0),
          whole(e.gamma <= 8 && e.gamma == int(e.gamma) ? int(e.gamma) : 0) {}
};

// (x - (1 - e^-x)) / x^2 for x in [0, 0.35], its error relative to 1 - e^-x. Coefficients: fit_polynomials.py.
XENT_INLINE VF miss_tail(VF x) {
    static constexpr float c[] = {0.499998663f, -0.166629869f, 0.0413486517f, -0.00723193659f};
    return polynomial(c, x);
}

XENT_INLINE VD miss_tail(VD x) {
    static constexpr double c[] = {0.5,
                                   -0.1666666666666661,
                                   0.04166666666663981,
                                   -0.008333333332697531,
                                   0.001388888880226762,
                                   -0.000198412625295965,
                                   2.4801191915915684e-05,
                                   -2.754357945226442e-06,
                                   2.7259625924018813e-07,
                                   -2.1359158820193008e-08};
    return polynomial(c, x);
}

// 1 - e^-x for x >= 0, within 2 ulp.
template <class T>
XENT_INLINE V<T> one_minus_exp(V<T> x) {
    const V<T> near = x - x * x * miss_tail(x);
    return select<T>(x < T(0.34), near, T(1) - exp<T>(-x));
}

// (1 - p^q) / q.
template <class T>
XENT_INLINE V<T> box_cox(const Event<T>& event, const Probability<T>& of) {
    if (event.q == 0) return of.nll;
    return event.q == 1 ? of.miss : one_minus_exp<T>(event.q * of.nll) / event.q;
}

// p^q.
template <class T>
XENT_INLINE V<T> power(const Event<T>& event, const Probability<T>& of) {
    if (event.q == 0) return broadcast<T>(1);
    return event.q == 1 ? of.p : exp<T>(-event.q * of.nll);
}

template <class T>
XENT_INLINE V<T> unfocused(const Event<T>& event, const Probability<T>& of) {
    const V<T> loss = box_cox(event, of);
    return event.poly != 0 ? loss + event.poly * of.miss : loss;
}

// (1-p)^gamma; 0 where 1-p is below the smallest normal number, so that no power of it is infinite.
template <class T>
XENT_INLINE V<T> focus(const Event<T>& event, V<T> miss) {
    V<T> power = miss;
    for (int k = 1; k < event.whole; ++k) power *= miss;
    if (!event.whole) power = exp<T>(event.gamma * log<T>(miss));
    return select<T>(miss < Constants<T>::least_normal, V<T>{}, power);
}

template <class T>
XENT_INLINE V<T> phi(const Event<T>& event, const Probability<T>& of) {
    if (event.is_log) return of.nll;
    const V<T> loss = unfocused(event, of);
    if (event.gamma == 0) return loss;
    const V<T> factor = focus(event, of.miss);
    return select<T>(factor == T(0), V<T>{}, factor * loss);
}

template <class T>
XENT_INLINE V<T> slope(const Event<T>& event, const Probability<T>& of) {
    if (event.is_log) return broadcast<T>(1);
    V<T> h = event.poly * of.p + power(event, of);
    if (event.gamma == 0) return h;
    // p*f -> 0 with p, although f may be infinite there.
    const V<T> pull = select<T>(of.p == T(0), V<T>{}, of.p * unfocused(event, of));
    const V<T> certain = (V<T>)(of.miss < Constants<T>::least_normal);
    const V<T> miss = select<T>((Mask<T>)certain, broadcast<T>(1), of.miss);
    h = focus(event, of.miss) * (event.gamma * (pull / miss) + h);
    return select<T>((Mask<T>)certain, V<T>{}, h);
}

// coefficient * loss, in which 0 * inf = 0: what does not count may be impossible.
template <class T>
XENT_INLINE V<T> weigh(V<T> coefficient, V<T> loss) {
    const V<T> product = coefficient * loss;
    return select<T>((coefficient == T(0)) & (loss == Constants<T>::infinity), V<T>{}, product);
}

}  // namespace
}  // namespace XENT_ISA
