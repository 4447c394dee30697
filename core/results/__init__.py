"""What each job ends with: plain data that crosses the process border and becomes the command line's JSON."""

from typing import Any

from .advice import Advice as Advice
from .advice import Culprit as Culprit
from .advice import DoubtfulPlace as DoubtfulPlace
from .advice import EnvelopePoint as EnvelopePoint
from .advice import ShownProbe as ShownProbe
from .checks import Check as Check
from .checks import Float32Suggestion as Float32Suggestion
from .checks import LayerError as LayerError
from .compression import CompressionReport as CompressionReport
from .compression import CompressionTrial as CompressionTrial
from .compression import WeightSensitivity as WeightSensitivity
from .export import CoreMLSummary as CoreMLSummary
from .export import ExportResult as ExportResult
from .export import Feature as Feature
from .export import FunctionFeatures as FunctionFeatures
from .export import TextsResult as TextsResult
from .export import TorchScriptTexts as TorchScriptTexts
from .graph import GraphResult as GraphResult
from .graph import OperationTime as OperationTime
from .graph import TimesResult as TimesResult
from .inspection import BufferRow as BufferRow
from .inspection import EntryOutline as EntryOutline
from .inspection import Inspection as Inspection
from .inspection import ModuleRow as ModuleRow
from .inspection import Parameter as Parameter
from .inspection import SuggestedInput as SuggestedInput
from .package import ArraySummary as ArraySummary
from .package import BundleCheck as BundleCheck
from .package import PackageDescription as PackageDescription
from .package import PackageRun as PackageRun
from .package import RoundingReport as RoundingReport
from .package import UnsupportedOperation as UnsupportedOperation
from .package import ValueErrorRow as ValueErrorRow
from .package import ValueRange as ValueRange
from .result import Result as Result

AnyResult = (
    Advice
    | BundleCheck
    | CompressionReport
    | ExportResult
    | GraphResult
    | Inspection
    | PackageDescription
    | PackageRun
    | TextsResult
    | TimesResult
)

JsonObject = dict[str, Any]
