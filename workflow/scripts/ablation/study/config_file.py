"""Reading a configuration file, with one line about what is none. The standard library and PyYAML only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from ablation.study.wording import kind


def read(path: Path) -> tuple[dict[Any, Any] | None, str]:
    """Return what a configuration file holds, or None and why it holds nothing that can be one."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        return None, f"cannot be read ({error.strerror})"
    except UnicodeDecodeError as error:
        return None, f"is no text in UTF-8 (byte {error.start + 1})"
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = yaml.load(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f"line {mark.line + 1}: " if mark else ""
            return None, f"is no YAML ({line}{getattr(error, 'problem', None) or 'odd characters'})"
        except (ValueError, RecursionError) as error:
            return None, f"is no YAML ({error})"
    if not isinstance(found, dict):
        return None, "is empty" if found is None else f"holds {kind(found)} in place of keys with values"
    return found, ""
