"""Height and width of a feature map, as far as they can be known."""

from numbers import Integral


def choose_map_size(given, told, n_features):
    """Return height and width of the map, given or told by the table of features."""
    if isinstance(given, str):
        if told is None:
            raise ValueError(
                "map_size='auto', but X does not tell the size of its maps: only the table of "
                "PretrainedCNNFeatures(pooling=None) does, and no array or table that another "
                "step made of it. Set map_size=(height, width) of the map, most often those of "
                "the images divided by 32."
            )
        return told
    size = tuple(given)
    if len(size) != 2 or any(not isinstance(n, Integral) or n < 1 for n in size):
        raise ValueError(f"map_size={given!r}: expected the height and width of the feature map.")
    if told not in (None, size):
        raise ValueError(
            f"map_size={given!r}, but X holds maps of {told}, height and width: set "
            f"map_size to that, or to 'auto'."
        )
    if n_features % (size[0] * size[1]):
        raise ValueError(
            f"X has {n_features} columns, which is no map of {size[0]} x {size[1]} positions: "
            f"set pooling=None in PretrainedCNNFeatures, and map_size to the size of its map, "
            f"most often the height and width of the images divided by 32."
        )
    return int(size[0]), int(size[1])
