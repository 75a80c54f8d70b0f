"""When each frame of a film is shown, and which frames a sampling rate picks."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

# A time written with three decimals still means the frame it was rounded from.
TIME_TOLERANCE = 0.6e-3


@dataclass(frozen=True)
class Timeline:
    """When each frame of a film is shown, without a picture having been decoded.

    Attributes
    ----------
    ticks : ndarray of shape (n_frames,), int64
        Presentation time of each frame in units of ``time_base``, increasing from 0.
    end : int
        When the last frame's own duration is over, in the same units.
    time_base : fractions.Fraction
        Seconds in a tick.
    packets : ndarray of shape (n_frames,), int64
        Position in decoding order of the packet that holds each frame.
    starts : ndarray of shape (n_frames,), int64
        Position of the packet from which decoding has to begin to get each frame.
    packet_pts : ndarray of shape (n_packets,), int64
        Timestamps as the file has them, in decoding order.
    disposable : ndarray of shape (n_packets,), bool
        Packets whose picture no other refers to, in decoding order.
    """

    ticks: np.ndarray
    end: int
    time_base: Fraction
    packets: np.ndarray
    starts: np.ndarray
    packet_pts: np.ndarray
    disposable: np.ndarray

    def __len__(self):
        return len(self.ticks)

    @property
    def times(self):
        """Presentation times in seconds, ndarray of shape (n_frames,)."""
        return self.seconds(self.ticks)

    @property
    def length(self):
        """Length of the film in seconds."""
        return float(self.seconds(self.end))

    def seconds(self, ticks):
        """Convert ticks to seconds; exact up to the rounding of one division."""
        return np.asarray(ticks) * self.time_base.numerator / self.time_base.denominator

    def sample(self, rate, start, stop):
        """Find the frames that are shown at ``start + k / rate``.

        Parameters
        ----------
        rate : float or None
            Frames a second; None takes every frame.
        start, stop : float or None
            The stretch of film to sample, in seconds.

        Returns
        -------
        times, durations : ndarray of shape (n_sampled,)
            Presentation times of the sampled frames, and for how long each stands: until the next
            sampled frame, or the end of the stretch.
        """
        first = self._ticks_at(_fraction(start or 0))
        last = self.end if stop is None else min(self.end, self._ticks_at(_fraction(stop)))
        if first >= last:
            return np.empty(0), np.empty(0)
        if rate is None:
            moments = self.ticks[self.ticks < last]
        else:
            step = 1 / _fraction(rate)
            count = int((last - first) * self.time_base / step) + 1
            origin = _fraction(start or 0)
            moments = [self._ticks_at(origin + k * step) for k in range(count)]
            moments = np.array([moment for moment in moments if moment < last], dtype=np.int64)
        shown = np.searchsorted(self.ticks, moments, side="right") - 1
        begin = np.searchsorted(self.ticks, first, side="right") - 1
        shown = np.unique(shown[shown >= begin])
        # The frame on screen when the stretch begins counts from there, not from its own start.
        bounds = np.append(np.maximum(self.ticks[shown], first), last)
        return self.seconds(self.ticks[shown]), np.diff(self.seconds(bounds))

    def shown_at(self, times):
        """Return the position of the frame on screen at each time (s, within the film)."""
        return np.searchsorted(self.times, np.asarray(times) + TIME_TOLERANCE, side="right") - 1

    def _ticks_at(self, seconds):
        return seconds // self.time_base


def _fraction(number):
    # The decimal a user wrote, 0.1 say, and not its nearest binary neighbour.
    return number if isinstance(number, Fraction) else Fraction(str(number))
