"""The features of every tf.train.Example in the pipeline, whatever the input format was."""

from __future__ import annotations

IMAGE = "image"  # bytes: one encoded image (PNG, JPEG); raw pixels are stored as PNG at ingestion
LABEL = "label"  # int64: index into the class names
DOMAIN = "domain"  # bytes: name of the domain that the example comes from
EXAMPLE_ID = "example_id"  # bytes: unique and stable within a domain, e.g. b"train/00000042"
HEIGHT = "height"  # int64: pixels, as ingested
WIDTH = "width"  # int64: pixels, as ingested
CHANNELS = "channels"  # int64: 1 (grey) or 3 (colour), as ingested
GROUP = "group"  # bytes: name of the images that it belongs with; only where groups are configured
SPAN = "span"  # int64: the batch of data that it arrived with; only where the path has spans

CHANNEL_CHOICES = (1, 3)

TRAIN_SPLIT = "train"
EVAL_SPLIT = "eval"

# Written at the root of each Examples artifact: a JSON list of class names in label order.
CLASSES_FILE = "classes.json"
# Beside it: how the images were read, and which were left out; see ImageExampleGen.
INGESTION_FILE = "ingestion.json"
