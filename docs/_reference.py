"""The page of the reference, made from the ``__all__`` of the package and of its rooms."""

import importlib
import inspect
import pkgutil

TITLES = {
    "frames": "Videos to images",
    "features": "Images to vectors",
    "classify": "Vectors to who is there",
    "screentime": "Who is there to how long",
    "labels": "Labels in and out",
    "report": "Answers out",
    "datasets": "The demo video",
    "recipes": "The recommended pipeline",
    "cli": "The command line",
    "ground": "For bug reports",
}


def rooms(package):
    """Return the names of the package's public modules, those with a title first."""
    found = [name for _, name, _ in pkgutil.iter_modules(package.__path__) if name[0] != "_"]
    known = [name for name in TITLES if name in found]
    return known + sorted(set(found) - set(known))


def public_names(package):
    """Return what each room hands out.

    Parameters
    ----------
    package : module
        The package.

    Returns
    -------
    dict of str to tuple of two lists of str
        By room, the full names of what the package hands on, and of what only the room has.
    """
    everywhere, names = set(), {}
    for room in rooms(package):
        module = importlib.import_module(f"{package.__name__}.{room}")
        own = [
            name
            for name, thing in vars(module).items()
            if (inspect.isclass(thing) or inspect.isfunction(thing))
            and thing.__module__.startswith(module.__name__)
            and name in getattr(module, "__all__", package.__all__)
        ]
        handed_on = sorted(set(own) & set(package.__all__))
        everywhere.update(handed_on)
        # The demo video's room is itself what the package hands on.
        inner = sorted(set(own) - set(handed_on))
        names[room] = (
            [f"{package.__name__}.{name}" for name in handed_on],
            [f"{module.__name__}.{name}" for name in inner],
        )
    ground = sorted(
        name
        for name in package.__all__
        if getattr(getattr(package, name), "__module__", "").startswith(f"{package.__name__}._")
    )
    names["ground"] = [f"{package.__name__}.{name}" for name in ground], []
    everywhere.update(ground)
    missing = set(package.__all__) - everywhere - set(names)
    if missing:
        raise ValueError(f"No room hands out {sorted(missing)}: the reference would lack them.")
    return names


def page(package):
    """Return the page of the reference as reStructuredText."""
    lines = [
        "API reference",
        "=============",
        "",
        "Every name can be imported from where it stands here. What stands under *sktime_screen*",
        "itself is what a user needs; what stands under a room is for extensions.",
        "",
    ]
    for room, (handed_on, inner) in public_names(package).items():
        if not handed_on and not inner:
            continue
        title = TITLES.get(room, room)
        lines += [title, "-" * len(title), ""]
        for names in (handed_on, inner):
            if names:
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
