"""When each frame of a film is shown, and which frames a sampling rate picks."""

import math
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
    packet_pts : ndarray of shape (n_packets,), int64, or None
        Timestamps as the file has them, in decoding order. None where there are none to trust:
        frames are then known by their number, and decoded from the beginning.
    packet_pos : ndarray of shape (n_packets,), int64
        Where each packet begins in the file, in bytes; negative where that is unknown.
    disposable : ndarray of shape (n_packets,), bool
        Packets whose picture no other refers to, in decoding order.
    """

    ticks: np.ndarray
    end: int
    time_base: Fraction
    packets: np.ndarray
    starts: np.ndarray
    packet_pts: np.ndarray | None
    packet_pos: np.ndarray
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
        begin = _fraction(start or 0)
        end = self.end * self.time_base
        end = end if stop is None else min(end, _fraction(stop))
        if begin >= end:
            return np.empty(0), np.empty(0)
        first = np.searchsorted(self.ticks, begin // self.time_base, side="right") - 1
        ticks = self.ticks[first : np.searchsorted(self.ticks, math.ceil(end / self.time_base))]
        if rate is not None:
            # A frame is sampled when more moments lie before the next one than before itself.
            before = _moments_before(ticks.tolist(), self.time_base, begin, _fraction(rate))
            ticks = ticks[np.diff([*before, math.ceil((end - begin) * _fraction(rate))]) > 0]
        # The frame on screen when the stretch begins counts from there, not from its own start.
        bounds = np.append(np.maximum(self.seconds(ticks), float(begin)), float(end))
        return self.seconds(ticks), np.diff(bounds)

    def shown_at(self, times):
        """Return the position of the frame on screen at each time (s, within the film)."""
        return np.searchsorted(self.times, np.asarray(times) + TIME_TOLERANCE, side="right") - 1


def _moments_before(ticks, time_base, begin, rate):
    """Count the moments ``begin + k / rate``, k = 0, 1, ... before each tick; exactly."""
    per_tick, offset = time_base * rate, begin * rate
    scale = math.lcm(per_tick.denominator, offset.denominator)
    slope, shift = int(per_tick * scale), int(offset * scale)
    return [max(0, -((shift - tick * slope) // scale)) for tick in ticks]


def _fraction(number):
    # The decimal a user wrote, 0.1 say, and not its nearest binary neighbour.
    return number if isinstance(number, Fraction) else Fraction(str(number))
