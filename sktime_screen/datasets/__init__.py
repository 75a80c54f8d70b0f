"""The demo video: drawn by the package, with known truth."""

from ._cartoon import make_cartoon_video

__all__ = ["make_cartoon_video"]
