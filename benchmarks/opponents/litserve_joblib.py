"""The same pipeline behind LitServe, with its batches and one worker per core."""

import base64
import io
import os
import sys

import joblib
import litserve
import numpy as np
from PIL import Image


class Api(litserve.LitAPI):
    """Images as base64 in JSON, which is what LitServe parses."""

    def setup(self, device):
        """Load the model."""
        self.model = joblib.load(os.environ["MODEL"])

    def decode_request(self, request):
        """Pixels of a request."""
        data = base64.b64decode(request["image"])
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    def batch(self, inputs):
        """Images differ in size: they stay a list."""
        return inputs

    def predict(self, images):
        """Labels."""
        return [str(label) for label in self.model.predict(images)]

    def unbatch(self, output):
        """One label for each image."""
        return iter(output)

    def encode_response(self, output):
        """The answer."""
        return {"label": output}


if __name__ == "__main__":
    api = Api(max_batch_size=16, batch_timeout=0.005)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=os.cpu_count() or 1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
