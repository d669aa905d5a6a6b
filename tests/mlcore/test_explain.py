"""The activation map shows where the evidence is, and depends on what the network learned."""

import numpy as np

from mlcore.explain import class_activation_map


def test_it_points_at_the_evidence() -> None:
    features = np.zeros((7, 7, 4), np.float32)
    features[1, 5, 2] = 3.0
    kernel = np.eye(4, dtype=np.float32)

    shown = class_activation_map(features, kernel, 2, (224, 224))

    row, column = np.unravel_index(shown.argmax(), shown.shape)
    assert (int(row) // 32, int(column) // 32) == (1, 5)
    assert shown.max() == 1
    assert shown.min() == 0
    assert shown.dtype == np.float32


def test_it_has_the_images_size_up_to_1024() -> None:
    features, kernel = np.ones((7, 7, 4), np.float32), np.eye(4, dtype=np.float32)

    assert class_activation_map(features, kernel, 0, (50, 60)).shape == (50, 60)
    assert class_activation_map(features, kernel, 0, (3000, 1500)).shape == (1024, 512)


def test_what_speaks_for_all_classes_alike_is_no_evidence() -> None:
    features = np.ones((7, 7, 4), np.float32)

    assert class_activation_map(features, np.ones((4, 3), np.float32), 1, (50, 50)).max() == 0


def test_a_network_without_average_pooling_has_an_empty_map() -> None:
    features, kernel = np.ones((4, 4, 128), np.float32), np.ones((256, 2), np.float32)

    assert class_activation_map(features, kernel, 1, (50, 50)).max() == 0
