"""The demo film: drawn by the package, with known truth."""

from ._cartoon import make_cartoon_film

__all__ = ["make_cartoon_film"]
