"""Images that are sorted into one folder per class."""

import os

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")


def list_class_images(path):
    """List classes and names of image files, ``path/class/file``, as pairs in any order."""
    path = os.fspath(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"No such folder: {path!r} (looked in {os.getcwd()!r}).")
    if not os.path.isdir(path):
        raise NotADirectoryError(f"{path!r} is a file; expected a folder with class folders.")
    with os.scandir(path) as entries:
        classes = sorted(entry.name for entry in entries if entry.is_dir())
    classes = [name for name in classes if not name.startswith(".")]
    if not classes:
        raise ValueError(
            f"{path!r} has no class folders; expected a folder for each class or person in it."
        )
    images = []
    for name in classes:
        files = [
            file
            for file in os.listdir(os.path.join(path, name))
            if file.lower().endswith(IMAGE_ENDINGS) and not file.startswith(".")
        ]
        if not files:
            raise ValueError(
                f"The class folder {os.path.join(path, name)!r} has no images "
                f"({', '.join(IMAGE_ENDINGS)})."
            )
        images += [(name, file) for file in files]
    return images
