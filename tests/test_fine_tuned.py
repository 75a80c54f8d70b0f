import random
import shutil
import tempfile

import numpy as np
import pandas as pd
import pytest
from conftest import read_code
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline

from sktime_screen import (
    FineTunedCNNClassifier,
    ImageResizer,
    ScreenTimeAggregator,
    VideoFrameSampler,
)
from sktime_screen.classify._augmentation import Augmentation
from sktime_screen.classify._fine_tuned_network import FineTunedNetwork
from sktime_screen.classify._frame_buffer import decode_images
from sktime_screen.classify._network_cache import forget_networks, get_shared_network
from sktime_screen.features import get_backbone


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    """A saved network small enough to be trained many times."""
    import keras

    kernels = np.random.default_rng(0)
    layers = [keras.Input((32, 32, 3)), keras.layers.Rescaling(1 / 128, -1)]
    for filters in (8, 16):
        layers.append(keras.layers.Conv2D(filters, 3, strides=2, kernel_initializer="zeros"))
        layers.append(keras.layers.BatchNormalization(name=f"statistics{filters}"))
        layers.append(keras.layers.ReLU())
    model = keras.Sequential(layers)
    for weight in model.weights:
        if len(weight.shape) == 4:
            weight.assign(kernels.normal(0, 0.3, weight.shape))
    path = str(tmp_path_factory.mktemp("backbone") / "own.keras")
    model.save(path)
    return path


@pytest.fixture(scope="module")
def fine_tuned(backbone):
    """Make a classifier; tests share its network where they leave its shape alone."""
    quick = {
        "backbone": backbone,
        "trainable_layers": 1,
        "epochs": 4,
        "warm_up_epochs": 2,
        "learning_rate": 0.01,
        "fine_tuning_rate": 0.005,
        "batch_size": 8,
        "l2": 0.001,
        "random_state": 0,
    }
    return lambda **params: FineTunedCNNClassifier(**quick | params)


@pytest.fixture(scope="module")
def table():
    """Which of a bright square and a dark disc 48 images show."""
    shown = np.random.default_rng(1).integers(0, 2, (48, 2))
    return pd.DataFrame(shown, columns=["square", "disc"])


@pytest.fixture(scope="module")
def X(table):
    """Noisy images of 32 x 32 with a yellow square and a blue disc where they are shown."""
    generator = np.random.default_rng(2)
    images = generator.integers(90, 150, (48, 32, 32, 3)).astype(np.uint8)
    rows, columns = np.mgrid[:32, :32]
    for image, square, disc in zip(images, table["square"], table["disc"], strict=True):
        y, x = generator.integers(2, 8, 2)
        if square:
            image[y : y + 10, x : x + 10] = 250, 230, 10
        if disc:
            image[(rows - y - 18) ** 2 + (columns - x - 16) ** 2 < 30] = 10, 20, 240
    return images


@pytest.fixture(scope="module")
def y(table):
    return np.where(table["square"] == 1, "there", "away")


@pytest.fixture(scope="module")
def fitted(fine_tuned, X, y):
    return fine_tuned(epochs=20).fit(X, y)


def backbone_of(classifier):
    return get_shared_network(FineTunedNetwork, classifier._architecture)._backbone


def test_learns_what_images_show(fitted, X, y):
    assert fitted.classes_.tolist() == ["away", "there"]
    assert (fitted.predict(X) == y).mean() > 0.95
    probabilities = fitted.predict_proba(X)
    assert_allclose(probabilities.sum(axis=1), 1)
    assert_array_equal(fitted.predict(X) == "there", probabilities[:, 1] > 0.5)
    assert_array_equal(fitted.decision_function(X) > 0, probabilities[:, 1] > 0.5)
    assert_allclose(fitted.transform(X), probabilities, atol=1e-6)
    assert fitted.image_shape_ == (32, 32, 3)
    assert fitted.n_epochs_ == fitted.best_epoch_ == len(fitted.history_["loss"]) == 20


def test_only_the_last_layers_of_a_registered_backbone_change(X, y):
    classifier = FineTunedCNNClassifier(
        weights=None, epochs=2, warm_up_epochs=1, trainable_layers=4, random_state=0
    ).fit(X, y)
    source = get_backbone("efficientnet_lite0")
    fresh = source.load(source.build((32, 32, 3), "avg"), None)
    classifier.predict(X[:1])  # loads its weights
    changed = {
        old.path
        for old, new in zip(fresh.weights, backbone_of(classifier).weights, strict=True)
        if not np.array_equal(old.numpy(), new.numpy())
    }
    # Neither batch normalisation nor anything before the last block.
    assert {path.split("/")[-2] for path in changed} == {
        "block15_expand_conv",
        "block15_depthwise_conv",
        "block15_project_conv",
        "head_conv",
    }
    # A kernel and a bias for each of two layers of the head, and what changed.
    assert len(classifier.weights_) == 4 + len(changed)


def test_the_warm_up_leaves_the_backbone_alone(fine_tuned, X, y):
    warm = fine_tuned(epochs=2).fit(X, y)
    pretrained = get_shared_network(FineTunedNetwork, warm._architecture)._pretrained
    for weight, at_first in zip(warm.weights_[4:], pretrained, strict=True):
        assert_array_equal(weight, at_first)
    tuned = fine_tuned(epochs=3).fit(X, y)
    assert tuned.history_["loss"][:2] == warm.history_["loss"]
    assert not np.array_equal(tuned.weights_[-1], pretrained[-1])


def test_without_trainable_layers_only_the_head_is_kept(fine_tuned, X, y):
    classifier = fine_tuned(trainable_layers=0).fit(X, y)
    assert [weight.shape for weight in classifier.weights_] == [(16, 64), (64,), (64, 1), (1,)]


def test_same_seed_same_probabilities(fine_tuned, X, y):
    first, second, other = (
        fine_tuned(random_state=seed, dropout=0.5).fit(X, y).predict_proba(X) for seed in (3, 3, 4)
    )
    assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_global_generators_are_left_alone(fine_tuned, X, y):
    forget_networks()  # building the network is part of it
    before = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    fine_tuned(random_state=None, epochs=3).fit(X[:8], y[:8])
    assert random.getstate() == before[0]
    assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


def test_fits_do_not_depend_on_each_other(fine_tuned, fitted, X, y):
    before = fitted.predict_proba(X)
    fine_tuned(random_state=9, epochs=3).fit(X, y)
    assert_array_equal(fitted.predict_proba(X), before)


def test_table_of_labels(fine_tuned, X, table):
    classifier = fine_tuned(epochs=14).fit(X, table)
    assert classifier.class_names_.tolist() == ["square", "disc"]
    predicted = classifier.predict(X)
    assert predicted.shape == (48, 2)
    assert (predicted == table.to_numpy()).mean() > 0.9
    assert classifier.score(X, table[["disc", "square"]]) == classifier.score(X, table)
    assert classifier.get_feature_names_out().tolist() == ["square", "disc"]


def test_three_classes(fine_tuned, X, table):
    y = np.where(table["square"], "square", np.where(table["disc"], "disc", "nothing"))
    classifier = fine_tuned(epochs=3).fit(X, y)
    assert classifier.classes_.tolist() == ["disc", "nothing", "square"]
    assert_allclose(classifier.predict_proba(X).sum(axis=1), 1)
    assert classifier.decision_function(X).shape == (48, 3)


def test_class_weight_moves_probabilities(fine_tuned, X, y):
    light, heavy = (
        fine_tuned(class_weight={"there": weight}, epochs=3).fit(X, y).predict_proba(X)[:, 1]
        for weight in (0.05, 20)
    )
    assert light.mean() < 0.4 < 0.6 < heavy.mean()


def test_rows_without_weight_do_not_count(fine_tuned, X, y):
    wrong = np.where(np.arange(48) < 24, "there", y)
    weight = np.repeat([0.0, 1.0], 24)
    first = fine_tuned().fit(X, y, sample_weight=weight)
    second = fine_tuned().fit(X, wrong, sample_weight=weight)
    assert_array_equal(first.predict_proba(X), second.predict_proba(X))


def test_target_accuracy_stops_the_training_of_the_tutorial_recipe(X, y):
    """Three dense layers on MobileNetV2, dropout 0.5, SGD 0.001, until it is right."""
    classifier = FineTunedCNNClassifier(
        "MobileNetV2",
        weights=None,
        trainable_layers=0,
        hidden_layer_sizes=(64, 32, 16),
        dropout=0.5,
        optimizer="sgd",
        learning_rate=0.001,
        epochs=30,
        target_accuracy=0.3,
        random_state=0,
    ).fit(X, y, validation_data=(X[:20], y[:20]))
    reached = np.array(classifier.history_["val_accuracy"]) >= 0.3
    assert np.flatnonzero(reached).tolist() == [classifier.n_epochs_ - 1]
    assert classifier.best_epoch_ == classifier.n_epochs_ < 30


def test_the_best_epoch_is_kept(fine_tuned, X, y):
    classifier = fine_tuned(
        epochs=8, validation_fraction=0.25, early_stopping=True, patience=2, fine_tuning_rate=0.3
    ).fit(X, y)
    losses = classifier.history_["val_loss"]
    assert classifier.best_epoch_ == np.argmin(losses) + 1 < classifier.n_epochs_
    repeated = clone(classifier).set_params(epochs=classifier.best_epoch_).fit(X, y)
    assert_array_equal(repeated.predict_proba(X), classifier.predict_proba(X))


def test_changed_weights_file_is_noticed(X, y, fine_tuned, backbone, tmp_path):
    path = tmp_path / "own.keras"
    shutil.copy(backbone, path)
    classifier = fine_tuned(backbone=path).fit(X, y)
    before = classifier.predict_proba(X[:4])
    forget_networks()
    assert_array_equal(classifier.predict_proba(X[:4]), before)

    model = backbone_of(classifier)
    model.layers[1].set_weights([weight + 1 for weight in model.layers[1].get_weights()])
    model.layers[1].save(path)
    forget_networks()
    with pytest.raises(ValueError, match=r"own\.keras.* has changed since"):
        classifier.predict(X[:4])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"backbone": "efficientnet_lite9"}, "Unknown backbone 'efficientnet_lite9'.*lite0"),
        ({"trainable_layers": 3}, "trainable_layers=3, but own has 2 layers with a kernel"),
        ({"monitor": "val_loss"}, "needs rows to validate on"),
        ({"shift": 1.0}, "'shift' parameter .* must be a float in the range"),
    ],
)
def test_wrong_parameters(fine_tuned, params, message, X, y):
    with pytest.raises(ValueError, match=message):
        fine_tuned(**params).fit(X, y)


def test_wrong_images_and_labels(fine_tuned, fitted, X, y):
    with pytest.raises(ValueError, match="found float64 from 0"):
        fine_tuned().fit(X / 255, y)
    with pytest.raises(ValueError, match="at least 32 x 32 pixels, found 16 x 16"):
        FineTunedCNNClassifier().fit(X[:, :16, :16], y)
    with pytest.raises(TypeError, match="VideoFrameSampler makes images"):
        fine_tuned().fit(["video.mp4"], ["tom"])
    with pytest.raises(ValueError, match="at least two classes"):
        fine_tuned().fit(X, np.repeat("tom", 48))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        fine_tuned().fit(X, y[:-1])
    with pytest.raises(ValueError, match=r"put ImageResizer\(\(32, 32\)\) before"):
        fitted.predict(np.zeros((1, 40, 40, 3), np.uint8))


def test_pipeline_from_video_to_seconds(fine_tuned, video):
    """Image k of the video shows k: bit 5, a square of the image, is on for 32 frames of 64."""
    frames = VideoFrameSampler(rate=6).sample(video)
    shown = (frames["time"].to_numpy() * 24).round().astype(int) >> 5 & 1
    labels = pd.Series(np.where(shown == 1, "tom", "nobody"))
    pipeline = make_pipeline(
        VideoFrameSampler(rate=6),
        ImageResizer((32, 32)),
        fine_tuned(epochs=15, horizontal_flip=False, shift=0.0),
        ScreenTimeAggregator(background="nobody", smoothing=None),
    )
    pipeline.fit(frames, labels)
    seconds = pipeline.transform(frames)
    assert seconds.columns.tolist() == ["tom"]
    assert seconds.loc[video, "tom"] == pytest.approx(shown.sum() / 6, abs=1.0)
    probabilities = pipeline.set_output(transform="pandas")[:-1].transform(frames)
    assert probabilities.columns.tolist() == ["nobody", "tom"]
    assert_array_equal(probabilities.index.get_level_values("time"), frames["time"])

    params = {"finetunedcnnclassifier__fine_tuning_rate": [1e-3, 1e-4]}
    pipeline.set_params(finetunedcnnclassifier__epochs=3)
    search = GridSearchCV(pipeline, params, cv=StratifiedKFold(2), refit=False).fit(frames, labels)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_videos_and_arrays_give_the_same(fine_tuned, video):
    pipeline = make_pipeline(VideoFrameSampler(rate=3), ImageResizer((32, 32)))
    sequence = pipeline.fit_transform([video])
    y = np.arange(len(sequence)) % 2
    backwards = np.arange(len(sequence))[::-1]  # videos are decoded forwards
    of_video = fine_tuned(epochs=3).fit(sequence[backwards], y[backwards])
    of_array = fine_tuned(epochs=3).fit(np.asarray(sequence)[backwards], y[backwards])
    assert_array_equal(of_video.weights_[-1], of_array.weights_[-1])
    assert_allclose(
        of_video.predict_proba(sequence[backwards]),
        of_array.predict_proba(np.asarray(sequence))[backwards],
        rtol=1e-4,
    )


def test_decoded_images_are_on_disk_in_the_order_of_the_rows(video, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sequence = VideoFrameSampler(rate=4).fit_transform([video])[[30, 2, 17, 2]]
    with decode_images(sequence) as images:
        assert isinstance(images, np.memmap)
        assert [read_code(image) for image in images] == [180, 12, 102, 12]
    del images
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def slope():
    """Three images of 10 x 20 whose red tells the column and whose green tells the row."""
    image = np.zeros((10, 20, 3), np.uint8)
    image[..., 0] = np.arange(20) * 5
    image[..., 1] = np.arange(10)[:, None] * 5
    return np.stack([image] * 200)


def test_flips(slope):
    varied = Augmentation(True, 0.0, 0.0).vary(slope, np.random.default_rng(0))
    flipped = (varied == slope[:, :, ::-1]).all(axis=(1, 2, 3))
    kept = (varied == slope).all(axis=(1, 2, 3))
    assert_array_equal(flipped, ~kept)
    assert 70 < flipped.sum() < 130


def test_shifts(slope):
    varied = Augmentation(False, 0.1, 0.0).vary(slope, np.random.default_rng(0)).astype(int)
    assert set(varied[:, 5, 10, 0] // 5 - 10) == {-2, -1, 0, 1, 2}
    assert set(varied[:, 5, 10, 1] // 5 - 5) == {-1, 0, 1}
    assert set(varied[:, 0, 0, 0] // 5) == {0, 1, 2}


def test_colours(slope):
    grey = np.full_like(slope, 100)
    varied = Augmentation(False, 0.0, 0.2).vary(grey, np.random.default_rng(0))
    assert (varied == varied[:, :1, :1]).all()
    assert varied.min() in (80, 81)
    assert varied.max() in (119, 120)
    assert np.ptp(varied[:, 0, 0].astype(int), axis=1).max() > 20
    bright = Augmentation(False, 0.0, 0.2).vary(grey + 150, np.random.default_rng(0))
    assert bright.max() == 255
    assert bright.min() >= 199


def test_nothing_to_vary(slope):
    assert Augmentation(False, 0.0, 0.0).vary(slope, np.random.default_rng(0)) is slope
