"""How the keys of a recipe are called in the window, what each of them does, and how their values are called."""

from dataclasses import dataclass, field

from ...core.recipe.model import (
    TARGETS,
    Checks,
    CoreML,
    CoreMLClassifier,
    CoreMLCompression,
    CoreMLFunction,
    CoreMLImage,
    CoreMLInput,
    CoreMLMetadata,
    CoreMLOutput,
    Model,
    Recipe,
    TorchScript,
)

WEIGHT_FILES = "Weights (*.pt *.pth *.safetensors);;All files (*)"
PACKAGES = "Core ML packages (*.mlpackage)"
TEXT_FILES = "Text files (*.txt *.csv);;All files (*)"


@dataclass(frozen=True)
class Words:
    label: str
    help: str = ""
    hint: str = ""
    choices: dict[str, str] = field(default_factory=dict)
    lowest: int = 0
    highest: int = 2_147_483_647
    is_long: bool = False
    """A text of several lines."""
    files: str = ""


def words_of(owner: type, key: str) -> Words:
    """Return the words of a key; one that nobody has described yet is called by its own name."""
    return WORDS.get((owner, key)) or Words(key.replace("_", " ").capitalize())


def target_text(target: str) -> str:
    """Return ``iOS 17 or later``."""
    name = target.rstrip("0123456789.")
    return f"{name} {target[len(name) :]} or later"


_DTYPES = {"": "as the precision says", "float16": "16 bit (float16)", "float32": "32 bit (float32)"}
_LAYOUTS = {
    "rgb": "Colour, red first (RGB)",
    "bgr": "Colour, blue first (BGR)",
    "grayscale": "Grey, 8 bit",
    "grayscale_float16": "Grey, 16 bit (from iOS 16)",
}

WORDS: dict[tuple[type, str], Words] = {
    (Recipe, "lane"): Words(
        "Export with",
        "torch.jit makes a TorchScript file (.pt) as the marks say. torch.export makes a .pt2, knows no marks, and can "
        "convert models that TorchScript refuses; Core ML is made from either.",
        choices={"torchscript": "torch.jit (TorchScript)", "torch.export": "torch.export (no marks)"},
    ),
    (Model, "weights"): Words(
        "Weights",
        "A file with trained weights, loaded after the model is made. Empty: as the constructor makes them.",
        hint="none: as the constructor makes them",
        files=WEIGHT_FILES,
    ),
    (Model, "weights_strict"): Words(
        "Every weight must fit", "Off: weights that are missing or left over are reported, and the rest is used."
    ),
    (Model, "mode"): Words(
        "Mode",
        "Dropout and batch normalisation behave differently in training; the export keeps the mode it is made in.",
        choices={"eval": "Evaluation (usual)", "train": "Training"},
    ),
    (Model, "device"): Words("Device", "Where the model runs while it is exported."),
    (TorchScript, "check_trace"): Words(
        "Trace twice and compare",
        "Finds models that do not do the same thing in every run. Off: the trace is made in a quarter of the time, "
        "and only ExportDesk's own random inputs compare the result with your model.",
    ),
    (TorchScript, "check_tolerance"): Words(
        "Tolerance",
        "The largest relative error at which a compiled model still counts as equal to yours. Larger lets more pass.",
        hint="1e-05",
    ),
    (TorchScript, "strict"): Words(
        "Strict containers",
        "On: a model that returns a dictionary, or a list it has changed, is refused. "
        "Off: such containers may be outputs; their structure is frozen as it is for the example.",
    ),
    (Checks, "probes"): Words(
        "Random inputs",
        "Every file that is made is run on this many random inputs and compared with your model in Python.",
        lowest=1,
        highest=10_000,
    ),
    (Checks, "seed"): Words(
        "Seed", "Begins the random numbers of the inputs and of untrained weights; the same seed, the same export."
    ),
    (Checks, "coreml_psnr_db"): Words(
        "16-bit agreement (dB)",
        "How close a 16-bit Core ML program must come, as peak signal-to-noise ratio; 60 dB is one part in a thousand. "
        "Empty: set from what rounding does to the model, never below 40.",
        hint="automatic",
    ),
    (Checks, "coreml_relative_error"): Words(
        "32-bit error",
        "The largest relative error of the Core ML program computed in 32 bit. Empty: set from rounding.",
        hint="automatic",
    ),
    (Checks, "layers"): Words(
        "Compare layer by layer", "Also where every check passes; takes longer, and shows where precision is lost."
    ),
    (CoreML, "enabled"): Words("Make a Core ML package", "Off: only the TorchScript file is made."),
    (CoreML, "minimum_deployment_target"): Words(
        "Runs on",
        "The oldest system on which the app must run. Newer ones have more operations, states and compression.",
        choices={target: target_text(target) for target in TARGETS},
    ),
    (CoreML, "convert_to"): Words(
        "Format",
        "ML programs are what Core ML is made for since iOS 15; a neural network file is for older systems only.",
        choices={"mlprogram": "ML program", "neuralnetwork": "Neural network (before iOS 15)"},
    ),
    (CoreML, "precision"): Words(
        "Precision",
        "16 bit is half as large and runs on the Neural Engine; 32 bit is exact, and runs on CPU and GPU.",
        choices={"float16": "16 bit (float16)", "float32": "32 bit (float32)"},
    ),
    (CoreML, "float32_operations"): Words(
        "Kept in 32 bit",
        "Operations of a 16-bit program that stay in 32 bit, with commas between: types such as softmax or layer_norm, "
        "or single ones by the name of their value in the Core ML graph.",
        hint="none; for example softmax, layer_norm",
    ),
    (CoreML, "compute_units"): Words(
        "Runs with",
        "Which processors Core ML may use when the package is loaded.",
        choices={
            "all": "Any",
            "cpu_only": "CPU only",
            "cpu_and_gpu": "CPU and GPU",
            "cpu_and_ne": "CPU and Neural Engine",
        },
    ),
    (CoreML, "states"): Words(
        "States",
        "Buffers that the model updates and Core ML keeps between calls, by their paths with commas between (iOS 18).",
        hint="none; for example cache.keys, cache.values",
    ),
    (CoreMLInput, "dtype"): Words("Type", "Of the numbers that the app gives.", choices=_DTYPES),
    (CoreMLInput, "default"): Words(
        "Default value",
        "Every element has this value where the app leaves the input out. Empty: it is required.",
        hint="none: the app must give it",
    ),
    (CoreMLImage, "layout"): Words("Pixels", "Order of the colours that the model was trained on.", choices=_LAYOUTS),
    (CoreMLImage, "mean"): Words(
        "Mean",
        "What was subtracted in training: one number, or one a channel, as 0.485, 0.456, 0.406.",
        hint="0; for example 0.485, 0.456, 0.406",
    ),
    (CoreMLImage, "std"): Words(
        "Standard deviation",
        "What was divided by in training, after the mean: one number, or one a channel, as 0.229, 0.224, 0.225.",
        hint="1; for example 0.229, 0.224, 0.225",
    ),
    (CoreMLImage, "white"): Words(
        "White is", "What the brightest pixel is where mean and deviation apply: 1 for pixels from 0 to 1, else 255."
    ),
    (CoreMLImage, "exact"): Words(
        "Exact for each channel",
        "On: mean and deviation become operations of the model. Off: Core ML's own scaling, which has one scale for "
        "all channels; the error that remains is told after the export.",
    ),
    (CoreMLOutput, "name"): Words("Name", "What the app calls the output: letters, digits and underscores."),
    (CoreMLOutput, "dtype"): Words("Type", "Of the numbers that the app gets.", choices=_DTYPES),
    (CoreMLOutput, "image"): Words(
        "As a picture",
        "Hand the output over as a picture; the model returns 1 × channels × height × width with values 0 to 255.",
        choices={"": "no, as numbers", **_LAYOUTS},
    ),
    (CoreMLOutput, "keep"): Words("Part of the package", "Off: left out, with everything that only it needs."),
    (CoreMLClassifier, "labels"): Words(
        "Labels", "The names of the classes in the model's order, one a line.", hint="cat\ndog", is_long=True
    ),
    (CoreMLClassifier, "labels_file"): Words(
        "Labels file", "A text file with one label a line, instead of labels typed here.", files=TEXT_FILES
    ),
    (CoreMLClassifier, "predicted"): Words("Name of the label", "The output that holds the likeliest label."),
    (CoreMLClassifier, "probabilities"): Words(
        "Scores", "The model's output with one number a class. Empty: its first output.", hint="the first output"
    ),
    (CoreMLFunction, "name"): Words("Name", "What the app calls the function."),
    (CoreMLFunction, "method"): Words("Method", "The method of the model that becomes the function."),
    (CoreMLFunction, "package"): Words(
        "Package", "An .mlpackage made before, from which the function is taken.", files=PACKAGES
    ),
    (CoreMLFunction, "source"): Words("Function of it", "What the function is called in that package."),
    (CoreMLFunction, "outputs"): Words(
        "Output names", "In the order in which the method returns them, with commas between.", hint="the model's own"
    ),
    (CoreMLMetadata, "author"): Words("Author", "Shown in Xcode."),
    (CoreMLMetadata, "license"): Words("Licence", "Shown in Xcode."),
    (CoreMLMetadata, "version"): Words("Version", "Of the model, as you count; shown in Xcode."),
    (CoreMLMetadata, "description"): Words("Description", "What the model does; shown in Xcode.", is_long=True),
    (CoreMLMetadata, "inputs"): Words("Description", "What the app must give; shown in Xcode."),
    (CoreMLMetadata, "outputs"): Words("Description", "What the app gets; shown in Xcode."),
    (CoreMLMetadata, "preview"): Words(
        "Xcode preview",
        "How Xcode tries the model out: imageSegmenter, poseEstimation, depthEstimation …",
        hint="as Xcode finds",
    ),
    (CoreMLMetadata, "user"): Words(
        "Keys of your own", "One “name: text” a line; the app can read them.", hint="team: vision"
    ),
    (CoreMLCompression, "method"): Words(
        "Method",
        "Palettize: a small table of values for each weight. Quantize: whole numbers with a scale. Prune: small "
        "weights become zero.",
        choices={"palettize": "Palettize (table of values)", "quantize": "Quantize (whole numbers)", "prune": "Prune"},
    ),
    (CoreMLCompression, "bits"): Words(
        "Bits a weight", "Palettize: 1, 2, 3, 4, 6 or 8. Quantize: 8, or 4 from iOS 18 on.", lowest=1, highest=8
    ),
    (CoreMLCompression, "granularity"): Words(
        "One table or scale for",
        "Smaller parts are more exact and cost a little size. Blocks and groups need iOS 18.",
        choices={
            "tensor": "each weight tensor",
            "channel": "each channel",
            "block": "each block of elements",
            "group": "each group of channels",
        },
    ),
    (CoreMLCompression, "size"): Words(
        "Size of a block or group", "Elements in a block, channels in a group.", lowest=1
    ),
    (CoreMLCompression, "symmetric"): Words("Zero stays zero", "Quantize: the scale is the same above and below zero."),
    (CoreMLCompression, "sparsity"): Words("Share of zeros", "Prune: this share of the weights becomes zero, as 0.5."),
    (CoreMLCompression, "smallest"): Words("Leave alone below", "Weights with fewer elements stay as they are."),
    (CoreMLCompression, "skip"): Words(
        "Skip",
        "Names of operations, as in the Core ML graph, whose weights stay as they are; commas between.",
        hint="none",
    ),
}
