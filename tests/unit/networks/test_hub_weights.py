"""timm's weights, from a local server in the hub's place."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import timm
import torch
from hub_server import COMMIT, FILE, Hub, fail, running, serve
from huggingface_hub import constants
from states import assert_same
from weights import assert_refused

from ablation.networks import packaged_weights
from ablation.networks.hub_weights import fetch

NETWORK = "tf_efficientnet_lite0"
NAME = f"{NETWORK}.in1k"
REPOSITORY = f"timm/{NAME}"


@lru_cache
def file_on_the_hub() -> bytes:
    state = packaged_weights.read_packaged(NETWORK)
    return safetensors.torch.save({name: value.contiguous() for name, value in state.items()})


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's cache, which is empty."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def point_to(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the library ask this hub. It reads HF_ENDPOINT when it is imported: see test_fetch_weights.py."""
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:  # noqa: ARG001
    with running(Hub(REPOSITORY, file_on_the_hub())) as made:
        monkeypatch.setenv("no_proxy", "*")
        # The library waits longer and longer before it tries again.
        monkeypatch.setattr(time, "sleep", lambda _seconds: None)
        point_to(made, monkeypatch)
        yield made


def blobs(cache: Path) -> list[Path]:
    """The files that were fetched; what else there is are links to them and notes."""
    return [path for path in cache.glob("models--*/blobs/*") if path.is_file()]


def test_a_good_file(hub: Hub) -> None:
    state, about = fetch(NETWORK, NAME, COMMIT, hub.sha256)
    assert_same(state, packaged_weights.read_packaged(NETWORK))
    assert about == {
        "backbone": NETWORK,
        "source": NAME,
        "revision": COMMIT,
        "sha256": hub.sha256,
        "input": {"mean": [0.5] * 3, "std": [0.5] * 3, "size": 224, "interpolation": "bicubic"},
    }


def test_the_default_tag_is_timms(hub: Hub) -> None:
    assert fetch(NETWORK, NETWORK, COMMIT, hub.sha256)[1]["source"] == NAME
    assert timm.get_pretrained_cfg(NETWORK).tag == "in1k"


def test_a_file_is_fetched_once_and_then_found_without_a_network(hub: Hub, capfd: Any) -> None:
    fetch(NETWORK, NAME, COMMIT, hub.sha256)
    asked = len(hub.asked)
    assert sum(one.startswith("GET") for one in hub.asked) == 1
    hub.answer = fail(500)
    capfd.readouterr()
    fetch(NETWORK, NAME, COMMIT, hub.sha256)
    assert len(hub.asked) == asked
    assert capfd.readouterr() == ("", "")


def test_another_hash_than_that_of_the_configuration(hub: Hub, cache: Path) -> None:
    assert_refused(
        lambda: fetch(NETWORK, NAME, COMMIT, 64 * "0"),
        hub.sha256,
        64 * "0",
        NAME,
        "correct config.yaml",
        str(cache),
    )


def altered(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def test_other_bytes_than_announced(hub: Hub, cache: Path) -> None:
    hub.answer = serve(altered)
    assert_refused(
        lambda: fetch(NETWORK, NAME, COMMIT, hub.sha256), "has the SHA-256", "delete the file and run again"
    )
    (blob,) = blobs(cache)
    assert_refused(lambda: fetch(NETWORK, NAME, COMMIT, hub.sha256), str(blob))
    # As it says.
    blob.unlink()
    hub.answer = serve()
    fetch(NETWORK, NAME, COMMIT, hub.sha256)


def test_a_file_in_the_cache_that_was_altered_or_cut_short(hub: Hub, cache: Path) -> None:
    fetch(NETWORK, NAME, COMMIT, hub.sha256)
    (blob,) = blobs(cache)
    for content in (altered(hub.content), hub.content[:5000], b""):
        blob.write_bytes(content)
        assert_refused(lambda: fetch(NETWORK, NAME, COMMIT, hub.sha256), str(blob), "delete the file")
    blob.unlink()
    fetch(NETWORK, NAME, COMMIT, hub.sha256)


def test_a_transfer_that_breaks_off_once(hub: Hub) -> None:
    hub.answer = serve(sent=5_000_000, times=1)
    assert_same(fetch(NETWORK, NAME, COMMIT, hub.sha256)[0], packaged_weights.read_packaged(NETWORK))


@pytest.mark.parametrize("sent", [0, 5_000_000])
def test_a_transfer_that_always_breaks_off(sent: int, hub: Hub, cache: Path) -> None:
    hub.answer = serve(sent=sent)
    assert_refused(
        lambda: fetch(NETWORK, NAME, COMMIT, hub.sha256),
        REPOSITORY,
        hub.url,
        "check the connection",
        str(cache),
    )
    assert blobs(cache) == []


def test_a_shorter_file_than_announced(hub: Hub, cache: Path) -> None:
    hub.answer = serve(lambda content: content[:5000])
    assert_refused(
        lambda: fetch(NETWORK, NAME, COMMIT, hub.sha256), REPOSITORY, "5000", "check the connection"
    )
    assert blobs(cache) == []


@pytest.mark.parametrize("status", [403, 404, 500, 200], ids=str)
def test_an_error_page(status: int, hub: Hub, cache: Path) -> None:
    """200 is what a hotel's login page is."""
    hub.answer = fail(status)
    assert_refused(
        lambda: fetch(NETWORK, NAME, COMMIT, hub.sha256), REPOSITORY, COMMIT, hub.url, "HF_ENDPOINT"
    )
    assert not any(path.suffix == ".safetensors" for path in cache.rglob("*"))


def test_what_the_hub_does_not_have(hub: Hub) -> None:
    assert_refused(lambda: fetch(NETWORK, NAME, 40 * "f", hub.sha256), 40 * "f", REPOSITORY, "revision")
    hub.answer = fail(404, X_Error_Code="EntryNotFound", X_Repo_Commit=COMMIT)
    assert_refused(lambda: fetch(NETWORK, NAME, COMMIT, hub.sha256), FILE, REPOSITORY, "'file'")
    hub.answer = fail(404, X_Error_Code="RepoNotFound")
    assert_refused(lambda: fetch(NETWORK, NAME, COMMIT, hub.sha256), REPOSITORY, "revision")


def test_no_network(hub: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(Hub(REPOSITORY, b"")) as away:
        point_to(away, monkeypatch)
    for revision in (COMMIT, ""):
        assert_refused(
            lambda revision=revision: fetch(NETWORK, NAME, revision, hub.sha256),
            *(away.url, REPOSITORY, str(cache), "check the connection", "choose other weights"),
        )


def test_a_file_without_a_version_is_told_the_newest(hub: Hub, cache: Path) -> None:
    wanted = f"{NAME}: {{revision: {COMMIT}, sha256: {hub.sha256}}}"
    for revision, digest in (("", ""), (COMMIT, ""), ("", hub.sha256)):
        assert_refused(
            lambda r=revision, d=digest: fetch(NETWORK, NETWORK, r, d), wanted, "config.yaml", "files"
        )
    assert blobs(cache) == []
    for page in (fail(200), fail(404), fail(404, X_Error_Code="RepoNotFound"), fail(500)):
        hub.answer = page
        assert_refused(lambda: fetch(NETWORK, NAME, "", ""), REPOSITORY)


def test_weights_that_timm_has_not() -> None:
    assert_refused(lambda: fetch(NETWORK, f"{NETWORK}.in22k", COMMIT, ""), "in22k", f"one of: {NAME}")
    assert_refused(lambda: fetch("resnet43", "resnet43", COMMIT, ""), "no weights of resnet43", "'file'")


def test_a_file_of_another_network_and_one_of_other_classes(hub: Hub) -> None:
    other = safetensors.torch.load(file_on_the_hub()) | {"classifier.weight": torch.ones(5, 1280)}
    for state in ({"a": torch.ones(3)}, other):
        hub.content = safetensors.torch.save(state)
        shutil.rmtree(constants.HF_HUB_CACHE, ignore_errors=True)
        assert_refused(lambda: fetch(NETWORK, NAME, COMMIT, hub.sha256), NAME, "another revision")
    # Of another network than is asked for.
    hub.content = file_on_the_hub()
    shutil.rmtree(constants.HF_HUB_CACHE, ignore_errors=True)
    assert_refused(lambda: fetch("resnet34", NAME, COMMIT, hub.sha256), NAME, "fit ResNet", "another tag")
