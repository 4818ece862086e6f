"""Coverage-guided spoiling of workbooks: ``make fuzz``. Ends by itself; a finding is a crash."""

import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["documents", "openpyxl"]):
    from tests.support.forms import samples
    from tests.support.fuzzing import MUTATIONS, survive


def custom_mutator(data: bytes, max_size: int, seed: int) -> bytes:
    """Plain mutations hardly ever pass the checksums of a zip file: the parts are mutated too."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    if chance.random() < 0.2:
        return bytes(atheris.Mutate(data, max_size))
    return chance.choice(MUTATIONS)(data or samples()[0], chance)[:max_size]


def main() -> None:
    """Run for as long as libFuzzer is told to; its last argument is the folder of what it keeps."""
    corpus = Path(sys.argv[-1])
    for number, sample in enumerate(samples()):
        (corpus / f"sample-{number}.xlsx").write_bytes(sample)
    atheris.Setup(sys.argv, survive, custom_mutator=custom_mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
