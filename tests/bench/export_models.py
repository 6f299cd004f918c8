#!/usr/bin/python3
"""Writes torchvision's networks with seeded random weights as ONNX files, as PyTorch's users export them.

usage: export_models.py FOLDER [NAME ...]

Needs Debian's python3-torch and python3-torchvision. A file that is there already is left alone. Without NAME: the
networks that compare_onnxruntime.py compares.
"""
import pathlib
import sys

NAMES = ["alexnet", "vgg16", "resnet50", "googlenet", "mobilenet_v2", "squeezenet1_1"]


def export(name, path):
    import torch
    import torchvision.models

    torch.manual_seed(0)
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    network = getattr(torchvision.models, name)(weights=None, **options).eval()
    # To another name first: an export that was cut short must not look like a model.
    unfinished = path.with_suffix(".part")
    torch.onnx.export(network, torch.zeros(1, 3, 224, 224), str(unfinished), opset_version=13, input_names=["input"],
                      output_names=["output"], dynamic_axes={"input": {0: "N"}, "output": {0: "N"}})
    unfinished.rename(path)


def main(words):
    if not words or words[0].startswith("-"):
        print(__doc__.strip(), file=sys.stdout if words and words[0] in ("-h", "--help") else sys.stderr)
        return 0 if words and words[0] in ("-h", "--help") else 2
    folder = pathlib.Path(words[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name in words[1:] or NAMES:
        path = folder / f"{name}.onnx"
        if path.exists():
            continue
        print(f"exporting {name}", file=sys.stderr)
        try:
            export(name, path)
        except ImportError as error:
            print(f"export_models: {error}; install python3-torch and python3-torchvision and use their Python",
                  file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
