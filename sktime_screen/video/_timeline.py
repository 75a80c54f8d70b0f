"""When each frame of a video is shown, and which frames a sampling rate picks."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

# A time written with three decimals still means the frame it was rounded from.
TIME_TOLERANCE = 0.6e-3
# Players show the first image as soon as they open a video, and people label it at 0.
_AT_ONCE = 0.5


@dataclass(frozen=True)
class Timeline:
    """When each frame of a video is shown, without an image having been decoded.

    - ``ticks`` (n_frames,): presentation time of each frame after the first one's, in units of
      ``time_base``.
    - ``end``: when the last frame's own duration is over, in the same units.
    - ``begin``: when the first frame is shown, in seconds on a player's clock, which is at 0
      where the file begins: with its images or with its sound, whatever comes first.
    - ``time_base``: seconds in a tick.
    - ``packets`` (n_frames,): position in decoding order of the packet that holds each frame.
    - ``starts`` (n_frames,): position of the packet from which decoding has to begin to get
      each frame.
    - ``packet_pts`` (n_packets,): timestamps as the file has them, for seeking in it, in
      decoding order. None where there are none to trust: frames are then known by their number,
      and decoded from the beginning.
    - ``packet_pos`` (n_packets,): where each packet begins in the file, in bytes; negative
      where that is unknown.
    - ``disposable`` (n_packets,): packets whose image no other refers to, in decoding order.
    """

    ticks: np.ndarray
    end: int
    begin: Fraction
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
    def earliest(self):
        """From when on the first frame stands in for what is on screen, in seconds."""
        return max(float(self.begin) - _AT_ONCE, 0.0)

    @property
    def length(self):
        """When the video is over, in seconds."""
        return float(self.seconds(self.end))

    def seconds(self, ticks):
        """Convert ticks to seconds on a player's clock."""
        since = np.asarray(ticks) * self.time_base.numerator / self.time_base.denominator
        # Rounded, since 1.2 + 0.12 would not be 1.32.
        return np.round(since + float(self.begin), 9) if self.begin else since

    def sample(self, rate, start, stop):
        """Find the frames that are shown at ``start + k / rate``.

        Returns ``times, durations`` (n_sampled,).
        """
        # Exact reckoning is in ticks, which count from the first frame.
        begin = _to_fraction(start or 0) - self.begin
        end = self.end * self.time_base
        end = end if stop is None else min(end, _to_fraction(stop) - self.begin)
        if max(begin, 0) >= end:
            return np.empty(0), np.empty(0)
        first = np.searchsorted(self.ticks, max(begin, 0) // self.time_base, side="right") - 1
        ticks = self.ticks[first : np.searchsorted(self.ticks, math.ceil(end / self.time_base))]
        if rate is not None:
            # A frame is sampled when more moments lie before the next one than before itself.
            before = _count_samples_before(
                ticks.tolist(), self.time_base, begin, _to_fraction(rate)
            )
            if begin < 0:
                before[0] = 0
            ticks = ticks[np.diff([*before, math.ceil((end - begin) * _to_fraction(rate))]) > 0]
        # The frame on screen when the stretch begins counts from there, not from its own start.
        times = self.seconds(ticks)
        bounds = np.append(np.maximum(times, float(begin + self.begin)), float(end + self.begin))
        return times, np.diff(bounds)

    def find_frames_at(self, times):
        """Return the position of the frame on screen at each time (s, within the video).

        The first frame stands for times before it, as in a player that has just opened the video.
        """
        at = np.searchsorted(self.times, np.asarray(times) + TIME_TOLERANCE, side="right") - 1
        return np.maximum(at, 0)


def _count_samples_before(ticks, time_base, begin, rate):
    """Count the moments ``begin + k / rate``, k = 0, 1, ... before each tick; exactly."""
    per_tick, offset = time_base * rate, begin * rate
    scale = math.lcm(per_tick.denominator, offset.denominator)
    slope, shift = int(per_tick * scale), int(offset * scale)
    return [max(0, -((shift - tick * slope) // scale)) for tick in ticks]


def _to_fraction(number):
    # The decimal a user wrote, 0.1 say, and not its nearest binary neighbour.
    return number if isinstance(number, Fraction) else Fraction(str(number))
