"""From a module and its marks to TorchScript, and the file that holds it."""
