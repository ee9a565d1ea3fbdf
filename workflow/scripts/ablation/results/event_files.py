"""TensorBoard's event file of a run: its scalars, its values for HPARAMS, what it is, and its curves.

The same files of a run give the same bytes: times count from the run's start, as if that were 1970, so that
TensorBoard's relative times are those that were measured. Scalars are float32, as in all such files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from ablation.results.tracked import Tracked
from ablation.running.files import atomic

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

# What a reader expects at the head of such a file.
VERSION = "brain.Event:2"
ABOUT, CURVES = "about", "curves"
# RGBA, as TensorBoard counts channels.
_COLOURS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}


def write(run: Tracked, path: Path) -> None:
    """Write the event file of a run, whole or not at all."""
    from tensorboard.summary.writer.record_writer import RecordWriter

    with atomic(path) as temporary, temporary.open("wb") as file:
        writer = RecordWriter(file)
        for event in events(run):
            writer.write(event.SerializeToString(deterministic=True))


def events(run: Tracked) -> Iterator[Event]:
    """Yield what is in the file, in the order of its times."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.text.summary_v2 import text_pb

    yield Event(wall_time=0, file_version=VERSION)
    yield Event(wall_time=0, summary=started(run))
    # Indented, so that no sign in a name is taken for one of Markdown.
    told = "\n".join(f"    {line}" for line in json.dumps(run.tags, indent=2, ensure_ascii=False).split("\n"))
    yield Event(wall_time=0, summary=text_pb(ABOUT, told))
    for step, (epoch, seconds) in enumerate(zip(run.epochs, run.seconds, strict=True), start=1):
        yield Event(wall_time=seconds, step=step, summary=scalars(epoch))
    step, seconds = len(run.epochs), run.seconds[-1]
    yield Event(wall_time=seconds, step=step, summary=scalars(run.row))
    picture = Summary(value=[Summary.Value(tag=CURVES, image=image(run.curves))])
    yield Event(wall_time=seconds, step=step, summary=picture)
    yield Event(wall_time=seconds, summary=ended(seconds))


def scalars(values: dict[str, float]) -> Summary:
    """Return numbers under their names."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(tag=name, simple_value=value) for name, value in values.items()])


def image(path: Path) -> Summary.Image:
    """Return a picture, as it is in its file."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    with Image.open(path) as picture:
        (width, height), colours = picture.size, _COLOURS[picture.mode]
    content = path.read_bytes()
    return Summary.Image(width=width, height=height, colorspace=colours, encoded_image_string=content)


def started(run: Tracked) -> Summary:
    """Return a run's values for HPARAMS."""
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    # Each run by itself: runs of one group would be averaged, and have the values of one of them.
    made = hparams_pb(run.values, trial_id=f"{run.study}/{run.name}", start_time_secs=0)
    # Written there in the order of a table of hashes, which is another in each process.
    about = made.value[0].metadata.plugin_data
    found = HParamsPluginData.FromString(about.content)
    about.content = found.SerializeToString(deterministic=True)
    return made


def ended(seconds: float) -> Summary:
    """Return what tells HPARAMS that a run has ended well, and when."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    end = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_SUCCESS, end_time_secs=seconds)
    about = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(session_end_info=end))
    value = Summary.Value(tag=metadata.SESSION_END_INFO_TAG, metadata=about, tensor=metadata.NULL_TENSOR)
    return Summary(value=[value])
