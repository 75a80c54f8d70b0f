"""Intervals of a film's seconds where no frame of it is labelled."""

import numpy as np
from scipy import stats


def seconds_interval(
    durations,
    contributions,
    errors,
    error_durations,
    blocks,
    *,
    films=None,
    recorrected=None,
    confidence_level=0.9,
    n_resamples=1000,
    random_state=None,
):
    """Say within which limits a film's true seconds lie, from errors on labelled films.

    Every frame of the film is seen, so nothing about the film is sampled: what is uncertain is by
    how much its predictions are off. That is learned from labelled (calibration) frames predicted
    by a model that had not seen them. Frames of a block, a shot or some seconds of film, are wrong
    together; blocks are drawn again as a whole.

    Parameters
    ----------
    durations : array-like of shape (n_frames,)
        Seconds that the film's frames stand for.
    contributions : array-like of shape (n_frames, n_characters)
        What each frame counts for, after correction: 0/1, probabilities, or beyond where a
        correction says so. Their sum, weighted by ``durations``, is the estimate.
    errors : array-like of shape (n_calibration, n_characters)
        Contributions of the calibration frames, predicted and corrected in the same way, less
        their labels.
    error_durations : array-like of shape (n_calibration,)
        Seconds that the calibration frames stand for.
    blocks : array-like of shape (n_calibration,)
        The block of each calibration frame.
    films : array-like of shape (n_calibration,), optional
        The film of each calibration frame. With two films or more, films differ by more than their
        blocks do, and the film measured may differ as much. By default all are of one film, and the
        film measured is taken to be of its kind.
    recorrected : callable, optional
        Called with row numbers of calibration frames drawn again, it returns the film's
        contributions under the correction learned from these rows. By default only the average
        error is taken off, and learned from the drawn rows.
    confidence_level : float, default=0.9
        The nominal coverage of each character's interval.
    n_resamples : int, default=1000
        How often blocks are drawn.
    random_state : int or numpy.random.Generator, optional
        Makes the drawing repeatable.

    Returns
    -------
    low, high : ndarray of shape (n_characters,)
        Seconds, between 0 and the film's length. Where the errors do not average to zero, the
        interval is about the seconds less the average error, not about the seconds.

    Raises
    ------
    ValueError
        If shapes do not fit, or there are fewer than two blocks.

    Notes
    -----
    Each resample makes the errors of another film of the same length: blocks drawn with replacement
    [1]_ until they fill it, plus an error common to the film. The latter has the variance between
    calibration films beyond what their blocks explain (analysis of variance), and as it comes from
    few films it is drawn from Student's t. Of films that are one block each, all variance counts as
    between films. Calibration films and blocks are drawn again for the correction. The limits are
    percentiles of the corrected seconds less the errors, what comes of blocks spread as [2]_ advises
    where blocks are few, and never closer than if one calibration frame had been wrong
    (half an error of each kind, as [3]_ add): that no error was seen does not make seconds sure.

    The assumption is that the film's errors are like those of the calibration films, given the
    correction. A film of another kind than any of them (drawn otherwise, darker, another cast)
    breaks it; only labels of the film itself can tell.

    References
    ----------
    .. [1] Davison and Hinkley, "Bootstrap Methods and their Application", Cambridge University
       Press, 1997, sections 3.8 and 8.2.
    .. [2] Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69
       (2015).
    .. [3] Agresti and Min, "Simple improved confidence intervals for comparing matched
       proportions", Statistics in Medicine 24 (2005).
    """
    durations, contributions = _checked("contributions", durations, contributions)
    error_durations, errors = _checked("errors", error_durations, errors)
    if errors.shape[1] != contributions.shape[1]:
        raise ValueError(
            f"{errors.shape[1]} columns of errors for {contributions.shape[1]} of contributions."
        )
    films = np.zeros(len(errors)) if films is None else np.asarray(films)
    if len(blocks) != len(errors) or len(films) != len(errors):
        raise ValueError(f"Blocks and films must have {len(errors)} rows, as the errors have.")
    calibration = _Blocks(errors, error_durations, np.asarray(blocks), films)
    rng = np.random.default_rng(random_state)
    length = durations.sum()
    mean, between, freedom = calibration.film_errors()
    drawn = calibration.drawn_blocks(n_resamples, rng)
    if recorrected is None:
        seconds = durations @ contributions - length * calibration.mean_error(drawn)
    else:
        seconds = np.array([durations @ recorrected(calibration.rows_of(one)) for one in drawn])
        seconds -= length * mean
    seconds -= calibration.drawn_errors(length, n_resamples, rng)
    tail = (1 - confidence_level) / 2
    # The films' own spread below is drawn from few films' t as it is.
    seconds = _spread(seconds, calibration.few_blocks(tail))
    if freedom:
        seconds -= length * np.sqrt(between) * rng.standard_t(freedom, size=(n_resamples, 1))
    limits = np.quantile(seconds, [tail, 1 - tail], axis=0)
    least = np.sqrt((1 / len(durations) + 1 / len(errors)) / (len(errors) + 2)) * length
    reach = calibration.few_blocks(tail) * stats.norm.ppf(1 - tail) * least
    middle = np.median(seconds, axis=0)
    low = np.minimum(limits[0], middle - reach)
    high = np.maximum(limits[1], middle + reach)
    return np.clip(low, 0, length), np.clip(high, 0, length)


def _spread(values, factor):
    middle = np.median(values, axis=0)
    return middle + (values - middle) * factor


def _checked(name, durations, values):
    durations = np.asarray(durations, dtype=np.float64)
    values = np.asarray(values, dtype=np.float64)
    values = values[:, None] if values.ndim == 1 else values
    if durations.shape != values.shape[:1] or not (durations > 0).all():
        raise ValueError(f"{len(values)} rows of {name} need as many positive durations.")
    if not np.isfinite(values).all():
        raise ValueError(f"The {name} must be finite numbers; some are NaN or infinite.")
    return durations, values


class _Blocks:
    """Calibration blocks: their rows, lengths, and errors in seconds off their film's mean."""

    def __init__(self, errors, durations, blocks, films):
        film_of_row = np.unique(films, return_inverse=True)[1]
        block_of_row = np.unique(
            np.stack([film_of_row, np.unique(blocks, return_inverse=True)[1]]),
            axis=1,
            return_inverse=True,
        )[1].ravel()
        order = np.argsort(block_of_row, kind="stable")
        self.rows = np.split(order, np.cumsum(np.bincount(block_of_row))[:-1])
        self.films = film_of_row[[rows[0] for rows in self.rows]]
        self.n_films = self.films.max() + 1
        self.lengths = np.bincount(block_of_row, durations)
        if len(self.lengths) < 2:
            raise ValueError(
                "one block of calibration frames does not tell how errors vary: two blocks or more "
                "are needed, of one film or of several."
            )
        totals = np.stack(
            [np.bincount(block_of_row, durations * column) for column in errors.T], axis=1
        )
        self.film_lengths = np.bincount(self.films, self.lengths)
        self.film_means = (
            np.stack([np.bincount(self.films, column) for column in totals.T], axis=1)
            / self.film_lengths[:, None]
        )
        self.seconds_off = totals - self.lengths[:, None] * self.film_means[self.films]

    def film_errors(self):
        """Return mean error, variance between films beyond their blocks, degrees of freedom."""
        mean = self.film_lengths @ self.film_means / self.film_lengths.sum()
        if self.n_films == 1:
            return mean, np.zeros_like(mean), 0
        count = np.bincount(self.films)[:, None]
        squares = np.stack(
            [np.bincount(self.films, column**2) for column in self.seconds_off.T], axis=1
        )
        explained = np.where(count > 1, squares * count / np.maximum(count - 1, 1), 0)
        explained = (explained / self.film_lengths[:, None] ** 2).mean(axis=0)
        between = np.maximum(self.film_means.var(axis=0, ddof=1) - explained, 0)
        return mean, between, self.n_films - 1

    def few_blocks(self, tail):
        """Return by how much percentiles of drawn blocks are too close for their number."""
        n_blocks = len(self.lengths)
        # Films of one block each: then their blocks are all that tells.
        spare = n_blocks - self.n_films or n_blocks - 1
        return np.sqrt(n_blocks / spare) * stats.t.ppf(1 - tail, spare) / stats.norm.ppf(1 - tail)

    def drawn_blocks(self, n_resamples, rng):
        """Draw films, and as many blocks of each as it has, with replacement, resample by resample.

        Returns a list of arrays of block numbers.
        """
        count = np.bincount(self.films)
        first = np.cumsum(count) - count
        drawn = []
        for films in rng.integers(self.n_films, size=(n_resamples, self.n_films)):
            films = films.repeat(count[films])
            drawn.append(first[films] + rng.integers(count[films]))
        return drawn

    def rows_of(self, blocks):
        """Return the rows of blocks, one block after the other."""
        return np.concatenate([self.rows[block] for block in blocks])

    def mean_error(self, drawn):
        """Return the mean error of each resample, (n_resamples, n_characters)."""
        totals = self.seconds_off + self.lengths[:, None] * self.film_means[self.films]
        return np.stack([totals[one].sum(axis=0) / self.lengths[one].sum() for one in drawn])

    def drawn_errors(self, length, n_resamples, rng):
        """Draw blocks until they fill ``length`` seconds; return the sums of their errors."""
        total = np.zeros((n_resamples, self.seconds_off.shape[1]))
        left = np.full((n_resamples, 1), length)
        while left.max() > 0:
            size = (n_resamples, 1 + int(left.max() / self.lengths.mean()))
            drawn = rng.integers(len(self.lengths), size=size)
            filled = np.minimum(np.cumsum(self.lengths[drawn], axis=1), left)
            used = np.diff(filled, axis=1, prepend=0) / self.lengths[drawn]
            total += np.einsum("ij,ijk->ik", used, self.seconds_off[drawn])
            left = left - filled[:, -1:]
        return total
