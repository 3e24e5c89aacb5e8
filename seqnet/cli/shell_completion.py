"""What the Tab key offers in bash, zsh and fish.

The shell runs `seqnet` with the words so far in environment variables, and `complete` prints what may follow. Click
finds the option or argument that is meant. What is here: the values of seqnet's own kinds, and scripts for the shells.
Unlike those of click, they complete files after `NAME=`, and add no blank after `NAME=` and `SECTION.`.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping

import click
from click import shell_completion
from click.shell_completion import CompletionItem

from seqnet.cli.variables import COMPLETION

__all__ = [
    "SHELLS",
    "complete",
    "complete_device",
    "complete_input",
    "complete_setting",
    "completion_script",
    "matching",
]

SHELLS = ("bash", "zsh", "fish")

_DIVIDERS = "=:@"
"""Characters of seqnet's values at which bash divides words (COMP_WORDBREAKS)."""

_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' line value files=
    COMPREPLY=()
    while read -r line; do
        case ${line%%%%,*} in
            plain) COMPREPLY+=("${line#*,}") ;;
            *) files=${line%%%%,*} value=${line#*,} ;;
        esac
    done < <(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD %(complete_var)s=bash_complete \\
        "${1/#\\~/$HOME}" 2>/dev/null)
    if [[ $files && ${#COMPREPLY[@]} -eq 0 ]]; then
        compopt -o default
    elif [[ $files ]]; then
        compopt -o filenames
        COMPREPLY+=($(compgen -f -- "$value"))
    elif [[ ${COMPREPLY[0]} == *[=.] ]]; then
        compopt -o nospace
    fi
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_ZSH = """\
#compdef %(prog_name)s
%(complete_func)s() {
    local kind value help line files=
    local -a response open closed
    response=("${(@f)$(COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) %(complete_var)s=zsh_complete \\
        ${~words[1]} 2>/dev/null)}")
    for kind value help in $response; do
        line=${value//:/\\\\:}
        [[ $help == _ ]] || line+=:$help
        case $kind,$value in
            file,*) files=1 ;;
            *=|*.) open+=($line) ;;
            *) closed+=($line) ;;
        esac
    done
    [[ $PREFIX == --*=* ]] && compset -P 1 '--*='
    (( $#open )) && _describe -V values open -S ''
    (( $#closed )) && _describe -V values closed
    if [[ $files ]]; then
        _files || { compset -P '*=' && _files; }
    fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = """\
function %(complete_func)s
    set -l program (string replace --regex '^~' $HOME -- (commandline -opc)[1])
    set -lx COMP_WORDS (commandline -cp)
    set -lx COMP_CWORD (commandline -ct)
    for line in (%(complete_var)s=fish_complete $program 2>/dev/null)
        set -l parts (string split -m 1 , -- $line)
        test $parts[1] = $argv[1]; and echo $parts[2]
    end
end
complete --no-files --keep-order --command %(prog_name)s --arguments '(%(complete_func)s plain)'
complete --command %(prog_name)s --condition 'test -n "$(%(complete_func)s file)"' --force-files
"""


class _Bash(shell_completion.BashComplete):
    """Completion for bash, which divides words at `_DIVIDERS`; they are put together again."""

    source_template = _BASH
    _before = ""
    """The part of the last word that stays when bash replaces the rest of it."""

    def source(self) -> str:
        """Returns the script; click's own would start bash to learn its version."""
        return self.source_template % self.source_vars()

    def get_completion_args(self) -> tuple[list[str], str]:
        """Returns the words before the one that is completed, and that one."""
        words = os.environ["COMP_WORDS"].split("\n")[: int(os.environ["COMP_CWORD"]) + 1]
        joined: list[str] = []
        for number, word in enumerate(words):
            if number and (_divides(word) or _divides(words[number - 1])):
                joined[-1] += word
            else:
                joined.append(word)
        last = joined[-1].lstrip("'\"")
        # A word that begins with @ is replaced with it.
        self._before = last[: max(last.rfind("="), last.rfind(":")) + 1].removeprefix(_option(last))
        return [_unquoted(word) for word in joined[1:-1]], last

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Returns the line for the script: kind and value, without the part that stays."""
        return f"{item.type},{item.value.removeprefix(self._before)}"


class _Zsh(shell_completion.ZshComplete):
    """Completion for zsh."""

    source_template = _ZSH

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Returns three lines for the script: kind, value and help, `_` if there is none."""
        return f"{item.type}\n{item.value}\n{item.help or '_'}"


class _Fish(shell_completion.FishComplete):
    """Completion for fish, which replaces the whole word, with the option in `--option=value`."""

    source_template = _FISH
    _before = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Returns the words before the one that is completed, and that one."""
        words, last = super().get_completion_args()
        self._before = _option(last)
        return words, last

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Returns the line for the script: kind, value and help."""
        return super().format_completion(CompletionItem(self._before + item.value, item.type, item.help))


_CLASSES: Mapping[str, type[shell_completion.ShellComplete]] = {
    "bash": _Bash,
    "zsh": _Zsh,
    "fish": _Fish,
}


def _option(word: str) -> str:
    """Returns the option in `--option=value`, with the equals sign, or nothing."""
    name, equals, _ = word.partition("=")
    return name + equals if name.startswith("--") and equals else ""


def _divides(word: str) -> bool:
    return bool(word) and not word.strip(_DIVIDERS)


def _unquoted(word: str) -> str:
    try:
        return "".join(shlex.split(word))
    except ValueError:  # a quotation mark that is not closed
        return word.lstrip("'\"")


def completion_script(shell: str) -> str:
    """Returns the script of a shell, one of `SHELLS`."""
    return _CLASSES[shell](click.Group("seqnet"), {}, "seqnet", COMPLETION).source()


def complete(group: click.Group, instruction: str) -> int:
    """Prints what may follow, and returns the exit code.

    Args:
        group: the commands.
        instruction: the value of `COMPLETION`, such as bash_complete.
    """
    shell, _, what = instruction.partition("_")
    if shell not in SHELLS or what != "complete":
        return 1
    click.echo(_CLASSES[shell](group, {}, "seqnet", COMPLETION).complete())
    return 0


def matching(words: Iterable[str] | Mapping[str, str], beginning: str) -> list[CompletionItem[str]]:
    """Returns the words that begin like this, with their help if it is known."""
    helps = words if isinstance(words, Mapping) else {}
    return [CompletionItem(word, help=helps.get(word)) for word in words if word.startswith(beginning)]


def complete_device(incomplete: str) -> list[CompletionItem[str]]:
    """Returns the kinds of devices; which of them the machine has is not known without PyTorch."""
    return matching(("auto", "cpu", "cuda", "mps"), incomplete)


def complete_setting(incomplete: str) -> list[CompletionItem[str]]:
    """Returns the settings for --set, as `name=` or `section.name=`, and after the `=` the words that it may have."""
    from seqnet.cli.setting_names import setting_fields, setting_values

    fields = setting_fields()
    name, equals, value = incomplete.partition("=")
    if not equals:
        shorten = "." not in incomplete
        names = {
            f"{full.partition('.')[2] if shorten else full}=": one.metadata["help"] for full, one in fields.items()
        }
        sections = dict.fromkeys(full.partition(".")[0] for full in fields) if shorten and incomplete else {}
        return matching(names, incomplete) + matching([f"{one}." for one in sections], incomplete)
    meant = [one for full, one in fields.items() if name in (full, full.partition(".")[2])]
    return [CompletionItem(f"{name}={one.value}") for one in matching(setting_values(meant[0]) if meant else (), value)]


def complete_input(form: str, incomplete: str) -> list[CompletionItem[str]]:
    """Returns what may be an input: a file, and names that stand for one.

    Args:
        form: of `InputPath`.
        incomplete: what was typed.
    """
    if form == "container":
        from seqnet.models.shipped import shipped_models

        return [*matching([*shipped_models()], incomplete), CompletionItem(incomplete, type="file")]
    name, equals, path = incomplete.partition("=")
    if form == "class" and equals:
        from seqnet.datasets.simulation.negatives import NEGATIVES

        generators = [CompletionItem(f"{name}={one.value}") for one in matching([f"@{one}" for one in NEGATIVES], path)]
        files = [] if path.startswith("@") else [CompletionItem(path, type="file")]
        return [*generators, *files]
    if form == "class":
        return []
    return [CompletionItem(path if form == "split" and equals else incomplete, type="file")]
