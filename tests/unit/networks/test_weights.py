"""Starting weights: published ones from a local server, our own files, a user's, and the scripts."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import pickle
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
import torchvision
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from states import assert_same, outputs, plain, with_auxiliary_heads
from torch import Tensor, nn

from ablation.networks import backbones, build, weight_files
from ablation.networks.backbones import BACKBONES
from ablation.networks.given import read_given
from ablation.networks.published import fetch
from ablation.photos import indexing, manifest, packing
from ablation.running.errors import UserError
from ablation.spec import Optimizer, Spec
from places import SCRIPTS

VERSION = "IMAGENET1K_V1"


@lru_cache
def file_of_torchvision() -> bytes:
    buffer = io.BytesIO()
    torch.save(with_auxiliary_heads(), buffer)
    return buffer.getvalue()


def assert_refused(call: Callable[[], Any], *mentioned: str) -> None:
    """Check for a UserError of one printable line that names these."""
    with pytest.raises(UserError) as raised:
        call()
    assert str(raised.value).isprintable()
    for text in mentioned:
        assert text in str(raised.value)


# --- published weights ------------------------------------------------------------------------------


def whole(request: BaseHTTPRequestHandler, body: bytes) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def not_found(request: BaseHTTPRequestHandler, _body: bytes) -> None:
    request.send_error(404)


def no_answer(_request: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Close the connection."""


def half(request: BaseHTTPRequestHandler, body: bytes) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body[: len(body) // 2])


def half_a_chunk(request: BaseHTTPRequestHandler, body: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n"
    request.wfile.write(head.encode() + body[: len(body) // 2])


def not_http(request: BaseHTTPRequestHandler, _body: bytes) -> None:
    request.wfile.write(b"220 mail.example.com ready\r\n\r\n")


def no_length(request: BaseHTTPRequestHandler, body: bytes) -> None:
    request.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: many\r\n\r\n" + body)


@dataclass
class Site:
    """A server that publishes GoogLeNet's weights, with what it was asked for."""

    publish: Callable[..., None]
    cache: Path
    answer: Callable[[BaseHTTPRequestHandler, bytes], None] = whole
    body: bytes = b""
    url: str = ""
    asked: list[str] = field(default_factory=list)
    stop: Callable[[], None] = lambda: None

    def cached(self) -> list[str]:
        return [path.name for path in self.cache.rglob("*") if path.is_file()]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("no_proxy", "*")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            made.answer(self, made.body)

        def log_message(self, *_args: Any) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()

    def publish(body: bytes, digest: str | None = None) -> None:
        """Serve these bytes under a name with the first digits of their hash, or with those given."""
        digits = digest or hashlib.sha256(body).hexdigest()[:8]
        made.body = body
        made.url = f"http://127.0.0.1:{server.server_port}/googlenet-{digits}.pth"
        value = torchvision.models.get_model_weights("googlenet")[VERSION].value
        monkeypatch.setattr(value, "url", made.url)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    made = Site(publish, tmp_path / "torch" / "hub" / "checkpoints", stop=stop)
    yield made
    stop()


def test_published_weights_are_torchvisions(site: Site, tmp_path: Path) -> None:
    site.publish(file_of_torchvision())
    state = fetch("googlenet", VERSION)
    assert_same(state, plain())
    weight_files.write_weights(tmp_path / "w.safetensors", state, {})
    net = build.pretrained("googlenet", tmp_path / "w.safetensors")
    theirs = torchvision.models.googlenet(weights=VERSION)
    assert theirs.transform_input
    assert torch.equal(outputs(net), outputs(theirs))


def test_published_weights_are_fetched_once(site: Site) -> None:
    site.publish(file_of_torchvision())
    for _ in range(2):
        assert_same(fetch("googlenet", VERSION), plain())
    assert len(site.asked) == 1
    assert site.cached() == [Path(site.url).name]


def test_other_bytes_than_the_published_are_refused(site: Site) -> None:
    site.publish(file_of_torchvision(), digest="01234567")
    assert_refused(lambda: fetch("googlenet", VERSION), site.url, "invalid hash value")
    assert site.cached() == []


@pytest.mark.parametrize("answer", [not_found, no_answer, half, half_a_chunk, not_http, no_length])
def test_a_failing_transfer_is_one_line_and_leaves_nothing(answer: Any, site: Site) -> None:
    site.publish(b"x" * 400_000)
    site.answer = answer
    assert_refused(lambda: fetch("googlenet", VERSION), site.url, "check the connection")
    assert len(site.asked) == 1
    assert site.cached() == []


def test_a_server_that_is_away_is_one_line(site: Site) -> None:
    site.publish(b"x")
    site.stop()
    assert_refused(lambda: fetch("googlenet", VERSION), site.url, "refused")
    assert site.cached() == []


@pytest.mark.parametrize("kind", ["empty", "text", "half", "one byte"])
def test_a_damaged_cache_is_named(kind: str, site: Site) -> None:
    whole = file_of_torchvision()
    site.publish(whole)
    site.cache.mkdir(parents=True)
    path = site.cache / Path(site.url).name
    middle = len(whole) // 2
    one_byte = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    path.write_bytes({"empty": b"", "text": b"hello\n", "half": whole[:middle], "one byte": one_byte}[kind])
    assert_refused(lambda: fetch("googlenet", VERSION), str(path), "altered or cut short")
    path.unlink()
    fetch("googlenet", VERSION)


@pytest.mark.parametrize(
    ("backbone", "known"), [("googlenet", [VERSION]), ("resnet50", [VERSION, "IMAGENET1K_V2"])]
)
def test_an_unknown_version_lists_the_known(backbone: str, known: list[str]) -> None:
    assert_refused(lambda: fetch(backbone, "IMAGENET1K_V9"), backbone, "'IMAGENET1K_V9'", *known)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_has_published_weights(backbone: str) -> None:
    published_as = torchvision.models.get_model_weights(backbone)[VERSION]
    # torch.hub checks the file's hash against these digits, and nothing if there are none.
    assert re.fullmatch(r"https://.*/[^/]+-[0-9a-f]{8}\.pth", published_as.url)
    with torch.device("meta"):
        net = build.untouched(backbone)
    assert sum(values.numel() for values in net.parameters()) == published_as.meta["num_params"]
    assert len(published_as.meta["categories"]) == backbones.IMAGENET_CLASSES


# --- our own files ----------------------------------------------------------------------------------


STATE = {
    "a.weight": torch.arange(6.0).view(2, 3),
    "a.batches": torch.tensor(7),
    "half": torch.tensor([1.5, -2], dtype=torch.bfloat16),
    "nothing": torch.ones(0, 4),
    "flags": torch.tensor([True, False]),
}
ABOUT = {"backbone": "googlenet", "classes": ["rose", "\u00e4"], "best_epoch": 3}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small weight file of the program's own."""
    path = tmp_path_factory.mktemp("ours") / "w.safetensors"
    weight_files.write_weights(path, STATE, ABOUT)
    return path


def test_our_own_file_is_read(ours: Path) -> None:
    state, about = weight_files.read_weights(ours)
    assert_same(state, STATE)
    assert about == ABOUT


def test_others_can_read_our_own_file(ours: Path) -> None:
    assert_same(safetensors.torch.load_file(ours), STATE)
    # As any new file, and not only by its owner.
    (ours.parent / "any").touch()
    assert ours.stat().st_mode == (ours.parent / "any").stat().st_mode


@pytest.mark.parametrize("hash_seed", ["1", "2", "3"])
def test_another_process_writes_the_same_bytes(ours: Path, tmp_path: Path, hash_seed: str) -> None:
    """safetensors' own metadata changes its order from process to process."""
    code = (
        "import sys; from pathlib import Path; from ablation.networks import weight_files\n"
        "weight_files.write_weights(Path('again'), *weight_files.read_weights(Path(sys.argv[1])))"
    )
    variables = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(SCRIPTS)}
    subprocess.run([sys.executable, "-c", code, ours], cwd=tmp_path, env=variables, check=True, timeout=120)
    assert (tmp_path / "again").read_bytes() == ours.read_bytes()


def resealed(path: Path, change: Callable[[dict[str, Tensor], dict[str, str]], Any]) -> Path:
    """Change what a weight file says, as another program might, but not its hash."""
    with safetensors.safe_open(path, framework="pt") as file:
        header = dict(file.metadata())
    state = safetensors.torch.load_file(path)
    change(state, header)
    changed = path.with_name("changed.safetensors")
    safetensors.torch.save_file(state, changed, metadata=header)
    return changed


def reshaped(state: dict[str, Tensor], _header: dict[str, str]) -> None:
    state["a.weight"] = state["a.weight"].view(3, 2)


def retyped(state: dict[str, Tensor], _header: dict[str, str]) -> None:
    state["a.weight"] = state["a.weight"].view(torch.int32)


def renamed(state: dict[str, Tensor], _header: dict[str, str]) -> None:
    state["b.weight"] = state.pop("a.weight")


def other_about(_state: dict[str, Tensor], header: dict[str, str]) -> None:
    header[weight_files.SEAL] = header[weight_files.SEAL].replace("rose", "lily")


CHANGES: dict[str, Callable[[dict[str, Tensor], dict[str, str]], Any]] = {
    "value": lambda state, _header: state["a.weight"].add_(1),
    "shape": reshaped,
    "type": retyped,
    "name": renamed,
    "surplus": lambda state, _header: state.update(more=torch.ones(1)),
    "missing": lambda state, _header: state.pop("nothing"),
    "about": other_about,
    "no hash": lambda _state, header: header.clear(),
    "hash of nothing": lambda _state, header: header.update({weight_files.SEAL: "{}"}),
    "hash no text": lambda _state, header: header.update({weight_files.SEAL: "[]"}),
    "hash no JSON": lambda _state, header: header.update({weight_files.SEAL: "x"}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_file_of_our_own_is_refused(
    ours: Path, change: Callable[[dict[str, Tensor], dict[str, str]], Any]
) -> None:
    path = resealed(ours, change)
    for read in (weight_files.read_weights, build.restore, lambda path: build.pretrained("vgg11", path)):
        assert_refused(lambda read=read: read(path), str(path), "was altered", "delete it and run again")


def test_a_file_written_again_unchanged_is_accepted(ours: Path) -> None:
    path = resealed(ours, lambda _state, _header: None)
    assert_same(weight_files.read_weights(path)[0], STATE)


def refused_or_equal(folder: Path, content: bytes) -> bool:
    """Read other bytes as a weight file; return whether they are refused."""
    path = folder / "w.safetensors"
    path.write_bytes(content)
    try:
        state, about = weight_files.read_weights(path)
    except UserError:
        return True
    assert_same(state, STATE)
    assert about == ABOUT
    return False


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, 10_000), value=st.integers(1, 255))
def test_a_changed_byte_is_refused_or_means_nothing(
    ours: Path, tmp_path_factory: pytest.TempPathFactory, place: int, value: int
) -> None:
    content = bytearray(ours.read_bytes())
    content[place % len(content)] ^= value
    refused_or_equal(tmp_path_factory.mktemp("changed"), bytes(content))


@settings(max_examples=100, deadline=None)
@given(length=st.integers(0, 10_000))
@example(length=-1)
def test_a_cut_file_of_our_own_is_refused(
    ours: Path, tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    content = ours.read_bytes()
    assert refused_or_equal(tmp_path_factory.mktemp("cut"), content[: length % len(content)])


# --- a user's file ----------------------------------------------------------------------------------


def save(state: Any, path: Path) -> Path:
    """Save as a user would, in the format of the suffix."""
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("heads", [False, True], ids=["plain", "auxiliary heads"])
def test_a_state_dict_is_read(suffix: str, heads: bool, tmp_path: Path) -> None:
    path = save(with_auxiliary_heads() if heads else plain(), tmp_path / f"w{suffix}")
    assert_same(read_given(path, "googlenet"), plain())


def test_files_of_before_batches_were_counted_are_read(tmp_path: Path) -> None:
    """torchvision's older files lack batch norm's num_batches_tracked."""
    old = {name: value for name, value in plain().items() if not name.endswith("num_batches_tracked")}
    state = read_given(save(old, tmp_path / "w.pth"), "googlenet")
    weight_files.write_weights(tmp_path / "w.safetensors", state, {})
    net = build.pretrained("googlenet", tmp_path / "w.safetensors")
    assert_same(net.state_dict(), plain())


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_half_precision_becomes_single(suffix: str, tmp_path: Path) -> None:
    half_precision = {
        name: value.half() if value.is_floating_point() else value for name, value in plain().items()
    }
    state = read_given(save(half_precision, tmp_path / f"w{suffix}"), "googlenet")
    wanted = {
        name: value.float() if value.is_floating_point() else value for name, value in half_precision.items()
    }
    assert_same(state, wanted)


class Touch:
    """An object whose pickle makes a file when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.marker}'",)


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
@pytest.mark.parametrize("write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value, 2))])
def test_code_in_a_file_is_not_run(write: Any, suffix: str, tmp_path: Path) -> None:
    path, marker = tmp_path / f"w{suffix}", tmp_path / "marker"
    write({"conv1.conv.weight": Touch(marker)}, path)
    assert_refused(lambda: read_given(path, "googlenet"), str(path))
    assert not marker.exists()


def test_the_file_above_would_run_code(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    pickle.loads(pickle.dumps(Touch(marker), 2))
    assert marker.exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("length", [0, 3, 5000, -30_000, -1])
def test_a_truncated_file_is_refused(suffix: str, length: int, tmp_path: Path) -> None:
    path = save({"a": torch.ones(100, 100), "b": torch.ones(3)}, tmp_path / f"w{suffix}")
    path.write_bytes(path.read_bytes()[:length])
    assert_refused(lambda: read_given(path, "googlenet"), str(path))


TEXTS = ["hello\n", "weights: none\n", "<!DOCTYPE html>\n", "# notes\n", "(dp0\n.", "{}", "]q", "version\n"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ""])
def test_a_text_file_is_refused(text: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"w{suffix}"
    path.write_text(text, encoding="utf-8")
    assert_refused(lambda: read_given(path, "googlenet"), str(path))


def test_random_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    for seed in range(100):
        path.write_bytes(np.random.default_rng(seed).bytes(500))
        assert_refused(lambda: read_given(path, "googlenet"), str(path))


@pytest.mark.parametrize(
    "value",
    [{}, [], torch.ones(3), {"conv1": 7}, {0: torch.ones(3)}, {"state_dict": {"a": torch.ones(3)}}, None],
    ids=["empty", "list", "tensor", "number", "number as key", "nested", "none"],
)
@pytest.mark.parametrize("backbone", ["googlenet", "alexnet"])
def test_what_is_no_state_dict_is_refused(value: Any, backbone: str, tmp_path: Path) -> None:
    path = save(value, tmp_path / "w.pth")
    assert_refused(lambda: read_given(path, backbone), str(path))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_another_backbones_state_dict_is_refused(suffix: str, tmp_path: Path) -> None:
    path = save(plain(), tmp_path / f"w{suffix}")
    assert_refused(lambda: read_given(path, "resnet34"), str(path), "ResNet")


def test_other_classes_than_imagenets_are_refused(tmp_path: Path) -> None:
    changed = plain() | {"fc.weight": torch.ones(5, 1024), "fc.bias": torch.ones(5)}
    path = save(changed, tmp_path / "w.pth")
    assert_refused(lambda: read_given(path, "googlenet"), str(path), "GoogLeNet", "1000")


def test_a_whole_network_is_refused(tmp_path: Path) -> None:
    path = save(nn.Linear(3, 2), tmp_path / "w.pth")
    assert_refused(lambda: read_given(path, "googlenet"), str(path), "state_dict()")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_missing_file_and_a_folder_are_refused(suffix: str, tmp_path: Path) -> None:
    missing, folder = tmp_path / f"missing{suffix}", tmp_path / f"folder{suffix}"
    folder.mkdir()
    for path in (missing, folder):
        assert_refused(lambda path=path: read_given(path, "googlenet"), str(path))


@pytest.mark.parametrize("length", [0, 5, -1])
def test_a_users_file_is_to_be_replaced_and_not_deleted(length: int, tmp_path: Path) -> None:
    path = save({"a": torch.ones(3)}, tmp_path / "w.safetensors")
    path.write_bytes(path.read_bytes()[:length])
    assert_refused(lambda: read_given(path, "googlenet"), str(path), "replace it by a good copy")


def test_metadata_of_another_program_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    safetensors.torch.save_file(plain(), path, metadata={"format": "pt", "about": "no JSON"})
    assert_same(read_given(path, "googlenet"), plain())


def test_a_file_of_ours_can_be_given_unless_it_was_altered(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    weight_files.write_weights(path, plain(), {"backbone": "googlenet"})
    assert_same(read_given(path, "googlenet"), plain())
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert_refused(
        lambda: read_given(path, "googlenet"), str(path), "was altered", "replace it by a good copy"
    )


# --- the scripts ------------------------------------------------------------------------------------


def run(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPTS / f"{script}.py", *arguments],
        env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def make_pack(folder: Path) -> Path:
    """Eight photos of two classes, six of which train."""
    rng = np.random.default_rng(0)
    for category in ("lily", "rose"):
        (folder / "photos" / category).mkdir(parents=True)
        for number in range(4):
            pixels = rng.integers(0, 256, (48, 48, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / category / f"{number}.png")
    manifest.write(indexing.build(folder / "photos", 0.75, 0), folder / "manifest.csv")
    packing.build(folder / "photos", folder / "manifest.csv", 48, folder / "pack")
    return folder / "pack"


def test_pretraining_makes_a_weight_file(tmp_path: Path) -> None:
    spec = Spec(
        backbone="googlenet",
        architecture="original",
        augmentation=(),
        optimizer=Optimizer("sgd", learning_rate=0.01, momentum=0.0, weight_decay=0.0, schedule="constant"),
        weights="none",
        image_size=48,
        batch_size=4,
        epochs=1,
        patience=1,
        precision="fp32",
        seed=5,
    )
    path, history = tmp_path / "out" / "w.safetensors", tmp_path / "out" / "history.csv"
    places = ("--pack", make_pack(tmp_path), "--output", path, "--history", history)
    ended = run("pretrain", "--spec", spec.to_json(), *places, "--threads", "1")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.fullmatch(r"epoch 1: train loss [^\n]+ s\n", ended.stdout)
    with history.open(newline="", encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1"]

    state, about = weight_files.read_weights(path)
    assert about == {"backbone": "googlenet", "source": "pretraining", "best_epoch": 1}
    assert {name: value.shape for name, value in state.items()} == {
        name: value.shape for name, value in plain().items()
    }
    net = build.pretrained("googlenet", path)
    assert outputs(net).shape == (2, 1000)
    assert outputs(net).isfinite().all()
    # Two of the outputs were trained, from what the spec's seed gives.
    torch.manual_seed(spec.seed)
    start = build.untouched("googlenet").state_dict()
    assert torch.equal(state["fc.weight"][2:], start["fc.weight"][2:])
    for name in ("fc.weight", "conv1.conv.weight"):
        assert not torch.equal(state[name][:2], start[name][:2])
        torch.testing.assert_close(state[name], start[name], atol=0.2, rtol=0)
    assert sorted(file.name for file in path.parent.iterdir()) == ["history.csv", "w.safetensors"]


def test_a_good_file_is_converted(tmp_path: Path) -> None:
    given, output = save(with_auxiliary_heads(), tmp_path / "mine.pth"), tmp_path / "w.safetensors"
    ended = run("convert_weights", "--backbone", "googlenet", "--given", given, "--output", output)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    state, about = weight_files.read_weights(output)
    assert_same(state, plain())
    assert about == {"backbone": "googlenet", "source": "mine.pth"}


def test_a_bad_file_is_one_line(tmp_path: Path) -> None:
    given, output = tmp_path / "mine.pth", tmp_path / "w.safetensors"
    given.write_text("hello\n", encoding="utf-8")
    ended = run("convert_weights", "--backbone", "googlenet", "--given", given, "--output", output)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(rf"error: {re.escape(str(given))} [^\n]+\n", ended.stderr)
    assert list(tmp_path.iterdir()) == [given]
