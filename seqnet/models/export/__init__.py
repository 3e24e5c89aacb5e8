"""Trained models in the formats of other programs: ONNX and `torch.export`.

Start here: `onnx_files.write_onnx` and `torch_files.write_program`. `module` is what both write: tokens and lengths →
calibrated probabilities. `layers` has the layers that can't be exported as they are, `description` what other programs
must know of a model, and `checks` compares what was written with the model itself.
"""

__all__ = ["checks", "description", "layers", "module", "onnx_files", "torch_files"]
