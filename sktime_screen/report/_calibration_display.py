"""ProbabilityCalibrationDisplay: plot how well probabilities are calibrated."""

from typing import Self

import numpy as np
import pandas as pd

from .._targets import align_characters, as_table, indicator_table, read_labels
from ._pipeline_parts import find_classifier


class ProbabilityCalibrationDisplay:
    """Reliability diagram of the predicted probabilities, with one curve per character.

    The probabilities are well calibrated if the points are on the diagonal: a character is then
    in 70 % of the frames for which the probability is 0.7. The area of a point shows the number
    of its frames. The legend has the Brier score and the expected calibration error of each
    character; smaller is better. Use :meth:`from_estimator` or :meth:`from_predictions` to create
    a display.

    Parameters
    ----------
    curves : pandas.DataFrame
        One row per character and bin with frames: ``character``, ``probability`` (the mean of the
        bin), ``share`` (of its frames with the character) and ``frames`` (the number of frames).
    scores : pandas.DataFrame
        One row per character, which is the index: ``brier`` (the mean squared error of the
        probabilities) and ``ece`` (the expected calibration error, the mean distance of a frame
        from the diagonal).

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The axes of the last plot.
    figure_ : matplotlib.figure.Figure
        The figure of the last plot.
    lines_ : list of matplotlib.lines.Line2D
        The curves of the last plot, one per character.

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : The plot of scikit-learn for one class.

    References
    ----------
    G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather
    Review 78 (1950). M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining well calibrated
    probabilities using Bayesian binning", AAAI 2015.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktime_screen import ProbabilityCalibrationDisplay
    >>> probabilities = pd.DataFrame({"tom": [0.1, 0.1, 0.9, 0.7]})
    >>> truth = pd.DataFrame({"tom": [0, 0, 1, 1]})
    >>> display = ProbabilityCalibrationDisplay.from_predictions(truth, probabilities, n_bins=2)
    >>> display.curves["frames"].tolist()
    [2, 2]
    """

    def __init__(self, curves, scores) -> None:
        self.curves = curves
        self.scores = scores

    @classmethod
    def from_estimator(cls, estimator, X, y, *, n_bins=10, background=None, ax=None) -> Self:
        """Predict probabilities with a fitted pipeline and plot their calibration.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier of frames, or a pipeline that ends in one, such as
            ScreenTimeAggregator.
        X : array-like of shape (n_frames, ...)
            The input of the estimator, which is a frame table for a whole pipeline. Do not pass
            the frames that the estimator was fitted to: it is too confident about these.
        y : array-like of shape (n_frames,) or (n_frames, n_characters)
            The labels of ``X``.
        n_bins : int, default=10
            The number of bins of equal width.
        background : str or int, optional
            The class that means that nobody is on screen. It gets no curve. The default is the
            background of the estimator.
        ax : matplotlib.axes.Axes, optional
            The axes to draw on. By default, a new figure is created.

        Returns
        -------
        ProbabilityCalibrationDisplay
            The plotted display.
        """
        classifier, names = find_classifier(estimator)
        probabilities = pd.DataFrame(estimator.predict_proba(X), columns=names)
        background = getattr(classifier, "background", None) if background is None else background
        return cls.from_predictions(y, probabilities, n_bins=n_bins, background=background, ax=ax)

    @classmethod
    def from_predictions(
        cls, y_true, probabilities, *, n_bins=10, background=None, ax=None
    ) -> Self:
        """Plot the calibration of probabilities.

        Parameters
        ----------
        y_true : array-like of shape (n_frames,) or (n_frames, n_characters)
            The class of each frame, or a table with a 0/1 column per character.
        probabilities : array-like of shape (n_frames, n_characters)
            The predicted probabilities. The columns of an array are in the order of the columns of
            ``y_true``, or of its sorted classes.
        n_bins : int, default=10
            The number of bins of equal width.
        background : str or int, optional
            The class that means that nobody is on screen. It gets no curve.
        ax : matplotlib.axes.Axes, optional
            The axes to draw on. By default, a new figure is created.

        Returns
        -------
        ProbabilityCalibrationDisplay
            The plotted display.

        Raises
        ------
        ValueError
            If the rows or columns do not match, there are no rows, or a probability is outside 0
            to 1.
        """
        if n_bins < 1:
            raise ValueError(f"n_bins={n_bins!r}; expected 1 or more.")
        true, probable = _align(y_true, probabilities, background)
        curves, scores = [], {}
        for name in true.columns:
            curve, scores[name] = _compute_calibration(true[name], probable[name], n_bins)
            curves.append(curve.assign(character=name))
        curves = pd.concat(curves)[["character", "probability", "share", "frames"]]
        scores = pd.DataFrame.from_dict(scores, orient="index", columns=["brier", "ece"])
        return cls(curves.reset_index(drop=True), scores.rename_axis("character")).plot(ax=ax)

    def plot(self, ax=None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            The axes to draw on. By default, a new figure is created.

        Returns
        -------
        ProbabilityCalibrationDisplay
            The display.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(6, 6), layout="constrained")
        ax.plot([0, 1], [0, 1], ":", color="0.5", label="perfectly calibrated")
        self.lines_ = []
        most = self.curves["frames"].max()
        for name, score in self.scores.iterrows():
            curve = self.curves[self.curves["character"] == name]
            label = f"{name} (Brier {score['brier']:.3f}, ECE {score['ece']:.3f})"
            (line,) = ax.plot(curve["probability"], curve["share"], label=label)
            area = 10 + 190 * curve["frames"] / most
            ax.scatter(
                curve["probability"], curve["share"], area, color=line.get_color(), alpha=0.5
            )
            self.lines_.append(line)
        ax.set(
            xlim=(-0.03, 1.03),
            ylim=(-0.03, 1.03),
            xlabel="mean probability of the frames",
            ylabel="share of the frames with the character",
        )
        ax.legend(loc="upper left")
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _align(y_true, probabilities, background):
    """Return truth and probabilities, with the same columns in the same order."""
    table = as_table(probabilities)
    probable = pd.DataFrame(probabilities if table is None else table).reset_index(drop=True)
    # Probabilities of classes have two columns or more.
    one_character = probable.shape[1] == 1 or None
    labels = read_labels(y_true, multilabel=one_character, name="y_true")
    true = indicator_table(labels)
    if len(true) != len(probable) or not len(true):
        raise ValueError(
            f"y_true has {len(true)} rows and probabilities has {len(probable)}; expected the same "
            f"number, 1 or more."
        )
    outside = ~((probable >= 0) & (probable <= 1)).to_numpy()
    if outside.any():
        raise ValueError(
            f"probabilities has {probable.to_numpy()[outside].tolist()[0]!r}; expected values from "
            f"0 to 1."
        )
    if table is None:
        if probable.shape[1] != true.shape[1]:
            raise ValueError(
                f"probabilities has {probable.shape[1]} columns; expected one for each of "
                f"{true.columns.tolist()}."
            )
        probable.columns = true.columns
    true, probable = align_characters(true, probable, labels, probable)
    kept = [name for name in true.columns if background is None or str(name) != str(background)]
    return true[kept], probable[kept]


def _compute_calibration(true, probable, n_bins):
    """Return the curve of one character, and its Brier score and calibration error."""
    true, probable = true.to_numpy(float), probable.to_numpy(float)
    bins = np.minimum((probable * n_bins).astype(int), n_bins - 1)
    frames = np.bincount(bins, minlength=n_bins)
    filled = frames > 0
    curve = pd.DataFrame(
        {
            "probability": np.bincount(bins, probable, n_bins)[filled] / frames[filled],
            "share": np.bincount(bins, true, n_bins)[filled] / frames[filled],
            "frames": frames[filled],
        }
    )
    error = np.average((curve["probability"] - curve["share"]).abs(), weights=curve["frames"])
    return curve, (np.mean((probable - true) ** 2), error)
