"""Correction of shares: from probabilities by frame to the share of a video each class has."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from ._evidence_weights import compute_evidence_weights, shrink_towards

# Probabilities in single precision can be exactly 0 or 1.
_LEAST = 1e-6
_LEAST_SLOPE = 1e-3
# A step of expectation maximisation that changes no share by more is the last.
_CONVERGED, _MAX_ITERATIONS = 1e-8, 10_000


class Correction:
    """What labelled frames teach about the errors of a classifier; for exclusive classes.

    As far as these frames do not tell the classes, shares are mean probabilities: a calibration
    learned from such frames gives every video the same share, and the other kinds give any.

    Shapes: ``probabilities`` (n_frames, n_classes), ``chosen`` (n_frames, n_classes), ``truth``
    (n_frames, n_classes), ``blocks`` (n_frames,): numbers of what is wrong together.
    """

    def __init__(self, kind, probabilities, chosen, truth, blocks):
        self.kind = kind
        logs = np.log(np.clip(probabilities, _LEAST, 1))
        self.weights = compute_evidence_weights(logs, truth, blocks)
        self.weights_of_chosen = compute_evidence_weights(chosen.astype(np.float64), truth, blocks)
        self.prior = truth.mean(axis=0)
        self.slope, self.offsets = fit_calibration(probabilities, truth)
        if kind in ("acc", "pacc"):
            given = chosen if kind == "acc" else probabilities
            self.rates = estimate_class_rates(given, truth)

    def calibrated(self, probabilities):
        """Return calibrated probabilities.

        Shapes: ``probabilities`` (n_frames, n_classes) -> (n_frames, n_classes).
        """
        logs = np.log(np.clip(probabilities, _LEAST, 1))
        return np.exp(log_softmax(self.slope * logs + self.offsets, axis=1))

    def shares(self, probabilities, chosen, weights):
        """Estimate the shares of one video's classes, and what they say about each frame.

        Shapes: ``probabilities`` (n_frames, n_classes), ``chosen`` (n_frames, n_classes),
        ``weights`` (n_frames,) -> ``shares`` (n_classes,), ``corrected`` (n_frames, n_classes).
        """
        calibrated = self.calibrated(probabilities)
        parts = weights / weights.sum()
        mean = parts @ probabilities
        if self.kind in ("calibrated", "averaged"):
            values = shrink_towards(calibrated, probabilities, self.weights)
            shares = parts @ values
            if self.kind == "averaged":
                # For what is counted there is evidence of its own.
                counted = shrink_towards(parts @ chosen, mean, self.weights_of_chosen)
                shares = (shares + counted) / 2
            return shares, values
        if self.kind == "em":
            shares, evidence = estimate_shares_by_em(calibrated, parts, self.prior), self.weights
        elif self.kind == "pacc":
            shares, evidence = adjust_shares(self.rates, mean), self.weights
        else:
            shares = adjust_shares(self.rates, parts @ chosen)
            evidence = self.weights_of_chosen
        values = shift_prior(calibrated, shares, self.prior)
        return (
            shrink_towards(shares, mean, evidence),
            shrink_towards(values, probabilities, evidence),
        )


def fit_calibration(probabilities, truth):
    """Fit a slope and an offset for each class to logarithms of probabilities.

    Temperature scaling with a bias for each class (Alexandari, Kundaje and Shrikumar, "Maximum
    likelihood with bias-corrected calibration is hard-to-beat at label shift adaptation", ICML
    2020), Platt's scaling where there are two classes. It undoes the weights of classes in training
    as well as too much confidence. A penalty draws it to no change where labels are few.

    Shapes: ``probabilities`` (n_frames, n_classes), ``truth`` (n_frames, n_classes) -> ``offsets``
    (n_classes,).
    """
    logs = np.log(np.clip(probabilities, _LEAST, 1))

    def loss(values):
        slope, offsets = values[0], values[1:]
        likely = log_softmax(slope * logs + offsets, axis=1)
        wrong = np.exp(likely) - truth
        gradient = np.append(np.sum(wrong * logs), wrong.sum(axis=0))
        off = values - start
        return -likely[truth].sum() + off @ off / 2, gradient + off

    start = np.append(1.0, np.zeros(logs.shape[1]))
    values = minimize(loss, start, jac=True, method="L-BFGS-B").x
    # A slope of 0 or less would leave no order among the frames to choose by.
    return max(values[0], _LEAST_SLOPE), values[1:]


def estimate_class_rates(given, truth):
    """Return how frames of each class are predicted.

    Shapes: ``given`` (n_frames, n_classes), ``truth`` (n_frames, n_classes) -> (n_classes,
    n_classes).
    """
    count = truth.sum(axis=0)
    rates = given.T.astype(np.float64) @ truth
    return np.where(count > 0, rates / np.maximum(count, 1), np.eye(len(count)))


def adjust_shares(rates, observed):
    """Find the shares that explain what was predicted for a video.

    Adjusted classify and count (Forman, "Quantifying counts and costs via classification", Data
    Mining and Knowledge Discovery 17, 2008), or with mean probabilities its probabilistic version
    (Bella, Ferri, Hernández-Orallo and Ramírez-Quintana, "Quantification via probability
    estimators", ICDM 2010).

    Shapes: ``rates`` (n_classes, n_classes), ``observed`` (n_classes,) -> (n_classes,).
    """
    if np.linalg.matrix_rank(rates, tol=1e-6) < len(rates):
        return observed
    if len(rates) == 2:
        step = rates[1, 1] - rates[1, 0]
        second = np.clip((observed[1] - rates[1, 0]) / step, 0, 1)
        return np.array([1 - second, second])
    found = minimize(
        lambda shares: (np.sum((rates @ shares - observed) ** 2),
                        2 * rates.T @ (rates @ shares - observed)),
        observed,
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * len(rates),
        constraints={"type": "eq", "fun": lambda shares: shares.sum() - 1},
        options={"ftol": 1e-12},
    )  # fmt: skip
    shares = np.clip(found.x, 0, 1)
    return shares / shares.sum()


def estimate_shares_by_em(probabilities, parts, prior):
    """Find the shares that make a video's predictions most likely.

    Expectation maximisation (Saerens, Latinne and Decaestecker, "Adjusting the outputs of a
    classifier to new a priori probabilities: a simple procedure", Neural Computation 14, 2002).

    Shapes: ``probabilities`` (n_frames, n_classes), ``parts`` (n_frames,), ``prior`` (n_classes,)
    -> (n_classes,).
    """
    shares = prior
    for _ in range(_MAX_ITERATIONS):
        before, shares = shares, parts @ shift_prior(probabilities, shares, prior)
        if np.abs(shares - before).max() < _CONVERGED:
            break
    return shares


def shift_prior(probabilities, shares, prior):
    """Bring probabilities from videos with the shares ``prior`` to one with others (Bayes' rule).

    Shapes: ``probabilities`` (n_frames, n_classes), ``shares, prior`` (n_classes,) -> (n_frames,
    n_classes).
    """
    ratio = np.divide(shares, prior, out=np.zeros_like(prior), where=prior > 0)
    weighted = probabilities * ratio
    total = weighted.sum(axis=1, keepdims=True)
    return np.divide(weighted, total, out=probabilities.copy(), where=total > 0)
