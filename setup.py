"""Package definition of warmstart: which packages install and what they need on each stack."""

from setuptools import find_packages, setup

# Two stacks, one code base: TFX 1.21 needs glibc >= 2.39 and Python >= 3.11; older hosts run
# TFX 1.16 on Python 3.10 (with the last Beam that still brings dill, which tfx_bsl 1.16 imports).
TFX_1_16 = 'python_version < "3.11"'
TFX_1_21 = 'python_version >= "3.11"'

setup(
    name="warmstart",
    version="0.1.0",
    description="Transfer learning as one production TFX pipeline, with proof before serving.",
    license="Apache-2.0",
    python_requires=">=3.10,<3.14",
    packages=find_packages(include=["components*", "modules*", "pipelines*", "warmstart*"]),
    package_data={"modules.report": ["templates/*", "templates/sections/*"]},
    install_requires=[
        f"tfx==1.16.0; {TFX_1_16}",
        f"apache-beam==2.67.0; {TFX_1_16}",
        f"tfx==1.21.0; {TFX_1_21}",
        "apache-beam",
        "tensorflow",
        "tensorflow-transform",
        "keras>=3",
        # What TFX's executors in a container read their input as.
        "kfp-pipeline-spec",
        "cleanlab",
        "click",
        "filelock",
        "jinja2",
        "markupsafe",
        "matplotlib",
        "pillow",
        "pydantic>=2",
        "pyyaml",
        "rich",
        "scikit-learn",
        "scipy",
        "tensorboard",
        # TensorBoard 2.16 imports pkg_resources, which setuptools 82 left out.
        f"setuptools<82; {TFX_1_16}",
        "threadpoolctl",
    ],
    extras_require={
        # `warmstart submit`, and what else speaks to a Kubeflow Pipelines server.
        "kubeflow": ["kfp>=2", "requests", "tenacity"],
        "dev": [
            "cyclonedx-bom",
            # moto's S3 server, for which its own extra installs all of moto.
            "flask",
            "flask-cors",
            "hypothesis",
            # A test runs the notebook in examples/.
            "ipykernel",
            "kfp-kubernetes",
            "moto[s3]",
            "mypy",
            "nbclient",
            "nbformat",
            "pandas",
            "pandas-stubs",
            # TFX's stock components build a wheel of their module_file with it.
            "pip",
            "pre-commit",
            "psutil",
            "pytest",
            "pytest-timeout",
            "pytest-xdist",
            "ruff",
            "statsmodels",
            "types-protobuf",
            "types-PyYAML",
            "uv",
        ],
    },
    entry_points={"console_scripts": ["warmstart = pipelines.cli:run_and_exit"]},
)
