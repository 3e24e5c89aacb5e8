from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seqnet.api.files import FilePredictions
from seqnet.api.models import Model
from seqnet.core.errors import AlphabetMismatchError, FormatError, SeqnetWarning, SettingError
from tests.building import make_bundle, random_strings

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "reads.fa"
    strings = random_strings([12, 40, 7, 9, 30] * 20)
    path.write_text("".join(f">r{number}\n{string}\n" for number, string in enumerate(strings)))
    return path


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("as_text", [True, False])
def test_a_file_is_predicted_as_its_sequences_are(path: Path, threads: int, as_text: bool) -> None:
    model = Model(make_bundle(), threads=threads)
    parts = list(model.predict_file(str(path) if as_text else path, batch_bytes=200))
    assert len(parts) > 5
    lines = path.read_text().split()
    whole = model.predict(lines[1::2], names=[line[1:] for line in lines[::2]])
    assert np.concatenate([part.names for part in parts]).tolist() == whole.names.tolist()
    np.testing.assert_allclose(np.concatenate([part.probabilities for part in parts]), whole.probabilities, atol=1e-6)


def test_options_of_reading_are_keywords(tmp_path: Path) -> None:
    table = tmp_path / "t.tsv"
    table.write_text("id\tother\tseq\nr1\ta\tACGTACGTACGT\nr2\tb\tNA\n")
    model = Model(make_bundle(), threads=1)
    (part,) = model.predict_file(table, sequence_column="seq", name_column="other")
    assert (part.names.tolist(), part.status.tolist()) == (["a", "b"], ["ok", "missing"])
    with pytest.raises(SettingError, match=r"^region is for SAM, BAM and CRAM; this file is fasta"):
        next(model.predict_file(DATA / "lowercase.fa", region="chr1"))
    with pytest.raises(SettingError, match="there is no setting regin; did you mean region"):
        model.predict_file(table, regin="chr1")  # type: ignore[call-arg]
    with pytest.raises(SettingError, match=r"path must be text or a pathlib.Path, not 5"):
        model.predict_file(5)  # type: ignore[arg-type]


def test_a_file_that_can_not_be_read_is_reported(tmp_path: Path) -> None:
    model = Model(make_bundle(), threads=1)
    with pytest.raises(FileNotFoundError):
        model.predict_file("no such file")
    with pytest.raises(FormatError) as caught:
        next(model.predict_file(DATA / "not_sequences.bin"))
    assert caught.value.path == str(DATA / "not_sequences.bin")
    protein = tmp_path / "p.fa"
    protein.write_text(">a\n" + "MKVLATRSDEGHWYFPQNCI" * 3 + "\n")
    with pytest.raises(AlphabetMismatchError, match='pass alphabet="dna"'):
        list(model.predict_file(protein))


def test_what_a_file_does_not_have_is_reported_at_its_end(tmp_path: Path) -> None:
    model = Model(make_bundle(), threads=1)
    found = model.predict_file(DATA / "empty.fa")
    assert isinstance(found, FilePredictions)
    assert list(found) == []
    assert found.empty == "the file is empty"
    path = tmp_path / "reads.sam"
    rows = [f"{name}\t{flag}\t*\t0\t0\t*\t*\t0\t0\tACGTACGT\t*" for name, flag in (("a", 4), ("a", 4 | 256), ("b", 4))]
    path.write_text("@HD\tVN:1.6\n" + "\n".join(rows) + "\n")
    found = model.predict_file(path)
    assert [part.names.tolist() for part in found] == [["a", "b"]]
    assert (found.skipped.total(), found.empty) == (1, None)


def test_a_doubt_about_the_alphabet_is_one_warning(tmp_path: Path) -> None:
    path = tmp_path / "silk.fa"
    path.write_text("".join(f">{number}\n{'GAGAGS' * 10}\n" for number in range(9)))
    model = Model(make_bundle(name="protein"), threads=1)
    with pytest.warns(SeqnetWarning, match="silk.fa: this looks like dna, but may be protein") as warned:
        assert len(list(model.predict_file(path, batch_bytes=100))) > 1
    assert [one.filename for one in warned] == [__file__]


@pytest.mark.parametrize("threads", [1, 3])
def test_a_file_that_is_left_early_is_closed(path: Path, threads: int) -> None:
    # In a process of its own: a file that stays open is a warning when Python ends.
    code = f"""if True:
        import threading, warnings
        warnings.simplefilter("error")
        from seqnet.api.models import Model
        from tests.building import make_bundle
        with Model(make_bundle(), threads={threads}).predict_file({str(path)!r}, batch_bytes=100) as parts:
            next(parts)
        assert threading.active_count() == 1
        try:
            next(parts)
        except ValueError as error:
            assert "closed before its end; call predict_file again" in str(error)
        else:
            raise AssertionError
        """
    done = subprocess.run([sys.executable, "-X", "dev", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
