"""The usual ten lines: a scikit-learn pipeline from a pickle behind FastAPI."""

import io
import os

import joblib
import numpy as np
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from PIL import Image

model = joblib.load(os.environ["MODEL"])
app = FastAPI()


@app.post("/predict")
async def predict(request: Request):
    """The label of the image in the body."""
    pixels = np.asarray(Image.open(io.BytesIO(await request.body())).convert("RGB"))
    return {"label": str((await run_in_threadpool(model.predict, [pixels]))[0])}


@app.get("/health")
async def health():
    """That it lives."""
    return {"status": "ok"}
