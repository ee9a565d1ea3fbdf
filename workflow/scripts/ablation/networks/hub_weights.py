"""timm's published weights, from the Hugging Face hub: one file of one commit, its hash checked.

The file stays in the hub's own cache (HF_HOME), where it is found without a connection; another endpoint than
the public one is asked where HF_ENDPOINT says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import huggingface_hub
import timm
from huggingface_hub import constants, errors
from huggingface_hub.utils.tqdm import disable_progress_bars
from torch import Tensor

from ablation.networks.build import require_fit
from ablation.networks.messages import first_line
from ablation.networks.preprocessing import of_timms
from ablation.networks.weight_files import read_safetensors
from ablation.running.errors import UserError
from ablation.running.files import sha256

FILE = "model.safetensors"
OTHER_FILE = "choose another revision, or another tag"


def fetch(
    backbone: str, name: str, revision: str, file_sha256: str
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return timm's state dict `name` for a backbone, and the weight file's `about`.

    `name` is timm's, as resnet50.a1_in1k, or resnet50 for what timm takes if not told; `revision` is a commit
    of its repository on the hub. Raises UserError if there is no such file, it cannot be fetched, has another
    hash or does not fit the backbone; without a revision or a hash it says what they are.
    """
    cfg = configuration(name)
    name = ".".join(filter(None, (cfg.architecture, cfg.tag)))
    if not (revision and file_sha256):
        raise UserError(unpinned(name, cfg.hf_hub_id))
    path = download(cfg.hf_hub_id, revision)
    if (found := sha256(path)) != file_sha256:
        raise UserError(
            f"{path} has the SHA-256 {found}, but config.yaml has {file_sha256} for {name}: "
            "delete the file and run again, or correct config.yaml"
        )
    state, _ = read_safetensors(path, OTHER_FILE)
    try:
        # By timm itself, which renames what older files call otherwise.
        chosen = {"state_dict": state, "custom_load": False}
        made = timm.create_model(name, pretrained=True, pretrained_cfg_overlay=chosen)
    except (RuntimeError, ValueError, LookupError, OSError) as error:
        raise UserError(f"{path} holds no weights of {name} ({first_line(error)}): {OTHER_FILE}") from error
    require_fit(backbone, made.state_dict(), name, "choose another tag")
    about = {
        "backbone": backbone,
        "source": name,
        "revision": revision,
        "sha256": file_sha256,
        "input": of_timms(cfg).to_dict(),
    }
    return made.state_dict(), about


def configuration(name: str) -> Any:
    """Return timm's `PretrainedCfg` of weights; raise UserError if there are none of that name on the hub."""
    network = name.partition(".")[0]
    on_hub = [one for one in timm.list_pretrained(network) if timm.get_pretrained_cfg_value(one, "hf_hub_id")]
    if not on_hub:
        raise UserError(
            f"timm publishes no weights of {network} on the hub: choose weights whose source is 'file', "
            "'pretraining' or 'none'"
        )
    if name not in (network, *on_hub):
        raise UserError(f"timm publishes no weights {name} on the hub; one of: {', '.join(on_hub)}")
    return timm.get_pretrained_cfg(name)


def download(repository: str, revision: str) -> Path:
    """Return the path of a repository's weight file in the hub's cache, fetched if it is not there."""
    disable_progress_bars()
    what = f"{FILE} of {repository} at {revision}"
    try:
        path = huggingface_hub.hf_hub_download(repository, FILE, revision=revision)
    except errors.RemoteEntryNotFoundError as error:
        raise UserError(
            f"the hub has no {what}: choose another tag, or weights whose source is 'file'"
        ) from error
    except (errors.RevisionNotFoundError, errors.RepositoryNotFoundError) as error:
        raise UserError(
            f"the hub has no {what}: correct the revision in config.yaml, or leave it out to be told"
        ) from error
    except Exception as error:  # those of its HTTP library have no base in common with the others
        raise unreachable(what, error) from error
    # Where the hub's cache links to the file: were the link deleted, the file would be taken again.
    return Path(path).resolve()


def unpinned(name: str, repository: str) -> str:
    """Return the line that says what to write into config.yaml for the newest version of a file."""
    url = huggingface_hub.hf_hub_url(repository, FILE)
    try:
        newest = huggingface_hub.get_hf_file_metadata(url)
    except errors.RepositoryNotFoundError as error:
        raise UserError(f"the hub has no {FILE} of {repository}: choose another tag") from error
    except Exception as error:  # as above
        raise unreachable(f"{FILE} of {repository}", error) from error
    if not newest.commit_hash or len(newest.etag or "") != 64:
        raise UserError(
            f"{url} is no file of a hub, which would name its commit and SHA-256: mend HF_ENDPOINT"
        )
    return (
        f"config.yaml does not say which version of {name} to use: under `files` of the weight source, write "
        f"the newest as {name}: {{revision: {newest.commit_hash}, sha256: {newest.etag}}}"
    )


def unreachable(what: str, error: Exception) -> UserError:
    """Return the line for what could not be fetched and is not in the cache."""
    cause = (
        error.__cause__ if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__ else error
    )
    reason = "what answers is no hub" if isinstance(cause, errors.FileMetadataError) else first_line(cause)
    hub, cache = constants.ENDPOINT, constants.HF_HUB_CACHE
    return UserError(
        f"cannot fetch {what} from {hub} ({reason}), and it is not in {cache}: "
        "check the connection and HF_ENDPOINT, or choose other weights"
    )
