"""Features of whole images and of faces, computed of images that are decoded once for both."""

import numpy as np

from .._parallel import is_shared_out
from .._progress import show_progress
from ..video import FrameSequence, iter_images_with_originals
from ._batches import find_distinct_frames, stack_batches
from ._extraction import PretrainedCNNFeatures
from ._face_features import FaceFeatures
from ._stored_frames import explain_failures, find_store_here


def can_share_decoding(images, faces, X):
    """Tell whether the images of X can be decoded once for two transformers."""
    return (
        isinstance(X, FrameSequence)
        and isinstance(images, PretrainedCNNFeatures)
        and isinstance(faces, FaceFeatures)
        and images.reuse_within is None
        # Processes share videos out, each transformer for itself.
        and not any(is_shared_out(part.n_jobs) for part in (images, faces))
    )


def transform_together(images, faces, X):
    """Return what ``transform`` of two fitted transformers gives for a sequence."""
    parts = images, faces
    views = [part._check_images(X) for part in parts]
    networks = [part._load_network() for part in parts]
    features = [np.empty((len(X), part.n_features_out_), part.dtype) for part in parts]
    first, source = find_distinct_frames(X.table)
    stores = [find_store_here(part.memory) for part in parts]
    failures = None if stores == [None, None] else {}
    work = [
        (network, values, view, *part._fill_stored(network, values, view, first, store, failures))
        for part, network, values, view, store in zip(
            parts, networks, features, views, stores, strict=True
        )
    ]
    # What only one of both lacks is decoded for that one alone.
    both = np.intersect1d(*(missing for *_, missing in work))
    if len(both):
        _compute_both(parts, work, both, failures, len(first))
    for part, (network, values, view, stored, missing) in zip(parts, work, strict=True):
        left = np.setdiff1d(missing, both)
        part._compute_missing(network, values, view, left, failures, stored, len(first))
    if failures:
        store = stores[1] if stores[0] is None else stores[0]
        raise explain_failures(failures, store, X.table["video"].nunique())
    tables = []
    for part, network, values, view in zip(parts, networks, features, views, strict=True):
        part._repeat(network, values, source)
        tables.append(part._make_table(network, view, values))
    return tables


def _compute_both(parts, work, rows, failures, total):
    """Fill some rows of both tables."""
    (images, faces), (of_images, of_faces) = parts, work
    with show_progress("Features", total, images.verbose or faces.verbose) as advance:
        advance(total - len(rows))
        receive = [
            part._receive(network, values, stored, count)
            for part, (network, values, _, stored, _), count in (
                (images, of_images, advance),
                (faces, of_faces, lambda count: None),
            )
        ]
        with receive[0] as store_features, receive[1] as store_faces:
            size = images._choose_batch_size(of_images[0])
            with of_faces[0].start(store_faces) as add:
                pairs = _hand_on(of_images[2], rows, failures, add)
                of_images[0].run(stack_batches(pairs, size), images.batch_size, store_features)


def _hand_on(frames, rows, failures, add):
    """Yield some rows of a sequence and their images, and hand each as recorded on to `add`."""
    for position, (image, original) in iter_images_with_originals(frames[rows], failures):
        add(rows[position], original)
        yield rows[position], image
