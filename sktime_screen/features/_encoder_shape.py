"""What images a network from elsewhere takes, and of which shape its answer is."""

from math import prod
from typing import NamedTuple

from ._errors import WeightsFileError

# How many tokens vision transformers put before those of the patches: none; the class token; that
# and the distillation token; four registers; the class token and four registers.
_LEADING_TOKENS = (0, 1, 2, 4, 5)
_WITH_CLASS_TOKEN = (1, 2, 5)
# The output that holds the tokens in exports of Hugging Face's transformers.
_TOKENS = "last_hidden_state"


class Layout(NamedTuple):
    """Where the sides of images are: in ``sides`` 3, height and width, or None where left open."""

    channels_last: bool
    sides: tuple[int | None, int | None, int | None]

    @property
    def image_size(self):
        """Height and width, or None where one of them is left open."""
        return None if None in self.sides[1:] else self.sides[1:]

    def shape(self, n, image_size):
        """Return the shape of `n` images."""
        return [n, *image_size, 3] if self.channels_last else [n, 3, *image_size]


def cut_network(network, output, path):
    """Return the part of a network that computes one output, and the nodes in it."""
    from openvino import Model

    result = _choose_output(network, output, path).get_node()
    nodes = _find_ancestors(result)
    inputs = [node for node in nodes if node.get_type_name() == "Parameter"]
    if len(inputs) != 1 or not find_layouts(inputs[0].output(0)):
        found = ", ".join(map(describe_port, (node.output(0) for node in inputs)))
        raise WeightsFileError(
            f"{path!r} takes {found or 'nothing'}: expected one input, images as (n, 3, height, "
            f"width) or (n, height, width, 3). Export the part of the network that sees images."
        )
    return Model([result], inputs, network.get_friendly_name()), nodes


def _choose_output(network, output, path):
    ports = network.outputs
    if output is None and len(ports) == 1:
        return ports[0]
    for port in ports:
        if (output or _TOKENS) in port.names:
            return port
    asked = f"output={output!r}" if output else "it has several outputs"
    raise ValueError(
        f"{path!r}: {asked}. Name one of these with output=: "
        f"{', '.join(map(describe_port, ports))}."
    )


def describe_port(port):
    """Return the name and the shape of an input or output, as text."""
    name = min(port.names, default="?")
    return f"{name!r} {port.partial_shape}"


def _find_ancestors(node):
    """Return a node and all that it is computed from."""
    found, waiting = {}, [node]
    while waiting:
        node = waiting.pop()
        # The objects of Python are made anew each time, the names are unique.
        if node.get_name() not in found:
            found[node.get_name()] = node
            waiting += [port.get_source_output().get_node() for port in node.inputs()]
    return list(found.values())


def _list_sides(port):
    """Return the sides of what passes, None for those left open; none if even how many is open."""
    shape = port.partial_shape
    if shape.rank.is_dynamic:
        return []
    return [None if side.is_dynamic else side.get_length() for side in shape]


def find_layouts(port):
    """Return where images have their channels if they go into an input; both if it is open."""
    _, *sides = _list_sides(port) or [0]
    if len(sides) != 3:
        return []
    layouts = [Layout(False, tuple(sides)), Layout(True, (sides[2], *sides[:2]))]
    return [layout for layout in layouts if layout.sides[0] in (3, None)]


def reshape_network(network, image_size, path):
    """Make a network take images of one size, any number of them or, if it cannot, one at a time.

    Returns the layout of the images and the shape of the answer for one.
    """
    port, reasons = network.inputs[0], []
    layouts = find_layouts(port)
    fitting = [
        layout
        for layout in layouts
        if all(a in (b, None) for a, b in zip(layout.sides[1:], image_size, strict=True))
    ]
    if not fitting:
        wanted = tuple(a or b for a, b in zip(layouts[0].sides[1:], image_size, strict=True))
        raise ValueError(
            "{!r} takes images of {} x {} pixels (height x width), found {} x {}: put "
            "ImageResizer({}) before it (--image-size {} {}).".format(
                path, *wanted, *image_size, wanted, *wanted
            )
        )
    for n, wanted in ((-1, None), (1, 1)):
        found = []
        for layout in fitting:
            try:
                network.reshape({port: layout.shape(n, image_size)})
            except RuntimeError as error:
                reasons.append(str(error).strip().splitlines()[-1])
                continue
            n_rows, *rest = _list_sides(network.outputs[0]) or [0]
            if n_rows == wanted and None not in rest:
                found.append((layout, tuple(rest)))
        if len(found) == 1:
            layout, shape = found[0]
            network.reshape({port: layout.shape(n, image_size)})
            return layout, shape
        if found:
            raise WeightsFileError(
                f"{path!r}: its input {describe_port(port)} does not tell whether the channels "
                f"come first or last. Export it with 3 channels instead of any number."
            )
    height, width = image_size
    reason = reasons[0] if reasons else f"the answer would be {network.outputs[0].partial_shape}"
    raise WeightsFileError(
        f"{path!r} does not give a row for each image of {height} x {width} pixels (height x "
        f"width): {reason} Take images of the size that it was exported for, or export it for "
        f"these."
    )


def find_grids(nodes):
    """Return heights and widths of what the network computes on its way from images."""
    kinds = ("Convolution", "GroupConvolution", "MaxPool", "AvgPool")
    grids = {(1, 1)}
    for node in nodes:
        if node.get_type_name() in kinds:
            grid = _list_sides(node.output(0))[2:]
            if len(grid) == 2 and None not in grid:
                grids.add(tuple(grid))
    return grids


def find_grid_of_tokens(n_tokens, grids, path):
    """Return height and width of the grid of patches, and how many tokens stand before them."""
    fitting = [
        (grid, n_tokens - prod(grid))
        for grid in grids
        if grid != (1, 1) and n_tokens - prod(grid) in _LEADING_TOKENS
    ]
    if len(fitting) != 1:
        known = " or ".join(f"{h} x {w}" for h, w in sorted(grids - {(1, 1)})) or "no"
        raise ValueError(
            f"{path!r} gives {n_tokens} tokens an image: expected those of a grid of patches "
            f"({known} patches are computed), alone or behind a class token, a class and a "
            f"distillation token, or four registers with or without a class token. Name another "
            f"output with output=, or export one that gives (n, n_features)."
        )
    return fitting[0]


def has_class_token(n_leading):
    """Tell whether the first of the tokens before those of patches is the class token."""
    return n_leading in _WITH_CLASS_TOKEN


def find_map_layout(shape, grids, channels_last, path):
    """Return whether a map has its channels last; ``shape`` without the images."""
    # Without a convolution, too, maps are made smaller by merging so many rows and columns.
    fitting = [
        last
        for last in (False, True)
        for height, width in [shape[:2] if last else shape[1:]]
        if any(divmod(h, height) == divmod(w, width) == (h // height, 0) for h, w in grids)
    ]
    if not fitting:
        raise ValueError(
            f"{path!r} gives {shape} an image, in which no map of the network's ("
            f"{', '.join(f'{h} x {w}' for h, w in sorted(grids))}) can be seen. Name another "
            f"output with output=, or export one that gives (n, n_features)."
        )
    return channels_last if len(fitting) > 1 else fitting[0]
