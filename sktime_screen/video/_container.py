"""Files that are opened as videos: one file each, never an address, a playlist or a device."""

import os
import re
import stat
import warnings
from fractions import Fraction

import av

# Titles are not always written in UTF-8: PyAV 19 takes them as they are, 18 is told to.
_TOLERANT = {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "replace"}
# These formats name other files, or addresses, and FFmpeg would open them.
_NAMING_OTHERS = {
    *("hls", "concat", "dash", "webm_dash_manifest", "imf", "sdp", "rtsp", "rtp", "sap", "vobsub"),
    *("image2", "alias_pix", "brender_pix", "lavfi", "bluray", "dvdvideo", "avisynth"),
}
_FORMATS = set(",".join(av.formats_available).split(",")) - _NAMING_OTHERS
_ONE_FILE = {"format_whitelist": ",".join(sorted(_FORMATS)), "protocol_whitelist": "file"}
_PLAYLIST = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?"
    rb"(#extm3u|ffconcat|v=0\b|\[playlist\]|\[reference\]|# vobsub|<(mpd|asx|smil|playlist)\b)",
    re.IGNORECASE | re.DOTALL,
)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

_Disposition = av.stream.Disposition
_NO_VIDEO = _Disposition.attached_pic | _Disposition.timed_thumbnails | _Disposition.still_image
# A track this much shorter or smaller than another is its cover or preview.
_SHORT, _SMALL = 10, 4
_STILL_CODECS = {"mjpeg", "png", "webp", "gif", "bmp", "tiff"}
# FFmpeg's own decoders pass over transparency.
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_IMAGE_BRANDS = {"avif", "avis", "heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"}


class VideoError(ValueError):
    """A file that cannot be read as a video; the message names it and says why."""


def check_file(path):
    """Check that there is a file to open."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise _explain_missing(path, error) from None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(
            f"{path!r} is a folder, not a video: pass the videos in it as a list of paths, or use "
            f"load_frame_folder for class folders of images."
        )
    if not stat.S_ISREG(mode):
        raise VideoError(
            f"{path!r} is {_KINDS.get(stat.S_IFMT(mode), 'no file')}, not a video: videos are read "
            f"more than once, so save what it delivers as a file first."
        )


def _explain_missing(path, error):
    if _ADDRESS.match(path):
        return VideoError(
            f"{path!r} is an address, not a file: download the video first and pass its path. "
            f"Nothing is read from the network."
        )
    missing = f"No such video: {path!r} (looked in {os.getcwd()!r})."
    if re.search(r"%\d*d|[*?]", os.path.basename(path)):
        missing += (
            " It looks like a pattern for many files: videos are passed as a list of paths, and "
            "images of a video are read by load_frame_folder or load_label_csv."
        )
    elif isinstance(error, PermissionError):
        return PermissionError(f"{path!r} may not be read: {error.strerror}.")
    return FileNotFoundError(missing)


def open_video(path):
    """Open a video for reading; no other file is opened, and nothing in the network."""
    check_file(path)
    try:
        # Without "file:" a name such as "12:30.mp4" would be an address.
        container = av.open(f"file:{path}", container_options=dict(_ONE_FILE), **_TOLERANT)
    except av.FFmpegError as error:
        message = f"cannot be read as a video ({error.strerror}): is it a complete video file?"
        raise VideoError(_explain_playlist(path) or f"{path!r} {message}") from error
    video = find_video_stream(container)
    if video is None or container.format.name.endswith("_pipe"):
        message = _explain_no_video(container, path)
        container.close()
        raise VideoError(message)
    if video.codec_context is None:
        container.close()
        raise VideoError(
            f"{path!r} is damaged, or its images are in a format that FFmpeg cannot decode: if "
            f"it plays elsewhere, export it from there as H.264."
        )
    return container


def _explain_playlist(path):
    """Return what to say of a playlist, None of what is none."""
    try:
        with open(path, "rb") as file:
            if not _PLAYLIST.match(file.read(1024)):
                return None
    except OSError:
        return None
    return (
        f"{path!r} is a playlist, which names other files: pass these, or make one video of them "
        f"first, for example with `ffmpeg -i {os.path.basename(path)} -c copy video.mp4`."
    )


def _explain_no_video(container, path):
    if container.format.name == "webp_pipe":
        return (
            f"{path!r} is a WebP image, not a video: if it moves, convert it first, for example "
            f"with `magick video.webp video.mp4`; if not, pass it in the column 'image' of a frame "
            f"table."
        )
    if container.format.name.endswith("_pipe") or any(
        map(_is_still_image, container.streams.video)
    ):
        return (
            f"{path!r} is a still image, not a video: pass images in the column 'image' of a frame "
            f"table, or read class folders of them with load_frame_folder."
        )
    playlist = _explain_playlist(path)
    if playlist:
        return playlist
    kinds = sorted({stream.type for stream in container.streams}) or ["no streams"]
    return f"{path!r} has no images, only {', '.join(kinds)}: a video is expected."


def find_video_stream(container):
    """Return the track of an open file that is the video, or None.

    Covers and previews are not, wherever they stand: what is marked so, holds a single image, or
    is much shorter or smaller than another. Of the others, the one that is marked as the default
    is the video, else the largest, else the first.
    """
    return next(iter(_rank_video_streams(container)), None)


def warn_of_other_videos(container, path):
    """Warn where more than one track of an open file could be the video, and say which is read."""
    video, *others = _rank_video_streams(container)
    if others:
        warnings.warn(
            f"{path!r} has {1 + len(others)} video tracks: track {video.index} "
            f"({video.width}x{video.height}) is read, not "
            f"{', '.join(f'{other.index} ({other.width}x{other.height})' for other in others)}. "
            f"To measure another, copy it to a file of its own, for example with "
            f"`ffmpeg -i FILE -map 0:{others[0].index} -c copy other.mkv`.",
            RuntimeWarning,
            stacklevel=3,
        )


def make_decoder(stream):
    """Return a decoder of a track that tells what is transparent, where the track does."""
    decoder = _WITH_ALPHA.get(stream.codec_context.codec.name)
    if decoder not in av.codecs_available or stream.metadata.get("alpha_mode") != "1":
        return stream.codec_context
    return av.CodecContext.create(decoder, "r")


def _rank_video_streams(container):
    """Return the tracks that could be the video, the best first."""
    tracks = [
        track
        for track in container.streams.video
        if not track.disposition & _NO_VIDEO and not _is_still_image(track)
    ]
    lengths = {track.index: _read_duration(track) for track in tracks}
    longest = max(filter(None, lengths.values()), default=0)
    largest = max(map(_count_pixels, tracks), default=0)
    for is_video in (
        lambda track: track.frames != 1 and _SHORT * (lengths[track.index] or longest) >= longest,
        lambda track: _SMALL * _count_pixels(track) > largest,
        lambda track: not track.codec_context or track.codec.name not in _STILL_CODECS,
    ):
        tracks = list(filter(is_video, tracks)) or tracks
    is_default = _Disposition.default
    return sorted(
        tracks, key=lambda track: (not track.disposition & is_default, -_count_pixels(track))
    )


def _is_still_image(track):
    """Tell whether a "track" is one of the still images of an AVIF or HEIF file."""
    brand = track.container.metadata.get("major_brand", "")
    return brand in _IMAGE_BRANDS and track.frames == 1


def _count_pixels(track):
    return 0 if track.codec_context is None else track.width * track.height


def _read_duration(track):
    """Return how long a track is in seconds, None where nothing says so."""
    # Matroska says it in a tag; what FFmpeg says of it is the length of the whole file.
    told = (text for name, text in track.metadata.items() if name.startswith("DURATION"))
    return (
        parse_clock_time(next(told, ""))
        or (track.duration or 0) * Fraction(track.time_base)
        or None
    )


def parse_clock_time(clock):
    """Convert "01:02:03.5" to seconds; 0 for what is no such time."""
    parts = clock.split(":")
    try:
        return sum(60**power * Fraction(part) for power, part in enumerate(reversed(parts)))
    except ValueError:
        return Fraction(0)
