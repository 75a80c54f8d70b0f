"""Screen time of characters, actors and things in videos, as scikit-learn pipelines."""

import lazy_loader

__version__ = "0.1.0"

# Each name is imported when it is first used; what there is stands in __init__.pyi.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
