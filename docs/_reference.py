"""The page of the reference, made from the ``__all__`` of the package and of its rooms."""

import importlib
import inspect
import pkgutil

TITLES = {
    "video": "Videos to images",
    "features": "Images to features",
    "classify": "Features to who is in a frame",
    "screentime": "Who is in a frame to seconds",
    "metrics": "Metrics",
    "model_selection": "Model selection",
    "labels": "Labels in",
    "export": "Labels and answers out",
    "report": "Reports and plots",
    "datasets": "The demo video",
    "recipes": "The recommended pipeline",
    "cli": "The command line",
    "ground": "For bug reports",
}
# What users import from a room itself, since they need it too rarely for the top level.
OF_ROOMS = {
    "video": ["FrameSequence", "VideoError"],
    "features": ["WeightsUnavailableError", "list_backbones", "unpack_faces"],
    "model_selection": ["shot_boundaries"],
    "report": ["find_deciding_faces"],
    "datasets": ["make_cartoon_video"],
}


def rooms(package):
    """Return the names of the package's public modules, those with a title first."""
    found = [name for _, name, _ in pkgutil.iter_modules(package.__path__) if name[0] != "_"]
    known = [name for name in TITLES if name in found]
    return known + sorted(set(found) - set(known))


def public_names(package):
    """Return what users import.

    Parameters
    ----------
    package : module
        The package.

    Returns
    -------
    dict of str to list of str
        By room, the full names of what the package hands on, and of what the room itself does.
    """
    names = {}
    for room in rooms(package):
        module = importlib.import_module(f"{package.__name__}.{room}")
        handed_on = [
            name
            for name in package.__all__
            if getattr(getattr(package, name), "__module__", "").startswith(module.__name__)
        ]
        names[room] = [f"{package.__name__}.{name}" for name in sorted(handed_on)]
        names[room] += [f"{module.__name__}.{name}" for name in OF_ROOMS.get(room, [])]
    names["ground"] = [
        f"{package.__name__}.{name}"
        for name in package.__all__
        if getattr(getattr(package, name), "__module__", "").startswith(f"{package.__name__}._")
    ]
    listed = {name.split(".")[1] for found in names.values() for name in found}
    missing = set(package.__all__) - listed
    if missing:
        raise ValueError(f"No room hands out {sorted(missing)}: the reference would lack them.")
    return names


def page(package):
    """Return the page of the reference as reStructuredText."""
    lines = [
        "API reference",
        "=============",
        "",
        "Everything here can be imported from where it stands.",
        "",
    ]
    for room, names in public_names(package).items():
        if names:
            title = TITLES.get(room, room)
            lines += [title, "-" * len(title), ""]
            lines += [".. autosummary::", "   :toctree: generated", "   :nosignatures:", ""]
            lines += [f"   {name}" for name in names] + [""]
    return "\n".join(lines)


def own_methods(name):
    """Return the public methods of a class that this package wrote, inherited ones included."""
    module, _, attribute = name.rpartition(".")
    thing = getattr(importlib.import_module(module), attribute)
    package = module.partition(".")[0]
    methods = []
    for method in dir(thing):
        function = inspect.getattr_static(thing, method)
        function = getattr(function, "__func__", function)
        if (
            not method.startswith("_")
            and inspect.isfunction(function)
            and function.__module__.partition(".")[0] == package
        ):
            methods.append(method)
    return methods
