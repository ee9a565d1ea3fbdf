"""Classify photos: python predict_onnx.py photo.jpg ... Needs onnxruntime, numpy and Pillow."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

session = onnxruntime.InferenceSession(Path(__file__).with_name("model.onnx"))
about = json.loads(session.get_modelmeta().custom_metadata_map["about"])
size, method = about["size"], Image.Resampling[about["interpolation"].upper()]
for name in sys.argv[1:]:
    photo = ImageOps.exif_transpose(Image.open(name))
    if photo.mode.startswith(("I", "F")):  # Pillow would cut off what is above 255
        sys.exit(f"{name} has more than 8 bits a channel: convert it first")
    photo = photo.convert("RGB")
    photo = photo.resize((size, size), method)
    (probabilities,) = session.run(None, {"photos": np.asarray(photo)[None]})[0]
    print(name, about["classes"][probabilities.argmax()], f"{probabilities.max():.6f}", sep="\t")
