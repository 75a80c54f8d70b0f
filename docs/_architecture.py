"""A diagram of the imports between rooms, read from the code."""

import ast
from html import escape
from pathlib import Path

# What a room may import lies below it.
STOREYS = [
    ["cli"],
    ["persistence", "recipes"],
    ["report"],
    ["export"],
    ["labels", "classify", "screentime"],
    ["features", "model_selection"],
    ["metrics"],
    ["video", "datasets"],
]
WIDTH, HEIGHT, STEP_X, STEP_Y = 128, 40, 190, 96


def imports(package):
    """Read which rooms of a package import which.

    Parameters
    ----------
    package : pathlib.Path
        The folder of the package.

    Returns
    -------
    dict of str to set of str
        By room (a folder, or a public module), the rooms it imports.
    """
    found = {}
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package).parts
        room = inside[0].removesuffix(".py")
        if room.startswith("_"):
            continue
        found.setdefault(room, set())
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom) or not node.level:
                continue
            # Dots lead from the module's own folder upwards.
            base = list(inside[:-1])[: len(inside) - node.level]
            target = base + (node.module or "").split(".") if node.module else base
            names = [target[0]] if target else [alias.name for alias in node.names]
            found[room] |= {name for name in names if name[0] != "_" and name != room}
    return found


def check(found):
    """Raise where an import does not go down.

    Parameters
    ----------
    found : dict of str to set of str
        As :func:`imports` gives it.

    Raises
    ------
    ValueError
        If a room has no place in the diagram, or imports one beside or above it.
    """
    level = {room: number for number, storey in enumerate(STOREYS) for room in storey}
    if set(found) != set(level):
        raise ValueError(f"Rooms without a place in the diagram: {set(found) ^ set(level)}.")
    for room, others in found.items():
        for other in others:
            if level[other] <= level[room]:
                raise ValueError(f"{room} imports {other}, which does not lie below it.")


def reduced(found):
    """Leave out imports that follow from others: of what an imported room imports itself.

    Parameters
    ----------
    found : dict of str to set of str
        As :func:`imports` gives it.

    Returns
    -------
    dict of str to set of str
        The imports that an arrow is drawn for.
    """

    def below(room):
        return found[room].union(*map(below, found[room]))

    return {room: others.difference(*map(below, others)) for room, others in found.items()}


def drawing(found):
    """Draw the rooms and their imports.

    Parameters
    ----------
    found : dict of str to set of str
        As :func:`imports` gives it.

    Returns
    -------
    str
        An SVG image.
    """
    check(found)
    widest = max(map(len, STOREYS))
    place = {}
    for row, storey in enumerate(STOREYS):
        for column, room in enumerate(storey):
            x = (column + (widest - len(storey)) / 2 + 0.5) * STEP_X
            place[room] = x, row * STEP_Y + HEIGHT
    width, height = widest * STEP_X, (len(STOREYS) - 1) * STEP_Y + 2 * HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="15" text-anchor="middle">',
        '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="#667"/></marker>',
    ]
    for room, others in reduced(found).items():
        x, y = place[room]
        for other in sorted(others):
            to_x, to_y = place[other]
            start, end = y + HEIGHT / 2, to_y - HEIGHT / 2
            # Lines over more than one storey bow out of the way of what lies between.
            bow = 0.35 * STEP_X * (1 if to_x >= x else -1) if to_y - y > STEP_Y else 0
            parts.append(
                f'<path d="M{x} {start}C{x + bow} {start + 30} {to_x + bow} {end - 30} '
                f'{to_x} {end - 2}" fill="none" stroke="#667" marker-end="url(#tip)"/>'
            )
    for room, (x, y) in place.items():
        parts.append(
            f'<rect x="{x - WIDTH / 2}" y="{y - HEIGHT / 2}" width="{WIDTH}" height="{HEIGHT}" '
            f'rx="6" fill="#eef3fb" stroke="#345"/><text x="{x}" y="{y + 5}" fill="#123">'
            f"{escape(room)}</text>"
        )
    return "\n".join(parts) + "\n</svg>\n"


if __name__ == "__main__":
    for room, others in imports(Path(__file__).parent.parent / "sktime_screen").items():
        print(f"{room:12}{' '.join(sorted(others)) or '-'}")
