"""The official split of BHSD into 96 training and 96 test CTs, by patient."""

from __future__ import annotations

import json
import re
from pathlib import Path

from .defects import DataSetError
from .source_case import Split, rsna_patient

#: Where the lists below come from: the file names in the publishers' dataset.json.
ORIGIN = "dataset.json of github.com/White65534/BHSD"

_TRAINING = """
    05331dc6 089596a9 09b33fc4 0c3eef60 0c6b97a9 10c64d22 14058625 16ed917a 181aab15 196704db 1cbe2853 2334b45f
    253e809f 2872834a 2949cdc6 2a42d0a0 2db7ee14 30d19531 338738e7 346de481 39702b69 3e481fc5 41a55df8 47aa2b3a
    495ac92a 4e25e744 4ec93c83 50b54af0 552aabb9 56983eda 596dfbc1 5e405f44 5f53ab26 6874ab42 69b19057 69e721e0
    6a6976ae 6caf8d60 6fcd55db 727c946e 73cae446 751df220 7e8279ce 87385103 88dbe13f 8d326f80 8d914da6 90233c1a
    94271e7f 95c4a59c 9631ec18 96967deb 977da27d 98450f26 98fcfe52 9ba3be10 9cc1c1a0 a1703be5 a2ddcdfe a554892c
    a84354a5 a9b3fedc a9fe41fd aaf2973d ad252872 af8ac3ec b3a33085 b79a2d4a b85bdbe9 ba3a77dd c08a7b51 c1e1c4ef
    c3769f3a ca7bbeab cb4c887c ccbe16e6 d039497d d3d99dce d79fa3ff daf22e49 db89259c e05b3047 e1d9fe9d e2e2e522
    e393f193 e3db11e0 e714812a e8691c40 eb39f236 eb5a964a ec8a7bf0 ed6dfff7 f4795940 fb6d0135 fcbe7eda
"""

_TEST = """
    0237f3c9 029ebbea 02b882cc 02f779fb 041e6601 0492041f 07365cde 0b10cbee 10beb45f 1653b22b 18747540 1879071b
    199b0a56 19d26713 268b38fe 2931ca43 2e21c3f3 3343ddf2 39bdd84b 39e94772 3bda60be 3be7cc35 3dab46e7 4681a956
    46cd34ad 4a16396b 4e227c9c 5117f9bf 55742eb7 56faaf6f 58d2ebfa 5910d129 5adb32dc 5ca2154a 63862d24 66a9a60e
    693f2d48 6bb6dd02 6c70bf18 6c85adda 75448f16 77cd921b 7860208e 790acb3f 7d5594ff 7db5845a 7f065b1e 80b8d734
    811a274b 82cfc6a8 83a07ec6 85f42dd5 87e60d98 8e8df8c0 90b88b8b 92ef7cc4 96cd5341 981d95a4 997f19cf 9a8ad2df
    9dce269b 9e0eaeeb 9ed18606 a40e10b0 a429fd9a a72de500 a768755c ab1ba874 acaa9bd1 b14c7e8b b1d5d5e8 b367130b
    b80aec97 b92014da b972b07f c488fbef c5479170 c91d516c c9d6fdc6 cdaa21cb cf8f428f d02f2ee1 d29d246b d2deede6
    d8e67d7d d9675573 dd3d7720 df3f0a7d df935041 e566ef9b ea687366 eac5718d eb093f57 f1a342da f335b6db faa3c13d
"""

#: From patient to split.
OFFICIAL: dict[str, Split] = {
    **dict.fromkeys(_TRAINING.split(), Split.TRAINING),
    **dict.fromkeys(_TEST.split(), Split.TEST),
}


def read_split_file(path: Path) -> dict[str, Split]:
    """Return the split of each case (file name without ending) listed in a ``dataset.json`` like the publishers'.

    Raises
    ------
    DataSetError
        The file is not such a list, or has a case in both lists.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        training = [_case_name(entry["image"]) for entry in record["training"]]
        test = [_case_name(entry) for entry in record["test"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataSetError(
            f"{path} does not list training and test cases as BHSD's dataset.json does: remove or repair it"
        ) from error
    twice = sorted(set(training) & set(test))
    if twice:
        raise DataSetError(f"{path} lists {twice[0]} for training and for test: repair it")
    return {**dict.fromkeys(training, Split.TRAINING), **dict.fromkeys(test, Split.TEST)}


def official_split(name: str) -> Split | None:
    """Return the split of a BHSD case by its patient, or None if the publishers do not list it."""
    return OFFICIAL.get(rsna_patient(name))


def _case_name(path: str) -> str:
    return re.sub(r"\.nii(\.gz)?$", "", path.rsplit("/", 1)[-1])
