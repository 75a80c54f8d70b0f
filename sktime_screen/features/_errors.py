"""What can go wrong with the weights of a network."""


class WeightsFileError(ValueError):
    """A file of weights is damaged, of another kind, or made for another network."""


class WeightsUnavailableError(OSError):
    """The ImageNet weights of a network are not on this machine and cannot be downloaded."""
