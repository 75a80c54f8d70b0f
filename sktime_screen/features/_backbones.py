"""The registry of pretrained networks: the EfficientNet-Lites and those of keras.applications."""

import difflib
import inspect
import os
import re
from pathlib import Path

from .._keras import get_keras_home, load_keras
from . import _efficientnet_lite
from ._backbone import Backbone
from ._errors import WeightsUnavailableError

_DEFAULT_SIZE = (224, 224)
# Height and width of the images these networks were trained on, where not 224 by 224. Keras
# tells it only by building the whole network, classifier included.
_OTHER_SIZES = {
    "efficientnet_b1": 240,
    "efficientnet_b2": 260,
    "efficientnet_b3": 300,
    "efficientnet_b4": 380,
    "efficientnet_b5": 456,
    "efficientnet_b6": 528,
    "efficientnet_b7": 600,
    "efficientnet_v2_b1": 240,
    "efficientnet_v2_b2": 260,
    "efficientnet_v2_b3": 300,
    "efficientnet_v2_s": 384,
    "efficientnet_v2_m": 480,
    "efficientnet_v2_l": 480,
    "inception_resnet_v2": 299,
    "inception_v3": 299,
    "nasnet_large": 331,
    "xception": 299,
}


class _EfficientNetLite(Backbone):
    """One of the family; for maps without the last convolution.

    Such a map has a quarter of the channels, from which each place's 1,280 would be computed.
    """

    def __init__(self, number, *, include_head):
        self.name = f"efficientnet_lite{number}" + ("" if include_head else "_map")
        self.input_size = _efficientnet_lite.INPUT_SIZES[number]
        self._number = number
        self._include_head = include_head

    def build(self, input_shape, pooling=None):
        return _efficientnet_lite.build_efficientnet_lite(
            self._number, input_shape, include_head=self._include_head, pooling=pooling
        )

    def preprocess(self, images):
        return _efficientnet_lite.preprocess(images)

    def _load_imagenet(self, model, pooling):
        path = _efficientnet_lite.find_imagenet_weights(self._number)
        _efficientnet_lite.load_torch_weights(model, path)
        return model

    def _load_file(self, model, path):
        if path.endswith(".pth"):
            _efficientnet_lite.load_torch_weights(model, path)
        else:
            super()._load_file(model, path)


_OWN = {
    backbone.name: backbone
    for number in _efficientnet_lite.INPUT_SIZES
    for include_head in (True, False)
    for backbone in [_EfficientNetLite(number, include_head=include_head)]
}


class _KerasApplication(Backbone):
    def __init__(self, name, constructor):
        self.name = name
        size = _OTHER_SIZES.get(name)
        self.input_size = (size, size) if size else _DEFAULT_SIZE
        self._constructor = constructor

    def build(self, input_shape, pooling=None):
        return self._constructor(
            include_top=False, weights=None, input_shape=input_shape, pooling=pooling
        )

    def preprocess(self, images):
        module = getattr(load_keras().applications, _get_module_name(self._constructor))
        return module.preprocess_input(images)

    def _load_imagenet(self, model, pooling):
        try:
            return self._constructor(
                include_top=False,
                weights="imagenet",
                input_shape=model.input_shape[1:],
                pooling=pooling,
            )
        except Exception as error:
            # Keras raises a bare Exception where a server cannot be reached or has no such file.
            failure = re.match(r"URL fetch failure on (\S+): ", str(error))
            if failure is None and not isinstance(error, OSError):
                raise
            wanted = f"the file {failure[1]}" if failure else "their file"
            folder = os.path.join(get_keras_home(), "models")
            raise WeightsUnavailableError(
                f"The ImageNet weights of {self.name} are not on this machine and {wanted} cannot "
                f"be downloaded ({error}). Download it elsewhere and pass "
                f'weights="/path/to/file", or put it into {folder!r}, where Keras '
                f'looks first. backbone="efficientnet_lite0" needs no download.'
            ) from error


def _get_module_name(constructor):
    """Return the module of ``keras.applications`` that a network belongs to."""
    return constructor.__module__.rpartition(".")[2]


def _normalize_name(name):
    return re.sub(r"[\W_]", "", name).lower()


def _make_registry_name(constructor):
    # Keras writes MobileNetV3Large in the module mobilenet_v3: the module shows where the words
    # of the name part.
    family = _get_module_name(constructor)
    name = constructor.__name__.lower()
    rest = name.removeprefix(_normalize_name(family))
    if rest == name:
        return re.sub(r"(?<=\d)v(?=\d)", "_v", name)
    return family + ("" if not rest or rest[0].isdigit() else "_") + rest


def _find_keras_applications():
    """Return the networks of ``keras.applications``: registry name to constructor."""
    members = vars(load_keras().applications).values()
    networks = [
        member
        for member in members
        if inspect.isfunction(member) and "include_top" in inspect.signature(member).parameters
    ]
    return {_make_registry_name(network): network for network in networks}


def list_backbones() -> list[str]:
    """List the names of backbones.

    Returns
    -------
    list of str
        "efficientnet_lite0" and "efficientnet_lite2", whose ImageNet weights are installed with
        the package; "efficientnet_lite0_map" and "efficientnet_lite2_map", the same networks
        without their last convolution, whose feature maps have 320 and 352 channels instead of
        1,280; and the networks of ``keras.applications``, whose weights Keras downloads at first
        use.

    See Also
    --------
    PretrainedCNNFeatures : Computes features with one of them.

    Examples
    --------
    >>> from sktime_screen.features import list_backbones
    >>> names = list_backbones()
    >>> names[0], "vgg16" in names, "mobilenet_v2" in names
    ('efficientnet_lite0', True, True)
    """
    return [*_OWN, *sorted(_find_keras_applications())]


def get_backbone(name) -> Backbone:
    """Look a network up.

    Parameters
    ----------
    name : str
        One of :func:`list_backbones`; upper case, "-" and "_" make no difference, so
        "MobileNetV2" is "mobilenet_v2".

    Returns
    -------
    Backbone
        How the network is built, fed and given its weights.

    Raises
    ------
    ValueError
        If there is no such network; the message lists those with similar names.
    """
    own = {_normalize_name(known): network for known, network in _OWN.items()}
    if _normalize_name(name) in own:
        return own[_normalize_name(name)]
    networks = _find_keras_applications()
    by_plain_name = {_normalize_name(known): known for known in networks}
    known = by_plain_name.get(_normalize_name(name))
    if known is None:
        choices = {**{_normalize_name(known): known for known in _OWN}, **by_plain_name}
        close = difflib.get_close_matches(_normalize_name(name), choices, n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(repr(choices[c]) for c in close)}?" if close else ""
        raise ValueError(
            f"Unknown backbone {name!r}.{hint} list_backbones() lists the {len(choices)} names; "
            f"a keras.Model or the path of a file .keras, .onnx, .tflite or .xml is taken as well."
        )
    return _KerasApplication(known, networks[known])


def is_model_path(backbone):
    """Tell the path of a saved model from the name of a network."""
    return isinstance(backbone, os.PathLike) or Path(backbone).suffix in (".keras", ".h5")
