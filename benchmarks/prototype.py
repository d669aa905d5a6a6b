"""The service that speed is compared with: what a prototype of this platform usually is, neither crippled nor tuned.

    python -m benchmarks.prototype --model bundles/leukemia.bundle --port 5000

One process of Flask's threaded server, the network loaded once into Keras; one request is one image, segmented by
colour, one `model.predict`; the answer is JSON, and nothing is stored. The network is the bundle's own.
"""

import argparse
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from mlcore.bundle import Bundle, read_bundle
from mlcore.engines.reference import network_of

LOWEST, HIGHEST = (115, 60, 40), (175, 255, 230)  # hue, saturation and value of stained nuclei


def service(bundle: Bundle) -> Flask:
    """The web application."""
    app = Flask(__name__)
    network: Any = network_of(bundle)
    classes, side = bundle.manifest.classes, bundle.manifest.recipe.input_size
    model = keras.Model(network.inputs, keras.layers.Softmax()(network.outputs[0]))
    model.predict(np.zeros((1, side, side, 3), np.float32), verbose=0)  # the first call builds its graph

    @app.get("/")
    def ready() -> ResponseReturnValue:
        return "ready"

    @app.post("/predict")
    def predict() -> ResponseReturnValue:
        content = np.frombuffer(request.files["file"].read(), np.uint8)
        image = cv2.cvtColor(cv2.imdecode(content, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        nuclei = segmented(image)
        pixels = cv2.resize(image, (side, side)).astype(np.float32) / 255
        row = model.predict(pixels[None], verbose=0)[0]
        best = int(row.argmax())
        return jsonify(
            label=classes[best], confidence=float(row[best]), nuclei_share=float(np.count_nonzero(nuclei)) / nuclei.size
        )

    return app


def segmented(image: "np.ndarray[Any, np.dtype[np.uint8]]") -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """A mask of what has the colour of nuclei."""
    mask = cv2.inRange(cv2.cvtColor(image, cv2.COLOR_RGB2HSV), LOWEST, HIGHEST)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), dtype=np.uint8)


def main() -> None:
    """Serve until somebody ends it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.bundle")
    parser.add_argument("--port", type=int, default=5000)
    options = parser.parse_args()
    service(read_bundle(options.model)).run("127.0.0.1", options.port, threaded=True)


if __name__ == "__main__":
    main()
