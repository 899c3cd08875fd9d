"""An executor that writes down what TFX hands to it, for tests of what comes before executors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor


class Executor(base_executor.BaseExecutor):
    """Leaves `given.json` in each of its outputs."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes types, folders, metadata and parameters."""
        given = {
            "inputs": {name: _described(artifact) for name, (artifact,) in input_dict.items()},
            "outputs": {name: _described(artifact) for name, (artifact,) in output_dict.items()},
            "parameters": exec_properties,
        }
        for (artifact,) in output_dict.values():
            Path(artifact.uri, "given.json").write_text(json.dumps(given))
            artifact.set_string_custom_property("written", artifact.uri)


def _described(artifact: types.Artifact) -> dict[str, Any]:
    declared = artifact.PROPERTIES or {}
    names = {*artifact.mlmd_artifact.properties, *artifact.mlmd_artifact.custom_properties}
    metadata = {
        name: getattr(artifact, name) if name in declared else artifact.get_custom_property(name)
        for name in names
    }
    return {"type": artifact.type_name, "uri": artifact.uri, "metadata": metadata}
