"""The commands of Galaxy tools with the values of their tests, made as Galaxy makes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from Cheetah.Template import Template

__all__ = ["InputFile", "Tool"]

_SAFE = re.compile(r"[\w .()/+*^,:?!=-]*", re.ASCII)
"""Values that Galaxy does not change where a parameter has no sanitizer of its own."""


@dataclass(frozen=True)
class InputFile:
    """A dataset of a history, as a template sees it."""

    path: Path

    @property
    def element_identifier(self) -> str:
        return self.path.name

    def __str__(self) -> str:
        return str(self.path)


class Tool:
    """A tool of Galaxy.

    Args:
        path: the XML file; its macros lie beside it.
    """

    def __init__(self, path: Path) -> None:
        self._data = path.parent / "test-data"
        root = ElementTree.parse(path).getroot()
        shared = ElementTree.parse(path.parent / "macros.xml").getroot()
        own = root.find("macros")
        assert own is not None
        assert [one.text for one in own.iter("import")] == ["macros.xml"]
        self._macros = {str(one.get("name")): one for where in (shared, own) for one in where.findall("xml")}
        self._tokens = {str(one.get("name")): one.text or "" for one in shared.findall("token")}
        root.remove(own)
        self.root = self._expanded(root)

    def _expanded(self, element: Element) -> Element:
        """Returns a copy without macros and tokens."""
        found = Element(element.tag, {key: self._filled(value) for key, value in element.attrib.items()})
        found.text = self._filled(element.text or "")
        for child in element:
            several = self._macros[child.attrib["macro"]] if child.tag == "expand" else [child]
            found.extend([self._expanded(one) for one in several])
        return found

    def _filled(self, text: str) -> str:
        return re.sub(r"@[A-Z_]+@", lambda name: self._tokens[name[0]], text)

    def section(self, name: str) -> Element:
        found = self.root.find(name)
        assert found is not None
        return found

    def command(self, test: Element) -> str:
        """Returns the shell command of a test, in one line."""
        values = self._values(self.section("inputs"), test)
        text = str(Template(source=self.section("command").text, searchList=[vars(values)]))
        return " ".join(text.split())

    def _values(self, inputs: Element, given: Element | None) -> SimpleNamespace:
        """Returns the values of parameters: those that a test gives, else their defaults."""
        found = SimpleNamespace()
        for one in inputs:
            if one.tag not in {"param", "conditional", "section", "repeat"}:
                continue
            name = one.get("name") or str(one.get("argument")).lstrip("-").replace("-", "_")
            here = [
                each for each in ([] if given is None else given) if (each.tag, each.get("name")) == (one.tag, name)
            ]
            if one.tag == "repeat":
                value: Any = [self._values(one, each) for each in here]
            elif one.tag == "param":
                value = self._value(one, here[0].get("value") if here else None)
            else:
                value = self._values(one, here[0] if here else None)
            if one.tag == "conditional":
                choice = one[0].attrib["name"]
                (when,) = [each for each in one.findall("when") if each.get("value") == getattr(value, choice)]
                vars(value).update(vars(self._values(when, here[0] if here else None)))
            setattr(found, name, value)
        return found

    def _value(self, param: Element, given: str | None) -> Any:
        kind = param.get("type")
        if kind == "data":
            assert given is not None, f"the test lacks {param.get('label')}"
            files = [InputFile(self._data / name) for name in given.split(",")]
            return files if param.get("multiple") == "true" else files[0]
        if kind == "boolean":
            return param.get("truevalue" if (given or param.get("checked")) == "true" else "falsevalue")
        if kind == "select":
            options = [str(option.get("value")) for option in param.findall("option")]
            chosen = [str(option.get("value")) for option in param.findall("option[@selected='true']")]
            assert given is None or given in options
            assert all(_SAFE.fullmatch(option) for option in options)
            return given or (chosen or options)[0]
        for validator in param.findall("validator"):
            assert given is None or re.match(str(validator.text), given), validator.get("message")
        value = given or param.get("value") or ""
        assert _SAFE.fullmatch(value) or param.find("sanitizer") is not None
        return value

    def options(self) -> Iterator[tuple[str, str]]:
        """Yields command and option of each option in the template."""
        for part in re.split(r"\bseqnet (?=[a-z])", str(self.section("command").text))[1:]:
            for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", part):
                yield part.split()[0], option
