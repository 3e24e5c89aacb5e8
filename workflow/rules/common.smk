import csv
import re
import sys

from jsonschema import ValidationError
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate


def stop(problem):
    """Ends Snakemake with one line, before a job starts."""
    sys.exit(f"{problem}; see config/README.md")


def check(data, schema, place):
    """Validates data and sets the defaults of the schema; an error is one line with the place and the key."""
    try:
        validate(data, workflow.source_path(schema))
    except WorkflowError as error:
        invalid = error.__context__
        if not isinstance(invalid, ValidationError):
            raise
        key = ".".join(str(part) for part in invalid.absolute_path)
        stop(f"{place}{': ' + key if key else ''}: {invalid.message}")


def samples_of(path):
    """Returns the rows of the sample sheet by the name of the sample."""
    samples = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as sheet:
            for row in csv.DictReader(sheet, delimiter="\t"):
                place = f"{path}: row {len(samples) + 1}"
                if None in row:
                    stop(f"{place}: more cells than the header has")
                row = {key: value for key, value in row.items() if value}
                check(row, "../schemas/samples.schema.yaml", place)
                if row["sample"] in samples:
                    stop(f"{place}: sample '{row['sample']}' is listed twice")
                if row["model"] not in config["models"]:
                    stop(f"{place}: model '{row['model']}' is not in the configuration")
                samples[row["sample"]] = row
    except OSError as error:
        stop(f"{path}: {error.strerror}")
    except UnicodeDecodeError:
        stop(f"{path}: the text is not UTF-8")
    return samples


def one_of(names):
    """Returns a regular expression for exactly these names; without names, it matches nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"


def inputs_of_dataset(wildcards):
    """Returns the files that the dataset of a model is made of."""
    model = MODELS[wildcards.model]
    downloads = [f"{OUT}/downloads/{source}" for source in model["downloads"]]
    return model["inputs"] + downloads


def files_of_sample(wildcards):
    """Returns the model of a sample and its file."""
    row = SAMPLES[wildcards.sample]
    return {
        "model": f"{OUT}/models/{row['model']}/model.safetensors",
        "sequences": row["path"],
    }


check(config, "../schemas/config.schema.yaml", "configuration")
OUT = config["output"]
MODELS = config["models"]
SAMPLES = samples_of(config["samples"])
SCATTERED = [name for name, row in SAMPLES.items() if row["scatter"] == "yes"]


wildcard_constraints:
    model=one_of(MODELS),
    sample=one_of(SAMPLES),
    source=one_of(config["downloads"]),
