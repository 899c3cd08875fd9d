"""The compiled default scenario, without what every edit of the code changes.

To write it again after an intended change: python -m tests.kubeflow.golden
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from pipelines.config import load_config
from pipelines.kubeflow.compiler import compile_pipeline
from tests.kubeflow.conftest import CONFIG, IMAGE, PIPELINE_ROOT

GOLDEN = Path(__file__).with_name("mnist_to_optdigits.golden.yaml")


def without_versions(text: str) -> str:
    """Masks the source fingerprints and the differences between the two stacks."""
    # YAML quotes one that could be a number, such as 12345678901234e5.
    text = re.sub(r"'?\b[0-9a-f]{16}\b'?", "<source fingerprint>", text)
    options = r"(stats_options_json:\n *runtimeValue:\n *constant: ).*?(\n *retryPolicy:)"
    text = re.sub(options, r"\1<stack>\2", text, flags=re.DOTALL)
    return re.sub(r"sdkVersion: tfx-[\d.]+", "sdkVersion: <stack>", text)


def main() -> None:
    """Writes the golden file."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "p.yaml")
        compile_pipeline(
            load_config(CONFIG), image=IMAGE, pipeline_root=PIPELINE_ROOT, output=output
        )
        GOLDEN.write_text(without_versions(output.read_text()))


if __name__ == "__main__":
    main()
