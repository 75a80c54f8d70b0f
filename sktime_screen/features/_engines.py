"""What runs a network over pictures."""

import numpy as np


class KerasEngine:
    """Runs a network with Keras, on whatever backend and device Keras uses.

    Parameters
    ----------
    model : keras.Model
        Takes pictures (n, height, width, 3), uint8, and gives a table of features.
    batch_size : int
        The most pictures at a time.
    """

    def __init__(self, model, batch_size):
        self._model = model
        self._batch_size = batch_size

    def __call__(self, pictures):
        """Compute the features of one batch.

        Parameters
        ----------
        pictures : ndarray of shape (n, height, width, 3), uint8
            At most ``batch_size`` pictures.

        Returns
        -------
        ndarray of shape (n, n_features)
            A row a picture.
        """
        # Every new batch size is compiled anew: a small batch is filled up to the next power of
        # two, so few sizes are ever seen and less than half of the work is wasted.
        n_pictures = len(pictures)
        size = min(self._batch_size, 1 << max(0, n_pictures - 1).bit_length())
        if n_pictures < size:
            filled = np.zeros((size, *pictures.shape[1:]), pictures.dtype)
            filled[:n_pictures] = pictures
            pictures = filled
        return self._model.predict_on_batch(pictures)[:n_pictures]
