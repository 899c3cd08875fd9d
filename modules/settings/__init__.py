"""The typed settings of modules and components: data only, validated on construction.

`pipelines.config` composes them into the configuration file's schema; components hand them to
executors as JSON, so that they enter TFX's cache key.
"""

from modules.settings.base import Settings, Shots
from modules.settings.gate import GateSettings, RequirementSettings
from modules.settings.imported import ImportSettings, PixelScale
from modules.settings.methods import CenterLossSettings
from modules.settings.network import (
    ImportedNetworkSettings,
    NetworkSettings,
    SavedGraphSettings,
)
from modules.settings.optimization import EarlyStoppingSettings, OptimizerSettings, Schedule
from modules.settings.preprocessing import PreprocessingSettings
from modules.settings.pretraining import PretrainingSettings
from modules.settings.training import Precision, TrainingSettings
from modules.settings.transfer import TransferSettings
from modules.settings.validation import ValidationSettings

__all__ = [
    "CenterLossSettings",
    "EarlyStoppingSettings",
    "GateSettings",
    "ImportSettings",
    "ImportedNetworkSettings",
    "NetworkSettings",
    "OptimizerSettings",
    "PixelScale",
    "Precision",
    "PreprocessingSettings",
    "PretrainingSettings",
    "RequirementSettings",
    "SavedGraphSettings",
    "Schedule",
    "Settings",
    "Shots",
    "TrainingSettings",
    "TransferSettings",
    "ValidationSettings",
]
