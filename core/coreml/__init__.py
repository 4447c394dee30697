"""From TorchScript to a Core ML package."""
