"""The sources of the records of each class, the order of the classes, and the positive class."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from seqnet.core.errors import LabelError, SettingError
from seqnet.core.printable import quoted
from seqnet.core.suggestions import did_you_mean, nearest
from seqnet.datasets.file_schemas import is_class_name
from seqnet.datasets.simulation.negatives import NEGATIVES
from seqnet.datasets.splits import SPLITS

__all__ = ["ClassSource", "check_known", "generators_of", "order_classes", "source_in_split"]


@dataclass(frozen=True, slots=True)
class ClassSource:
    """A source of records: a file or a generator.

    Attributes:
        label: class of the records; None if each record has its own label.
        path: the file; None for a generator.
        generator: name of the generator; None for a file.
        count: number of records to generate; None for one for each real record.
        split: split of the records, an index into `SPLITS`; None if another input or a random split determines it.
    """

    label: str | None
    path: str | None = None
    generator: str | None = None
    count: int | None = None
    split: int | None = None

    @classmethod
    def parse(cls, text: str) -> ClassSource:
        """Returns the source for the text `NAME=FILE`, `NAME=@GENERATOR` or `NAME=@GENERATOR:COUNT`.

        Raises:
            SettingError: the text has another form, or the generator does not exist.
        """
        label, equals, origin = text.partition("=")
        label = label.strip()
        if not (label and equals and origin):
            raise SettingError("class", text, "NAME=FILE or NAME=@GENERATOR")
        if not origin.startswith("@"):
            return cls(label, path=origin)
        generator, colon, count = origin[1:].partition(":")
        if generator not in NEGATIVES:
            raise SettingError("class", f"@{generator}", choices=[f"@{name}" for name in NEGATIVES])
        if colon and not (count.isdecimal() and int(count) > 0):
            raise SettingError("class", text, f"@{generator} or @{generator}:COUNT, with a whole number above 0")
        return cls(label, generator=generator, count=int(count) if colon else None)


def source_in_split(text: str, split: str) -> ClassSource:
    """Returns the source for the text `FILE` or `NAME=FILE` of an option such as `--train`.

    Text with = is NAME=FILE, unless the whole text is the name of a file.

    Raises:
        SettingError: it names a generator.
    """
    label, equals, path = text.partition("=")
    named = bool(equals) and not os.path.exists(text)
    if (path if named else text).startswith("@"):
        problem = "takes files; give a generator with --class, and its records get the splits of the real ones"
        raise SettingError(split, text, problem=problem)
    if named and not (label.strip() and path):
        raise SettingError(split, text, "FILE or NAME=FILE")
    return ClassSource(label.strip() if named else None, path=path if named else text, split=SPLITS.index(split))


def generators_of(sources: Sequence[ClassSource]) -> dict[str, str]:
    """Returns class → generator for all generated classes."""
    return {source.label: source.generator for source in sources if source.generator and source.label}


def check_known(path: str, found: Iterable[str], classes: Sequence[str]) -> None:
    """Checks that all classes of a file are among those of a model.

    Raises:
        LabelError: one is not.
    """
    for name in found:
        if name not in classes:
            remedy = did_you_mean(nearest(name, classes)) or "correct the label, or remove its records"
            raise LabelError(path, f"the model has no class {name}; its classes are {', '.join(classes)}", remedy)


def order_classes(
    sources: Sequence[ClassSource], found: Mapping[str, int], positive: str | None
) -> tuple[list[str], int | None]:
    """Returns the class names in their final order and the index of the positive class; None for more than two classes.

    Raises:
        LabelError: a class has no records, is both read and generated, or has two generators; a class name contains a
            tab or line break; or there are fewer than two classes.
        SettingError: the positive class does not exist.
    """
    positive = positive.strip() if positive else positive
    named = list(dict.fromkeys(source.label for source in sources if source.label is not None))
    generated = generators_of(sources)
    for name in named:
        if name not in found and name not in generated:
            raise LabelError(f"class {name}", "it has no records", "check its file and the options that select records")
        if name in found and name in generated:
            raise LabelError(f"class {name}", "it has a file and a generator", "give them different class names")
        if sum(source.label == name and source.generator is not None for source in sources) > 1:
            raise LabelError(f"class {name}", "it has two generators", "give them different class names")
    classes = named + sorted(set(found) - set(named))
    for name in classes:
        if not name.isprintable():
            raise LabelError(f"class {quoted(name)}", "its name has a tab or another control character", "rename it")
        if not is_class_name(name):
            raise LabelError(f"class {quoted(name[:40])}", "its name is empty or too long", "rename it")
    if len(classes) < 2:
        raise LabelError(
            f"class {classes[0]}", "it is the only class", "add a second one, such as --class random=@uniform"
        )
    if positive is not None and (positive not in classes or len(classes) > 2):
        if len(classes) > 2:
            raise SettingError("positive", positive, problem=f"needs two classes; there are {len(classes):,}")
        raise SettingError("positive", positive, choices=classes)
    if len(classes) > 2:
        return classes, None
    default = classes[0] if named else classes[-1]
    return classes, classes.index(positive or default)
